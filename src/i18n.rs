//! Every sentence that people read, one variant each, with the language chosen in one place.
//!
//! A second language is a second `match` over the same closed enums, so that the compiler names whatever is still missing. Nothing
//! here decides anything, reads a clock or knows the protocol: it is given words and times. The hazard is a lie by wording:
//! *free* where the folder could not be seen, *crashed* where a cable is out; the words are docs/PROTOCOL.md's, and no others.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// The languages people can be spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// Returns the name by which other processes of this program are told the language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// Returns the language of a locale's name (`fr_FR.UTF-8`, `fr-CA`, `fr`): English where it is none of ours.
    #[must_use]
    pub fn of_locale(name: &str) -> Self {
        let language = name.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("fr") { Self::French } else { Self::English }
    }
}

/// Somebody who holds, or an unknown one.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The full name where it is known, else the log-in name; empty when neither is.
    pub name: String,
    /// The machine; empty when unknown.
    pub machine: String,
}

/// A point in time and the present, both by the wall clock: `09:12`, `yesterday at 17:40`, `on 3 March at 08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The time to tell, in milliseconds since 1970 (UTC).
    pub at: i64,
    /// The present, likewise.
    pub now: i64,
}

/// What can be said about the state of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentence {
    /// Nobody has it.
    Free,
    /// This user, here.
    Mine {
        /// Since when.
        since: Option<When>,
        /// With which program; empty when it is only kept for this user.
        app: String,
        /// The process that keeps it, where that is of use.
        pid: Option<u32>,
    },
    /// This user, on another machine or in another session.
    MineElsewhere {
        /// Which machine.
        machine: String,
        /// Since when.
        since: Option<When>,
    },
    /// Somebody else.
    Held {
        /// Who.
        who: Person,
        /// Since when.
        since: Option<When>,
        /// How long ago the last sign of life was.
        last_sign: Option<Duration>,
    },
    /// Something says that it is held, and nothing says by whom: a record that cannot be read, or one that is missing.
    HeldByUnknown {
        /// When it can be taken over.
        takeable: Takeable,
    },
    /// Somebody who wrote a record that only a later version can read.
    HeldByNewer {
        /// Who.
        who: Person,
    },
    /// Somebody who gives no sign of life.
    Stale {
        /// Who.
        who: Person,
        /// When the last sign of life was.
        last_sign: Option<When>,
        /// Where the holder was.
        place: Place,
        /// When others may take over.
        takeable: Takeable,
    },
    /// The folder cannot be seen.
    Unreachable {
        /// What the system said; empty when nothing.
        reason: String,
    },
    /// The folder may not be read.
    Denied {
        /// What the system said; empty when nothing.
        reason: String,
    },
    /// No lease can be kept there at all.
    Unusable {
        /// Why.
        reason: String,
    },
}

/// Where a holder was, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This very machine, and it was the reader.
    MyselfHere,
    /// This very machine.
    Here,
    /// Another machine.
    Elsewhere,
}

/// When a database can be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takeable {
    /// At once.
    Now,
    /// If nothing changes for that long.
    In(Duration),
    /// Not known.
    Unknown,
}

/// Why a share failed, in the reader's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It does not answer.
    Silent,
    /// No permission.
    Denied,
    /// No space.
    Full,
    /// Mounted or exported read-only.
    ReadOnly,
    /// The lease file vanished.
    Gone,
    /// The folder of the database does not exist.
    NoFolder,
    /// It cannot be used as it is.
    Unusable,
}

/// What is said while something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Talk {
    /// Waiting has begun, or whom it waits for changed.
    Waiting,
    /// Still waiting, after so long.
    StillWaiting(Duration),
    /// Who waits for it.
    InLine(Vec<Person>),
    /// About an order to give it up.
    Order(Order),
    /// The live line of a terminal: waiting for so long.
    WaitingLine(Duration),
    /// The share does not answer, and waiting goes on.
    NoAnswerYet,
    /// It is ours now, with this token.
    Yours(u64),
    /// It is held, until somebody ends that.
    Holding(u64),
    /// It was given back.
    GivenBack,
    /// The wait was ended by a signal.
    StoppedWaiting,
    /// The wait is over, and somebody else has it.
    GaveUp,
    /// The share failed while the lease was wanted.
    Failed(Trouble, String),
    /// The folder is synchronised by this program.
    Synchronised(String),
    /// The folder is synchronised by this program, and that was accepted.
    SynchronisedAccepted(String),
    /// The computer is out of something.
    System(String),
    /// The program cannot be found.
    NoSuchProgram(String),
    /// The program cannot be started.
    CannotStart(String, String),
    /// The lease went before the program began.
    LostBeforeStart(String),
    /// The other programs still run.
    StillRunning(usize),
    /// What a second Ctrl-C is told.
    WaitingForProgram(String, u32),
    /// What a second Ctrl-C is told when the first program has ended.
    WaitingForRest(usize),
    /// No renewal, and the fence comes near.
    Expiring(Duration),
    /// The renewals work again.
    Renewed,
    /// Past the fence; nobody else was seen.
    Unsure,
    /// The clocks parted; nobody else was seen.
    UnsureAfterSleep,
    /// Held again, nobody was in between; the new token.
    Recovered(u64),
    /// Lost to somebody.
    LostTo(Person),
    /// Lost: the record is gone.
    LostRecord,
    /// Somebody ordered it to be given up, for this reason.
    Revoked(Person, String),
    /// Lost because somebody ordered that, for this reason.
    LostRevoked(Person, String),
    /// What a program that goes on should hear after a loss.
    MayCollide(String),
    /// The agent that had lent the lease has ended, and it was taken over under this token.
    TakenOver(u64),
    /// This user's agent gave the lease back although a program works under it.
    TakenBack,
    /// The program is told to end.
    Stopping(String, Duration),
    /// The program is ended by force.
    Forcing(String),
    /// The end mark could not be written; the lease lapses by itself.
    LapsesIn(Duration, Option<When>),
    /// The share does not answer, and it is still tried to give it back; left alone, it lapses within this time.
    StillGivingBack(Duration),
    /// It had been lost before it was given back.
    LostAtRelease,
    /// The history is empty.
    NothingOnRecord,
    /// So many records of the history cannot be read.
    Unreadable(usize),
    /// The history is longer than what is shown.
    HistoryCut,
}

