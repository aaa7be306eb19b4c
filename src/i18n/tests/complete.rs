//! Every sentence once, in both languages: none left in English, none that breaks before its colon.
//!
//! The compiler sees to it that every variant has words; here it is seen to that the words are of the right language. Hazard: a variant
//! that nobody put into the list, so the lists are compared with the sources of the enums.

use super::super::agent::In;
use super::super::asking::Asking;
use super::super::doctor::{
    Access, Aside, Clock, Configuration, Exclusive, Finding, Folder, Foreign, Leases, Locks, Maker, Pair, Setter, Skip, Space,
    Speed, Sync, System, Topic, Verdict, Waits, Who, Words, Writing, aside, title, words,
};
use super::super::here::{Agent, Starts};
use super::super::*;
use super::{someone, when};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// What is the same in both languages, and should be: names, and a line about the settings, which comes with its words.
const SAME: &[&str] = &["ok", "PC-QUAI2", "versions", "/share", "NFS 4.2, server:/share (hard)"];

const SHORT: Duration = Duration::from_millis(7);
const LONG: Duration = Duration::from_secs(3900);

/// Returns the names of an enum's variants, in a source as rustfmt leaves it.
fn variants(name: &str, source: &str) -> BTreeSet<String> {
    let body = source.split_once(&format!("pub enum {name} {{\n")).expect(name).1.split_once("\n}\n").expect(name).0;
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase())).map(first_word).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// Asserts that these are all variants of an enum: by what `Debug` says, behind this many opening brackets.
#[track_caller]
fn all(name: &str, source: &str, samples: &[String]) {
    let seen: BTreeSet<String> = samples.iter().map(|sample| first_word(sample)).collect();
    let missing: Vec<String> = variants(name, source).difference(&seen).cloned().collect();
    assert!(missing.is_empty(), "no sample of {name}::{missing:?}");
}

fn shapes<T: Debug>(samples: &[T]) -> Vec<String> {
    samples.iter().map(|sample| format!("{sample:?}")).collect()
}

/// Returns what is inside of the samples of that variant.
fn inside(outer: &str, samples: &[String]) -> Vec<String> {
    samples.iter().filter_map(|sample| sample.strip_prefix(outer)?.strip_prefix('(').map(str::to_owned)).collect()
}

#[track_caller]
fn compare(english: &str, french: &str) {
    assert!(!french.is_empty());
    assert!(english != french || SAME.contains(&english), "the same in both languages: {english:?}");
    assert!(!english.contains('\u{a0}'), "{english:?}");
    for sign in [" :", " ;", " !", " ?", " »", "« ", "\u{a0}\u{a0}", "\u{202f}", "’", "\""] {
        // What is typed is typed with straight quotation marks.
        let typed = sign == "\"" && french.contains("PRAGMA");
        assert!(typed || !french.contains(sign), "{sign:?} in {french:?}");
    }
    for end in [';', '?', '»'] {
        for (at, _) in french.match_indices(end) {
            assert!(french[..at].ends_with('\u{a0}'), "{end:?} without its space in {french:?}");
        }
    }
    for word in [" the ", " is ", " it ", " of ", " that ", "planté", "crash", " ton ", " tu "] {
        assert!(!format!(" {french} ").contains(word), "{word:?} in {french:?}");
    }
}

fn compare_all<T>(samples: &[T])
where
    for<'a> About<'a, T>: Display,
{
    for sample in samples {
        let said = |language| About("wems.db", sample, language).to_string();
        compare(&said(Language::English), &said(Language::French));
    }
}

const HERE: &str = include_str!("../../i18n.rs");
const DOCTOR: &str = include_str!("../doctor.rs");
const OF_THIS_COMPUTER: &str = include_str!("../here.rs");
const REASON: &str = include_str!("../reason.rs");
const ASKING: &str = include_str!("../asking.rs");

fn text() -> String {
    "PC-QUAI2".into()
}

