//! One file of settings, read: what it sets, where, and what is wrong with it.
//!
//! Pure: a text goes in, a layer comes out, whatever the text. The hazards: a slip that is passed over in silence, so what is not known
//! is said; and a file that was made to be large, so there is an end to databases and to faults.

use super::Around;
use super::document::{Document, Problem, Severity};
use super::keys::{DATABASE, Key, Scope, is_table, lockable, names, nearest};
use super::value::{Reading, Value, cut, quoted};
use crate::i18n::config::{Fault, Wanted};
use crate::i18n::printable;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The longest file in bytes.
pub(super) const LONGEST: u64 = 1 << 20;
/// The most databases, of all files together.
pub const MOST_DATABASES: usize = 1000;
/// How many faults are told of one file.
const MOST_PROBLEMS: usize = 20;

/// A value, and where it stands.
#[derive(Debug, Clone)]
pub struct Found {
    /// The value.
    pub value: Value,
    /// Its offsets in the text.
    pub span: Range<usize>,
}

/// The keys that one table sets, with those of the tables in it.
pub(super) type Fields = BTreeMap<Key, Found>;

/// One `[[database]]`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it sets; the label always.
    pub fields: Fields,
    /// The label.
    pub label: String,
    /// The label as it is compared.
    pub folded: String,
    /// Where the label stands.
    pub span: Range<usize>,
}

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The administrators.
    System,
    /// The user.
    User,
}

/// What one file sets.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The file.
    pub document: Arc<Document>,
    /// What it sets in general.
    pub general: Fields,
    /// The databases.
    pub databases: Vec<Entry>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Layer {
    /// Reads a text.
    #[must_use]
    pub fn read(file: &Path, text: String, author: Author, around: Around<'_>) -> Self {
        let document = Arc::new(Document::new(file, text));
        let mut reader = Reader { document: &document, around: &around, problems: Vec::new(), untold: 0 };
        let (mut general, mut databases) = (Fields::new(), Vec::new());
        if document.text().len() as u64 > LONGEST {
            reader.file(Fault::TooLong(LONGEST));
        } else {
            match DeTable::parse(document.text()) {
                Ok(table) => {
                    reader.table(table.get_ref(), Scope::General, None, &mut general, Some(&mut databases));
                    reader.locked(&general, author);
                }
                Err(error) => reader.syntax(&error),
            }
        }
        let problems = reader.end();
        Self { document, general, databases, problems }
    }

    /// Returns what a file that cannot be read says.
    #[must_use]
    pub fn unreadable(file: &Path, fault: Fault, severity: Severity) -> Self {
        let document = Arc::new(Document::new(file, String::new()));
        let problem = Problem { severity, fault, file: Some(file.to_path_buf()), place: None };
        Self { document, general: Fields::new(), databases: Vec::new(), problems: vec![problem] }
    }

    /// Returns a fault at a place in this file.
    #[must_use]
    pub fn problem(&self, severity: Severity, fault: Fault, span: &Range<usize>) -> Problem {
        let place = Some(self.document.place(span));
        Problem { severity, fault, file: Some(self.document.file.clone()), place }
    }
}

/// Returns a label as it is compared: capitals make no difference.
#[must_use]
pub(super) fn folded(label: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    label.nfc().flat_map(char::to_lowercase).collect()
}

struct Reader<'a> {
    document: &'a Document,
    around: &'a Around<'a>,
    problems: Vec<Problem>,
    untold: usize,
}

