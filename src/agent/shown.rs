//! What the agent shows, and what people do with it: the closed types between the view, which decides, and the desktop, which draws.
//!
//! All texts in here are finished: in the reader's language, bounded, stripped of what steers a terminal. They are plain text: whoever
//! draws them escapes what its toolkit would read as markup or as a mnemonic. The hazard is a click that acts on another database than
//! the one that was read: menus outlive the configuration, so databases are named by keys that are never used twice.

use std::time::Duration;

/// One configured database, for as long as the agent runs. Never used again for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u32);

/// The state that an icon tells by its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Face {
    /// Nobody has it: an open padlock, outlined.
    Free,
    /// This user has it: a filled padlock with a dot.
    Mine,
    /// Somebody else has it: a closed padlock.
    Held,
    /// Somebody else has it, and this user wants it: a padlock with a clock.
    Waiting,
    /// No sign of life: a closed padlock with a question mark.
    Stale,
    /// The folder cannot be seen, or may not be: a grey padlock with a slash.
    Unreachable,
}

impl Face {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Free, Self::Mine, Self::Held, Self::Waiting, Self::Stale, Self::Unreachable];

    /// Returns the name of its drawing, also for scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Mine => "mine",
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Stale => "stale",
            Self::Unreachable => "unreachable",
        }
    }
}

/// What people can ask the agent for, by menu, button, window or icon.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wish {
    /// Tell me when it is free.
    NotifyMe(Key),
    /// Do not tell me any more.
    ForgetMe(Key),
    /// Take it for me.
    Take(Key),
    /// Give it back; refused while a program here has the database open.
    Release(Key),
    /// Give it back although a program here has the database open.
    ReleaseAnyway(Key),
    /// Take it and start the configured program.
    Open(Key),
    /// Start the configured program that only reads.
    OpenReadOnly(Key),
    /// Ask whoever has it to give it back.
    Ask(Key),
    /// The answer to somebody who asked: given back.
    AnswerRelease(Key),
    /// The answer to somebody who asked: in ten minutes.
    AnswerLater(Key),
    /// The answer to somebody who asked: not now.
    AnswerNo(Key),
    /// Show the status window, at one database or at all of them.
    Details(Option<Key>),
    /// Show why it cannot be opened.
    Why(Key),
    /// Say nothing for that long; zero says things again.
    Mute(Duration),
    /// Say nothing until tomorrow.
    MuteUntilTomorrow,
    /// Show what the icons mean.
    Legend,
    /// Collect what is needed to report a problem.
    Report,
    /// Show the log.
    Log,
    /// Edit the configuration.
    Settings,
    /// Add a database to the configuration.
    Add,
    /// End the agent.
    Quit,
}

/// One line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A sentence that cannot be chosen.
    Text(String),
    /// Something to choose.
    Verb(String, Wish),
    /// Something that is on or off.
    Check(String, bool, Wish),
    /// More lines.
    More(String, Vec<Item>),
    /// A line between groups.
    Line,
}

/// All that the tray shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The icon.
    pub face: Face,
    /// Something waits for an answer or may lose work.
    pub attention: bool,
    /// Who speaks, for the tooltip's first line.
    pub title: String,
    /// The tooltip's sentences, one a line.
    pub tooltip: String,
    /// The menu.
    pub menu: Vec<Item>,
    /// What a left click asks for.
    pub click: Wish,
}

/// What a notice is about: of two notices about one thing, the later replaces the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Whether it is free, and who was faster.
    Free,
    /// Whether it is still this user's.
    Hold,
    /// Whether its folder can be seen.
    Share,
    /// Somebody asks for it, or answers.
    Ask,
}

/// Which notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeKey(pub Key, pub Topic);

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which one.
    pub key: NoticeKey,
    /// Its first line.
    pub title: String,
    /// The rest; may be empty.
    pub body: String,
    /// What can be answered, the default first.
    pub buttons: Vec<(String, Wish)>,
    /// Work may be lost: shown until it is answered, also in full screen.
    pub urgent: bool,
}
