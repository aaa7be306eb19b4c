//! What this machine remembers about a database between two runs of the program.
//!
//! A one-shot command sees the share for a moment; without a memory it could never tell that a lease has not changed for five
//! minutes. The hazard is believing a memory of another boot (its clock means nothing here) or of another place with the same
//! path: both are part of the file. A memory that cannot be read or written is no memory, never an error.

use crate::clock::{Clock, SystemClock};
use crate::lease::Memory;
use crate::lease::record::{Number, Token};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// More is never watched at once.
const MOST_OBSERVATIONS: usize = 16;

/// Nothing that was not written for so long is worth remembering: 90 days.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(90 * 86_400);
/// How many names are read when what is forgotten is removed; the rest goes another time.
const MOST_SWEPT: usize = 1000;

#[derive(Serialize, Deserialize)]
struct File {
    v: u32,
    boot: String,
    place: String,
    memory: Memory,
}

/// Reads a memory file: no memory where it is of another place or cannot be believed, and none of what another boot's clock said.
#[must_use]
pub fn parse_memory(bytes: &[u8], place: &str, boot: &str) -> Memory {
    let Ok(file) = serde_json::from_slice::<File>(bytes) else { return Memory::default() };
    if file.v != 1 || file.place != place || !is_sound(&file.memory) {
        return Memory::default();
    }
    if file.boot == boot && !boot.is_empty() {
        file.memory
    } else {
        Memory { observations: Vec::new(), lock_seen: None, ..file.memory }
    }
}

/// Returns whether every number is one that the share can have.
fn is_sound(memory: &Memory) -> bool {
    let mut named = [memory.tail, memory.lock_seen].into_iter().flatten();
    memory.token <= Token::MAX
        && memory.observations.len() <= MOST_OBSERVATIONS
        && named.all(|id| (1..=Number::MAX.0).contains(&id.number.0))
}

/// Where one database's memory is kept.
#[derive(Debug)]
pub(super) struct MemoryFile {
    path: PathBuf,
    boot: String,
    place: String,
    /// What the file says, as far as this process knows: the same is not written again.
    known: Mutex<Memory>,
}

impl MemoryFile {
    /// Returns the file in `folder` for the store at `store`; `place` tells apart what may lie at the same path at other times.
    pub(super) fn new(folder: &Path, store: &Path, place: String, boot: String) -> Self {
        let name = crc32fast::hash(store.as_os_str().as_encoded_bytes());
        let tail: String = store.file_name().unwrap_or_default().to_string_lossy().chars().take(40).collect();
        Self { path: folder.join(format!("{name:08x}-{tail}.json")), boot, place, known: Mutex::default() }
    }

    pub(super) fn load(&self) -> Memory {
        let memory = self.read();
        self.known().clone_from(&memory);
        memory
    }

    fn known(&self) -> MutexGuard<'_, Memory> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Memory {
        std::fs::read(&self.path).map_or_else(|_| Memory::default(), |bytes| parse_memory(&bytes, &self.place, &self.boot))
    }

    pub(super) fn save(&self, memory: &Memory) {
        let mut known = self.known();
        if *known == *memory {
            return;
        }
        let file = File { v: 1, boot: self.boot.clone(), place: self.place.clone(), memory: memory.clone() };
        let Ok(text) = serde_json::to_string(&file) else { return };
        let Some(folder) = self.path.parent() else { return };
        let draft = self.path.with_extension(format!("{}.tmp", std::process::id()));
        let written = std::fs::write(&draft, &text)
            .or_else(|_| std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&draft, &text)))
            .and_then(|()| std::fs::rename(&draft, &self.path));
        match written {
            Ok(()) => known.clone_from(memory),
            Err(_) => drop(std::fs::remove_file(&draft)),
        }
    }
}