impl Reader<'_> {
    fn say(&mut self, severity: Severity, fault: Fault, span: &Range<usize>) {
        let place = Some(self.document.place(span));
        self.keep(Problem { severity, fault, file: Some(self.document.file.clone()), place });
    }

    fn file(&mut self, fault: Fault) {
        self.keep(Problem { severity: Severity::Error, fault, file: Some(self.document.file.clone()), place: None });
    }

    /// Keeps a fault. An error is never lost behind warnings.
    fn keep(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
            return;
        }
        self.untold += 1;
        if problem.severity == Severity::Error
            && let Some(warning) = self.problems.iter_mut().rev().find(|other| other.severity == Severity::Warning)
        {
            *warning = problem;
        }
    }

    fn end(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.line, place.column)));
        if self.untold > 0 {
            let file = Some(self.document.file.clone());
            self.problems.push(Problem { severity: Severity::Warning, fault: Fault::More(self.untold), file, place: None });
        }
        self.problems
    }

    /// Says what the parser says, unless it stumbled over the backslashes of a path.
    fn syntax(&mut self, error: &toml::de::Error) {
        let span = error.span().unwrap_or(0..0);
        let (begin, line) = self.document.whole_line(span.start);
        let reached = (span.end.max(span.start + 1)).saturating_sub(begin);
        let inside = |at: Range<usize>| begin + at.start..begin + at.end;
        let (fault, span) = if let Some((value, at)) = backslashed(line, reached) {
            (Fault::Backslash(printable(&value)), inside(at))
        } else if let Some((value, at)) = bare(line, reached) {
            (Fault::NoQuotes(quoted(&printable(&cut(value)))), inside(at))
        } else {
            (Fault::Syntax(printable(&cut(&error.message().lines().collect::<Vec<_>>().join("; ")))), span)
        };
        self.say(Severity::Error, fault, &span);
    }

    fn table(
        &mut self,
        table: &DeTable<'_>,
        scope: Scope,
        within: Option<&'static str>,
        fields: &mut Fields,
        mut databases: Option<&mut Vec<Entry>>,
    ) {
        let mut entries: Vec<_> = table.iter().collect();
        // The parser sorts by name; people read from top to bottom.
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let key = Key::all(scope).find(|key| key.table() == within && key.name() == name.get_ref());
            if let Some(key) = key {
                match (Reading { key, document: self.document, around: self.around }).read(value) {
                    Ok(read) => drop(fields.insert(key, Found { value: read, span: value.span() })),
                    Err((fault, span)) => self.say(Severity::Error, fault, &span),
                }
            } else if within.is_none() && name.get_ref() == DATABASE && databases.is_some() {
                if let Some(databases) = databases.as_deref_mut() {
                    self.databases(value, &name.span(), databases);
                }
            } else if within.is_none() && is_table(name.get_ref()) {
                let inner = if name.get_ref() == "notify" { "notify" } else { "durations" };
                match value.get_ref() {
                    DeValue::Table(table) => self.table(table, scope, Some(inner), fields, None),
                    _ => self.say(Severity::Error, Fault::WrongKind(inner.into(), Wanted::Table), &value.span()),
                }
            } else {
                self.unknown(name, scope, within);
            }
        }
    }

    fn unknown(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, scope: Scope, within: Option<&str>) {
        let typed = name.get_ref();
        let near = nearest(typed, names(scope, within)).map(str::to_owned).or_else(|| elsewhere(typed));
        self.say(Severity::Warning, Fault::UnknownKey(printable(&cut(typed)), near), &name.span());
    }

    fn databases(&mut self, value: &Spanned<DeValue<'_>>, name: &Range<usize>, databases: &mut Vec<Entry>) {
        let DeValue::Array(entries) = value.get_ref() else {
            return self.say(Severity::Error, Fault::WrongKind(DATABASE.into(), Wanted::Tables), name);
        };
        for entry in entries {
            let DeValue::Table(table) = entry.get_ref() else {
                self.say(Severity::Error, Fault::WrongKind(DATABASE.into(), Wanted::Tables), &entry.span());
                continue;
            };
            if databases.len() == MOST_DATABASES {
                return self.say(Severity::Error, Fault::TooMany(MOST_DATABASES), &entry.span());
            }
            let mut fields = Fields::new();
            self.table(table, Scope::Database, None, &mut fields, None);
            let Some(Found { value: Value::Text(label), span }) = fields.get(&Key::Label).cloned() else {
                if !table.keys().any(|key| key.get_ref() == Key::Label.name()) {
                    self.say(Severity::Error, Fault::NoLabel, &entry.span());
                }
                continue;
            };
            let folded = folded(&label);
            if let Some(other) = databases.iter().find(|other| other.folded == folded) {
                let fault = Fault::LabelTwice(label, self.document.line(other.span.start));
                self.say(Severity::Error, fault, &span);
                continue;
            }
            databases.push(Entry { fields, label, folded, span });
        }
    }

    /// Says which locks lock nothing.
    fn locked(&mut self, general: &Fields, author: Author) {
        let Some(Found { value: Value::Names(locks), span }) = general.get(&Key::Locked) else { return };
        if author == Author::User {
            return self.say(Severity::Warning, Fault::LockedByUser, span);
        }
        let known = lockable();
        for lock in locks {
            let name = lock.strip_suffix(".*").unwrap_or(lock);
            if !known.iter().any(|known| known == name) {
                let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned).or_else(|| elsewhere(name));
                self.say(Severity::Warning, Fault::UnknownKey(printable(&cut(lock)), near), span);
            }
        }
    }
}

/// Returns the full name of a key that was written in the wrong table.
fn elsewhere(name: &str) -> Option<String> {
    let general = Key::all(Scope::General).find(|key| key.name() == name).map(|key| key.dotted().into_owned());
    general.or_else(|| {
        let key = Key::all(Scope::Database).find(|key| key.name() == name)?;
        Some(format!("{DATABASE}.{}", key.dotted()))
    })
}