#[test]
fn every_state_is_told_in_both_languages() {
    let nobody = Person::default;
    let mut samples = vec![
        Sentence::Free,
        Sentence::Mine { since: None, app: String::new(), pid: None },
        Sentence::Mine { since: None, app: String::new(), pid: Some(7) },
        Sentence::Mine { since: Some(when(0)), app: "wems".into(), pid: Some(7) },
        Sentence::MineElsewhere { machine: text(), since: Some(when(3)) },
        Sentence::Held { who: nobody(), since: None, last_sign: None },
        Sentence::HeldByUnknown { takeable: Takeable::Unknown },
        Sentence::HeldByUnknown { takeable: Takeable::Now },
        Sentence::HeldByNewer { who: someone() },
        Sentence::Unreachable { reason: text() },
        Sentence::Denied { reason: text() },
        Sentence::Unusable { reason: text() },
    ];
    for place in [Place::MyselfHere, Place::Here, Place::Elsewhere] {
        for who in
            [nobody(), someone(), Person { name: String::new(), ..someone() }, Person { machine: String::new(), ..someone() }]
        {
            samples.push(Sentence::Stale { who, last_sign: Some(when(1)), place, takeable: Takeable::In(LONG) });
        }
    }
    all("Sentence", HERE, &shapes(&samples));
    compare_all(&samples);
}

#[test]
fn all_talk_is_in_both_languages() {
    let troubles =
        [Trouble::Silent, Trouble::Denied, Trouble::Full, Trouble::ReadOnly, Trouble::Gone, Trouble::NoFolder, Trouble::Unusable];
    let orders = [
        Order::By(someone(), text()),
        Order::NothingToRelease,
        Order::NotConfirmed(someone(), text()),
        Order::NotConfirmed(Person::default(), text()),
        Order::MayLoseChanges(someone()),
        Order::TwoMayWrite(someone()),
        Order::TwoMayWrite(Person::default()),
        Order::Given(someone(), Some(LONG)),
        Order::Given(Person::default(), None),
        Order::LetIn,
    ];
    let mut samples = vec![
        Talk::Waiting,
        Talk::StillWaiting(LONG),
        Talk::InLine(vec![someone(), Person::default()]),
        Talk::WaitingLine(LONG),
        Talk::NoAnswerYet,
        Talk::Yours(7),
        Talk::Holding(7),
        Talk::GivenBack,
        Talk::StoppedWaiting,
        Talk::GaveUp,
        Talk::Synchronised("OneDrive".into()),
        Talk::SynchronisedAccepted("OneDrive".into()),
        Talk::System(text()),
        Talk::NoSuchProgram(text()),
        Talk::CannotStart(text(), text()),
        Talk::LostBeforeStart(text()),
        Talk::StillRunning(1),
        Talk::StillRunning(2),
        Talk::WaitingForProgram("excel".into(), 7),
        Talk::WaitingForRest(1),
        Talk::Expiring(LONG),
        Talk::Renewed,
        Talk::Unsure,
        Talk::UnsureAfterSleep,
        Talk::Recovered(7),
        Talk::LostTo(someone()),
        Talk::LostRecord,
        Talk::Revoked(someone(), text()),
        Talk::LostRevoked(someone(), text()),
        Talk::MayCollide("excel".into()),
        Talk::TakenOver(7),
        Talk::TakenBack,
        Talk::Stopping("excel".into(), LONG),
        Talk::Forcing("excel".into()),
        Talk::LapsesIn(LONG, Some(when(1))),
        Talk::StillGivingBack(LONG),
        Talk::LostAtRelease,
        Talk::NothingOnRecord,
        Talk::Unreadable(1),
        Talk::Unreadable(2),
        Talk::HistoryCut,
    ];
    all("Trouble", HERE, &shapes(&troubles));
    all("Order", HERE, &shapes(&orders));
    samples.extend(troubles.map(|trouble| Talk::Failed(trouble, text())));
    samples.extend(orders.map(Talk::Order));
    all("Talk", HERE, &shapes(&samples));
    compare_all(&samples);
}

#[test]
fn the_history_and_the_demo_are_in_both_languages() {
    let endings = [
        Ending::Held(LONG),
        Ending::Released,
        Ending::Lapsed,
        Ending::TakenOver,
        Ending::Forced(someone(), None),
        Ending::Forced(someone(), Some(text())),
    ];
    all("Ending", HERE, &shapes(&endings));
    let mut cells = vec![Cell::Time(when(1), None), Cell::Time(when(3), Some(when(1))), Cell::Who(Person::default())];
    cells.extend(endings.map(Cell::Ending));
    all("Cell", HERE, &shapes(&cells));
    compare_all(&cells);
    let tales = [
        Tale::Beginning(text()),
        Tale::Shown(true),
        Tale::Shown(false),
        Tale::Notified,
        Tale::Has(1, 7),
        Tale::HasAfter(1, 7, SHORT),
        Tale::TookOverAfter(1, 7, SHORT),
        Tale::Reads(1, text()),
        Tale::Wrote(1, 2),
        Tale::Killed(1, 7),
        Tale::MustLapse(SHORT, LONG),
        Tale::OrphanWrote(1, 2),
        Tale::Contents,
        Tale::Sound(8),
        Tale::Unsound,
        Tale::Broken(text()),
    ];
    all("Tale", HERE, &shapes(&tales));
    compare_all(&tales);
}

