//! What is wrong with a shared folder, and what to do about it.
//!
//! A table of checks and a small engine. Every check runs on a worker with a time-out, because any call on a share can hang; the first
//! that does ends as *unreachable*, and those that come after it are not tried. Nothing here opens a database, takes a lease, or
//! touches the range lock of a live one: what has to be tried is tried on scratch files of its own, which are removed in the end.

mod access;
mod configuration;
mod foreign;
mod grade;
mod leases;
mod meeting;
mod pair;
mod scratch;
mod share;

use crate::clock::{Clock, SystemClock, Ticks};
use crate::i18n::doctor::{Finding, Folder, Skip, Topic, Verdict};
use crate::i18n::printable;
use crate::platform::file_system::{FileSystem, Kind, file_system};
use crate::platform::files::{self, EntryKind, Trouble};
use crate::platform::sync_program::sync_program;
use crate::session::Snapshot;
use crate::store::{Location, OpenError, locate};
use meeting::Meeting;
use scratch::Scratch;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use configuration::configuration;
pub use grade::{Grade, grade, topic_word};
pub use share::waits_by;

/// How long one check may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a check that repeats something goes on repeating it.
const BUDGET: Duration = Duration::from_secs(3);
/// How long the scratch files may take to be removed in the end.
const TIDYING: Duration = Duration::from_secs(8);
/// How often it is looked whether somebody wants to stop.
const SLICE: Duration = Duration::from_millis(50);

/// Looks at one database as `status` does; the text says why it could not.
pub type Look = Arc<dyn Fn(&Path) -> Result<Snapshot, String> + Send + Sync>;

/// Two computers that examine one folder together.
#[derive(Debug, Clone)]
pub struct Appointment {
    /// The same word on both; letters and digits alone.
    pub code: String,
    /// How long the first one waits for the second.
    pub wait: Duration,
}

/// What to examine.
pub struct Request {
    /// A database, or a folder.
    pub path: PathBuf,
    /// How to look at one database.
    pub look: Look,
    /// What was found about this computer's own part; told first.
    pub here: Vec<(Topic, Finding)>,
    /// Whom to meet there.
    pub pair: Option<Appointment>,
    /// Set by whoever wants the examination to stop.
    pub stop: Arc<AtomicBool>,
}

/// What happens while it is examined.
#[derive(Debug)]
pub enum News {
    /// It begins: the folder, and the database's name where one was given.
    Begun(PathBuf, Option<String>),
    /// It waits for the other computer, with this code.
    WaitsForPair(String),
    /// Something was found.
    Found(Topic, Finding),
}

/// One row of the table.
struct Check {
    /// What it tells about. Where it hangs, the first that was not told of is unreachable.
    topics: &'static [Topic],
    run: fn(&Subject, &mut dyn FnMut(Topic, Finding)),
}

/// In the order in which they are told. What explains most comes first.
const CHECKS: &[Check] = &[
    Check { topics: &[Topic::FileSystem], run: share::kind },
    Check { topics: &[Topic::Sync], run: share::sync },
    Check { topics: &[Topic::Writing], run: share::writing },
    Check { topics: &[Topic::Space], run: share::room },
    Check { topics: &[Topic::Exclusive], run: share::exclusive },
    Check { topics: &[Topic::RangeLocks], run: share::range_locks },
    Check { topics: &[Topic::Clock], run: share::clock },
    Check { topics: &[Topic::Speed], run: share::speed },
    Check { topics: &[Topic::Access], run: access::access },
    Check { topics: &[Topic::ForeignLocks], run: foreign::foreign },
    Check { topics: &[Topic::Leases], run: leases::holders },
    Check { topics: &[Topic::Lapses, Topic::Versions], run: leases::ledgers },
    Check { topics: &[Topic::Waits], run: share::waits },
];

/// What only two computers can find out together.
const PAIR: Check = Check {
    topics: &[Topic::Pair, Topic::PairClock, Topic::PairChange, Topic::PairLocks, Topic::PairExclusive, Topic::PairNames],
    run: pair::pair,
};
/// How long the measurements of a pair may take after they met.
const PAIR_PATIENCE: Duration = Duration::from_secs(300);

/// What is examined, found out once.
struct Subject {
    folder: PathBuf,
    /// Where a database was given.
    location: Option<Location>,
    system: FileSystem,
    synchronised_by: Option<String>,
    answered_in: Duration,
    look: Look,
    appointment: Option<Appointment>,
    meeting: OnceLock<Meeting>,
    scratch: OnceLock<io::Result<Scratch>>,
}

impl Subject {
    /// Looks at the path for the first time.
    fn admit(path: &Path, look: Look, appointment: Option<Appointment>) -> Result<Self, Finding> {
        let began = now();
        let (folder, location) = match std::fs::metadata(path) {
            // The name stands for any database in that folder.
            Ok(facts) if facts.is_dir() => (locate(&path.join("any")).map_err(|error| not_located(&error))?.folder, None),
            _ => {
                let location = locate(path).map_err(|error| not_located(&error))?;
                (location.folder.clone(), Some(location))
            }
        };
        std::fs::read_dir(&folder).map_err(|error| refused(&error, &folder))?;
        let answered_in = now().since(began);
        let system = file_system(&folder);
        let synchronised_by = sync_program(&folder);
        Ok(Self {
            folder,
            location,
            system,
            synchronised_by,
            answered_in,
            look,
            appointment,
            meeting: OnceLock::new(),
            scratch: OnceLock::new(),
        })
    }

