//! What the agent's window shows, as a pure function of its state: all databases, one of them with its past, the legend, the welcome,
//! and texts to read through.
//!
//! What can be pressed is named by an id that says which wish it is; whoever reads the answer turns it back. The hazard is an id that
//! outlives its meaning: keys of databases are never used twice, so a late press meets nothing.

use super::events::Seen;
use super::model::{Entry, Model};
use super::page::{Action, Button, Day, Field, Kind, MOST_VERBATIM, Mark, Page, Row, Span, Timeline, Tone, VERSION};
use super::shown::{Face, Item, Key, Topic, Wish};
use super::tidings::Tiding;
use super::view::{asides, face, meaning, of_one, sentence};
use crate::clock::{Moment, WallTime};
use crate::i18n::agent::{In, Label, Pages, Word};
use crate::i18n::{About, Cell, Language, Person, Talk, When, day_of, hour_of, printable};
use crate::session::describe::person;
use crate::store::{End, PastLease};
use std::path::PathBuf;

/// How many days of the past are drawn.
pub const DAYS: i64 = 7;
/// The hours along the timeline.
const MARKS: [u8; 5] = [0, 6, 12, 18, 24];

/// What the window is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All databases, or one of them.
    Details(Option<Key>),
    /// What the icons mean.
    Legend,
    /// The first database; and why the last try failed, or nothing.
    Welcome(String),
    /// A text to read through: why it cannot be opened, or why there is no report.
    Text(Wish, String),
    /// What a report would say.
    Report(String),
    /// Where the report is, or why it could not be saved.
    Saved(String),
}

/// Returns the page about something. `past` is what is known of the database that it is about.
#[must_use]
pub fn page(model: &Model, subject: &Subject, past: &[PastLease], now: Moment) -> Page {
    let language = model.language();
    let title = "Sharelock".to_owned();
    match subject {
        Subject::Details(key) => details(model, *key, past, now),
        Subject::Legend => Page {
            v: VERSION,
            title,
            heading: In(&Pages::Legend, language).to_string(),
            rows: Face::ALL.iter().map(|face| legend(*face, language)).collect(),
            buttons: vec![close(language)],
            about: vec![In(&Pages::About, language).to_string()],
            ..Page::default()
        },
        Subject::Welcome(why) => Page {
            v: VERSION,
            title,
            heading: In(&Pages::Welcome, language).to_string(),
            text: std::iter::once(In(&Pages::WelcomeText, language).to_string())
                .chain(Some(why.clone()).filter(|why| !why.is_empty()))
                .collect(),
            field: Some(Field { label: In(&Pages::Path, language).to_string(), value: String::new() }),
            buttons: vec![button(&Label::Watch, "add", Kind::Default, language), close(language)],
            ..Page::default()
        },
        Subject::Text(wish, text) => Page {
            v: VERSION,
            title,
            heading: match wish {
                Wish::Report => In(&Pages::Report, language).to_string(),
                _ => In(&Label::Why, language).to_string(),
            },
            verbatim: fitting(text, language),
            buttons: vec![close(language)],
            ..Page::default()
        },
        Subject::Report(text) => Page {
            v: VERSION,
            title,
            heading: In(&Pages::Report, language).to_string(),
            text: vec![In(&Pages::NothingIsSent, language).to_string()],
            verbatim: fitting(text, language),
            buttons: vec![button(&Label::Save, "save", Kind::Default, language), close(language)],
            ..Page::default()
        },
        Subject::Saved(text) => Page {
            v: VERSION,
            title,
            heading: In(&Pages::Report, language).to_string(),
            text: text.lines().map(str::to_owned).collect(),
            buttons: vec![close(language)],
            ..Page::default()
        },
    }
}

