//! How bad each finding is, and the name by which scripts know it. Both are promised: names are never changed or used again.

use crate::i18n::doctor::{
    Access, Clock, Configuration, Exclusive, Finding, Folder, Foreign, Leases, Locks, Pair, Skip, Space, Speed, Sync, System,
    Topic, Waits, Writing,
};
use crate::i18n::here::{Agent, Starts};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, and something about it hurts.
    Warning,
    /// People cannot take turns there, or not safely.
    Failure,
    /// Not examined.
    Skipped,
}

impl Grade {
    /// Returns the word for scripts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

/// Returns the name of a row for scripts.
#[must_use]
pub const fn topic_word(topic: Topic) -> &'static str {
    match topic {
        Topic::Folder => "folder",
        Topic::FileSystem => "file-system",
        Topic::Sync => "sync-folder",
        Topic::Writing => "writing",
        Topic::Exclusive => "exclusive-create",
        Topic::RangeLocks => "range-locks",
        Topic::Clock => "clock",
        Topic::Speed => "speed",
        Topic::Access => "permissions",
        Topic::Space => "space",
        Topic::ForeignLocks => "foreign-locks",
        Topic::Leases => "leases",
        Topic::Lapses => "lapses",
        Topic::Versions => "versions",
        Topic::Waits => "waits",
        Topic::Pair => "pair",
        Topic::PairExclusive => "pair-exclusive-create",
        Topic::PairLocks => "pair-range-locks",
        Topic::PairChange => "pair-change",
        Topic::PairNames => "pair-names",
        Topic::PairClock => "pair-clock",
        Topic::Configuration => "configuration",
        Topic::Autostart => "autostart",
        Topic::Agent => "agent",
    }
}

/// Returns the name of a finding for scripts, and how bad it is.
#[must_use]
pub const fn grade(finding: &Finding) -> (&'static str, Grade) {
    match finding {
        Finding::Skipped(Skip::NeedsWriting) => ("needs-writing", Grade::Skipped),
        Finding::Skipped(Skip::NoAnswer) => ("no-answer", Grade::Skipped),
        Finding::Skipped(Skip::NeedsPair) => ("needs-pair", Grade::Skipped),
        Finding::Skipped(Skip::NotTold) => ("not-told", Grade::Skipped),
        Finding::Folder(what) => folder(what),
        Finding::FileSystem(what) => system(what),
        Finding::Sync(Sync::Nothing) => ("not-synchronised", Grade::Ok),
        Finding::Sync(Sync::By(_)) => ("synchronised", Grade::Failure),
        Finding::Sync(Sync::OfflineFiles) => ("offline-files", Grade::Warning),
        Finding::Writing(what) => writing(what),
        Finding::Exclusive(Exclusive::OneWinner(_)) => ("one-winner", Grade::Ok),
        Finding::Exclusive(Exclusive::Several(..)) => ("several-winners", Grade::Failure),
        Finding::Exclusive(Exclusive::Nobody(..)) => ("no-winner", Grade::Failure),
        Finding::Locks(what) => locks(what),
        Finding::Clock(Clock::Agree(..)) => ("clocks-agree", Grade::Ok),
        Finding::Clock(Clock::Same) => ("same-clock", Grade::Ok),
        Finding::Clock(Clock::ServerAhead(..)) => ("server-clock-ahead", Grade::Warning),
        Finding::Clock(Clock::ServerBehind(..)) => ("server-clock-behind", Grade::Warning),
        Finding::Clock(Clock::Unknown) => ("clock-unknown", Grade::Skipped),
        Finding::Speed(Speed::Fine(..)) => ("fast-enough", Grade::Ok),
        Finding::Speed(Speed::Slow(..)) => ("slow", Grade::Warning),
        Finding::Access(what) => access(what),
        Finding::Space(Space::Enough(_)) => ("enough-space", Grade::Ok),
        Finding::Space(Space::Little(_)) => ("little-space", Grade::Warning),
        Finding::Space(Space::Nothing(_)) => ("no-space", Grade::Failure),
        Finding::Space(Space::FewFiles(_)) => ("few-files", Grade::Warning),
        Finding::Foreign(what) => foreign(what),
        Finding::Leases(what) => leases(what),
        Finding::Waits(Waits::Told) => ("told", Grade::Ok),
        Finding::Waits(Waits::Woken) => ("woken", Grade::Ok),
        Finding::Waits(Waits::Notified) => ("notified", Grade::Ok),
        Finding::Waits(Waits::Ask) => ("asks", Grade::Ok),
        Finding::Pair(what) => pair(what),
        Finding::Configuration(Configuration::Nothing) => ("no-settings", Grade::Ok),
        Finding::Configuration(Configuration::Good(_)) => ("settings-fit", Grade::Ok),
        Finding::Configuration(Configuration::PassedOver(_)) => ("passed-over", Grade::Warning),
        Finding::Configuration(Configuration::Broken(_)) => ("settings-broken", Grade::Failure),
        Finding::Autostart(what) => starts(what),
        Finding::Agent(what) => agent(what),
    }
}

