//! The checks of the share itself: what it is, and what it really does when it is asked.
//!
//! What can be tried is tried; what cannot (whether another computer sees a lock) is told by what is known of the kind of share, and
//! the report says which it was. The hazard is to call something sound that was only not seen to fail.

use super::{BUDGET, Subject, failed, now};
use crate::clock::{Clock as _, SystemClock};
use crate::i18n::doctor::{Clock, Exclusive, Finding, Locks, Setter, Skip, Space, Speed, Sync, System, Topic, Waits, Writing};
use crate::i18n::printable;
use crate::platform::file_system::{FileSystem, Kind};
use crate::platform::files::{self, Trouble, classify};
use crate::platform::range_lock::{self, Probe};
use crate::platform::space;
use crate::platform::sync_program::offline_files;
use crate::store::capabilities;
use crate::watch::Means;
use std::io;
use std::sync::Barrier;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Options of mounts that decide about locks, caches and patience; the others say nothing to people.
const TELLING: &[&str] = &[
    "ro",
    "vers",
    "nolock",
    "local_lock",
    "nobrl",
    "cache",
    "nolease",
    "actimeo",
    "noac",
    "acregmax",
    "acdirmax",
    "lookupcache",
    "soft",
    "hard",
];
/// User-space file systems that show a cloud without one authority.
const CLOUDS: &[&str] =
    &["rclone", "onedriver", "google-drive-ocamlfuse", "gcsfuse", "s3fs", "goofys", "insync", "pcloud", "megafs"];
/// From this difference on people notice wrong times.
const CLOCKS_APART: Duration = Duration::from_secs(30);
/// The finest difference that a file system shows for certain: FAT counts in steps of 2 s.
const CLOCK_STEP: Duration = Duration::from_secs(3);
/// An answer later than this makes every program on the share feel slow.
const SLOW_ANSWER: Duration = Duration::from_millis(80);
/// A whole cycle later than this likewise.
const SLOW_CYCLE: Duration = Duration::from_secs(1);
/// With less than this a database can hardly grow.
const LITTLE_SPACE: u64 = 200_000_000;
/// With less than this no lease can be made for certain.
const NO_SPACE: u64 = 1_000_000;
/// With less than this the many small files of other programs will soon use them up.
const FEW_FILES: u64 = 1000;
/// Races of two threads for one name.
const RACES: usize = 25;

type Tell<'a> = &'a mut dyn FnMut(Topic, Finding);

pub(super) fn kind(subject: &Subject, tell: Tell<'_>) {
    tell(Topic::FileSystem, Finding::FileSystem(named(&subject.system)));
}

fn named(system: &FileSystem) -> System {
    let name = printable(&system.name);
    let source = printable(&system.source);
    let versioned = |kind: &str, version: &str| if version.is_empty() { kind.to_owned() } else { format!("{kind} {version}") };
    let options: Vec<String> = TELLING
        .iter()
        .filter(|option| **option != "vers")
        .filter_map(|option| system.option(option).map(|value| versioned_option(option, value)))
        .collect();
    let options = printable(&options.join(", "));
    match &system.kind {
        Kind::Local => System::Local(name, source),
        Kind::Tmpfs => System::Local(name, String::new()),
        Kind::Nfs { version } => System::Share(versioned("NFS", &printable(version)), source, options),
        Kind::Smb => System::Share(versioned("SMB", &printable(system.option("vers").unwrap_or_default())), source, options),
        Kind::NinePOrVirt => System::Virtual(name),
        Kind::Fuse(program) if CLOUDS.contains(&program.as_str()) => System::Cloud(printable(program)),
        Kind::Fuse(program) => System::UserSpace(if program.is_empty() { name } else { printable(program) }),
        Kind::OtherNetwork(_) | Kind::Unknown => System::Other(name),
    }
}

fn versioned_option(option: &str, value: &str) -> String {
    if value.is_empty() { option.to_owned() } else { format!("{option}={value}") }
}

pub(super) fn sync(subject: &Subject, tell: Tell<'_>) {
    let found = match &subject.synchronised_by {
        Some(program) => Sync::By(printable(program)),
        None if !subject.is_local() && offline_files() => Sync::OfflineFiles,
        None => Sync::Nothing,
    };
    tell(Topic::Sync, Finding::Sync(found));
}

pub(super) fn writing(subject: &Subject, tell: Tell<'_>) {
    let finding = match subject.scratch() {
        Err(error) => not_written(error),
        Ok(scratch) => try_writing(scratch).unwrap_or_else(|error| not_written(&error)),
    };
    tell(Topic::Writing, finding);
}