/// One cell of the history's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// From when to when; still, where there is no end.
    Time(When, Option<When>),
    /// Who.
    Who(Person),
    /// How it ended.
    Ending(Ending),
}

/// What is said about an order to give a database up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Who gave it, and why.
    By(Person, String),
    /// Nobody has it, so that nobody can be ordered to give it up.
    NothingToRelease,
    /// Somebody else has it than the name that was typed.
    NotConfirmed(Person, String),
    /// What it can cost a holder who is at work.
    MayLoseChanges(Person),
    /// What letting others in at once can cost.
    TwoMayWrite(Person),
    /// It is given; in how long it can be taken over at the latest.
    Given(Person, Option<Duration>),
    /// Whoever wants it gets in.
    LetIn,
}

/// How a lease ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It has not; the last sign of life was that long ago.
    Held(Duration),
    /// It was given back.
    Released,
    /// No sign of life, and somebody else came after the time-out.
    Lapsed,
    /// Its program had ended, and somebody else came at once.
    TakenOver,
    /// It was taken over on somebody's order, for this reason if that is on record.
    Forced(Person, Option<String>),
}

/// What the demo tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tale {
    /// What is about to happen, and in which file.
    Beginning(String),
    /// The agent shows it, too: by an icon, or (false) there is no place for one.
    Shown(bool),
    /// A notification says that it is free.
    Notified,
    /// A desk has it, with this token.
    Has(u32, u64),
    /// As before, that long after the one before gave it back.
    HasAfter(u32, u64, Duration),
    /// As before, that long after the programs of the killed one had ended.
    TookOverAfter(u32, u64, Duration),
    /// What a desk that waits reads on its screen.
    Reads(u32, String),
    /// A desk wrote this line and gives the file back.
    Wrote(u32, u32),
    /// A desk's wrapper, this process, was killed in the middle of its turn.
    Killed(u32, u32),
    /// This system does not show whether the programs of a killed desk have ended; the lease lapses within the first time, which is
    /// the second one outside a demo.
    MustLapse(Duration, Duration),
    /// The program of the killed desk wrote this line and ended.
    OrphanWrote(u32, u32),
    /// What the file says.
    Contents,
    /// So many turns, and every line is there once.
    Sound(usize),
    /// Something is missing or doubled.
    Unsound,
    /// Something could not be done.
    Broken(String),
}

/// A database's name together with what is said about it.
#[derive(Debug, Clone, Copy)]
pub struct About<'a, T>(pub &'a str, pub &'a T, pub Language);

impl Display for About<'_, Sentence> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.2 {
            Language::English => english::sentence(f, self.0, self.1),
            Language::French => french::sentence(f, self.0, self.1),
        }
    }
}

impl Display for About<'_, Talk> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.2 {
            Language::English => english::talk(f, self.0, self.1),
            Language::French => french::talk(f, self.0, self.1),
        }
    }
}

impl Display for About<'_, Cell> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.2 {
            Language::English => english::cell(f, self.1),
            Language::French => french::cell(f, self.1),
        }
    }
}

impl Display for About<'_, Tale> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.2 {
            Language::English => english::tale(f, self.0, self.1),
            Language::French => french::tale(f, self.0, self.1),
        }
    }
}

/// Returns a text without anything that could steer a terminal, turn the direction of writing or hide itself: a path, a message of the
/// system. Every such character is shown as a replacement, since it may be all that tells two names apart.
///
/// What the records say was stripped of the same characters when it was read; a test compares the two.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// Returns a line of JSON in which every character that [`printable`] would replace is written as an escape: the same value for a
/// program, and nothing that steers the terminal of whoever looks on. What it stands in is a string, since JSON has such characters
/// nowhere else.
#[must_use]
pub fn plain_json(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() || is_hidden(c) {
            plain.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Returns a remark in brackets behind a text, if there is one.
fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

/// Returns what is known besides, as such a remark: the one, where it is not empty, and the other.
fn known(one: &str, other: Option<String>) -> String {
    let parts: Vec<String> = Some(one.to_owned()).filter(|one| !one.is_empty()).into_iter().chain(other).collect();
    because(&parts.join(", "))
}

/// Line and paragraph separators, interlinear annotation, and what Unicode calls default-ignorable.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

pub mod agent;
pub mod asking;
pub mod autostart;
pub mod config;
pub mod doctor;
mod english;
mod french;
pub mod here;
mod reason;
pub mod report;
pub mod shortcut;
pub mod status;

mod times;

pub use french::help as french_help;
pub use reason::{Reason, Thing};
pub use times::{day_of, decimal, hour_of, rfc3339};

#[cfg(test)]
mod tests;
