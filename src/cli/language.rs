//! The language people are spoken to in: decided once, before anything is said.
//!
//! What was typed counts more than the environment, that more than what is configured, and that more than the system. What programs
//! read (`--json`, `--csv`, codes) never depends on it. The hazard is a help text or a complaint about the command line that comes
//! before the command line is understood, so `--lang` is looked for before it is parsed.

use crate::i18n::Language;
use crate::platform::user;
use std::ffi::OsString;
use std::sync::OnceLock;

/// The option of the command line, without its dashes.
pub(super) const OPTION: &str = "lang";
/// What the option and [`VARIABLE`] can be; the parser refuses other values of the option.
pub(super) const NAMES: [&str; 2] = ["en", "fr"];
/// The environment variable.
const VARIABLE: &str = "SHARELOCK_LANG";

static DECIDED: OnceLock<Language> = OnceLock::new();

/// Returns the language that was decided on.
pub(super) fn language() -> Language {
    DECIDED.get().copied().unwrap_or_default()
}

/// Returns the name by which another process of this program is told the language.
pub(super) fn variable() -> (&'static str, &'static str) {
    (VARIABLE, language().code())
}

/// Decides, by what was typed (without the program's name) and what is configured; the first decision stands.
pub(super) fn decide(typed: &[OsString], configured: Option<Language>) {
    let variable = std::env::var(VARIABLE).ok();
    let chosen = choose(option(typed), variable.as_deref(), configured).unwrap_or_else(|| Language::of_locale(&user::locale()));
    DECIDED.get_or_init(|| chosen);
}

/// Returns what people or administrators chose. A language that is none of ours means English, as everywhere.
fn choose(typed: Option<&str>, variable: Option<&str>, configured: Option<Language>) -> Option<Language> {
    let variable = variable.filter(|name| !name.is_empty());
    typed.or(variable).map(Language::of_locale).or(configured)
}

/// Finds the option's value as the parser does: up to `--`, the last one counts.
fn option(typed: &[OsString]) -> Option<&str> {
    let mut found = None;
    let mut words = typed.iter().map(|word| word.to_str().unwrap_or_default()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let Some(rest) = word.strip_prefix("--").and_then(|word| word.strip_prefix(OPTION)) else { continue };
        match rest.strip_prefix('=') {
            Some(value) => found = Some(value),
            None if rest.is_empty() => found = words.next().or(found),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_option_is_found_before_and_after_the_verb_and_not_behind_the_dashes() {
        let cases = [
            ("status wems.db", None),
            ("--lang fr status wems.db", Some("fr")),
            ("status wems.db --lang=fr", Some("fr")),
            ("--lang en status --lang fr wems.db", Some("fr")),
            ("run wems.db -- sharelock --lang fr", None),
            ("status --language fr", None),
            ("status --lang", None),
        ];
        for (line, expected) in cases {
            assert_eq!(option(&typed(line)), expected, "{line}");
        }
    }

    #[test]
    fn the_command_line_counts_most_and_the_system_least() {
        let (english, french) = (Some(Language::English), Some(Language::French));
        assert_eq!(choose(Some("fr"), Some("en"), english), french);
        assert_eq!(choose(None, Some("fr"), english), french);
        assert_eq!(choose(None, Some(""), french), french);
        assert_eq!(choose(None, None, french), french);
        assert_eq!(choose(None, None, None), None);
        assert_eq!(choose(None, Some("de"), french), english);
    }
}