#[test]
fn every_reason_is_in_both_languages() {
    let mut samples = vec![
        Reason::NoName(text()),
        Reason::NoFolder(text()),
        Reason::HardLinked(text(), 2),
        Reason::Stream(text()),
        Reason::TrailingDotOrSpace(text()),
        Reason::NameTooLong(text()),
        Reason::LinkCircle(text()),
        Reason::Looking(text(), text()),
        Reason::NoAnswer,
        Reason::OutOfResources(text()),
        Reason::Synchronised(text()),
        Reason::Busy,
        Reason::Cancelled,
        Reason::NotADuration(text(), text()),
        Reason::UnsafeDurations(text(), text()),
        Reason::DurationSpelling,
        Reason::AgeSpelling,
        Reason::SayWhy,
    ];
    samples.extend([Thing::Folder, Thing::Link, Thing::Special].map(|thing| Reason::NotAFile(text(), thing)));
    all("Reason", REASON, &shapes(&samples));
    compare_all(&samples);
}

#[test]
fn every_row_of_the_doctor_has_a_title_that_fits() {
    let source = variants("Topic", DOCTOR);
    let topics = [
        Topic::Folder,
        Topic::FileSystem,
        Topic::Sync,
        Topic::Writing,
        Topic::Exclusive,
        Topic::RangeLocks,
        Topic::Clock,
        Topic::Speed,
        Topic::Access,
        Topic::Space,
        Topic::ForeignLocks,
        Topic::Leases,
        Topic::Lapses,
        Topic::Versions,
        Topic::Waits,
        Topic::Pair,
        Topic::PairExclusive,
        Topic::PairLocks,
        Topic::PairChange,
        Topic::PairNames,
        Topic::PairClock,
        Topic::Configuration,
        Topic::Autostart,
        Topic::Agent,
    ];
    assert_eq!(topics.len(), source.len());
    for topic in topics {
        let (english, french) = (title(topic, Language::English), title(topic, Language::French));
        compare(english, french);
        assert!(french.chars().count() < 20, "{french}");
    }
}

#[test]
fn everything_around_the_findings_is_in_both_languages() {
    let verdicts = [(0, 0), (0, 1), (1, 0), (2, 2)].map(|(failures, warnings)| Verdict { failures, warnings });
    let mut samples = vec![
        Aside::Examining("/share".into(), None),
        Aside::Examining("/share".into(), Some("wems.db".into())),
        Aside::WaitingForPair("abc".into(), "/share".into()),
        Aside::Stopped,
        Aside::Why,
        Aside::Remedy,
        Aside::Fine,
        Aside::Warning,
        Aside::Failure,
        Aside::Skipped,
        Aside::BadCode,
    ];
    samples.extend(verdicts.map(Aside::Verdict));
    all("Aside", DOCTOR, &shapes(&samples));
    for sample in samples {
        compare(&aside(&sample, Language::English), &aside(&sample, Language::French));
    }
}

