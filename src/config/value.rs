//! The values of settings: read from what TOML has, and written as TOML again.
//!
//! Pure. The hazard is a path that says something else than it shows: `"S:\new"` has a line break in it. So a path in double quotes whose
//! backslashes are not doubled is refused with the way to write it.

use super::document::Document;
use super::keys::{Key, STATES, nearest};
use super::{Around, WhenFree};
use crate::i18n::Language;
use crate::i18n::config::{Fault, Wanted};
use crate::i18n::printable;
use crate::lease::State;
use crate::lease::timing::parse_duration;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

/// The longest label in characters.
const LONGEST_LABEL: usize = 60;
const LANGUAGES: [(&str, Language); 2] = [("en", Language::English), ("fr", Language::French)];
const FREE: [(&str, WhenFree); 3] = [("never", WhenFree::Never), ("wanted", WhenFree::Wanted), ("always", WhenFree::Always)];

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A language.
    Language(Option<Language>),
    /// States in their order.
    States(Vec<State>),
    /// Yes or no.
    Flag(bool),
    /// Who is notified.
    Free(WhenFree),
    /// A duration.
    Span(Duration),
    /// A label, or a path with everything in it replaced.
    Text(String),
    /// A program and its arguments.
    Command(Vec<String>),
    /// Names of keys.
    Names(Vec<String>),
}

impl Value {
    /// Returns the value as TOML.
    #[must_use]
    pub fn toml(&self) -> String {
        let list = |texts: Vec<String>| format!("[{}]", texts.join(", "));
        match self {
            // The one value that only its absence says.
            Self::Language(None) => quoted(""),
            Self::Language(Some(language)) => quoted(word(&LANGUAGES, *language)),
            Self::States(states) => list(states.iter().map(|state| quoted(word(&STATES, *state))).collect()),
            Self::Flag(flag) => flag.to_string(),
            Self::Free(free) => quoted(word(&FREE, *free)),
            Self::Span(span) => quoted(&time(*span)),
            Self::Text(text) => quoted(text),
            Self::Command(texts) | Self::Names(texts) => list(texts.iter().map(|text| quoted(text)).collect()),
        }
    }

    /// Returns the value as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Language(language) => language.map(|language| word(&LANGUAGES, language)).into(),
            Self::States(states) => states.iter().map(|state| word(&STATES, *state)).collect::<Vec<_>>().into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Free(free) => word(&FREE, *free).into(),
            Self::Span(span) => time(*span).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Command(texts) | Self::Names(texts) => texts.clone().into(),
        }
    }
}

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, other)| *other == value).map_or("", |(word, _)| word)
}

fn time(span: Duration) -> String {
    format!("{}s", span.as_secs_f64())
}

