//! Reading a store's past, and keeping what is written of it small.
//!
//! The hazards: a history that grows for ever on somebody's share, and one that is too large to read in a reasonable time. Every
//! cleaner writes files of its own, so what is bounded is their sum, and the oldest go first.

use super::FolderStore;
use super::clean_up::HISTORY;
use crate::lease::record::{Found, Number};
use crate::lease::wire::Reply;
use crate::platform::files::{self, Trouble, classify};
use crate::store::StoreError;
use crate::store::history::{History, Line, Trace, read_line, retell};
use std::io::Read;
use std::path::PathBuf;
use std::time::SystemTime;

/// How much history is kept, and read at most.
const MOST: u64 = 10 << 20;
/// How much stays when it has become too much.
const REST: u64 = MOST / 2;
/// The longest file of one cleaner; it then begins another.
pub(super) const MOST_IN_FILE: u64 = 1 << 20;
/// What a file costs at least, however short: this bounds their number, too.
const BLOCK: u64 = 4096;
/// How many leases are read from the ledger at most, the newest.
const MOST_LEASES: usize = 2048;

/// One file of the history.
struct Chapter {
    written: SystemTime,
    path: PathBuf,
    length: u64,
}

impl FolderStore {
    /// Reads who had the database. The ledger comes first: what is removed from it meanwhile is in the history before it is not in
    /// the ledger.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn past(&self) -> Result<History, StoreError> {
        let mut history = History::default();
        let mut lines = Vec::new();
        for number in self.newest_leases(&mut history)? {
            match self.find_lease("reading the lease", number)? {
                Found::Record { head, body, .. } => lines.push(Line::Trace(Trace::of_record(&head, &body))),
                Found::Missing => {}
                Found::Blank { .. } | Found::Newer { .. } => history.unreadable += 1,
            }
        }
        let mut read = 0;
        for chapter in self.chapters()? {
            read += chapter.length.max(BLOCK);
            if read > MOST {
                history.cut = true;
                break;
            }
            let Ok(file) = files::open_existing_read(&chapter.path) else { continue };
            let mut bytes = Vec::new();
            if file.take(MOST_IN_FILE * 2).read_to_end(&mut bytes).is_err() {
                history.unreadable += 1;
                continue;
            }
            for line in String::from_utf8_lossy(&bytes).lines() {
                match read_line(line) {
                    Some(line) => lines.push(line),
                    None => history.unreadable += 1,
                }
            }
        }
        history.leases = retell(lines);
        Ok(history)
    }

    fn newest_leases(&self, history: &mut History) -> Result<Vec<Number>, StoreError> {
        let numbers = match self.list()? {
            Reply::Numbers(numbers) => numbers,
            Reply::Done
            | Reply::Exists
            | Reply::Board(..)
            | Reply::Lease(_)
            | Reply::Notice(_)
            | Reply::Evidence(_)
            | Reply::Removed(_) => Vec::new(),
        };
        let too_many = numbers.len().saturating_sub(MOST_LEASES);
        history.cut |= too_many > 0;
        Ok(numbers[too_many..].to_vec())
    }

    /// Lists the files of the history, newest first.
    fn chapters(&self) -> Result<Vec<Chapter>, StoreError> {
        let doing = "reading the history in";
        let folder = self.location.store.join(HISTORY);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if classify(&error) == Trouble::Missing => return self.missing(doing).map(|()| Vec::new()),
            Err(error) => return Err(StoreError::new(doing, folder, error)),
        };
        let mut chapters = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| StoreError::new(doing, &folder, error))?;
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "jsonl")
                && let Ok(facts) = entry.metadata()
                && let Ok(written) = facts.modified()
            {
                chapters.push(Chapter { written, path, length: facts.len() });
            }
        }
        chapters.sort_unstable_by(|one, other| (other.written, &other.path).cmp(&(one.written, &one.path)));
        Ok(chapters)
    }

    /// Removes the older half of the history when there is too much of it. Its writers are long gone, or write to newer files.
    pub(super) fn shorten_history(&self) {
        let Ok(chapters) = self.chapters() else { return };
        let size = |chapter: &Chapter| chapter.length.max(BLOCK);
        if chapters.iter().map(size).sum::<u64>() + MOST_IN_FILE <= MOST {
            return;
        }
        let mut kept = 0;
        for chapter in &chapters {
            kept += size(chapter);
            if kept > REST {
                let _next_time = std::fs::remove_file(&chapter.path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::record::{Head, State};
    use crate::store::folder::tests::{body, open};
    use crate::store::history::{End, history_line};
    use std::fs::{File, FileTimes};
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn the_older_half_of_a_history_that_is_too_long_goes() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let history = store.location.store.join(HISTORY);
        std::fs::create_dir_all(&history).unwrap();
        let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let make = |number: u32, length: u64| {
            let file = File::create(history.join(format!("pc-{number:02}.jsonl"))).unwrap();
            file.set_len(length).unwrap();
            file.set_times(FileTimes::new().set_modified(begin + Duration::from_secs(u64::from(number)))).unwrap();
        };
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir(&history).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        (0..9).for_each(|number| make(number, MOST_IN_FILE));
        store.shorten_history();
        assert_eq!(names().len(), 9, "not too long yet");
        make(9, MOST_IN_FILE);
        store.shorten_history();
        assert_eq!(names(), ["pc-05.jsonl", "pc-06.jsonl", "pc-07.jsonl", "pc-08.jsonl", "pc-09.jsonl"]);
        (10..2600).for_each(|number| make(number, 1));
        store.shorten_history();
        assert!(names().len() <= 1280, "short files count as a block each");
    }

    #[test]
    fn a_long_history_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let history = store.location.store.join(HISTORY);
        std::fs::create_dir_all(&history).unwrap();
        let lease = Found::Record {
            head: Head { state: State::Ended, counter: 2, at: body(7, 7).acquired },
            body: Arc::new(body(7, 7)),
            file: 0,
        };
        std::fs::write(history.join("pc.jsonl"), history_line(Number(7), &lease) + "garbage\n").unwrap();
        let past = store.past().unwrap();
        assert_eq!((past.leases.len(), past.unreadable, past.cut), (1, 1, false));
        assert_eq!(past.leases[0].end, End::Released);
        for number in 0..11 {
            File::create(history.join(format!("other-{number}.jsonl"))).unwrap().set_len(MOST_IN_FILE).unwrap();
        }
        assert!(store.past().unwrap().cut);
    }
}