fn findings() -> Vec<Finding> {
    let makers = [Maker::Office, Maker::LibreOffice, Maker::Access, Maker::Journal, Maker::WriteAhead, Maker::Notice];
    let setters = [Setter::Server, Setter::Client, Setter::ServerUsually, Setter::ClientUsually, Setter::Unknown];
    let mut all = Vec::new();
    all.extend([Skip::NeedsWriting, Skip::NoAnswer, Skip::NeedsPair, Skip::NotTold].map(Finding::Skipped));
    all.extend(
        [
            Folder::Answers(SHORT),
            Folder::Missing(text()),
            Folder::Silent(LONG),
            Folder::Denied(text()),
            Folder::NoDatabase(Reason::NoName(text())),
            Folder::Failed(text()),
        ]
        .map(Finding::Folder),
    );
    all.extend(
        [
            System::Local("ext4".into(), text()),
            System::Share("NFS 4.2".into(), "server:/share".into(), "hard".into()),
            System::Virtual(text()),
            System::UserSpace(text()),
            System::Cloud(text()),
            System::Other(text()),
            System::Other(String::new()),
        ]
        .map(Finding::FileSystem),
    );
    all.extend([Sync::Nothing, Sync::By(text()), Sync::OfflineFiles].map(Finding::Sync));
    all.extend(
        [
            Writing::Works,
            Writing::MayNotCreate(text()),
            Writing::ReadOnly,
            Writing::Full,
            Writing::MayNotRemove(text()),
            Writing::Garbled,
        ]
        .map(Finding::Writing),
    );
    all.extend([Exclusive::OneWinner(20), Exclusive::Several(20, 2), Exclusive::Nobody(20, 2)].map(Finding::Exclusive));
    all.extend(
        [Locks::Between(text()), Locks::Here, Locks::Local("nolock".into()), Locks::Missing, Locks::Ignored, Locks::Unproven]
            .map(Finding::Locks),
    );
    all.extend(setters.map(|setter| Finding::Clock(Clock::Agree(SHORT, setter))));
    all.extend(
        [Clock::ServerAhead(LONG, Setter::Server), Clock::ServerBehind(LONG, Setter::Server), Clock::Same, Clock::Unknown]
            .map(Finding::Clock),
    );
    all.extend([Speed::Fine(SHORT, SHORT), Speed::Slow(LONG, LONG)].map(Finding::Speed));
    let who = [Who::Owner, Who::Everybody, Who::Group(text())];
    all.extend(who.map(|who| Finding::Access(Access::Shared(who))));
    all.extend(
        [
            Access::ServerDecides,
            Access::Private(text(), text()),
            Access::NoSetGroup(text(), text()),
            Access::Sticky(text(), text()),
            Access::Narrow(text(), text()),
            Access::DatabaseNarrow(text(), text()),
            Access::StoreDenied(text(), text()),
        ]
        .map(Finding::Access),
    );
    all.extend(
        [Space::Enough(3_200_000_000), Space::Little(512_000), Space::Nothing(12), Space::FewFiles(7)].map(Finding::Space),
    );
    all.extend(makers.map(|maker| Finding::Foreign(Foreign::LeftBehind(text(), maker, LONG))));
    all.extend(
        [
            Foreign::Nothing,
            Foreign::InUse(text(), Maker::Access, Some(LONG)),
            Foreign::WriteAheadOnShare(text()),
            Foreign::TooMany(9),
        ]
        .map(Finding::Foreign),
    );
    all.extend(lease_findings().map(Finding::Leases));
    all.extend([Waits::Told, Waits::Woken, Waits::Notified, Waits::Ask].map(Finding::Waits));
    all.extend(pair_findings().map(Finding::Pair));
    let settings = [Configuration::Nothing, Configuration::Good(1), Configuration::Good(3)];
    all.extend(settings.map(Finding::Configuration));
    all.extend([Configuration::PassedOver(text()), Configuration::Broken(text())].map(Finding::Configuration));
    let starts = [Starts::Yes(text()), Starts::No, Starts::TurnedOff, Starts::ProgramGone(text()), Starts::Unknown(text())];
    all.extend(starts.map(Finding::Autostart));
    all.extend(
        [
            Agent::Absent,
            Agent::Runs(7, text()),
            Agent::Silent,
            Agent::OtherVersion(text(), text()),
            Agent::NoIcon,
            Agent::NoNotifications,
            Agent::NoLog(text()),
        ]
        .map(Finding::Agent),
    );
    all
}

fn lease_findings() -> [Leases; 15] {
    [
        Leases::Nothing,
        Leases::Free(1),
        Leases::Free(2),
        Leases::Held(text(), someone()),
        Leases::Stale(text(), someone(), Some(LONG), Some(LONG)),
        Leases::Stale(text(), someone(), None, Some(Duration::ZERO)),
        Leases::Stale(text(), Person::default(), None, None),
        Leases::Unreadable(text(), text()),
        Leases::Orderly(0, 0),
        Leases::Orderly(1, 1),
        Leases::Orderly(3, 4),
        Leases::OftenLapsed(3, 4, text()),
        Leases::OftenLapsed(3, 4, String::new()),
        Leases::VersionsFit,
        Leases::Newer(text(), 2),
    ]
}