const fn starts(what: &Starts) -> (&'static str, Grade) {
    match what {
        Starts::Yes(_) => ("starts", Grade::Ok),
        Starts::No => ("does-not-start", Grade::Ok),
        Starts::TurnedOff => ("turned-off", Grade::Ok),
        Starts::ProgramGone(_) => ("program-gone", Grade::Warning),
        Starts::Unknown(_) => ("start-unknown", Grade::Skipped),
    }
}

const fn agent(what: &Agent) -> (&'static str, Grade) {
    match what {
        Agent::Absent => ("no-agent", Grade::Ok),
        Agent::Runs(..) => ("agent-runs", Grade::Ok),
        Agent::Silent => ("agent-silent", Grade::Warning),
        Agent::OtherVersion(..) => ("other-version", Grade::Warning),
        Agent::NoIcon => ("no-icon", Grade::Warning),
        Agent::NoNotifications => ("no-notifications", Grade::Warning),
        Agent::NoLog(_) => ("no-log", Grade::Warning),
    }
}

const fn folder(what: &Folder) -> (&'static str, Grade) {
    match what {
        Folder::Answers(_) => ("answers", Grade::Ok),
        Folder::Missing(_) => ("no-folder", Grade::Failure),
        Folder::Silent(_) => ("unreachable", Grade::Failure),
        Folder::Denied(_) => ("denied", Grade::Failure),
        Folder::NoDatabase(_) => ("not-a-database", Grade::Failure),
        Folder::Failed(_) => ("error", Grade::Failure),
    }
}

const fn system(what: &System) -> (&'static str, Grade) {
    match what {
        System::Local(..) => ("local", Grade::Ok),
        System::Share(..) => ("share", Grade::Ok),
        System::Virtual(_) => ("virtual", Grade::Warning),
        System::UserSpace(_) => ("user-space", Grade::Warning),
        System::Cloud(_) => ("cloud", Grade::Failure),
        System::Other(_) => ("untested", Grade::Warning),
    }
}

const fn writing(what: &Writing) -> (&'static str, Grade) {
    match what {
        Writing::Works => ("writable", Grade::Ok),
        Writing::MayNotCreate(_) => ("may-not-create", Grade::Failure),
        Writing::ReadOnly => ("read-only", Grade::Failure),
        Writing::Full => ("full", Grade::Failure),
        Writing::MayNotRemove(_) => ("may-not-remove", Grade::Failure),
        Writing::Garbled => ("garbled", Grade::Failure),
    }
}

const fn locks(what: &Locks) -> (&'static str, Grade) {
    match what {
        Locks::Between(_) => ("between-machines", Grade::Ok),
        Locks::Here => ("this-machine", Grade::Ok),
        Locks::Local(_) => ("local-only", Grade::Warning),
        Locks::Missing => ("no-range-locks", Grade::Warning),
        Locks::Ignored => ("ignored", Grade::Warning),
        Locks::Unproven => ("unproven", Grade::Warning),
    }
}