/// Returns the value in double quotes whose backslashes the parser may have stumbled over, as it should be written, and where it
/// stands in the line.
fn backslashed(line: &str, reached: usize) -> Option<(String, Range<usize>)> {
    let mut from = 0;
    while let Some(open) = line[from..].find('"').map(|at| from + at) {
        let begin = open + 1;
        // Anything up to the next quote: whoever writes `"S:\RH\"` means the last one to be the end.
        let end = line[begin..].find('"').map_or(line.len(), |at| begin + at);
        if open >= reached {
            return None;
        }
        let inner = &line[begin..end];
        let single = inner.replace("\\\\", "").contains('\\');
        if single && (reached <= end + 1 || end == line.len() || inner.ends_with('\\')) {
            return Some((format!("'{}'", cut(inner.trim_end())), open..(end + 1).min(line.len())));
        }
        from = (end + 1).min(line.len());
    }
    None
}

/// Returns the value that the parser stumbled over, and its place in the line, if it is a text that lacks its quotes.
fn bare(line: &str, reached: usize) -> Option<(&str, Range<usize>)> {
    let (key, rest) = line.split_once('=')?;
    let value = rest.split('#').next().unwrap_or_default().trim();
    let begin = key.len() + 1 + (rest.len() - rest.trim_start().len());
    let is_text = value.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '\\' | '~' | '$' | '%'));
    (is_text && !value.contains(['"', '\'']) && reached > begin).then(|| (value, begin..begin + value.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    fn read(text: &str, author: Author) -> Layer {
        let nothing = |_: &str| None;
        Layer::read(Path::new("a.toml"), text.to_owned(), author, Around { variable: &nothing, home: None })
    }

    /// What is said about a text by a user, in one line each.
    fn said(text: &str) -> Vec<String> {
        read(text, Author::User).problems.iter().map(|problem| problem.line(Language::English)).collect()
    }

    #[test]
    fn faults_are_told_with_their_place_and_what_was_meant() {
        for (text, expected) in [
            ("lagnuage = 'fr'", "a.toml:1:1: warning: unknown key `lagnuage`, passed over; did you mean `language`?"),
            ("\n[notify]\nfre = 'never'", "a.toml:3:1: warning: unknown key `fre`, passed over; did you mean `free`?"),
            ("heartbeat = 30", "a.toml:1:1: warning: unknown key `heartbeat`, passed over; did you mean `durations.heartbeat`?"),
            ("path = '/a'", "a.toml:1:1: warning: unknown key `path`, passed over; did you mean `database.path`?"),
            ("colour = 1", "a.toml:1:1: warning: unknown key `colour`, passed over"),
            (
                "locked = ['language']",
                "a.toml:1:10: warning: `locked` counts in the administrators' file alone, so this is passed over",
            ),
            ("language = 'french'", "a.toml:1:12: \"french\" is no value of `language`"),
            ("notify.free = 'allways'", "a.toml:1:15: \"allways\" is no value of `notify.free`; did you mean \"always\"?"),
            ("notify = true", "a.toml:1:10: `notify` must be a table, such as [notify]"),
            ("release_before_sleep = 'yes'", "a.toml:1:24: `release_before_sleep` must be true or false"),
            ("icon_order = ['held', 'held']", "a.toml:1:23: \"held\" stands here twice"),
            ("durations.heartbeat = 'soon'", "a.toml:1:23: \"soon\" is not a time"),
            (
                "durations.heartbeat = true",
                "a.toml:1:23: `durations.heartbeat` must be a time in quotes, such as \"30s\" or \"5m\"",
            ),
            ("[database]\nlabel = 'RH'", "a.toml:1:2: `database` must be written with two brackets: [[database]]"),
            ("[[database]]\nprogram = 'a'", "a.toml:1:1: this database has no label"),
            ("[[database]]\nlabel = 'a/b'", "a.toml:2:9: the label \"a/b\" looks like a path or an option"),
            (
                "[[database]]\nlabel = 'RH'\n[[database]]\nlabel = 'rh'",
                "a.toml:4:9: there is a database \"rh\" already, in line 2",
            ),
            ("[[database]]\nlabel = 'RH'\npath = 'base.db'", "a.toml:3:8: \"base.db\" is not a whole path on this computer"),
            ("[[database]]\nlabel = 'RH'\npath = '$NOPE/x'", "a.toml:3:8: the environment variable NOPE is not set"),
            ("[[database]]\nlabel = 'RH'\nprogram = []", "a.toml:3:11: `program` names no program"),
        ] {
            assert_eq!(said(text), [expected], "{text}");
        }
    }

    #[test]
    fn backslashes_in_double_quotes_get_a_hint() {
        for (value, meant) in [
            (r#""S:\RH\base.db""#, r"'S:\RH\base.db'"),
            (r#""S:\new\base.db""#, r"'S:\new\base.db'"),
            (r#""S:\Users\x.db""#, r"'S:\Users\x.db'"),
            (r#""\\server\share\x.db""#, r"'\\server\share\x.db'"),
            (r#""S:\RH\""#, r"'S:\RH\'"),
            (r#""S:\t.db"   # "quoted""#, r"'S:\t.db'"),
        ] {
            let text = format!("[[database]]\nlabel = \"RH\"\npath = {value}\n");
            let problems = read(&text, Author::User).problems;
            assert_eq!(problems[0].fault, Fault::Backslash(meant.into()), "{value}: {problems:?}");
            assert_eq!(problems[0].place.as_ref().map(|place| (place.line, place.column)), Some((3, 8)), "{value}");
        }
        let array = "[[database]]\nlabel = \"RH\"\nprogram = [\"wems\", \"C:\\Apps\\x.exe\"]\n";
        assert_eq!(read(array, Author::User).problems[0].fault, Fault::Backslash(r"'C:\Apps\x.exe'".into()));
        let doubled = format!("[[database]]\nlabel = 'RH'\nprogram = \"{}\"", r"C:\\Apps\\wems.exe");
        assert!(read(&doubled, Author::User).problems.is_empty());
    }

    #[test]
    fn texts_without_quotes_get_a_hint() {
        for (line, meant) in [
            ("language = fr # or en", "\"fr\""),
            ("path = S:\\RH\\base.db", "'S:\\RH\\base.db'"),
            ("path = /srv/rh.db", "\"/srv/rh.db\""),
        ] {
            let problems = read(line, Author::User).problems;
            assert_eq!(problems[0].fault, Fault::NoQuotes(meant.into()), "{line}");
        }
        for line in ["language = \"fr", "[notify", "a = 3 4", "a = ", "a = [fr]"] {
            assert!(matches!(read(line, Author::User).problems[0].fault, Fault::Syntax(_)), "{line}");
        }
    }

    #[test]
    fn what_is_told_shows_the_line_and_a_mark() {
        let problem = &read("[notify]\nfree = \"allways\"  # mostly\n", Author::User).problems[0];
        let expected = "a.toml:2:8: \"allways\" is no value of `notify.free`; did you mean \"always\"?\n  2 | free = \"allways\"  # mostly\n    |        ^^^^^^^^^\n    = possible: never, wanted, always";
        assert_eq!(problem.told(Language::English), expected);
        let french = problem.told(Language::French);
        assert!(
            french.contains("vouliez-vous dire «\u{a0}always\u{a0}»\u{a0}?") && french.contains("possibles\u{a0}: "),
            "{french}"
        );
    }

    #[test]
    fn what_breaks_toml_is_an_error_at_its_place() {
        let problems = read("language = \"fr\nnotify = 3", Author::User).problems;
        assert_eq!((problems.len(), problems[0].severity), (1, Severity::Error));
        assert_eq!(problems[0].place.as_ref().map(|place| place.line), Some(1));
    }

    #[test]
    fn locks_that_lock_nothing_are_said() {
        let problems =
            read("locked = ['language', 'database.*', 'notify.free', 'durations', 'databse']", Author::System).problems;
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].fault, Fault::UnknownKey("databse".into(), Some("database".into())));
    }

    #[test]
    fn there_is_an_end_to_databases_faults_and_length() {
        use std::fmt::Write;
        let mut many = String::new();
        for number in 0..=MOST_DATABASES {
            write!(many, "[[database]]\nlabel = 'b{number}'\n").unwrap();
        }
        let layer = read(&many, Author::User);
        assert_eq!(layer.databases.len(), MOST_DATABASES);
        assert_eq!(layer.problems[0].fault, Fault::TooMany(MOST_DATABASES));
        let mut unknown = String::new();
        for number in 0..5000 {
            writeln!(unknown, "unknown{number} = 1").unwrap();
        }
        unknown.push_str("language = 'xx'\n");
        let problems = read(&unknown, Author::User).problems;
        assert_eq!(problems.len(), MOST_PROBLEMS + 1);
        assert!(problems.iter().any(|problem| problem.severity == Severity::Error), "the error got lost");
        let long = "#".repeat(usize::try_from(LONGEST).unwrap() + 1);
        assert_eq!(read(&long, Author::User).problems[0].fault, Fault::TooLong(LONGEST));
        let deep = format!("a = {}", "[".repeat(100_000));
        assert_eq!(read(&deep, Author::User).problems.len(), 1);
    }

    #[test]
    fn bare_numbers_are_seconds() {
        let layer = read("[durations]\nheartbeat = 20\npoll = 0.5\n", Author::User);
        let times: Vec<String> = layer.general.values().map(|found| found.value.toml()).collect();
        assert_eq!(times, ["\"20s\"", "\"0.5s\""]);
    }
}
