//! One line of the agent's log: written, and read again.
//!
//! `2026-11-25T09:12:04.000+01:00 INFO  held database="RH" person="Marie Dupont" computer="PC-ACCUEIL" token="7"`. Pure. The hazard is a
//! value with a quotation mark or a line break in it, which would make another line of this one: both are replaced when it is written.

use crate::i18n::{Person, printable};
use std::fmt::{self, Display, Formatter};

/// The longest value, in characters.
const LONGEST: usize = 600;
/// What the first line of every agent says.
const STARTED: &str = "started";
/// What the last one says.
const ENDED: &str = "ended";

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It went as it should.
    Info,
    /// Somebody may have to do something.
    Warning,
    /// Something was lost, or does not work.
    Error,
}

/// What a value is. A report knows by it what has to be hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// What people call a database.
    Database,
    /// A database that the agent has after this.
    Held,
    /// A path.
    Path,
    /// Who.
    Person,
    /// On which computer.
    Computer,
    /// Who gave an order.
    OrderedBy,
    /// On which computer that was.
    OrderedFrom,
    /// What somebody wrote, or a line of a file of settings.
    Words,
    /// A program.
    Program,
    /// What the system said.
    Error,
    /// In what way the share failed.
    Failure,
    /// A fencing token.
    Token,
    /// A span.
    Seconds,
    /// How many databases.
    Count,
    /// A process.
    Process,
    /// The version of this program.
    Version,
    /// The operating system.
    System,
    /// The desktop.
    Desktop,
}

impl Field {
    const ALL: [(Self, &'static str); 18] = [
        (Self::Database, "database"),
        (Self::Held, "held"),
        (Self::Path, "path"),
        (Self::Person, "person"),
        (Self::Computer, "computer"),
        (Self::OrderedBy, "ordered-by"),
        (Self::OrderedFrom, "ordered-from"),
        (Self::Words, "words"),
        (Self::Program, "program"),
        (Self::Error, "error"),
        (Self::Failure, "failure"),
        (Self::Token, "token"),
        (Self::Seconds, "seconds"),
        (Self::Count, "databases"),
        (Self::Process, "process"),
        (Self::Version, "version"),
        (Self::System, "system"),
        (Self::Desktop, "desktop"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }
}

/// One line, without its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    level: Level,
    what: &'static str,
    values: Vec<(Field, String)>,
}

impl Line {
    /// Begins a line.
    #[must_use]
    pub const fn new(level: Level, what: &'static str) -> Self {
        Self { level, what, values: Vec::new() }
    }

    /// Begins a line about something that went as it should.
    #[must_use]
    pub const fn info(what: &'static str) -> Self {
        Self::new(Level::Info, what)
    }

    /// Begins a line about something that may need somebody.
    #[must_use]
    pub const fn warning(what: &'static str) -> Self {
        Self::new(Level::Warning, what)
    }

    /// Begins the first line of an agent.
    #[must_use]
    pub const fn started() -> Self {
        Self::info(STARTED)
    }

    /// Returns the last line of an agent.
    #[must_use]
    pub const fn ended() -> Self {
        Self::info(ENDED)
    }

    /// Adds a value.
    #[must_use]
    pub fn and(mut self, field: Field, value: impl Display) -> Self {
        let text = printable(&value.to_string()).replace('"', "'");
        let cut = text.char_indices().nth(LONGEST).map(|(at, _)| format!("{}…", &text[..at]));
        self.values.push((field, cut.unwrap_or(text)));
        self
    }

    /// Adds a value if there is one.
    #[must_use]
    pub fn unless_empty(self, field: Field, value: &str) -> Self {
        if value.is_empty() { self } else { self.and(field, value) }
    }

    /// Adds who it is about.
    #[must_use]
    pub fn person(self, who: &Person) -> Self {
        self.unless_empty(Field::Person, &who.name).unless_empty(Field::Computer, &who.machine)
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Info => "INFO ",
            Level::Warning => "WARN ",
            Level::Error => "ERROR",
        };
        write!(f, "{level} {}", self.what)?;
        self.values.iter().try_for_each(|(field, value)| write!(f, " {}=\"{value}\"", field.name()))
    }
}

/// Returns the values of a written line, in their order.
pub fn values(line: &str) -> impl Iterator<Item = (Field, &str)> {
    let mut pieces = line.split('"');
    std::iter::from_fn(move || Some((pieces.next()?, pieces.next()?))).filter_map(|(before, value)| {
        let name = before.strip_suffix('=')?.rsplit(' ').next()?;
        Field::ALL.iter().find(|(_, known)| *known == name).map(|(field, _)| (*field, value))
    })
}

/// Returns what the last agent had if it left no last line: it was killed, or the computer switched off. `None` when it ended in order.
#[must_use]
pub fn unfinished(log: &str) -> Option<Vec<String>> {
    let mut had = None;
    for line in log.lines() {
        match line.split_whitespace().nth(2) {
            Some(STARTED) => had = Some(Vec::new()),
            Some(ENDED) => had = None,
            _ => {}
        }
        let held: Vec<&str> = values(line).filter(|(field, _)| *field == Field::Held).map(|(_, label)| label).collect();
        if !held.is_empty() {
            had = Some(held.into_iter().filter(|label| !label.is_empty()).map(str::to_owned).collect());
        }
    }
    had
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written_whatever_stands_in_them() {
        let hostile = "a\" path=\"/x\nERROR lost\u{202e} =\"";
        let line = Line::warning("held").and(Field::Database, hostile).and(Field::Token, 7).and(Field::Path, r"\\srv\rh\a b.db");
        let written = line.to_string();
        assert_eq!(written.lines().count(), 1);
        assert!(written.starts_with("WARN  held database=\"a' path='/x"), "{written}");
        let read: Vec<_> = values(&written).collect();
        assert_eq!(read.len(), 3, "{read:?}");
        assert_eq!(read[1..], [(Field::Token, "7"), (Field::Path, r"\\srv\rh\a b.db")]);
        assert!(Line::info("x").and(Field::Words, "é".repeat(5000)).to_string().chars().count() < 700);
    }

    #[test]
    fn fields_have_names_of_their_own() {
        let mut names: Vec<&str> = Field::ALL.iter().map(|(field, _)| field.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Field::ALL.len());
        assert!(!names.contains(&""));
    }

    #[test]
    fn an_agent_without_a_last_line_is_told_with_what_it_had() {
        let log = |lines: &[Line]| {
            let written = lines.iter().map(|line| format!("2026-11-25T09:12:04.000+01:00 {line}\n"));
            written.collect::<Vec<_>>().concat()
        };
        let take = Line::info("taken").and(Field::Database, "RH").and(Field::Held, "RH").and(Field::Held, "ended, started");
        let give = Line::info("given back").and(Field::Held, "");
        assert_eq!(unfinished(""), None);
        assert_eq!(unfinished(&log(&[Line::started(), take.clone(), give.clone(), Line::ended()])), None);
        let had = |labels: &[&str]| Some(labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>());
        assert_eq!(unfinished(&log(&[Line::started()])), had(&[]));
        assert_eq!(unfinished(&log(&[Line::started(), take.clone()])), had(&["RH", "ended, started"]));
        assert_eq!(unfinished(&log(&[Line::started(), take.clone(), give])), had(&[]));
        // What was held before a start is not held after it.
        assert_eq!(unfinished(&log(&[Line::started(), take, Line::started()])), had(&[]));
        // The beginning has been thrown away since, and the end of a line was never written.
        assert_eq!(unfinished("2026-11-25T09:12:04.000+01:00 INFO  ending: chosen in"), None);
    }
}
