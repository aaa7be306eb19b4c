//! What `doctor` can find, as a closed vocabulary: one variant for everything that is ever said about a folder.
//!
//! Only words are made of it here; how bad a finding is, and how it was found, is the doctor's. The hazard is jargon: whoever reads
//! this is told what was seen, why it matters to them, and what to do.

use super::here::{Agent, Starts};
use super::{Language, Person, Reason, english, french, here};
use std::time::Duration;

/// What is examined; one row of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Whether the folder can be seen.
    Folder,
    /// What kind of file system it is on.
    FileSystem,
    /// Whether a synchronisation program keeps it.
    Sync,
    /// Creating, writing, reading, removing.
    Writing,
    /// Exclusive creation.
    Exclusive,
    /// Range locks.
    RangeLocks,
    /// Clocks.
    Clock,
    /// How fast it answers.
    Speed,
    /// Who may do what.
    Access,
    /// Free space.
    Space,
    /// Lock files of other programs.
    ForeignLocks,
    /// Who has the databases.
    Leases,
    /// How leases ended in the past.
    Lapses,
    /// Versions of the program in use.
    Versions,
    /// How whoever waits learns of a release.
    Waits,
    /// Meeting the other computer.
    Pair,
    /// Exclusive creation between two computers.
    PairExclusive,
    /// Range locks between two computers.
    PairLocks,
    /// When the other computer sees a change.
    PairChange,
    /// When the other computer sees a new or removed file.
    PairNames,
    /// The clocks of two computers.
    PairClock,
    /// The settings.
    Configuration,
    /// Whether the agent starts at log-in.
    Autostart,
    /// The agent.
    Agent,
}

/// Everything that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Not examined.
    Skipped(Skip),
    /// About the folder as such.
    Folder(Folder),
    /// About its file system.
    FileSystem(System),
    /// About synchronisation.
    Sync(Sync),
    /// About writing.
    Writing(Writing),
    /// About exclusive creation, here or between two.
    Exclusive(Exclusive),
    /// About range locks.
    Locks(Locks),
    /// About clocks.
    Clock(Clock),
    /// About speed.
    Speed(Speed),
    /// About permissions.
    Access(Access),
    /// About space.
    Space(Space),
    /// About other programs' lock files.
    Foreign(Foreign),
    /// About leases.
    Leases(Leases),
    /// About waiting.
    Waits(Waits),
    /// About two computers.
    Pair(Pair),
    /// About the settings.
    Configuration(Configuration),
    /// About starting at log-in.
    Autostart(Starts),
    /// About the agent.
    Agent(Agent),
}

/// Why something was not examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// Nothing can be written there, and this needs it.
    NeedsWriting,
    /// The share hangs.
    NoAnswer,
    /// Two computers are needed.
    NeedsPair,
    /// This system does not tell.
    NotTold,
}

/// About the folder as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// It answers.
    Answers(Duration),
    /// There is none.
    Missing(String),
    /// It hangs: no answer within that time. Any check can find that.
    Silent(Duration),
    /// It may not be looked at.
    Denied(String),
    /// The path cannot have a lease.
    NoDatabase(Reason),
    /// Something else went wrong; any check can find that.
    Failed(String),
}

/// About the file system. The texts are its name, what is mounted, and the options that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum System {
    /// On a disk or in the memory of this computer.
    Local(String, String),
    /// SMB or NFS.
    Share(String, String, String),
    /// A folder of the host of this virtual machine.
    Virtual(String),
    /// A file system in user space.
    UserSpace(String),
    /// One that shows a cloud as a folder.
    Cloud(String),
    /// Another network file system, or none that is known.
    Other(String),
}

/// About synchronisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sync {
    /// No sign of any.
    Nothing,
    /// By this program.
    By(String),
    /// Windows may keep copies of it.
    OfflineFiles,
}

/// About writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writing {
    /// Creating, writing, reading and removing work.
    Works,
    /// Nothing can be created.
    MayNotCreate(String),
    /// It is read-only.
    ReadOnly,
    /// It is full.
    Full,
    /// Nothing can be removed.
    MayNotRemove(String),
    /// What was read is not what was written.
    Garbled,
}

/// About exclusive creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exclusive {
    /// Exactly one winner in so many rounds.
    OneWinner(usize),
    /// More than one in the second number of so many rounds.
    Several(usize, usize),
    /// No winner at all in the second number of so many rounds.
    Nobody(usize, usize),
}

/// About range locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locks {
    /// Between computers, by this kind of share.
    Between(String),
    /// On a disk of this computer they cannot but be seen.
    Here,
    /// On this computer alone, because of this mount option.
    Local(String),
    /// There are none.
    Missing,
    /// They are granted and not honoured.
    Ignored,
    /// They work here; whether others see them is not known.
    Unproven,
}

/// Who writes the time of a file's last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setter {
    /// The server; seen by the difference of its clock.
    Server,
    /// This computer; seen by the difference of its clock.
    Client,
    /// By what is known of this kind of file system: the server.
    ServerUsually,
    /// By what is known of this kind of file system: the client, once the file is closed.
    ClientUsually,
    /// Not known.
    Unknown,
}

/// About clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clock {
    /// Server and computer agree within that time, plus or minus.
    Agree(Duration, Setter),
    /// The server's clock is ahead by that much.
    ServerAhead(Duration, Setter),
    /// The server's clock is behind by that much.
    ServerBehind(Duration, Setter),
    /// It is the same clock.
    Same,
    /// The times of files tell nothing.
    Unknown,
}

/// About speed: one question, and a whole cycle of creating, writing, flushing and removing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speed {
    /// Fast enough.
    Fine(Duration, Duration),
    /// Slow.
    Slow(Duration, Duration),
}

