//! The library as a program that links it meets it: opening by path, taking once, waiting, losing, giving back.
//!
//! Nothing of the user's is read or written: what is remembered goes into the scratch folder.

use sharelock::{Acquire, AcquireError, Belief, Database, End, Loss, News, NotOpened, Options, State, Wait};
use std::path::{Path, PathBuf};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn open(&self, name: impl AsRef<Path>) -> Database {
        Options::default().memory(self.0.path().join("seen")).open(self.0.path().join(name)).unwrap()
    }

    /// The notice of a program that does not speak the protocol.
    fn occupy(&self) -> PathBuf {
        let notice = self.0.path().join("wems.db.lock");
        std::fs::write(&notice, "{\"pid\": 1, \"user\": \"marie\", \"machine\": \"PC-ACCUEIL\"}").unwrap();
        notice
    }
}

#[test]
fn a_database_is_taken_verified_and_given_back() {
    let place = Place::new();
    let database = place.open("wems.db");
    assert_eq!((database.name(), database.path()), ("wems.db", place.folder().join("wems.db").as_path()));
    assert_eq!(database.look(LONG).status.state, State::Free);
    let events = database.events();
    let guard = database.acquire(Acquire::default()).unwrap();
    let first = guard.token();
    assert!(guard.is_valid(LONG));
    assert!(events.waiting().any(|news| news == News::Renewed));
    assert_eq!(place.open("wems.db").look(LONG).status.token, Some(first));
    guard.release().unwrap();
    assert!(database.acquire(Acquire::default()).unwrap().token() > first);
    let past = database.history(LONG).unwrap();
    assert!(past.leases.iter().all(|lease| lease.end == End::Released) && past.leases.len() == 2, "{past:?}");
    assert!(!place.folder().join("wems.db").exists(), "the database itself is never made");
}

/// Makes links to the database and to its folder; returns two more ways to name it.
#[cfg(unix)]
fn links(folder: &Path) -> Vec<PathBuf> {
    std::os::unix::fs::symlink(folder.join("wems.db"), folder.join("link.db")).unwrap();
    std::os::unix::fs::symlink(folder, folder.join("elsewhere")).unwrap();
    vec!["link.db".into(), "elsewhere/wems.db".into()]
}

/// Links need a privilege here.
#[cfg(not(unix))]
fn links(_: &Path) -> Vec<PathBuf> {
    Vec::new()
}

#[test]
fn one_process_takes_a_database_once_however_it_is_spelled() {
    let place = Place::new();
    std::fs::write(place.folder().join("wems.db"), "data").unwrap();
    std::fs::create_dir(place.folder().join("sub")).unwrap();
    let first = place.open("wems.db");
    let spellings = ["wems.db", "./wems.db", "sub/../wems.db", "WEMS.DB"].map(PathBuf::from);
    let spellings = [&spellings[..], &links(&place.folder())].concat();
    let guard = first.acquire(Acquire::default()).unwrap();
    for spelling in &spellings {
        let again = place.open(spelling);
        // Refused at once, on the very thread that would have to give it back.
        assert!(matches!(again.acquire(Acquire::default().wait(LONG)), Err(AcquireError::Busy)), "{spelling:?}");
    }
    assert!(matches!(first.acquire(Acquire::default().wait(LONG)), Err(AcquireError::Busy)));
    let other = place.open("other.db").acquire(Acquire::default()).unwrap();
    drop(guard);
    for spelling in &spellings {
        place.open(spelling).acquire(Acquire::default()).unwrap().release().unwrap();
    }
    drop(other);
}

#[test]
fn it_is_refused_as_well_while_another_thread_waits() {
    let place = Place::new();
    let notice = place.occupy();
    let (first, second) = (place.open("wems.db"), place.open("wems.db"));
    std::thread::scope(|scope| {
        let (sender, looked) = std::sync::mpsc::channel();
        let first = &first;
        let waiting = scope.spawn(move || {
            let mut progress = |_: &sharelock::Status| sender.send(()).unwrap_or_default();
            first.acquire(Acquire::default().wait(LONG).progress(&mut progress)).map(|guard| guard.token())
        });
        looked.recv_timeout(LONG).unwrap();
        assert!(matches!(second.acquire(Acquire::default().wait(LONG)), Err(AcquireError::Busy)));
        std::fs::remove_file(notice).unwrap();
        waiting.join().unwrap().unwrap();
    });
    // The guard was dropped on the way.
    second.acquire(Acquire::default()).unwrap().release().unwrap();
}

#[test]
fn a_guard_outlives_its_database_and_gives_back_when_dropped() {
    let place = Place::new();
    let guard = place.open("wems.db").acquire(Acquire::default()).unwrap();
    assert!(guard.is_valid(LONG));
    assert!(matches!(guard.belief(), Belief::Holding(..)));
    let moved = std::thread::spawn(move || drop(guard));
    moved.join().unwrap();
    assert_eq!(place.open("wems.db").look(LONG).status.state, State::Free);
    assert!(!place.folder().join("wems.db.lock").exists());
}

#[test]
fn a_lease_whose_record_is_gone_is_lost_and_not_valid() {
    let place = Place::new();
    let database = place.open("wems.db");
    let events = database.events();
    let guard = database.acquire(Acquire::default()).unwrap();
    std::fs::remove_dir_all(database.store()).unwrap();
    assert!(!guard.is_valid(LONG));
    assert!(events.waiting().any(|news| news == News::Lost(Loss::RecordGone)));
    assert!(!guard.is_valid(Duration::ZERO));
    assert!(guard.release().is_err());
}

#[test]
fn waits_end_in_time_when_cancelled_and_when_it_is_free() {
    let place = Place::new();
    let notice = place.occupy();
    let database = place.open("wems.db");
    let Err(AcquireError::Taken(status)) = database.acquire(Acquire::default()) else { panic!("taken from somebody") };
    assert_eq!(status.holder.unwrap().user, "marie");
    let short = Acquire::default().wait(Duration::from_millis(50));
    assert!(matches!(database.wait_until_free(short), Err(AcquireError::Taken(_))));
    std::thread::scope(|scope| {
        let (sender, looked) = std::sync::mpsc::channel();
        let database = &database;
        let waiting = scope.spawn(move || {
            let mut progress = |_: &sharelock::Status| sender.send(()).unwrap_or_default();
            database.wait_until_free(Acquire::default().wait(Wait::Forever).progress(&mut progress)).map(|status| status.state)
        });
        looked.recv_timeout(LONG).unwrap();
        database.canceller().cancel();
        assert!(matches!(waiting.join().unwrap(), Err(AcquireError::Cancelled)));
        let waiting = scope.spawn(|| database.wait_until_free(Acquire::default().wait(LONG)).map(|status| status.state));
        std::fs::remove_file(notice).unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), State::Free);
    });
    assert!(!database.store().exists(), "waiting leaves no trace");
}

#[test]
fn what_cannot_be_opened_says_why() {
    let place = Place::new();
    let open = |name: &str| Options::default().memory(place.folder()).open(place.folder().join(name));
    for (name, part) in [("nowhere/wems.db", "does not exist"), (".", "no file"), ("wems.", "rename")] {
        match open(name) {
            Err(error @ NotOpened::Path(_)) => assert!(error.to_string().contains(part), "{error}"),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("{name} was opened"),
        }
    }
}