    /// Returns a folder of our own to try things in, made at the first call.
    fn scratch(&self) -> Result<&Scratch, &io::Error> {
        self.scratch.get_or_init(|| Scratch::make(&self.folder)).as_ref()
    }

    /// Returns whether only this computer can be meant.
    fn is_local(&self) -> bool {
        matches!(self.system.kind, Kind::Local | Kind::Tmpfs)
    }
}

/// Examines it all. `None` when somebody wanted to stop.
///
/// # Errors
/// When this computer has no thread left.
pub fn examine(request: &Request, tell: &mut dyn FnMut(News)) -> io::Result<Option<Verdict>> {
    let mut admitted = None;
    let (path, look, pair) = (request.path.clone(), Arc::clone(&request.look), request.pair.clone());
    let end = work(&request.stop, PATIENCE, move |send| send(Subject::admit(&path, look, pair)), &mut |subject| {
        admitted = Some(subject);
    })?;
    let mut verdict = Verdict { failures: 0, warnings: 0 };
    let here = request.here.iter().cloned();
    let subject = match (end, admitted) {
        (End::Stopped, _) => return Ok(None),
        (_, Some(Ok(subject))) => Arc::new(subject),
        (End::Silent | End::Done, refused) => {
            let finding = refused.and_then(Result::err).unwrap_or(Finding::Folder(Folder::Silent(PATIENCE)));
            for (topic, finding) in here.chain([(Topic::Folder, finding)]) {
                count(&mut verdict, &finding);
                tell(News::Found(topic, finding));
            }
            return Ok(Some(verdict));
        }
    };
    tell(News::Begun(subject.folder.clone(), subject.location.as_ref().map(|location| location.shown.clone())));
    let mut counted = |news: News| {
        if let News::Found(_, finding) = &news {
            count(&mut verdict, finding);
        }
        tell(news);
    };
    for (topic, finding) in here {
        counted(News::Found(topic, finding));
    }
    counted(News::Found(Topic::Folder, Finding::Folder(Folder::Answers(subject.answered_in))));
    let result = run_table(request, &subject, &mut counted);
    tidy(&subject);
    Ok(result?.then_some(verdict))
}

fn count(verdict: &mut Verdict, finding: &Finding) {
    match grade(finding).1 {
        Grade::Failure => verdict.failures += 1,
        Grade::Warning => verdict.warnings += 1,
        Grade::Ok | Grade::Skipped => {}
    }
}

/// Runs the checks; false when somebody wanted to stop.
fn run_table(request: &Request, subject: &Arc<Subject>, tell: &mut dyn FnMut(News)) -> io::Result<bool> {
    let mut silent = false;
    for check in CHECKS {
        match run_check(request, subject, check, PATIENCE, silent, tell)? {
            End::Stopped => return Ok(false),
            End::Done => {}
            End::Silent => silent = true,
        }
    }
    let Some(appointment) = &request.pair else {
        for topic in PAIR.topics {
            tell(News::Found(*topic, Finding::Skipped(Skip::NeedsPair)));
        }
        return Ok(true);
    };
    tell(News::WaitsForPair(appointment.code.clone()));
    let end = run_check(request, subject, &PAIR, appointment.wait + PAIR_PATIENCE, silent, tell)?;
    Ok(end != End::Stopped)
}

/// Runs one check, or says that it was not tried because the share is silent.
fn run_check(
    request: &Request,
    subject: &Arc<Subject>,
    check: &'static Check,
    patience: Duration,
    silent: bool,
    tell: &mut dyn FnMut(News),
) -> io::Result<End> {
    let mut told = |topic, finding| tell(News::Found(topic, finding));
    let mut left = check.topics.to_vec();
    let mut end = End::Silent;
    if !silent {
        let worker = Arc::clone(subject);
        let run =
            move |send: &mut dyn FnMut((Topic, Finding))| (check.run)(&worker, &mut |topic, finding| send((topic, finding)));
        end = work(&request.stop, patience, run, &mut |(topic, finding)| {
            left.retain(|other| *other != topic);
            told(topic, finding);
        })?;
        if end != End::Silent {
            return Ok(end);
        }
        if !left.is_empty() {
            told(left.remove(0), Finding::Folder(Folder::Silent(patience)));
        }
    }
    for topic in left {
        told(topic, Finding::Skipped(Skip::NoAnswer));
    }
    Ok(end)
}

/// How a piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Silent,
    Stopped,
}