/// About permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Those who may write the folder can write all that belongs to it. Who that is.
    Shared(Who),
    /// The server's access lists decide.
    ServerDecides,
    /// Only the owner may write there: the folder, and what would open it.
    Private(String, String),
    /// New files get the group of whoever makes them: the folder, and what to type.
    NoSetGroup(String, String),
    /// What others made can be written, not removed: the folder, and what to type.
    Sticky(String, String),
    /// Something of ours is narrower than the folder: what, and what to type.
    Narrow(String, String),
    /// The database is narrower than its folder: what, and what to type.
    DatabaseNarrow(String, String),
    /// This user may not use something of ours: what, and what the system said.
    StoreDenied(String, String),
}

/// Who may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The owner alone.
    Owner,
    /// Everybody.
    Everybody,
    /// A group, by name.
    Group(String),
}

/// About space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Space {
    /// Enough bytes.
    Enough(u64),
    /// Few bytes.
    Little(u64),
    /// So few that nothing can be written.
    Nothing(u64),
    /// Few files can still be made.
    FewFiles(u64),
}

/// Whose lock file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// Word, Excel, `PowerPoint`: `~$…`.
    Office,
    /// `LibreOffice`: `.~lock.…#`.
    LibreOffice,
    /// Access: `….laccdb`, `….ldb`.
    Access,
    /// `SQLite`'s rollback journal.
    Journal,
    /// `SQLite`'s write-ahead log.
    WriteAhead,
    /// A notice that some other program wrote: `….lock`.
    Notice,
}

/// About lock files of others: name, maker, and how long it has not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// None.
    Nothing,
    /// Probably in use.
    InUse(String, Maker, Option<Duration>),
    /// Probably left behind.
    LeftBehind(String, Maker, Duration),
    /// A write-ahead log on a network share.
    WriteAheadOnShare(String),
    /// The folder has more entries than were looked at.
    TooMany(usize),
}

/// About leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leases {
    /// Nobody ever had any.
    Nothing,
    /// So many databases are free.
    Free(usize),
    /// Somebody has this one.
    Held(String, Person),
    /// Somebody has this one and gives no sign of life for that long; takeable in that time.
    Stale(String, Person, Option<Duration>, Option<Duration>),
    /// This one could not be read.
    Unreadable(String, String),
    /// So many of the last so many ended in order.
    Orderly(usize, usize),
    /// So many of so many were not given back, most of them on this computer.
    OftenLapsed(usize, usize, String),
    /// All records can be read by this version.
    VersionsFit,
    /// This database was last used by a later version, which needs that format.
    Newer(String, u32),
}

/// How whoever waits learns of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// The system tells of every change.
    Told,
    /// The server wakes them through the range lock.
    Woken,
    /// The server tells when it is asked to.
    Notified,
    /// They look again and again.
    Ask,
}

/// About two computers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pair {
    /// They met: the other's name.
    Met(String),
    /// They met, and both are this computer.
    SameComputer,
    /// Nobody came with this code.
    Alone(String),
    /// Two others use this code.
    Crowded(String),
    /// The other one went silent.
    LostTouch,
    /// Both see each other's range locks; woken that long after a release, where that was measured.
    LocksExclude(Option<Duration>),
    /// As before, but what was written before the release is seen later than the release.
    WokenTooSoon(Duration),
    /// The other's range lock is not seen.
    LocksUnseen,
    /// A change is seen: usually, at worst.
    ChangeSeen(Duration, Duration),
    /// A change is seen too late, or not at all.
    ChangeLate(Duration),
    /// New files appear, removed ones vanish.
    NamesSeen(Duration, Duration),
    /// One of them was later than the time given.
    NamesLate(Option<Duration>, Option<Duration>),
    /// The clocks agree within that time.
    ClocksAgree(Duration),
    /// They differ by that much.
    ClocksDiffer(Duration),
}

/// What is said about one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What was seen.
    pub found: String,
    /// Why it matters; empty where there is nothing to say.
    pub why: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
}

/// How an examination ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// So many failures.
    pub failures: usize,
    /// So many warnings.
    pub warnings: usize,
}

/// What is said around the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// What is examined, and for which database.
    Examining(String, Option<String>),
    /// What the other computer has to do: the code, and the path as typed.
    WaitingForPair(String, String),
    /// Stopped by a signal.
    Stopped,
    /// How it ended.
    Verdict(Verdict),
    /// The label in front of the reasons.
    Why,
    /// The label in front of the remedies.
    Remedy,
    /// The mark of what is well.
    Fine,
    /// The mark of a warning.
    Warning,
    /// The mark of a failure.
    Failure,
    /// The mark of what was not examined.
    Skipped,
    /// The code cannot be used.
    BadCode,
}

/// Returns what a row is called.
#[must_use]
pub const fn title(topic: Topic, language: Language) -> &'static str {
    match language {
        Language::English => english::doctor::title(topic),
        Language::French => french::doctor::title(topic),
    }
}

/// Returns what is said about a finding.
#[must_use]
pub fn words(finding: &Finding, language: Language) -> Words {
    match (finding, language) {
        (Finding::Agent(what), _) => here::agent(what, language),
        (Finding::Autostart(what), _) => here::starts(what, language),
        (_, Language::English) => english::doctor::words(finding),
        (_, Language::French) => french::doctor::words(finding),
    }
}

/// Returns what is said around the findings.
#[must_use]
pub fn aside(what: &Aside, language: Language) -> String {
    match language {
        Language::English => english::doctor::aside(what),
        Language::French => french::doctor::aside(what),
    }
}

/// About the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Configuration {
    /// There are none.
    Nothing,
    /// They are in order: so many databases.
    Good(usize),
    /// Something was passed over; which line, and why.
    PassedOver(String),
    /// They cannot be used; which line, and why.
    Broken(String),
}