/// Returns a text, or as many of its lines as a window shows, and that there are more.
fn fitting(text: &str, language: Language) -> String {
    if text.len() <= MOST_VERBATIM {
        return text.to_owned();
    }
    let more = In(&Pages::More, language).to_string();
    let room = (0..=MOST_VERBATIM - more.len() - 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let whole = text[..room].rfind('\n').unwrap_or(room);
    format!("{}\n\n{more}", &text[..whole])
}

/// What a person wants of a database that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// It is free by now: open it.
    Open,
    /// Tell me when it is free.
    NotifyMe,
    /// Ask whoever has it.
    Ask,
    /// Open it to read only.
    OpenReadOnly,
    /// Nothing.
    Cancel,
}

impl Choice {
    const fn id(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NotifyMe => "notify",
            Self::Ask => "ask",
            Self::OpenReadOnly => "read",
            Self::Cancel => "cancel",
        }
    }

    /// Returns the choice of that id.
    #[must_use]
    pub fn of(id: &str) -> Option<Self> {
        [Self::Open, Self::NotifyMe, Self::Ask, Self::OpenReadOnly, Self::Cancel].into_iter().find(|choice| choice.id() == id)
    }
}

/// Returns the question of somebody who wanted to open a database that is in use. `said` is what its state is, `free` whether it is free
/// by now, `ask` who can be asked for it, `reads` whether there is a program that only reads it.
#[must_use]
pub fn in_use(name: &str, face: Face, said: String, free: bool, ask: Option<Person>, reads: bool, language: Language) -> Page {
    let first = if free { (Label::Open, Choice::Open) } else { (Label::NotifyMe, Choice::NotifyMe) };
    let mut buttons = vec![button(&first.0, first.1.id(), Kind::Default, language)];
    if let Some(whom) = ask.filter(|_| !free) {
        buttons.push(button(&Label::Ask(whom), Choice::Ask.id(), Kind::Plain, language));
    }
    if reads && !free {
        buttons.push(button(&Label::OpenReadOnly, Choice::OpenReadOnly.id(), Kind::Plain, language));
    }
    buttons.push(button(&Label::Cancel, Choice::Cancel.id(), Kind::Cancel, language));
    let heading =
        if free { In(&Word::IsFree(name.to_owned()), language).to_string() } else { In(&Pages::InUse, language).to_string() };
    Page { v: VERSION, title: name.to_owned(), icon: Some(face), heading, text: vec![said], buttons, ..Page::default() }
}

/// Returns the page of something that went wrong, with nothing to choose.
#[must_use]
pub fn trouble(name: &str, said: String, language: Language) -> Page {
    Page {
        v: VERSION,
        title: name.to_owned(),
        icon: Some(Face::Unreachable),
        heading: name.to_owned(),
        text: vec![said],
        buttons: vec![close(language)],
        ..Page::default()
    }
}

/// Returns the path that was typed, or pasted as systems copy it: in quotes (Windows' *Copy as path*), or as an address (file managers).
#[must_use]
pub fn typed_path(typed: &str) -> PathBuf {
    let typed = typed.trim();
    let plain = typed.strip_prefix('"').and_then(|typed| typed.strip_suffix('"')).unwrap_or(typed);
    plain.strip_prefix("file://").and_then(unescaped).unwrap_or_else(|| plain.into())
}

