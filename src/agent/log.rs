//! The agent's log: a file of lines in the user's state folder, and the one before it.
//!
//! A thread of its own writes, and sleeps until there is something to write: the state folder may be on a server that hangs, and whoever
//! keeps leases alive does not wait for it. What cannot be written is said once and left out; the next line is another try. The hazards: a
//! log that fills the disk (two files of bounded size), one that other users read (it names people), and two agents that write into one
//! (a home that several computers share), so the file is locked by whoever writes it.

use super::line::{Field, Level, Line, unfinished};
use crate::clock::WallTime;
use crate::i18n::rfc3339;
use crate::platform::{files, range_lock};
use crate::session::state_folder;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

/// How long one file may become, in bytes.
const MOST_BYTES: u64 = 512 * 1024;
/// How many events may wait to be written while the folder hangs.
const MOST_WAITING: usize = 256;
/// How long the end of the agent waits for the last lines.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where the lines of one event go.
type Lines = (WallTime, Vec<Line>);

/// Returns where the log is, whether it exists or not; none where the user has no folder for it.
#[must_use]
pub fn place() -> Option<PathBuf> {
    Some(state_folder()?.join("agent.log"))
}

/// Returns whether anybody has written a log.
#[must_use]
pub fn is_there() -> bool {
    place().is_some_and(|file| file.is_file())
}

/// Returns the log before this one: there is one once the log was full.
fn before(file: &Path) -> PathBuf {
    file.with_extension("old.log")
}

