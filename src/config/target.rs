//! From what was typed to the database that is meant: a path, or the label of a configured one.
//!
//! The hazard is a label that hides a file, or a file that hides a label, and nobody knows which: so what has a separator or is there is a
//! path, and labels never have one.

use super::layer::folded;
use super::{Config, DatabaseConfig};
use crate::lease::timing::Timing;
use std::path::{MAIN_SEPARATOR, Path, PathBuf, is_separator};

/// A database that somebody means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called by whoever meant it; none where a path was typed.
    pub label: Option<String>,
    /// What is configured for it.
    pub configured: Option<DatabaseConfig>,
    /// The durations.
    pub timing: Timing,
}

impl Target {
    /// Returns whether its folder may be one that a program synchronises.
    #[must_use]
    pub fn accepts_sync_folder(&self) -> bool {
        self.configured.as_ref().is_some_and(|configured| configured.accept_sync_folder)
    }

    /// Returns a configured database by its label.
    fn labelled(configured: &DatabaseConfig) -> Self {
        Self {
            path: configured.path.clone(),
            label: Some(configured.label.clone()),
            timing: configured.timing,
            configured: Some(configured.clone()),
        }
    }
}

impl Config {
    /// Returns what is meant by that.
    #[must_use]
    pub fn target(&self, typed: &Path) -> Target {
        self.target_where(typed, Path::exists)
    }

    /// `is_there` is asked only about what is a label as well: a share that hangs is not asked for nothing.
    fn target_where(&self, typed: &Path, is_there: impl Fn(&Path) -> bool) -> Target {
        match self.labelled(typed) {
            Some(configured) if !is_there(typed) => Target::labelled(configured),
            _ => {
                let configured = self.at(typed).cloned();
                let timing = configured.as_ref().map_or(self.timing, |configured| configured.timing);
                Target { path: typed.to_path_buf(), label: None, configured, timing }
            }
        }
    }

    /// Returns all configured databases.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        self.databases.iter().map(Target::labelled).collect()
    }

    fn labelled(&self, typed: &Path) -> Option<&DatabaseConfig> {
        let text = typed.to_str().filter(|text| !self.databases.is_empty() && !text.contains(is_separator))?;
        let exact = self.databases.iter().find(|database| database.label == text);
        exact.or_else(|| {
            let text = folded(text);
            self.databases.iter().find(|database| folded(&database.label) == text)
        })
    }

    /// Returns the configured database whose path this is, as far as the two spellings tell; nothing on the share is asked.
    fn at(&self, typed: &Path) -> Option<&DatabaseConfig> {
        if self.databases.is_empty() {
            return None;
        }
        let typed = comparable(typed)?;
        self.databases.iter().find(|database| comparable(&database.path).as_ref() == Some(&typed))
    }
}

fn comparable(path: &Path) -> Option<PathBuf> {
    let path: PathBuf = std::path::absolute(path).ok()?.components().collect();
    // Where paths are written with backslashes, capitals make no difference.
    if MAIN_SEPARATOR == '\\' { Some(path.to_string_lossy().to_lowercase().into()) } else { Some(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Notify;
    use std::time::Duration;

    /// A whole path on this system.
    fn whole(name: &str) -> PathBuf {
        if MAIN_SEPARATOR == '\\' { format!(r"C:\srv\{name}").into() } else { format!("/srv/{name}").into() }
    }

    fn config(labels: &[&str]) -> Config {
        let database = |label: &&str| DatabaseConfig {
            label: (*label).to_owned(),
            path: whole(&format!("{label}.db")),
            program: Vec::new(),
            read_only_program: Vec::new(),
            timing: Timing { poll: Duration::from_secs(7), ..Timing::default() },
            notify: Notify::default(),
            accept_sync_folder: true,
        };
        Config { databases: labels.iter().map(database).collect(), ..Config::default() }
    }

    #[test]
    fn labels_are_found_exactly_then_whatever_their_capitals() {
        let config = config(&["RH", "paie", "École"]);
        let label = |typed: &str| config.target_where(Path::new(typed), |_| false).label;
        assert_eq!(label("RH").as_deref(), Some("RH"));
        assert_eq!(label("rh").as_deref(), Some("RH"));
        assert_eq!(label("PAIE").as_deref(), Some("paie"));
        // Composed and decomposed.
        assert_eq!(label("e\u{301}cole").as_deref(), Some("École"));
        assert_eq!(label("compta"), None);
        assert_eq!(config.target_where(Path::new("compta"), |_| false).path, Path::new("compta"));
    }

    #[test]
    fn what_has_a_separator_or_is_there_is_a_path() {
        let config = config(&["RH"]);
        assert_eq!(config.target_where(Path::new("RH"), |_| true).label, None);
        assert_eq!(config.target_where(Path::new("./RH"), |_| panic!("asked")).label, None);
        let nothing = Config::default();
        assert_eq!(nothing.target_where(Path::new("RH"), |_| panic!("asked")).path, Path::new("RH"));
    }

    #[test]
    fn what_is_configured_applies_to_the_path_too() {
        let config = config(&["RH"]);
        let typed = whole("x").with_file_name("RH.db");
        let target = config.target_where(&typed, |_| true);
        assert_eq!(
            (target.label.as_deref(), target.timing.poll, target.accepts_sync_folder()),
            (None, Duration::from_secs(7), true)
        );
        let other = config.target_where(&whole("other.db"), |_| true);
        assert_eq!((other.label.as_deref(), other.timing, other.accepts_sync_folder()), (None, Timing::default(), false));
    }
}