fn try_writing(scratch: &super::Scratch) -> io::Result<Finding> {
    let (first, second) = ([0x5A_u8; 2048], *b"in place");
    let path = scratch.file("written");
    let file = scratch.create("written")?;
    files::write_at(&file, 0, &first)?;
    file.sync_data()?;
    drop(file);
    let file = files::open_existing_write(&path)?;
    files::write_at(&file, 64, &second)?;
    file.sync_data()?;
    drop(file);
    let mut expected = first.to_vec();
    expected[64..72].copy_from_slice(&second);
    if files::read_whole(&path, 4096)? != expected {
        return Ok(Finding::Writing(Writing::Garbled));
    }
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(Finding::Writing(Writing::Works)),
        Err(error) if classify(&error) == Trouble::Denied => {
            Ok(Finding::Writing(Writing::MayNotRemove(printable(&error.to_string()))))
        }
        Err(error) => Err(error),
    }
}

fn not_written(error: &io::Error) -> Finding {
    match classify(error) {
        Trouble::Denied => Finding::Writing(Writing::MayNotCreate(printable(&error.to_string()))),
        Trouble::Full => Finding::Writing(Writing::Full),
        Trouble::ReadOnly => Finding::Writing(Writing::ReadOnly),
        Trouble::Missing | Trouble::Exists | Trouble::Locked | Trouble::NameTooLong | Trouble::Unsupported | Trouble::Other => {
            Finding::Folder(failed(error))
        }
    }
}

pub(super) fn room(subject: &Subject, tell: Tell<'_>) {
    let found = match space::space(&subject.folder) {
        Ok(space) => Finding::Space(judge_room(&space)),
        Err(error) => Finding::Folder(failed(&error)),
    };
    tell(Topic::Space, found);
}

/// Some file systems (FUSE, overlays) say 0 of 0 for "I do not know".
fn judge_room(space: &space::Space) -> Space {
    match (space.free, space.free_files) {
        (_, Some(0)) => Space::Nothing(0),
        (free, _) if free < NO_SPACE && space.total > 0 => Space::Nothing(free),
        (_, Some(files)) if files < FEW_FILES => Space::FewFiles(files),
        (free, _) if free < LITTLE_SPACE && space.total > 0 => Space::Little(free),
        (free, _) => Space::Enough(free),
    }
}