#[test]
fn every_word_between_asker_and_holder_is_told_in_both_languages() {
    let people = |count| vec![someone(); count];
    let said = [
        Asking::Place(1, Vec::new()),
        Asking::Place(2, people(1)),
        Asking::Place(3, vec![someone(), Person::default()]),
        Asking::Place(7, people(2)),
        Asking::Asks(someone(), 0),
        Asking::Asks(Person::default(), 1),
        Asking::Asks(someone(), 9),
        Asking::StillWaits(someone(), 0),
        Asking::StillWaits(someone(), 1),
        Asking::StillWaits(someone(), 9),
        Asking::Asker(someone(), String::new()),
        Asking::Asker(someone(), text()),
        Asking::Words(text()),
        Asking::Unconfirmed(someone(), when(0)),
        Asking::Seen(Person::default(), when(1)),
        Asking::Later(someone(), 10, when(0)),
        Asking::Minutes(someone(), 10, Some(when(0))),
        Asking::Minutes(Person::default(), 10, None),
        Asking::No(someone()),
        Asking::Releasing(someone()),
        Asking::Asked(text(), someone()),
        Asking::Nobody(text()),
    ];
    all("Asking", ASKING, &shapes(&said));
    for said in said {
        compare(&In(&said, Language::English).to_string(), &In(&said, Language::French).to_string());
    }
    let said = |said: &Asking, language| In(said, language).to_string();
    let (third, fourth) = (Asking::Place(3, people(2)), Asking::Place(4, people(2)));
    assert_eq!(said(&third, Language::English), "You are third in line, after Marie Dupont and Marie Dupont.");
    assert_eq!(said(&fourth, Language::English), "You are number 4 in line, after Marie Dupont and 2 others.");
    let later = Asking::Later(someone(), 10, when(0));
    assert_eq!(said(&later, Language::English), "Marie Dupont will release it in about 10 minutes (by 09:12).");
    assert_eq!(
        said(&later, Language::French).replace('\u{a0}', " "),
        "Marie Dupont libérera la base dans environ 10 min (vers 9 h 12)."
    );
}

fn pair_findings() -> [Pair; 15] {
    [
        Pair::Met(text()),
        Pair::SameComputer,
        Pair::Alone(text()),
        Pair::Crowded(text()),
        Pair::LostTouch,
        Pair::LocksExclude(Some(SHORT)),
        Pair::LocksExclude(None),
        Pair::WokenTooSoon(SHORT),
        Pair::LocksUnseen,
        Pair::ChangeSeen(SHORT, LONG),
        Pair::ChangeLate(LONG),
        Pair::NamesSeen(SHORT, SHORT),
        Pair::NamesLate(None, Some(LONG)),
        Pair::ClocksAgree(SHORT),
        Pair::ClocksDiffer(LONG),
    ]
}

#[test]
fn every_finding_is_told_in_both_languages() {
    let findings = findings();
    let samples = shapes(&findings);
    all("Finding", DOCTOR, &samples);
    for (outer, name) in [
        ("Skipped", "Skip"),
        ("Folder", "Folder"),
        ("FileSystem", "System"),
        ("Sync", "Sync"),
        ("Writing", "Writing"),
        ("Exclusive", "Exclusive"),
        ("Locks", "Locks"),
        ("Clock", "Clock"),
        ("Speed", "Speed"),
        ("Access", "Access"),
        ("Space", "Space"),
        ("Foreign", "Foreign"),
        ("Leases", "Leases"),
        ("Waits", "Waits"),
        ("Pair", "Pair"),
        ("Configuration", "Configuration"),
    ] {
        all(name, DOCTOR, &inside(outer, &samples));
    }
    all("Starts", OF_THIS_COMPUTER, &inside("Autostart", &samples));
    all("Agent", OF_THIS_COMPUTER, &inside("Agent", &samples));
    for finding in &findings {
        let Words { found, why, remedy } = words(finding, Language::English);
        let french = words(finding, Language::French);
        assert_eq!((why.is_empty(), remedy.is_empty()), (french.why.is_empty(), french.remedy.is_empty()), "{finding:?}");
        for (english, french) in [(found, french.found), (why, french.why), (remedy, french.remedy)] {
            if !english.is_empty() {
                compare(&english, &french);
            }
        }
    }
}