/// Replaces `%41` and its like; `None` where that gives no path.
fn unescaped(address: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.strip_prefix("localhost").unwrap_or(address);
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        bytes.push(u8::from_str_radix(rest.get(at + 1..at + 3)?, 16).ok()?);
        rest = &rest[at + 3..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok().filter(|path| path.starts_with('/')).map(PathBuf::from)
}

/// Returns the wish that a press means; `None` where the page itself says what it is.
#[must_use]
pub fn wish(id: &str) -> Option<Wish> {
    let (word, key) = id.split_once(':')?;
    let key = Key(key.parse().ok()?);
    Some(match word {
        "notify" => Wish::NotifyMe(key),
        "forget" => Wish::ForgetMe(key),
        "take" => Wish::Take(key),
        "release" => Wish::Release(key),
        "anyway" => Wish::ReleaseAnyway(key),
        "open" => Wish::Open(key),
        "read" => Wish::OpenReadOnly(key),
        "ask" => Wish::Ask(key),
        "give" => Wish::AnswerRelease(key),
        "later" => Wish::AnswerLater(key),
        "no" => Wish::AnswerNo(key),
        "details" => Wish::Details(Some(key)),
        "why" => Wish::Why(key),
        _ => return None,
    })
}

fn id(wish: &Wish) -> Option<String> {
    let (word, key) = match wish {
        Wish::NotifyMe(key) => ("notify", key),
        Wish::ForgetMe(key) => ("forget", key),
        Wish::Take(key) => ("take", key),
        Wish::Release(key) => ("release", key),
        Wish::ReleaseAnyway(key) => ("anyway", key),
        Wish::Open(key) => ("open", key),
        Wish::OpenReadOnly(key) => ("read", key),
        Wish::Ask(key) => ("ask", key),
        Wish::AnswerRelease(key) => ("give", key),
        Wish::AnswerLater(key) => ("later", key),
        Wish::AnswerNo(key) => ("no", key),
        Wish::Details(Some(key)) => ("details", key),
        Wish::Why(key) => ("why", key),
        Wish::Details(None)
        | Wish::Mute(_)
        | Wish::MuteUntilTomorrow
        | Wish::Legend
        | Wish::Report
        | Wish::Log
        | Wish::Settings
        | Wish::Add
        | Wish::Quit => return None,
    };
    Some(format!("{word}:{}", key.0))
}

fn details(model: &Model, key: Option<Key>, past: &[PastLease], now: Moment) -> Page {
    let language = model.language();
    let of = key.and_then(|key| model.entry(key));
    let entries: Vec<&Entry> = of.map_or_else(|| model.entries.iter().collect(), |entry| vec![entry]);
    let heading = match of {
        Some(entry) => printable(&entry.config.label),
        None if entries.is_empty() => In(&Word::NoDatabase, language).to_string(),
        None => In(&Pages::Databases, language).to_string(),
    };
    Page {
        v: VERSION,
        title: "Sharelock".into(),
        icon: of.map(face),
        heading,
        rows: entries.iter().map(|entry| row(model, entry, of.is_some(), now)).collect(),
        timeline: of.filter(|_| !past.is_empty()).map(|_| timeline(past, language, now)),
        buttons: vec![close(language)],
        ..Page::default()
    }
}

fn row(model: &Model, entry: &Entry, alone: bool, now: Moment) -> Row {
    let language = model.language();
    let actions = of_one(model, entry, now).into_iter().filter_map(|item| match item {
        Item::Verb(label, wish) | Item::Check(label, _, wish) => Some((label, wish)),
        Item::Text(_) | Item::More(..) | Item::Line => None,
    });
    let actions = actions
        .filter(|(_, wish)| !(alone && matches!(wish, Wish::Details(_))))
        .filter_map(|(label, wish)| id(&wish).map(|id| Action { id, label, danger: false }));
    let mut detail: Vec<String> = asides(entry, language, now);
    // The question of the notice, which may have been overlooked.
    let open = match entry.tidings.get(&Topic::Hold) {
        Some(Tiding::StillOpen(programs)) => Some(programs.iter().map(|program| printable(program)).collect()),
        _ => None,
    };
    let anyway = open.and_then(|programs| {
        detail.push(In(&Word::StillOpen(programs), language).to_string());
        let label = In(&Label::ReleaseAnyway, language).to_string();
        id(&Wish::ReleaseAnyway(entry.key)).map(|id| Action { id, label, danger: true })
    });
    detail.extend(entry.seen.iter().flat_map(|seen| more(seen, language)));
    if alone {
        detail.push(printable(&entry.config.path.to_string_lossy()));
    }
    Row {
        icon: Some(face(entry)),
        name: printable(&entry.config.label),
        text: sentence(model, entry, now),
        detail,
        actions: actions.chain(anyway).collect(),
    }
}

/// Returns what else is known: the note, who waits, what the system said.
fn more(seen: &Seen, language: Language) -> Vec<String> {
    let mut more = Vec::new();
    if let Some(holder) = seen.status.holder.as_ref().filter(|holder| !holder.note.is_empty()) {
        more.push(format!("“{}”", printable(&holder.note)));
    }
    if !seen.waiting.is_empty() {
        let people = seen.waiting.iter().take(10).map(|waiter| person(Some(&waiter.holder))).collect();
        more.push(About("", &Talk::InLine(people), language).to_string());
    }
    if !seen.reason.is_empty() {
        more.push(seen.reason.clone());
    }
    more
}

fn legend(face: Face, language: Language) -> Row {
    Row { icon: Some(face), name: String::new(), text: In(&meaning(face), language).to_string(), ..Row::default() }
}

fn button(label: &Label, id: &str, kind: Kind, language: Language) -> Button {
    Button { id: id.into(), label: In(label, language).to_string(), kind }
}

fn close(language: Language) -> Button {
    button(&Label::Close, "close", Kind::Cancel, language)
}

/// Draws who had it on each of the last days.
fn timeline(past: &[PastLease], language: Language, now: Moment) -> Timeline {
    let marks = MARKS.iter().map(|hour| Mark { at: f32::from(*hour) / 24.0, label: hour_of(*hour, language) });
    let days = (0..DAYS).filter_map(|ago| day(past, ago, language, now)).filter(|day| !day.spans.is_empty());
    Timeline { label: In(&Pages::Past, language).to_string(), marks: marks.collect(), days: days.collect() }
}

/// Returns the day that is so many days ago; `None` at the ends of time.
fn day(past: &[PastLease], ago: i64, language: Language, now: Moment) -> Option<Day> {
    let (label, from, until) = day_of(now.wall.0, ago, language)?;
    let spans = past.iter().filter(|lease| lease.until.0 > from && lease.from.0 < until);
    Some(Day { label, spans: spans.map(|lease| span(lease, from, until, language, now)).collect() })
}

fn span(lease: &PastLease, from: i64, until: i64, language: Language, now: Moment) -> Span {
    let place = |at: WallTime| {
        // Less than a day in milliseconds: exact enough in either number.
        #[expect(clippy::cast_precision_loss, reason = "a place on a line of a few hundred pixels")]
        let share = (at.0.clamp(from, until) - from) as f32 / (until - from).max(1) as f32;
        share.clamp(0.0, 1.0)
    };
    let who = person(Some(&lease.holder));
    let tell = |at: WallTime| When { at: at.0, now: now.wall.0 };
    let end = (lease.end != End::Held).then(|| tell(lease.until));
    let time = About("", &Cell::Time(tell(lease.from), end), language).to_string();
    let tone = match lease.end {
        End::Held | End::Released | End::TakenOver => Tone::Held,
        End::Lapsed => Tone::Stale,
        End::Forced => Tone::Forced,
    };
    let (begin, end) = (place(lease.from), place(lease.until));
    Span { from: begin, to: end.max(begin), label: format!("{} {time}", who.name), name: who.name, tone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_taken_as_systems_copy_it() {
        let path = |typed: &str| typed_path(typed).to_str().unwrap().to_owned();
        assert_eq!(path(" S:\\RH\\base.db "), "S:\\RH\\base.db");
        assert_eq!(path("\"S:\\RH et paie\\base.db\""), "S:\\RH et paie\\base.db");
        assert_eq!(path("file:///srv/R%26D/d%C3%A9p%C3%B4t%20100%25.db\r\n"), "/srv/R&D/dépôt 100%.db");
        assert_eq!(path("file://localhost/srv/base.db"), "/srv/base.db");
        for odd in ["/srv/100%.db", "file:///srv/%zz.db", "file:///srv/%é", "file:///%ff", "file://server/share", "\"", ""] {
            assert_eq!(path(odd), odd);
        }
    }
}