pub(super) fn exclusive(subject: &Subject, tell: Tell<'_>) {
    let Ok(scratch) = subject.scratch() else { return tell(Topic::Exclusive, Finding::Skipped(Skip::NeedsWriting)) };
    let began = now();
    let (mut rounds, mut several, mut nobody) = (0, 0, 0);
    while rounds < RACES && (rounds == 0 || now().since(began) < BUDGET) {
        let path = scratch.file(&format!("race-{rounds}"));
        let together = Barrier::new(2);
        let race = || {
            together.wait();
            files::create_exclusive(&path).map(drop)
        };
        let results = std::thread::scope(|scope| {
            let other = scope.spawn(race);
            [race(), other.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended early")))]
        });
        let winners = results.iter().filter(|result| result.is_ok()).count();
        if let Some(error) =
            results.iter().filter_map(|result| result.as_ref().err()).find(|error| classify(error) != Trouble::Exists)
        {
            return tell(Topic::Exclusive, not_written(error));
        }
        rounds += 1;
        several += usize::from(winners > 1);
        nobody += usize::from(winners == 0);
        let _removed_with_the_folder = std::fs::remove_file(&path);
    }
    tell(Topic::Exclusive, Finding::Exclusive(won(rounds, several, nobody)));
}

pub(super) const fn won(rounds: usize, several: usize, nobody: usize) -> Exclusive {
    match (several, nobody) {
        (0, 0) => Exclusive::OneWinner(rounds),
        (0, nobody) => Exclusive::Nobody(rounds, nobody),
        (several, _) => Exclusive::Several(rounds, several),
    }
}

pub(super) fn range_locks(subject: &Subject, tell: Tell<'_>) {
    let Ok(scratch) = subject.scratch() else { return tell(Topic::RangeLocks, Finding::Skipped(Skip::NeedsWriting)) };
    let finding = match try_locks(scratch) {
        Ok(true) => Finding::Locks(promised(&subject.system)),
        Ok(false) => Finding::Locks(Locks::Ignored),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Finding::Locks(Locks::Missing),
        Err(error) => Finding::Folder(failed(&error)),
    };
    tell(Topic::RangeLocks, finding);
}

/// Returns whether a lock is seen while it is held, and only then.
fn try_locks(scratch: &super::Scratch) -> io::Result<bool> {
    drop(scratch.create("lock")?);
    let path = scratch.file("lock");
    // Two handles with different access: SMB on Linux merges equal ones, and closing one would drop the other's lock.
    let (holder, other) = (files::open_existing_write(&path)?, files::open_existing_read(&path)?);
    let taken = range_lock::try_exclusive(&holder)?;
    let held = range_lock::probe(&other)?;
    range_lock::unlock(&holder)?;
    let freed = range_lock::probe(&other)?;
    Ok(taken && (held, freed) == (Probe::Held, Probe::Free))
}

fn promised(system: &FileSystem) -> Locks {
    if let Some(option) = system.keeps_locks_local() {
        return Locks::Local(option.to_owned());
    }
    match &system.kind {
        Kind::Local | Kind::Tmpfs => Locks::Here,
        Kind::Nfs { .. } => Locks::Between("NFS".to_owned()),
        Kind::Smb => Locks::Between("SMB".to_owned()),
        Kind::Fuse(_) | Kind::NinePOrVirt | Kind::OtherNetwork(_) | Kind::Unknown => Locks::Unproven,
    }
}

pub(super) fn waits(subject: &Subject, tell: Tell<'_>) {
    let capabilities = capabilities(&subject.system, subject.synchronised_by.clone());
    tell(Topic::Waits, Finding::Waits(waits_by(Means::of(&capabilities))));
}

/// Returns how somebody who waits learns of a change, for people.
#[must_use]
pub const fn waits_by(means: Means) -> Waits {
    match means {
        Means::Events => Waits::Told,
        Means::RangeLock => Waits::Woken,
        Means::ChangeNotify => Waits::Notified,
        Means::Board => Waits::Ask,
    }
}

pub(super) fn clock(subject: &Subject, tell: Tell<'_>) {
    if subject.is_local() {
        return tell(Topic::Clock, Finding::Clock(Clock::Same));
    }
    let Ok(scratch) = subject.scratch() else { return tell(Topic::Clock, Finding::Skipped(Skip::NeedsWriting)) };
    let finding = match stamps(scratch) {
        Ok(stamps) => Finding::Clock(compare(&stamps, &subject.system.kind)),
        Err(error) => not_written(&error),
    };
    tell(Topic::Clock, finding);
}

/// When a file was made by this computer's clock, between two readings, and the two times that it got.
struct Stamps {
    before: i64,
    after: i64,
    created: Option<i64>,
    modified: Option<i64>,
}

fn stamps(scratch: &super::Scratch) -> io::Result<Stamps> {
    let wall = || SystemClock.now().wall.0;
    let before = wall();
    let file = scratch.create("clock")?;
    files::write_at(&file, 0, b"tick")?;
    file.sync_data()?;
    drop(file);
    let facts = scratch.file("clock").metadata()?;
    let after = wall();
    let (created, modified) = (facts.created().ok().map(millis), facts.modified().ok().map(millis));
    std::fs::remove_file(scratch.file("clock"))?;
    Ok(Stamps { before, after, created, modified })
}

fn millis(time: SystemTime) -> i64 {
    let number = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|error| -number(error.duration()), number)
}

/// The creation is dated by the server on SMB, the last write on NFS; who dates the last write shows only where the clocks differ.
fn compare(stamps: &Stamps, kind: &Kind) -> Clock {
    let by_creation = matches!(kind, Kind::Smb);
    let of_server = if by_creation { stamps.created } else { stamps.modified };
    let Some(of_server) = of_server else { return Clock::Unknown };
    let off = |stamp: i64| stamp - stamps.before.midpoint(stamps.after);
    let width = Duration::from_millis(stamps.after.abs_diff(stamps.before) / 2);
    let apart = |stamp: i64| Duration::from_millis(off(stamp).unsigned_abs());
    let visible = apart(of_server) > CLOCK_STEP + width;
    let usually = match kind {
        Kind::Nfs { .. } => Setter::ServerUsually,
        Kind::Smb => Setter::ClientUsually,
        Kind::Local | Kind::Tmpfs | Kind::Fuse(_) | Kind::NinePOrVirt | Kind::OtherNetwork(_) | Kind::Unknown => Setter::Unknown,
    };
    let setter = match stamps.modified {
        Some(modified) if visible && apart(modified) > CLOCK_STEP + width => Setter::Server,
        Some(_) if visible && by_creation => Setter::Client,
        _ => usually,
    };
    if apart(of_server) < CLOCKS_APART + width {
        return Clock::Agree(apart(of_server) + width, setter);
    }
    if off(of_server) > 0 { Clock::ServerAhead(apart(of_server), setter) } else { Clock::ServerBehind(apart(of_server), setter) }
}