/// Removes from the folder, once in a process, what nobody has written for long.
pub(super) fn sweep_once(folder: &Path) {
    static SWEPT: Once = Once::new();
    SWEPT.call_once(|| sweep(folder, UNIX_EPOCH + Duration::from_millis(SystemClock.now().wall.0.try_into().unwrap_or(0))));
}

fn sweep(folder: &Path, now: SystemTime) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().take(MOST_SWEPT).flatten() {
        let written = entry.metadata().ok().filter(Metadata::is_file).and_then(|facts| facts.modified().ok());
        let age = written.and_then(|written| now.duration_since(written).ok());
        if is_ours(&entry.file_name()) && age.is_some_and(|age| age > FORGOTTEN_AFTER) {
            let _another_time = std::fs::remove_file(entry.path());
        }
    }
}

/// Tells memories, and drafts of them that a crash left, from what is somebody else's: `<8 digits>-<name>.json`.
fn is_ours(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let hashed = name.len() > 9 && name[..8].iter().all(u8::is_ascii_hexdigit) && name[8] == b'-';
    hashed && (name.ends_with(b".json") || name.ends_with(b".tmp"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Ticks;
    use crate::lease::observe::{Observation, Subject};
    use crate::lease::record::{LeaseId, Nonce, Number, Token};

    fn sample() -> Memory {
        let id = LeaseId { number: Number(7), nonce: Nonce(u128::MAX) };
        let seen = Observation::begin(Subject::lease(id, 3, 9), Ticks::from_nanos(1), Ticks::from_nanos(2));
        Memory { tail: Some(id), token: Token(9), observations: vec![seen], lock_seen: Some(id), ..Memory::default() }
    }

    #[test]
    fn memory_survives_a_restart_and_forgets_clocks_of_another_boot() {
        let folder = tempfile::tempdir().unwrap();
        let file = |place: &str, boot: &str| MemoryFile::new(folder.path(), Path::new("/s/wems.db"), place.into(), boot.into());
        file("here", "b1").save(&sample());
        assert_eq!(file("here", "b1").load(), sample());
        let other_boot = file("here", "b2").load();
        assert_eq!((other_boot.tail, other_boot.token), (sample().tail, sample().token));
        assert!(other_boot.observations.is_empty() && other_boot.lock_seen.is_none());
        assert_eq!(file("elsewhere", "b1").load(), Memory::default());
    }

    #[test]
    fn the_same_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = MemoryFile::new(folder.path(), Path::new("/s/wems.db"), String::new(), "b".into());
        file.save(&sample());
        std::fs::remove_file(&file.path).unwrap();
        file.save(&sample());
        assert!(!file.path.exists());
        file.save(&Memory { token: Token(10), ..sample() });
        assert_eq!(file.load().token, Token(10));
    }

    #[test]
    fn garbage_is_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let file = MemoryFile::new(folder.path(), Path::new("/s/wems.db"), String::new(), "b".into());
        assert_eq!(file.load(), Memory::default());
        file.save(&sample());
        std::fs::write(&file.path, b"{\"v\":1,").unwrap();
        assert_eq!(file.load(), Memory::default());
        file.save(&Memory { token: Token(u64::MAX), ..sample() });
        assert_eq!(file.load(), Memory::default(), "a token that nobody can follow");
    }

    #[test]
    fn what_was_not_written_for_ninety_days_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let day = Duration::from_secs(86_400);
        let left = |name: &str, age: u32| {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(now - day * age).unwrap();
        };
        let kept = ["0a1b2c3d-wems.db.json", "0a1b2c3d.json", "notes-of-eva.json"];
        kept.iter().zip([89, 91, 91]).for_each(|(name, age)| left(name, age));
        left("0a1b2c3e-wems.db.json", 91);
        left("0a1b2c3f-wems.db.77.tmp", 91);
        std::fs::create_dir(folder.path().join("0a1b2c3d-folder.json")).unwrap();
        sweep(folder.path(), now);
        let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["0a1b2c3d-folder.json", kept[0], kept[1], kept[2]]);
    }
}
