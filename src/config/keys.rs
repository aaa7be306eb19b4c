//! Every key that a file of settings may have, in one place: the loader, `config show`, the locks and the tests of the schema and of the
//! example go by this list and no other.

use crate::lease::State;
use crate::lease::timing::NAMES;
use std::borrow::Cow;

/// The list of databases.
pub const DATABASE: &str = "database";

/// One key, without the table in which it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The language people are spoken to in.
    Language,
    /// Which state the icon shows.
    IconOrder,
    /// Give back before the computer sleeps.
    ReleaseBeforeSleep,
    /// What users may not change.
    Locked,
    /// What a database is called.
    Label,
    /// Where it is.
    Path,
    /// What opens it.
    Program,
    /// What only reads it.
    ReadOnlyProgram,
    /// Accept a synchronised folder.
    AcceptSyncFolder,
    /// Notify that it is free.
    Free,
    /// Notify of what happens to one's own hold.
    Hold,
    /// Notify of the folder.
    Share,
    /// Notify of questions and answers.
    Ask,
    /// The duration with that number in the table of durations.
    Duration(usize),
}

/// Where keys stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// At the top of the file.
    General,
    /// In a `[[database]]`.
    Database,
}

const GENERAL: [Key; 4] = [Key::Language, Key::IconOrder, Key::ReleaseBeforeSleep, Key::Locked];
const OF_DATABASE: [Key; 5] = [Key::Label, Key::Path, Key::Program, Key::ReadOnlyProgram, Key::AcceptSyncFolder];
const NOTIFY: [Key; 4] = [Key::Free, Key::Hold, Key::Share, Key::Ask];

impl Key {
    /// Returns all keys of a scope, as they are shown: tables after everything else.
    pub fn all(scope: Scope) -> impl Iterator<Item = Self> {
        let plain: &[Self] = match scope {
            Scope::General => &GENERAL,
            Scope::Database => &OF_DATABASE,
        };
        plain.iter().copied().chain(NOTIFY).chain((0..NAMES.len()).map(Self::Duration))
    }

    /// Returns the durations.
    pub fn durations() -> impl Iterator<Item = Self> {
        (0..NAMES.len()).map(Self::Duration)
    }

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::IconOrder => "icon_order",
            Self::ReleaseBeforeSleep => "release_before_sleep",
            Self::Locked => "locked",
            Self::Label => "label",
            Self::Path => "path",
            Self::Program => "program",
            Self::ReadOnlyProgram => "read_only_program",
            Self::AcceptSyncFolder => "accept_sync_folder",
            Self::Free => "free",
            Self::Hold => "hold",
            Self::Share => "share",
            Self::Ask => "ask",
            Self::Duration(number) => NAMES.get(number).map_or("", |(name, _)| name),
        }
    }

    /// Returns the environment variable that overrides it, where there is one.
    #[must_use]
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Self::Duration(number) => NAMES.get(number).map(|(_, variable)| *variable),
            Self::Language
            | Self::IconOrder
            | Self::ReleaseBeforeSleep
            | Self::Locked
            | Self::Label
            | Self::Path
            | Self::Program
            | Self::ReadOnlyProgram
            | Self::AcceptSyncFolder
            | Self::Free
            | Self::Hold
            | Self::Share
            | Self::Ask => None,
        }
    }

    /// Returns the table within its scope in which it stands.
    #[must_use]
    pub const fn table(self) -> Option<&'static str> {
        match self {
            Self::Free | Self::Hold | Self::Share | Self::Ask => Some("notify"),
            Self::Duration(_) => Some("durations"),
            Self::Language
            | Self::IconOrder
            | Self::ReleaseBeforeSleep
            | Self::Locked
            | Self::Label
            | Self::Path
            | Self::Program
            | Self::ReadOnlyProgram
            | Self::AcceptSyncFolder => None,
        }
    }

    /// Returns the name with its table: `notify.free`.
    #[must_use]
    pub fn dotted(self) -> Cow<'static, str> {
        match self.table() {
            Some(table) => format!("{table}.{}", self.name()).into(),
            None => self.name().into(),
        }
    }
}

/// Returns whether a table of that name may stand in either scope.
#[must_use]
pub(super) fn is_table(name: &str) -> bool {
    matches!(name, "notify" | "durations")
}

/// Returns the names that may stand in a table of a scope.
pub(super) fn names(scope: Scope, table: Option<&str>) -> Vec<&'static str> {
    let mut names: Vec<&str> = Key::all(scope).filter(|key| key.table() == table).map(Key::name).collect();
    if table.is_none() {
        names.extend(["notify", "durations"]);
        if scope == Scope::General {
            names.push(DATABASE);
        }
    }
    names
}

/// Returns everything that `locked` may name.
#[must_use]
pub(super) fn lockable() -> Vec<String> {
    let mut names: Vec<String> = vec!["notify".into(), "durations".into(), DATABASE.into()];
    names.extend(Key::all(Scope::General).filter(|key| *key != Key::Locked).map(|key| key.dotted().into_owned()));
    names.extend(["notify", "durations"].map(|table| format!("{DATABASE}.{table}")));
    names.extend(Key::all(Scope::Database).filter(|key| *key != Key::Label).map(|key| format!("{DATABASE}.{}", key.dotted())));
    names
}

/// The states, by the names that they have in `--json`.
pub(super) const STATES: [(&str, State); 6] = [
    ("unreachable", State::Unreachable),
    ("denied", State::Denied),
    ("stale", State::Stale),
    ("held", State::Held),
    ("mine", State::Mine),
    ("free", State::Free),
];

/// Returns the known name that is nearest to what was typed, if one is near.
#[must_use]
pub(super) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A key of a megabyte is no slip of the hand, and comparing it would take for ever.
    if typed.chars().take(41).count() > 40 {
        return None;
    }
    let folded = typed.to_lowercase().replace('-', "_");
    let distance = |name: &str| strsim::osa_distance(&folded, name);
    let most = (folded.chars().count() / 3).max(1);
    known.into_iter().map(|name| (distance(name), name)).filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = || names(Scope::General, None);
        assert_eq!(nearest("databases", names()), Some("database"));
        assert_eq!(nearest("notfy", names()), Some("notify"));
        assert_eq!(nearest("Icon-Order", names()), Some("icon_order"));
        assert_eq!(nearest("lagnuage", names()), Some("language"));
        assert_eq!(nearest("colour", names()), None);
        assert_eq!(nearest("", names()), None);
        assert_eq!(nearest(&"x".repeat(100_000), names()), None);
    }

    #[test]
    fn names_say_where_a_key_stands() {
        assert_eq!(Key::Free.dotted(), "notify.free");
        assert_eq!(Key::Duration(0).dotted(), "durations.heartbeat");
        assert_eq!(Key::Duration(0).variable(), Some("SHARELOCK_HEARTBEAT"));
        assert_eq!(Key::Language.dotted(), "language");
        assert!(lockable().contains(&"database.notify.free".to_owned()));
    }
}