/// Does something on a thread of its own and passes on what it sends; gives up when it takes too long or somebody wants to stop.
fn work<T: Send + 'static>(
    stop: &AtomicBool,
    patience: Duration,
    work: impl FnOnce(&mut dyn FnMut(T)) + Send + 'static,
    pass_on: &mut dyn FnMut(T),
) -> io::Result<End> {
    let (sender, receiver) = mpsc::channel();
    let send = move || {
        work(&mut |result| {
            // Nobody waits for a late result.
            drop(sender.send(result));
        });
    };
    std::thread::Builder::new().name("sharelock-doctor".into()).spawn(send)?;
    let began = now();
    loop {
        match receiver.recv_timeout(SLICE) {
            Ok(result) => pass_on(result),
            Err(RecvTimeoutError::Disconnected) => return Ok(End::Done),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => return Ok(End::Stopped),
            Err(RecvTimeoutError::Timeout) if now().since(began) >= patience => return Ok(End::Silent),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Removes what was made, in bounded time. What a hanging share keeps is removed by a later examination.
fn tidy(subject: &Arc<Subject>) {
    let subject = Arc::clone(subject);
    let remove = move |_: &mut dyn FnMut(())| {
        if let Some(meeting) = subject.meeting.get() {
            meeting.leave();
        }
        if let Some(Ok(scratch)) = subject.scratch.get() {
            scratch.remove();
            scratch::sweep(&subject.folder);
        }
    };
    // Without a thread it is left for later as well.
    let _swept_later = work(&AtomicBool::new(false), TIDYING, remove, &mut |()| ());
}

fn now() -> Ticks {
    SystemClock.now().ticks
}

fn not_located(error: &OpenError) -> Finding {
    match error {
        OpenError::NoFolder { path } => Finding::Folder(Folder::Missing(printable(&path.to_string_lossy()))),
        OpenError::Io { path, source } => refused(source, path),
        OpenError::NoName { .. }
        | OpenError::NotAFile { .. }
        | OpenError::HardLinked { .. }
        | OpenError::Stream { .. }
        | OpenError::TrailingDotOrSpace { .. }
        | OpenError::NameTooLong { .. }
        | OpenError::LinkCircle { .. } => Finding::Folder(Folder::NoDatabase(error.reason())),
    }
}

fn refused(error: &io::Error, path: &Path) -> Finding {
    Finding::Folder(match files::classify(error) {
        Trouble::Missing => Folder::Missing(shown(path)),
        Trouble::Denied => Folder::Denied(printable(&error.to_string())),
        Trouble::Exists
        | Trouble::Locked
        | Trouble::Full
        | Trouble::ReadOnly
        | Trouble::NameTooLong
        | Trouble::Unsupported
        | Trouble::Other => failed(error),
    })
}

fn failed(error: &io::Error) -> Folder {
    Folder::Failed(printable(&error.to_string()))
}

/// Returns a path as it can be shown.
fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Returns a path as it can be typed into a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", shown(path).replace('\'', "'\\''"))
}

/// Returns whether a folder is there, without following a link.
fn is_folder(path: &Path) -> bool {
    files::entry_facts(path).is_ok_and(|facts| facts.kind == EntryKind::Directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(folder: &Path) -> Subject {
        Subject::admit(folder, Arc::new(|_: &Path| Err("not asked".to_owned())), None).unwrap()
    }

    fn request(folder: &Path) -> Request {
        let look: Look = Arc::new(|_: &Path| Err("not asked".to_owned()));
        Request { path: folder.to_path_buf(), look, here: Vec::new(), pair: None, stop: Arc::default() }
    }

    /// Stands for a share that never answers.
    fn hang(_: &Subject, tell: &mut dyn FnMut(Topic, Finding)) {
        tell(Topic::Exclusive, Finding::Skipped(Skip::NotTold));
        loop {
            std::thread::park();
        }
    }

    const HANGS: Check = Check { topics: &[Topic::Exclusive, Topic::Speed, Topic::Clock], run: hang };

    #[test]
    fn a_check_that_hangs_is_unreachable_and_what_comes_after_it_is_not_tried() {
        let folder = tempfile::tempdir().unwrap();
        let (request, subject) = (request(folder.path()), Arc::new(subject(folder.path())));
        let mut told = Vec::new();
        let mut tell = |news| {
            if let News::Found(topic, finding) = news {
                told.push((topic, grade(&finding).0));
            }
        };
        let patience = Duration::from_millis(60);
        let end = run_check(&request, &subject, &HANGS, patience, false, &mut tell).unwrap();
        assert_eq!(end, End::Silent);
        let end = run_check(&request, &subject, &CHECKS[0], patience, true, &mut tell).unwrap();
        assert_eq!(end, End::Silent);
        let expected = [
            (Topic::Exclusive, "not-told"),
            (Topic::Speed, "unreachable"),
            (Topic::Clock, "no-answer"),
            (Topic::FileSystem, "no-answer"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn whoever_wants_to_stop_need_not_wait_for_the_share() {
        let folder = tempfile::tempdir().unwrap();
        let (request, subject) = (request(folder.path()), Arc::new(subject(folder.path())));
        request.stop.store(true, Ordering::Relaxed);
        let end = run_check(&request, &subject, &HANGS, Duration::from_secs(600), false, &mut |_| ()).unwrap();
        assert_eq!(end, End::Stopped);
    }
}