/// Returns a text as TOML: in single quotes, where backslashes are themselves, wherever that is possible.
#[must_use]
pub(super) fn quoted(text: &str) -> String {
    let hidden = |c: char| printable(c.encode_utf8(&mut [0; 4])) != c.to_string();
    if !text.contains(|c: char| c == '\'' || hidden(c)) {
        return if text.contains('\\') { format!("'{text}'") } else { format!("\"{}\"", text.replace('"', "\\\"")) };
    }
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if hidden(c) => format!("\\U{:08X}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// What is read where.
pub(super) struct Reading<'a> {
    pub(super) key: Key,
    pub(super) document: &'a Document,
    pub(super) around: &'a Around<'a>,
}

/// A fault, and where it is.
type Refused = (Fault, Range<usize>);

impl Reading<'_> {
    /// Reads the value of the key.
    pub(super) fn read(&self, value: &Spanned<DeValue<'_>>) -> Result<Value, Refused> {
        match self.key {
            Key::Language => Ok(Value::Language(Some(self.word(value, &LANGUAGES)?))),
            Key::IconOrder => self.states(value),
            Key::ReleaseBeforeSleep | Key::AcceptSyncFolder | Key::Hold | Key::Share | Key::Ask => match value.get_ref() {
                DeValue::Boolean(flag) => Ok(Value::Flag(*flag)),
                _ => Err(self.wrong(value, Wanted::Flag)),
            },
            Key::Locked => Ok(Value::Names(self.texts(value, Wanted::Texts)?.into_iter().map(|(text, _)| text).collect())),
            Key::Label => {
                let text = self.text(value, Wanted::Text)?;
                label_fault(text).map_or_else(|| Ok(Value::Text(text.to_owned())), |fault| Err((fault, value.span())))
            }
            Key::Path => {
                let path = self.path(value)?;
                if Path::new(&path).is_absolute() {
                    Ok(Value::Text(path))
                } else {
                    Err((Fault::NotWhole(printable(&path)), value.span()))
                }
            }
            Key::Program | Key::ReadOnlyProgram => self.command(value),
            Key::Free => Ok(Value::Free(self.word(value, &FREE)?)),
            Key::Duration(_) => self.time(value),
        }
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, wanted: Wanted) -> Refused {
        (Fault::WrongKind(self.key.dotted().into_owned(), wanted), value.span())
    }

    fn text<'v>(&self, value: &'v Spanned<DeValue<'_>>, wanted: Wanted) -> Result<&'v str, Refused> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.wrong(value, wanted)),
        }
    }

    fn texts(&self, value: &Spanned<DeValue<'_>>, wanted: Wanted) -> Result<Vec<(String, Range<usize>)>, Refused> {
        let DeValue::Array(values) = value.get_ref() else { return Err(self.wrong(value, wanted)) };
        values.iter().map(|one| self.text(one, wanted).map(|text| (text.to_owned(), one.span()))).collect()
    }

    fn word<T: Copy>(&self, value: &Spanned<DeValue<'_>>, words: &[(&'static str, T)]) -> Result<T, Refused> {
        let text = self.text(value, Wanted::Text)?;
        self.known(text, words).map_err(|fault| (fault, value.span()))
    }

    fn known<T: Copy>(&self, text: &str, words: &[(&'static str, T)]) -> Result<T, Fault> {
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let near = nearest(text, all.iter().copied()).map(str::to_owned);
            Fault::UnknownWord(self.key.dotted().into_owned(), cut(text), all, near)
        })
    }

    /// States that are not named come last, in the usual order.
    fn states(&self, value: &Spanned<DeValue<'_>>) -> Result<Value, Refused> {
        let mut states: Vec<State> = Vec::new();
        for (text, span) in self.texts(value, Wanted::Texts)? {
            let state = self.known(&text, &STATES).map_err(|fault| (fault, span.clone()))?;
            if states.contains(&state) {
                return Err((Fault::WordTwice(text), span));
            }
            states.push(state);
        }
        states.extend(STATES.iter().map(|(_, state)| *state).filter(|state| !states.contains(state)).collect::<Vec<_>>());
        Ok(Value::States(states))
    }

    fn time(&self, value: &Spanned<DeValue<'_>>) -> Result<Value, Refused> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            // Bare seconds, as on the command line.
            DeValue::Integer(_) | DeValue::Float(_) => self.document.part(value.span()),
            DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                return Err(self.wrong(value, Wanted::Time));
            }
        };
        let refused = || (Fault::NotATime(cut(text)), value.span());
        parse_duration(text).map(Value::Span).ok_or_else(refused)
    }

    fn command(&self, value: &Spanned<DeValue<'_>>) -> Result<Value, Refused> {
        let no_program = || (Fault::NoProgram(self.key.name().to_owned()), value.span());
        let words = match value.get_ref() {
            DeValue::String(_) => vec![self.path(value)?],
            DeValue::Array(values) => {
                let (program, arguments) = values.split_first().ok_or_else(no_program)?;
                let mut words = vec![self.path(program)?];
                for argument in arguments {
                    self.unescaped(argument)?;
                    let text = self.text(argument, Wanted::Program)?;
                    if text.contains('\0') {
                        return Err((Fault::Unprintable(self.key.name().to_owned()), argument.span()));
                    }
                    words.push(text.to_owned());
                }
                words
            }
            DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
                return Err(self.wrong(value, Wanted::Program));
            }
        };
        if words[0].trim().is_empty() { Err(no_program()) } else { Ok(Value::Command(words)) }
    }

    /// Reads a path or the name of a program, and replaces what stands for something else.
    fn path(&self, value: &Spanned<DeValue<'_>>) -> Result<String, Refused> {
        let wanted = if self.key == Key::Path { Wanted::Text } else { Wanted::Program };
        let text = self.text(value, wanted)?;
        self.unescaped(value)?;
        if printable(text) != text {
            return Err((Fault::Unprintable(self.key.name().to_owned()), value.span()));
        }
        self.around.expand(text).map_err(|fault| (fault, value.span()))
    }

    /// Refuses backslashes in double quotes that are not themselves.
    fn unescaped(&self, value: &Spanned<DeValue<'_>>) -> Result<(), Refused> {
        let raw = self.document.part(value.span());
        let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| !raw.starts_with("\"\"\""));
        let mut letters = inner.unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            if letter == '\\' && !matches!(letters.next(), Some('\\' | '"' | 'u' | 'U')) {
                return Err((Fault::Backslash(format!("'{}'", inner.unwrap_or_default())), value.span()));
            }
        }
        Ok(())
    }
}

/// Returns why a text cannot be a label.
#[must_use]
pub fn label_fault(text: &str) -> Option<Fault> {
    let length = text.chars().take(LONGEST_LABEL + 1).count();
    if length == 0 || length > LONGEST_LABEL || text.trim() != text || printable(text) != text {
        return Some(Fault::LabelUnfit);
    }
    let drive = text.chars().nth(1) == Some(':');
    let begins = text.chars().next().is_some_and(char::is_alphanumeric);
    (drive || !begins || text.contains(['/', '\\'])).then(|| Fault::LabelLikePath(text.to_owned()))
}

/// Returns as much of a text as fits into a sentence.
pub(super) fn cut(text: &str) -> String {
    if text.chars().count() <= 80 { text.to_owned() } else { text.chars().take(79).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_so_that_they_read_back_the_same() {
        for (text, expected) in [
            ("fr", "\"fr\""),
            (r"S:\RH\base.db", r"'S:\RH\base.db'"),
            ("say \"hi\"", "\"say \\\"hi\\\"\""),
            (r"L'été\x", r#""L'été\\x""#),
            ("a\u{1b}b", "\"a\\U0000001Bb\""),
        ] {
            assert_eq!(quoted(text), expected);
            let line = format!("a = {}", quoted(text));
            let table = toml::de::DeTable::parse(&line).unwrap();
            assert_eq!(table.get_ref()["a"].get_ref().as_str(), Some(text));
        }
    }

    #[test]
    fn times_are_written_so_that_they_read_back_the_same() {
        for millis in [1, 500, 1500, 30_000, 3_600_000] {
            let span = Duration::from_millis(millis);
            assert_eq!(parse_duration(&time(span)), Some(span));
        }
    }

    #[test]
    fn labels_are_words() {
        for good in ["RH", "Paie 2026", "été", "wems.db", "7"] {
            assert_eq!(label_fault(good), None, "{good}");
        }
        for bad in ["", " RH", "RH ", "a/b", r"a\b", "-n", "~", ".", "..", "S:x", "a\nb", "a\u{202e}b", &"x".repeat(61)] {
            assert!(label_fault(bad).is_some(), "{bad}");
        }
    }
}