const fn access(what: &Access) -> (&'static str, Grade) {
    match what {
        Access::Shared(_) => ("shared", Grade::Ok),
        Access::ServerDecides => ("server-decides", Grade::Ok),
        Access::Private(..) => ("private", Grade::Warning),
        Access::NoSetGroup(..) => ("group-not-inherited", Grade::Warning),
        Access::Sticky(..) => ("sticky", Grade::Warning),
        Access::Narrow(..) => ("store-narrower", Grade::Warning),
        Access::DatabaseNarrow(..) => ("database-narrower", Grade::Warning),
        Access::StoreDenied(..) => ("store-denied", Grade::Failure),
    }
}

const fn foreign(what: &Foreign) -> (&'static str, Grade) {
    match what {
        Foreign::Nothing => ("none", Grade::Ok),
        Foreign::InUse(..) => ("in-use", Grade::Ok),
        Foreign::LeftBehind(..) => ("left-behind", Grade::Warning),
        Foreign::WriteAheadOnShare(_) => ("wal-on-share", Grade::Warning),
        Foreign::TooMany(_) => ("none-of-many", Grade::Ok),
    }
}

const fn leases(what: &Leases) -> (&'static str, Grade) {
    match what {
        Leases::Nothing => ("never-used", Grade::Ok),
        Leases::Free(_) => ("free", Grade::Ok),
        Leases::Held(..) => ("held", Grade::Ok),
        Leases::Stale(..) => ("stale", Grade::Warning),
        Leases::Unreadable(..) => ("unreadable", Grade::Failure),
        Leases::Orderly(..) => ("orderly", Grade::Ok),
        Leases::OftenLapsed(..) => ("often-stale", Grade::Warning),
        Leases::VersionsFit => ("versions-fit", Grade::Ok),
        Leases::Newer(..) => ("newer-version", Grade::Failure),
    }
}

const fn pair(what: &Pair) -> (&'static str, Grade) {
    match what {
        Pair::Met(_) => ("met", Grade::Ok),
        Pair::SameComputer => ("same-computer", Grade::Ok),
        Pair::Alone(_) => ("nobody-came", Grade::Failure),
        Pair::Crowded(_) => ("code-in-use", Grade::Failure),
        Pair::LostTouch => ("lost-touch", Grade::Failure),
        Pair::LocksExclude(_) => ("between-machines", Grade::Ok),
        Pair::WokenTooSoon(_) => ("woken-too-soon", Grade::Ok),
        Pair::LocksUnseen => ("local-only", Grade::Warning),
        Pair::ChangeSeen(..) => ("change-seen", Grade::Ok),
        Pair::ChangeLate(_) => ("change-seen-late", Grade::Warning),
        Pair::NamesSeen(..) => ("names-seen", Grade::Ok),
        Pair::NamesLate(..) => ("names-seen-late", Grade::Warning),
        Pair::ClocksAgree(_) => ("clocks-agree", Grade::Ok),
        Pair::ClocksDiffer(_) => ("clocks-differ", Grade::Warning),
    }
}

#[cfg(test)]
mod tests {
    /// Names are found in the source of this file: a new finding without a line in the manual fails here.
    #[test]
    fn every_check_and_finding_is_in_the_manual() {
        let manual = include_str!("../../docs/DOCTOR.md");
        let source = include_str!("grade.rs").split("#[cfg(test)]").next().unwrap_or_default();
        let words: Vec<&str> = source.split("=> ").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect();
        assert!(words.len() > 90, "{}", words.len());
        let missing: Vec<&&str> = words.iter().filter(|word| !manual.contains(&format!("`{word}`"))).collect();
        assert!(missing.is_empty(), "not in docs/DOCTOR.md: {missing:?}");
    }
}