/// Returns what is in the log, the older file first.
///
/// # Errors
/// What the system said; [`io::ErrorKind::NotFound`] where there is none.
pub fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    for part in [before(file), file.to_path_buf()] {
        match File::open(part) {
            Ok(opened) => drop(opened.take(2 * MOST_BYTES).read_to_end(&mut bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if bytes.is_empty() {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A log that is being written.
#[derive(Debug)]
pub struct Log {
    lines: Option<SyncSender<Lines>>,
    done: Option<Receiver<()>>,
}

impl Log {
    /// Returns one that nobody writes.
    #[must_use]
    pub const fn none() -> Self {
        Self { lines: None, done: None }
    }

    /// Begins to write. `complain` is called once, when something could not be written.
    #[must_use]
    pub fn begin(file: PathBuf, complain: impl FnOnce(&Path, &io::Error) + Send + 'static) -> Self {
        let (lines, waiting) = sync_channel(MOST_WAITING);
        let (ended, done) = channel();
        let write = move || {
            write_all(&file, &waiting, complain);
            drop(ended);
        };
        match std::thread::Builder::new().name("sharelock-log".into()).spawn(write) {
            Ok(_) => Self { lines: Some(lines), done: Some(done) },
            Err(_) => Self::none(),
        }
    }

    /// Writes the lines of one event, soon.
    pub fn write(&mut self, at: WallTime, lines: Vec<Line>) {
        let Some(writer) = self.lines.as_ref().filter(|_| !lines.is_empty()) else { return };
        match writer.try_send((at, lines)) {
            // A folder that hangs so long has lost its log; the agent goes on.
            Ok(()) | Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => self.lines = None,
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(done) = &self.done {
            let _written: Result<(), _> = done.recv_timeout(FAREWELL);
        }
    }
}

fn write_all(file: &Path, waiting: &Receiver<Lines>, complain: impl FnOnce(&Path, &io::Error)) {
    let (mut book, mut complain) = (None, Some(complain));
    while let Ok((at, lines)) = waiting.recv() {
        let opened = match book.take() {
            Some(book) => Ok(book),
            None => Book::open(file, at),
        };
        let written = opened.and_then(|mut opened| opened.write(&text(at, &lines)).map(|()| opened));
        match written {
            Ok(open) => book = Some(open),
            Err(error) => {
                if let Some(complain) = complain.take() {
                    complain(file, &error);
                }
            }
        }
    }
}

fn text(at: WallTime, lines: &[Line]) -> String {
    let time = rfc3339(at.0).unwrap_or_default();
    lines.iter().map(|line| format!("{time} {line}\n")).collect::<Vec<_>>().concat()
}

/// An open file.
struct Book {
    path: PathBuf,
    file: File,
    size: u64,
}

impl Book {
    fn open(path: &Path, now: WallTime) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut book = Self::open_file(path)?;
        if let Some(had) = read(path).ok().and_then(|log| unfinished(&log)) {
            let line = Line::new(Level::Warning, "the agent before this one did not end in order");
            let line = had.iter().fold(line, |line, label| line.and(Field::Database, label));
            book.write(&text(now, &[line.and(Field::Held, "")]))?;
        }
        Ok(book)
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        let file = files::private(OpenOptions::new().create(true).append(true).read(true)).open(path)?;
        // Where there are no locks there is one computer, most of the time.
        if !range_lock::try_exclusive(&file).unwrap_or(true) {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another agent writes it"));
        }
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_path_buf(), file, size })
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let length = text.len() as u64;
        if self.size > 0 && self.size + length > MOST_BYTES {
            std::fs::rename(&self.path, before(&self.path))?;
            *self = Self::open_file(&self.path)?;
        }
        self.file.write_all(text.as_bytes())?;
        self.size += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const NOW: WallTime = WallTime(1_795_000_000_000);

    /// Writes these lines as one agent does, and returns what was complained of.
    fn agent(file: &Path, lines: &[Line]) -> Vec<String> {
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&complaints);
        let mut log = Log::begin(file.to_path_buf(), move |_, error| told.lock().unwrap().push(error.to_string()));
        for line in lines {
            log.write(NOW, vec![line.clone()]);
        }
        drop(log);
        Arc::try_unwrap(complaints).unwrap().into_inner().unwrap()
    }

    #[test]
    fn lines_have_their_time_and_are_for_their_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/agent.log");
        assert_eq!(agent(&file, &[Line::started(), Line::info("free").and(Field::Database, "RH"), Line::ended()]), [""; 0]);
        let log = read(&file).unwrap();
        let lines: Vec<(&str, &str)> = log.lines().map(|line| line.split_once(' ').unwrap()).collect();
        assert_eq!(
            lines.iter().map(|(_, rest)| *rest).collect::<Vec<_>>(),
            ["INFO  started", "INFO  free database=\"RH\"", "INFO  ended"]
        );
        assert!(lines.iter().all(|(time, _)| chrono::DateTime::parse_from_rfc3339(time).unwrap().timestamp_millis() == NOW.0));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn two_files_are_all_there_ever_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.log");
        let line = Line::info("held").and(Field::Words, "x".repeat(590));
        for _ in 0..16 {
            assert_eq!(agent(&file, &vec![line.clone(); 200]), [""; 0]);
        }
        let mut sizes: Vec<u64> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        sizes.sort_unstable();
        assert!(sizes.len() == 2 && sizes[1] <= MOST_BYTES && sizes[1] > MOST_BYTES - 700, "{sizes:?}");
        assert!(read(&file).unwrap().len() as u64 == sizes[0] + sizes[1]);
    }

    #[test]
    fn the_next_agent_tells_of_one_that_was_killed_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.log");
        agent(&file, &[Line::started(), Line::info("taken").and(Field::Database, "RH").and(Field::Held, "RH")]);
        agent(&file, &[Line::started(), Line::ended()]);
        agent(&file, &[Line::started(), Line::ended()]);
        let log = read(&file).unwrap();
        let told: Vec<&str> = log.lines().filter(|line| line.contains("did not end in order")).collect();
        assert!(matches!(told[..], [line] if line.ends_with(" database=\"RH\" held=\"\"")), "{log}");
    }

    #[test]
    fn what_cannot_be_written_is_said_once_and_hurts_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("not-a-folder/agent.log");
        std::fs::write(folder.path().join("not-a-folder"), "").unwrap();
        assert_eq!(agent(&file, &[Line::started(), Line::ended()]).len(), 1);
    }

    #[test]
    fn a_second_agent_writes_nothing_into_the_log_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.log");
        let first = Book::open(&file, NOW).unwrap();
        // One process has one lock on macOS.
        if !cfg!(target_os = "macos") {
            assert_eq!(agent(&file, &[Line::started()]), ["another agent writes it"]);
            assert_eq!(first.file.metadata().unwrap().len(), 0);
        }
        drop(first);
        assert_eq!(agent(&file, &[Line::started()]), [""; 0]);
    }
}