pub(super) fn speed(subject: &Subject, tell: Tell<'_>) {
    let Ok(scratch) = subject.scratch() else { return tell(Topic::Speed, Finding::Skipped(Skip::NeedsWriting)) };
    let answer = median(9, || space::space(&subject.folder).map(drop));
    let cycle = median(5, || {
        let file = scratch.create("speed")?;
        files::write_at(&file, 0, &[0x20; 2048])?;
        file.sync_data()?;
        drop(file);
        std::fs::remove_file(scratch.file("speed"))
    });
    let finding = match (answer, cycle) {
        (Ok(answer), Ok(cycle)) if answer < SLOW_ANSWER && cycle < SLOW_CYCLE => Finding::Speed(Speed::Fine(answer, cycle)),
        (Ok(answer), Ok(cycle)) => Finding::Speed(Speed::Slow(answer, cycle)),
        (Err(error), _) | (_, Err(error)) => not_written(&error),
    };
    tell(Topic::Speed, finding);
}

/// Returns the median time of something; what was repeated too seldom for lack of time counts as it is.
fn median(times: usize, mut work: impl FnMut() -> io::Result<()>) -> io::Result<Duration> {
    let began = now();
    let mut took = Vec::new();
    while took.len() < times && (took.is_empty() || now().since(began) < BUDGET) {
        let before = now();
        work()?;
        took.push(now().since(before));
    }
    took.sort_unstable();
    Ok(took[took.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(kind: Kind, options: &str) -> FileSystem {
        FileSystem { kind, name: "x".into(), options: options.into(), source: "server:/srv".into() }
    }

    #[test]
    fn mount_options_decide_who_sees_locks() {
        let nfs = |options| promised(&mount(Kind::Nfs { version: "3".into() }, options));
        assert_eq!(nfs("rw,vers=3,local_lock=none"), Locks::Between("NFS".into()));
        assert_eq!(nfs("rw,vers=3,nolock,local_lock=all"), Locks::Local("nolock".into()));
        assert_eq!(nfs("rw,local_lock=posix"), Locks::Local("local_lock=posix".into()));
        assert_eq!(promised(&mount(Kind::Smb, "vers=3.1.1,nobrl")), Locks::Local("nobrl".into()));
        assert_eq!(promised(&mount(Kind::Smb, "vers=3.1.1")), Locks::Between("SMB".into()));
        assert_eq!(promised(&mount(Kind::Fuse("sshfs".into()), "")), Locks::Unproven);
    }

    #[test]
    fn only_telling_options_are_told() {
        let named = named(&mount(Kind::Nfs { version: "4.2".into() }, "rw,relatime,vers=4.2,rsize=1048576,hard,local_lock=none"));
        assert_eq!(named, System::Share("NFS 4.2".into(), "server:/srv".into(), "local_lock=none, hard".into()));
    }

    #[test]
    fn clouds_that_look_like_folders_are_no_place_for_leases() {
        assert_eq!(named(&mount(Kind::Fuse("rclone".into()), "")), System::Cloud("rclone".into()));
        assert_eq!(named(&mount(Kind::Fuse("sshfs".into()), "")), System::UserSpace("sshfs".into()));
    }

    #[test]
    fn the_clock_that_dates_files_is_told_apart() {
        let at = |created, modified| Stamps { before: 1_000_000, after: 1_000_020, created, modified };
        let nfs = Kind::Nfs { version: "3".into() };
        let day = 86_400_000;
        let close = compare(&at(None, Some(1_000_000)), &nfs);
        assert_eq!(close, Clock::Agree(Duration::from_millis(20), Setter::ServerUsually));
        assert_eq!(
            compare(&at(None, Some(1_000_010 + day)), &nfs),
            Clock::ServerAhead(Duration::from_secs(86_400), Setter::Server)
        );
        assert_eq!(
            compare(&at(Some(1_000_010 - day), Some(1_000_010)), &Kind::Smb),
            Clock::ServerBehind(Duration::from_secs(86_400), Setter::Client)
        );
        assert_eq!(compare(&at(None, Some(0)), &Kind::Smb), Clock::Unknown);
    }

    #[test]
    fn room_is_judged_by_bytes_and_files() {
        let of = |free, free_files| judge_room(&space::Space { free, total: 1 << 40, free_files });
        assert_eq!(of(1 << 30, None), Space::Enough(1 << 30));
        assert_eq!(of(50_000_000, Some(5000)), Space::Little(50_000_000));
        assert_eq!(of(0, None), Space::Nothing(0));
        assert_eq!(of(1 << 30, Some(3)), Space::FewFiles(3));
        assert_eq!(of(1 << 30, Some(0)), Space::Nothing(0));
        assert_eq!(judge_room(&space::Space { free: 0, total: 0, free_files: None }), Space::Enough(0));
    }
}
