//! From a path as typed to an open session: who I am, where the leases live, what this machine remembers.
//!
//! The hazard is a share that hangs at the first look at the path: opening runs on its own thread, and gives up in time.

use crate::clock::{Clock, Moment, SystemClock};
use crate::i18n::{Language, printable};
use crate::lease::record::{Holder, Host, Nonce, ProcessId};
use crate::lease::timing::{Timing, TimingError};
use crate::lease::{Identity, wire::Failure};
use crate::platform::process::ProcessFacts;
use crate::platform::{self, process, user};
use crate::session::{PATIENCE, Session, SessionOptions, default_memory, place_of};
use crate::store::{FolderStore, Location, OpenError, Store};
use std::io;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// The language people are spoken to in.
pub(super) const LANGUAGE: Language = Language::English;

/// What a verb wants written into its record.
#[derive(Debug, Clone, Default)]
pub(super) struct Purpose {
    /// The program that is guarded.
    pub(super) app: String,
    /// What the holder wants to say.
    pub(super) note: String,
}

/// A session, and what it is about.
pub(super) struct Opened {
    pub(super) session: Session,
    pub(super) location: Location,
    /// The database's name for sentences.
    pub(super) shown: String,
    pub(super) me: Holder,
    pub(super) timing: Timing,
}

/// Why there is no session.
#[derive(Debug)]
pub(super) enum NotOpened {
    /// The path cannot have a lease.
    Path(OpenError),
    /// The share did not answer in time.
    Silent,
    /// The computer is out of something.
    System(io::Error),
}

impl NotOpened {
    /// Returns the failure in the core's words; `None` when it was this computer's.
    pub(super) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Path(error) => Some(error.failure()),
            Self::Silent => Some(Failure::Unreachable),
            Self::System(_) => None,
        }
    }

    /// Returns what the system said.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Path(error) => printable(&error.to_string()),
            Self::Silent => String::new(),
            Self::System(error) => printable(&error.to_string()),
        }
    }

    /// Returns a stable word for scripts.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Path(OpenError::NoName { .. }) => "no_name",
            Self::Path(OpenError::NotAFile { .. }) => "not_a_file",
            Self::Path(OpenError::HardLinked { .. }) => "hard_linked",
            Self::Path(OpenError::Stream { .. }) => "stream",
            Self::Path(OpenError::TrailingDotOrSpace { .. }) => "trailing_dot_or_space",
            Self::Path(OpenError::NameTooLong { .. }) => "name_too_long",
            Self::Path(OpenError::LinkCircle { .. }) => "link_circle",
            Self::Path(error @ (OpenError::NoFolder { .. } | OpenError::Io { .. })) => failure_word(error.failure()),
            Self::Silent => failure_word(Failure::Unreachable),
            Self::System(_) => "system",
        }
    }
}

/// Returns the stable word for a failure of the share.
pub(super) const fn failure_word(failure: Failure) -> &'static str {
    match failure {
        Failure::Unreachable => "unreachable",
        Failure::Denied => "denied",
        Failure::Full => "full",
        Failure::ReadOnly => "read_only",
        Failure::Gone => "gone",
        Failure::NoFolder => "no_folder",
        Failure::Unusable => "unusable",
    }
}

/// Reads the durations from the environment.
pub(super) fn timing() -> Result<Timing, TimingError> {
    Timing::from_variables(|name| std::env::var(name).ok())
}

/// Reads both clocks.
pub(super) fn now() -> Moment {
    SystemClock.now()
}

/// Returns the last component of a path as it can be shown.
pub(super) fn shown(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    printable(&name)
}

/// Returns a process in the record's words.
pub(super) const fn process_id(facts: ProcessFacts) -> ProcessId {
    ProcessId { pid: facts.pid, start: facts.start }
}

/// Opens the session for a database; gives up in time.
pub(super) fn open_session(path: &Path, timing: Timing, purpose: Purpose) -> Result<Opened, NotOpened> {
    open_session_within(PATIENCE, path, timing, purpose)
}

/// As [`open_session`], for somebody who has less patience.
pub(super) fn open_session_within(
    patience: Duration,
    path: &Path,
    timing: Timing,
    purpose: Purpose,
) -> Result<Opened, NotOpened> {
    let path = path.to_path_buf();
    match in_time(patience.min(PATIENCE), move || open(&path, timing, purpose)) {
        Ok(Some(result)) => result,
        Ok(None) => Err(NotOpened::Silent),
        Err(error) => Err(NotOpened::System(error)),
    }
}

fn open(path: &Path, timing: Timing, purpose: Purpose) -> Result<Opened, NotOpened> {
    let process = process::me();
    let facts = platform::host();
    let host =
        Host { machine: facts.machine.clone(), boot: facts.boot.clone(), pids: facts.pids.clone(), owner: facts.owner.clone() };
    let me = Holder {
        user: user::login(),
        name: user::full_name(),
        machine: user::machine_name(),
        session: user::session(),
        pid: process.pid,
        app: purpose.app,
        note: purpose.note,
    };
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| NotOpened::System(io::Error::other(error)))?;
    let identity = crate::store::Identity { holder: me.clone(), host: host.clone(), nonce: Nonce(u128::from_ne_bytes(random)) };
    let store = FolderStore::open(path, identity).map_err(NotOpened::Path)?;
    let location = store.location().clone();
    let options = SessionOptions {
        timing,
        identity: Identity { holder: me.clone(), host, process: process_id(process), database: location.shown.clone() },
        memory: default_memory(),
        place: place_of(&location.folder),
        folder: Some(location.store.clone()),
    };
    let session = Session::open(Arc::new(store) as Arc<dyn Store>, options).map_err(NotOpened::System)?;
    Ok(Opened { session, shown: printable(&location.shown), location, me, timing })
}

/// Does something on a thread of its own and waits that long for it; `None` when it was not done in time.
pub(super) fn in_time<T: Send + 'static>(patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Option<T>> {
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        // Nobody waits for a late result.
        drop(sender.send(work()));
    };
    std::thread::Builder::new().name("sharelock-open".into()).spawn(work)?;
    Ok(receiver.recv_timeout(patience).ok())
}

/// Returns a path for JSON.
pub(super) fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
