//! The places over which one suite of facts runs: memory, a local folder, and any folder that an environment variable names.

use sharelock::clock::{Clock, Moment, Ticks, WallTime};
use sharelock::lease::record::Number;
use sharelock::store::memory::Name;
use sharelock::store::{FolderStore, Identity, MemoryShare, Store};
use std::fs::{File, FileTimes};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The environment variable that names a folder, such as a mounted share, to run the suite in.
pub(crate) const FOLDER_VARIABLE: &str = "SHARELOCK_TEST_FOLDER";

/// A share, and the hand of a stranger on it.
pub(crate) trait Place: Sync {
    /// Connects another client.
    fn client(&self, identity: Identity) -> Box<dyn Store>;
    /// Puts bytes under a name, or removes it.
    fn plant(&self, name: Name, bytes: Option<&[u8]>);
    /// Returns the bytes under a name.
    fn bytes(&self, name: Name) -> Option<Vec<u8>>;
    /// Returns how many files and folders there are.
    fn entries(&self) -> usize;
    /// Makes a file older. `false` where that cannot be done from outside.
    fn age(&self, name: Name, by: Duration) -> bool;
    /// Returns the lines written about removed leases.
    fn history(&self) -> Vec<String>;
}

/// A clock that stands until it is moved.
#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Moment {
        Moment { ticks: Ticks::from_nanos(self.0.load(Ordering::Relaxed)), wall: WallTime(0) }
    }
}

/// A share in memory.
pub(crate) struct InMemory {
    share: MemoryShare,
    clock: Arc<Hand>,
}

impl InMemory {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(Hand::default());
        let share = MemoryShare::new(Arc::clone(&clock) as Arc<dyn Clock>);
        Self { share, clock }
    }
}

impl Place for InMemory {
    fn client(&self, identity: Identity) -> Box<dyn Store> {
        Box::new(self.share.client(identity))
    }

    fn plant(&self, name: Name, bytes: Option<&[u8]>) {
        self.share.plant(name, bytes);
    }

    fn bytes(&self, name: Name) -> Option<Vec<u8>> {
        self.share.bytes(name)
    }

    fn entries(&self) -> usize {
        self.share.names().len()
    }

    /// Everything grows older at once; what is written from now on is young.
    fn age(&self, _: Name, by: Duration) -> bool {
        self.clock.0.fetch_add(u64::try_from(by.as_nanos()).unwrap(), Ordering::Relaxed);
        true
    }

    fn history(&self) -> Vec<String> {
        self.share.history()
    }
}

/// A folder, removed with everything in it at the end.
pub(crate) struct InFolder {
    pub(crate) folder: tempfile::TempDir,
}

impl InFolder {
    pub(crate) fn local() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder within the one that the variable names, if it is set.
    pub(crate) fn named() -> Option<Self> {
        let parent = std::env::var_os(FOLDER_VARIABLE)?;
        Some(Self { folder: tempfile::tempdir_in(parent).unwrap() })
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("wems.db")
    }

    pub(crate) fn open(&self, identity: Identity) -> FolderStore {
        FolderStore::open(&self.database(), identity).unwrap()
    }

    pub(crate) fn path(&self, name: Name) -> PathBuf {
        let store = self.folder.path().join(".sharelock").join("wems.db");
        match name {
            Name::Board => store.join("board"),
            Name::Notice => self.folder.path().join("wems.db.lock"),
            Name::Lease(Number(number)) => store.join(format!("lease-{number:012}.json")),
            Name::Ticket(nonce) => store.join("queue").join(format!("{nonce}-0.json")),
        }
    }
}

fn count(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| 1 + if path.is_dir() { count(&path) } else { 0 }).sum()
}

impl Place for InFolder {
    fn client(&self, identity: Identity) -> Box<dyn Store> {
        Box::new(self.open(identity))
    }

    fn plant(&self, name: Name, bytes: Option<&[u8]>) {
        let path = self.path(name);
        if let Some(bytes) = bytes {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        } else {
            // On SMB, on old Windows and under Wine a removed name stays taken while anybody has the file open: another name goes.
            let aside = self.folder.path().join(format!("removed-{}", path.file_name().unwrap().display()));
            std::fs::rename(path, &aside).unwrap();
            std::fs::remove_file(aside).unwrap();
        }
    }

    fn bytes(&self, name: Name) -> Option<Vec<u8>> {
        std::fs::read(self.path(name)).ok()
    }

    fn entries(&self) -> usize {
        count(self.folder.path())
    }

    fn age(&self, name: Name, by: Duration) -> bool {
        let file = File::options().write(true).open(self.path(name)).unwrap();
        let older = file.metadata().unwrap().modified().unwrap() - by;
        file.set_times(FileTimes::new().set_modified(older)).unwrap();
        // On SMB the age is that of the creation, which nobody can set.
        !matches!(self.open(super::identity(99)).capabilities().kind.as_str(), "cifs" | "smb3" | "smb")
    }

    fn history(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.folder.path().join(".sharelock/wems.db/history")) else { return Vec::new() };
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }
}
