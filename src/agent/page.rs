//! What the window program is given to draw, and what it says back: one JSON line each, over its stdin and stdout.
//!
//! Whoever wants a window (the agent, `run --gui`) starts `sharelock-window`, writes one [`Page`] a line, and reads one [`Said`] a line.
//! A later page replaces the earlier one where it stands; the end of the program's stdin closes the window. The window draws and
//! reports: it knows no lease, no share and no configuration, decides nothing, and never answers by itself. All texts arrive finished,
//! in the reader's language, as plain text.
//!
//! The hazards: a page that is not one, or is too large, must end the program with an error instead of hanging it, hence the bounds
//! here; and a press must not be understood as another one, hence buttons are told apart by ids that the writer never uses twice for
//! different things. A window that cannot be shown says so by its exit code ([`Ending`]): nobody may take silence for an answer.

use super::shown::Face;
use serde::{Deserialize, Serialize};
use std::io;

/// The version of the pages that are described here.
pub const VERSION: u32 = 1;
/// The longest line that is read, in bytes, its end included: fifty databases with a month of history each stay well below.
pub const MOST_BYTES: usize = 1 << 20;
/// The longest single text, in bytes.
pub const MOST_TEXT: usize = 4096;
/// The longest text to look through before it is saved, in bytes.
pub const MOST_VERBATIM: usize = 64 << 10;
/// The most entries of each list: paragraphs, rows, details, actions, days, marks, spans, buttons.
pub const MOST_ENTRIES: usize = 500;

/// All that a window shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// [`VERSION`]; a reader refuses any other.
    pub v: u32,
    /// What the window is called by the system.
    pub title: String,
    /// How often a person has asked for the window: with a greater number than before it comes to the front.
    pub asked: u32,
    /// The state that the page is about, drawn large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<Face>,
    /// The page in one sentence.
    pub heading: String,
    /// Paragraphs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<String>,
    /// Databases, or the icons of the legend.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
    /// Who held one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    /// A longer text with lines of its own, to be read through and copied.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub verbatim: String,
    /// Something to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// What can be answered, in the order of reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// What program this is; shown small at the end, together with the name of the toolkit, whose licence asks for that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}

/// One database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// Its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<Face>,
    /// What people call it.
    pub name: String,
    /// Its state in one sentence.
    pub text: String,
    /// More sentences: who waits, the last sign of life.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
    /// What can be done with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
}

/// Something that can be done with one database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Action {
    /// What [`Said::Chosen`] names.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Marked as something that may lose work.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub danger: bool,
}

/// Who held a database, one line a day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeline {
    /// What it shows: whose history, and which days.
    pub label: String,
    /// The hours along the top.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// The days, in the order of reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
}

/// One hour of the scale.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mark {
    /// Where, between 0 (left) and 1.
    pub at: f32,
    /// What people read there.
    pub label: String,
}

/// One day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Day {
    /// Which.
    pub label: String,
    /// Who held it, from morning to evening.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// One person's turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Span {
    /// Where it begins, between 0 (left) and 1.
    pub from: f32,
    /// Where it ends, not before it begins.
    pub to: f32,
    /// Who, drawn into the bar as far as there is room.
    pub name: String,
    /// The whole of it in words, listed below the bar: who, from when, until when, how it ended.
    pub label: String,
    /// Its colour.
    pub tone: Tone,
}

/// What the colour of a turn tells; the words tell it as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Somebody else's.
    #[default]
    Held,
    /// This user's.
    Mine,
    /// It ended without being given back.
    Stale,
    /// It was taken away.
    Forced,
}

/// Something to type: one line. What stands in it comes with every [`Said::Chosen`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Field {
    /// What to type.
    pub label: String,
    /// What stands there at first. A later page with another value writes over what was typed; one with the same value does not.
    pub value: String,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Button {
    /// What [`Said::Chosen`] names.
    pub id: String,
    /// What people read.
    pub label: String,
    /// What it is to the keyboard.
    pub kind: Kind,
}

/// What a button is to the keyboard. One thing only: so nothing that loses work can be the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Reached by Tab.
    #[default]
    Plain,
    /// Has the focus at first, and Enter from the field. At most one.
    Default,
    /// Esc; the focus at first where nothing is the default. Closes the window once it is said. At most one.
    Cancel,
    /// Reached by Tab; marked as something that may lose work.
    Danger,
}

