//! A folder of the doctor's own, in the folder that is examined: what has to be tried is tried there, and leaves nothing behind.
//!
//! It lies beside the stores and not within, so that nothing of a live lease is near. The hazard is a doctor that is killed: what it
//! left is removed by a later one, told by its name and, by the server's clock alone, its age.

use crate::platform::files;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What all their names begin with. No database's store lies there, and the dot hides them.
pub(super) const PREFIX: &str = ".sharelock-doctor-";
/// From what age on it belongs to nobody: no examination takes that long.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);
/// How many entries of the folder are looked at.
pub(super) const ENTRIES: usize = 20_000;

/// The folder.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one that is nobody else's.
    pub(super) fn make(folder: &Path) -> io::Result<Self> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = folder.join(format!("{PREFIX}{:016x}", u64::from_ne_bytes(random)));
        std::fs::create_dir(&path)?;
        let _less_tidy_to_look_at = files::hide(&path);
        Ok(Self { path })
    }

    /// Returns its own name.
    pub(super) fn name(&self) -> Option<OsString> {
        self.path.file_name().map(std::ffi::OsStr::to_os_string)
    }

    /// Returns the path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a file in it.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        files::create_exclusive(&self.file(name))
    }

    /// Returns the time by which changes in it are dated; the clock of whoever dates them.
    pub(super) fn present(&self) -> io::Result<SystemTime> {
        let name = "present";
        drop(self.create(name)?);
        let time = self.file(name).metadata().and_then(|facts| facts.modified());
        std::fs::remove_file(self.file(name))?;
        time
    }

    /// Removes it with all that is in it, as far as that is possible.
    pub(super) fn remove(&self) {
        let _swept_later = std::fs::remove_dir_all(&self.path);
    }
}

/// Removes what killed examinations left.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let left: Vec<PathBuf> = entries
        .take(ENTRIES)
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .collect();
    if left.is_empty() {
        return;
    }
    // Compared with a folder that is made now: both are dated by the same clock, whosever that is.
    let Ok(mine) = Scratch::make(folder) else { return };
    let dated = |path: &Path| path.symlink_metadata().and_then(|facts| facts.modified());
    let present = dated(&mine.path);
    for path in left {
        let age = present.as_ref().ok().and_then(|present| present.duration_since(dated(&path).ok()?).ok());
        if age.is_some_and(|age| age >= LEFT_BEHIND) {
            let _swept_later = std::fs::remove_dir_all(&path);
        }
    }
    mine.remove();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn open_to_date(folder: &Path) -> File {
        File::open(folder).unwrap()
    }

    #[cfg(windows)]
    fn open_to_date(folder: &Path) -> File {
        use std::os::windows::fs::OpenOptionsExt;
        use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_BACKUP_SEMANTICS, FILE_WRITE_ATTRIBUTES};
        File::options().access_mode(FILE_WRITE_ATTRIBUTES).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(folder).unwrap()
    }

    #[test]
    fn only_old_folders_of_this_name_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for name in [".sharelock-doctor-0123", ".sharelock-doctor-new", "other"] {
            std::fs::create_dir(at(name)).unwrap();
            std::fs::write(at(name).join("lock"), "x").unwrap();
            if name != ".sharelock-doctor-new" {
                open_to_date(&at(name)).set_modified(old).unwrap();
            }
        }
        sweep(folder.path());
        let mut left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [".sharelock-doctor-new", "other"]);
    }
}