/// What the window says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "lowercase")]
pub enum Said {
    /// The first page can be seen. Until then there may be no display at all.
    Shown,
    /// A person pressed a button.
    Chosen {
        /// Its id.
        id: String,
        /// What stands in the field, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// A person closed the window without an answer. Nothing follows.
    Closed,
}

/// How the program ends: its exit codes, as in sysexits(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Closed, by a person or by the end of its stdin.
    Closed = 0,
    /// It was given arguments.
    Usage = 64,
    /// It was given something that is not a page, or no page in time.
    BadPage = 65,
    /// No window can be shown here.
    NoDisplay = 69,
}

/// Why a line is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Longer than [`MOST_BYTES`].
    #[error("the page is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// Not the JSON of a page.
    #[error("the line is no page: {0}")]
    NotAPage(#[from] serde_json::Error),
    /// From another version.
    #[error("the page is of version {0}, and version {VERSION} is understood")]
    Version(u32),
    /// A text or a list that is too long, a place outside of the day, two defaults.
    #[error("{0} of the page is out of bounds")]
    Bounds(&'static str),
    /// It could not be read.
    #[error("the page cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Page {
    /// Reads the next page, `None` at the end of the input. Empty lines are skipped.
    ///
    /// # Errors
    /// When the line is too long, is no page, is one of another version, or breaks a bound. Nothing more can be read then.
    pub fn read(from: &mut impl io::BufRead) -> Result<Option<Self>, PageError> {
        loop {
            let mut line = Vec::new();
            // One byte more than is allowed tells a line that is too long from one that just fits.
            let mut bounded = io::Read::take(&mut *from, MOST_BYTES as u64 + 1);
            if io::BufRead::read_until(&mut bounded, b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            if line.len() > MOST_BYTES {
                return Err(PageError::TooLong);
            }
            if !line.trim_ascii().is_empty() {
                return Self::parse(&line).map(Some);
            }
        }
    }

    /// Writes it as one line, its end included.
    ///
    /// # Errors
    /// When it breaks a bound, so that the window would refuse it.
    pub fn to_line(&self) -> Result<String, PageError> {
        self.check()?;
        let line = serde_json::to_string(self)? + "\n";
        if line.len() > MOST_BYTES { Err(PageError::TooLong) } else { Ok(line) }
    }

    fn parse(line: &[u8]) -> Result<Self, PageError> {
        let page: Self = serde_json::from_slice(line)?;
        page.check()?;
        Ok(page)
    }

    fn check(&self) -> Result<(), PageError> {
        if self.v != VERSION {
            return Err(PageError::Version(self.v));
        }
        texts("the title or heading", [&self.title, &self.heading])?;
        list("text", &self.text)?;
        texts("text", &self.text)?;
        list("rows", &self.rows)?;
        self.rows.iter().try_for_each(Row::check)?;
        self.timeline.as_ref().map_or(Ok(()), Timeline::check)?;
        bound("verbatim", self.verbatim.len() <= MOST_VERBATIM)?;
        self.field.as_ref().map_or(Ok(()), |field| texts("the field", [&field.label, &field.value]))?;
        list("buttons", &self.buttons)?;
        for kind in [Kind::Default, Kind::Cancel] {
            bound("the kinds of the buttons", self.buttons.iter().filter(|button| button.kind == kind).count() <= 1)?;
        }
        texts("buttons", self.buttons.iter().flat_map(|button| [&button.id, &button.label]))?;
        bound("the buttons' ids", self.buttons.iter().all(|button| !button.id.is_empty()))?;
        list("about", &self.about)?;
        texts("about", &self.about)
    }
}

impl Row {
    fn check(&self) -> Result<(), PageError> {
        texts("a row", [&self.name, &self.text])?;
        list("a row's detail", &self.detail)?;
        texts("a row's detail", &self.detail)?;
        list("a row's actions", &self.actions)?;
        texts("a row's actions", self.actions.iter().flat_map(|action| [&action.id, &action.label]))?;
        bound("the actions' ids", self.actions.iter().all(|action| !action.id.is_empty()))
    }
}

impl Timeline {
    fn check(&self) -> Result<(), PageError> {
        texts("the timeline", [&self.label])?;
        list("the timeline's marks", &self.marks)?;
        texts("the timeline's marks", self.marks.iter().map(|mark| &mark.label))?;
        bound("the timeline's marks", self.marks.iter().all(|mark| (0.0..=1.0).contains(&mark.at)))?;
        list("the timeline's days", &self.days)?;
        for day in &self.days {
            texts("a day", [&day.label])?;
            list("a day's spans", &day.spans)?;
            texts("a day's spans", day.spans.iter().flat_map(|span| [&span.name, &span.label]))?;
            bound("a day's spans", day.spans.iter().all(|span| 0.0 <= span.from && span.from <= span.to && span.to <= 1.0))?;
        }
        Ok(())
    }
}

impl Said {
    /// Writes it as one line, its end included.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

fn bound(what: &'static str, kept: bool) -> Result<(), PageError> {
    if kept { Ok(()) } else { Err(PageError::Bounds(what)) }
}

fn list<T>(what: &'static str, entries: &[T]) -> Result<(), PageError> {
    bound(what, entries.len() <= MOST_ENTRIES)
}

fn texts<'a>(what: &'static str, texts: impl IntoIterator<Item = &'a String>) -> Result<(), PageError> {
    bound(what, texts.into_iter().all(|text| text.len() <= MOST_TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<Page>, PageError> {
        Page::read(&mut line.as_bytes())
    }

    fn button(id: &str, kind: Kind) -> Button {
        Button { id: id.into(), label: id.into(), kind }
    }

    fn page() -> Page {
        Page { v: VERSION, heading: "wems.db".into(), ..Page::default() }
    }

    #[test]
    fn a_page_comes_back_as_it_was_written() {
        let page = Page {
            icon: Some(Face::Held),
            text: vec!["since 09:12".into()],
            rows: vec![Row {
                icon: Some(Face::Stale),
                name: "RH".into(),
                actions: vec![Action { id: "take:1".into(), label: "Take".into(), danger: true }],
                ..Row::default()
            }],
            timeline: Some(Timeline {
                marks: vec![Mark { at: 0.5, label: "12:00".into() }],
                days: vec![Day {
                    label: "lundi 23".into(),
                    spans: vec![Span { from: 0.25, to: 0.5, name: "Marie".into(), tone: Tone::Forced, ..Span::default() }],
                }],
                ..Timeline::default()
            }),
            field: Some(Field { label: "Path".into(), value: "S:\\RH\\base.db\u{2028}".into() }),
            buttons: vec![button("notify", Kind::Default), button("cancel", Kind::Cancel), button("force", Kind::Danger)],
            about: vec!["Sharelock".into()],
            verbatim: "two\nlines".into(),
            ..page()
        };
        let line = page.to_line().unwrap();
        assert_eq!(line.matches('\n').count(), 1, "a page is one line: {line}");
        assert_eq!(read(&line).unwrap(), Some(page));
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_missing_is_empty() {
        let page = read(r#"{"v":1,"later":{"a":[1]},"icon":"free","buttons":[{"id":"ok","label":"OK","kind":"default","x":1}]}"#);
        let page = page.unwrap().unwrap();
        assert_eq!(page.icon, Some(Face::Free));
        assert_eq!(page.buttons, [Button { id: "ok".into(), label: "OK".into(), kind: Kind::Default }]);
        assert!(page.rows.is_empty() && page.field.is_none());
    }

    #[test]
    fn pages_follow_each_other_and_empty_lines_are_skipped() {
        let mut lines = "\n{\"v\":1,\"title\":\"a\"}\r\n \n{\"v\":1,\"title\":\"b\"}".as_bytes();
        let titles: Vec<_> = std::iter::from_fn(|| Page::read(&mut lines).unwrap()).map(|page| page.title).collect();
        assert_eq!(titles, ["a", "b"]);
    }

    #[test]
    fn garbage_and_other_versions_are_refused() {
        for garbage in ["garbage", "[]", "{}", "{\"v\":1", "{\"v\":1,\"icon\":\"smiling\"}", "{\"v\":1,\"rows\":7}", "\u{0}"] {
            assert!(read(garbage).is_err(), "{garbage} was taken for a page");
        }
        assert!(matches!(read("{\"v\":2}"), Err(PageError::Version(2))));
        assert!(matches!(Page::read(&mut &b"{\"v\":1,\"title\":\"\xff\"}"[..]), Err(PageError::NotAPage(_))));
        let deep = format!("{{\"v\":1,\"later\":{}", "[".repeat(100_000));
        assert!(matches!(read(&deep), Err(PageError::NotAPage(_))));
    }

    #[test]
    fn an_endless_line_ends_after_the_bound() {
        struct Endless(usize);
        impl io::Read for Endless {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                into.fill(b'x');
                self.0 += into.len();
                Ok(into.len())
            }
        }
        let mut endless = io::BufReader::new(Endless(0));
        assert!(matches!(Page::read(&mut endless), Err(PageError::TooLong)));
        assert!(endless.get_ref().0 <= 2 * MOST_BYTES, "{} bytes were read", endless.get_ref().0);
        let blank = "{\"v\":1}".to_string() + &" ".repeat(MOST_BYTES - 7);
        assert!(read(&blank).is_ok(), "a line that just fits was refused");
    }

    #[test]
    fn each_bound_is_kept() {
        let long = "x".repeat(MOST_TEXT + 1);
        let day = |from, to| Timeline {
            days: vec![Day { spans: vec![Span { from, to, ..Span::default() }], ..Day::default() }],
            ..Timeline::default()
        };
        let timeline = |timeline| Page { timeline: Some(timeline), ..page() };
        let row = |row| Page { rows: vec![row], ..page() };
        let bad = [
            Page { title: long.clone(), ..page() },
            Page { text: vec![long.clone()], ..page() },
            Page { text: vec![String::new(); MOST_ENTRIES + 1], ..page() },
            Page { rows: vec![Row::default(); MOST_ENTRIES + 1], ..page() },
            row(Row { detail: vec![long.clone()], ..Row::default() }),
            row(Row { actions: vec![Action::default()], ..Row::default() }),
            Page { verbatim: "x".repeat(MOST_VERBATIM + 1), ..page() },
            Page { field: Some(Field { value: long.clone(), ..Field::default() }), ..page() },
            Page { buttons: vec![button("a", Kind::Default), button("b", Kind::Default)], ..page() },
            Page { buttons: vec![button("a", Kind::Cancel), button("b", Kind::Cancel)], ..page() },
            Page { buttons: vec![button("", Kind::Plain)], ..page() },
            Page { about: vec![long], ..page() },
            timeline(day(0.5, 0.4)),
            timeline(day(-0.1, 0.4)),
            timeline(day(0.5, 1.1)),
            timeline(day(f32::NAN, 0.5)),
            timeline(Timeline { marks: vec![Mark { at: 2.0, label: String::new() }], ..Timeline::default() }),
            timeline(Timeline { days: vec![Day::default(); MOST_ENTRIES + 1], ..Timeline::default() }),
        ];
        for (number, page) in bad.iter().enumerate() {
            assert!(matches!(page.to_line(), Err(PageError::Bounds(_))), "number {number} was written");
            let line = serde_json::to_string(page).unwrap();
            assert!(read(&line).is_err(), "number {number} was read");
        }
        // Many entries, each within its bound, and still too much together.
        let many = Page { text: vec!["x".repeat(MOST_TEXT); MOST_ENTRIES], ..page() };
        assert!(matches!(many.to_line(), Err(PageError::TooLong)));
    }

    #[test]
    fn what_the_window_says_is_one_line_each() {
        let chosen = |value| Said::Chosen { id: "take:1".into(), value };
        assert_eq!(Said::Shown.to_line(), "{\"said\":\"shown\"}\n");
        assert_eq!(Said::Closed.to_line(), "{\"said\":\"closed\"}\n");
        assert_eq!(chosen(None).to_line(), "{\"said\":\"chosen\",\"id\":\"take:1\"}\n");
        for said in [Said::Shown, Said::Closed, chosen(None), chosen(Some("a\nb".into()))] {
            assert_eq!(serde_json::from_str::<Said>(&said.to_line()).unwrap(), said);
        }
    }
}
