//! This client's ticket, and those of the others.
//!
//! A ticket does two things: its flushed write is the call that no cache can answer, which an observation needs; and it shows who
//! waits, who asks and what is replied. One owner each; what an owner that died left behind is left out, and swept up at the next clean-up.

use super::access::{Content, Created, look};
use super::ledger::write_flushed;
use super::{FolderStore, lock};
use crate::clock::{Clock, SystemClock};
use crate::lease::codec::{Ticket, decode_ticket, encode_ticket};
use crate::lease::wire::{Failure, Reply};
use crate::platform::files::{self, Trouble, classify};
use crate::store::StoreError;
use crate::store::in_line::{Standing, TICKET_LIFE, Waiter, line};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The folder of the tickets.
const QUEUE: &str = "queue";
/// How many tickets are read; a longer queue is not worth showing.
const MOST_TICKETS: usize = 100;

/// My own ticket.
#[derive(Debug)]
pub(super) struct MyTicket {
    file: File,
    path: PathBuf,
    ticket: Ticket,
}

impl FolderStore {
    /// Writes and flushes the ticket, making it on first use.
    pub(super) fn touch(&self) -> Result<Reply, StoreError> {
        self.write_ticket(|_| ()).map(|()| Reply::Done)
    }

    pub(super) fn enqueue(&self, standing: &Standing) -> Result<(), StoreError> {
        if *standing != Standing::Out {
            let now = SystemClock.now().wall;
            return self.write_ticket(|ticket| standing.write_into(ticket, &self.identity.holder, now));
        }
        let Some(MyTicket { file, path, .. }) = lock(&self.ticket).take() else { return Ok(()) };
        drop(file);
        match files::remove(&path) {
            Ok(()) => Ok(()),
            Err(error) if classify(&error) == Trouble::Missing => Ok(()),
            Err(error) => Err(StoreError::new("leaving the queue", path, error)),
        }
    }

    fn write_ticket(&self, change: impl FnOnce(&mut Ticket)) -> Result<(), StoreError> {
        let doing = "writing the ticket";
        let mut mine = lock(&self.ticket);
        let MyTicket { file, path, mut ticket } = match mine.take() {
            Some(mine) => mine,
            None => self.new_ticket(doing)?,
        };
        ticket.counter = ticket.counter.wrapping_add(1);
        change(&mut ticket);
        // A handle that failed (ESTALE: somebody swept the file up) is not put back: the next write makes a new ticket.
        if let Err(error) = write_flushed(&file, &encode_ticket(&ticket)) {
            let failed = StoreError::new(doing, &path, error);
            drop(file);
            if failed.failure == Failure::Full {
                // Or every further try would leave one more empty file on a share that is full already.
                let _swept_up_later = files::remove(&path);
            }
            return Err(failed);
        }
        *mine = Some(MyTicket { file, path, ticket });
        Ok(())
    }

    /// Makes a ticket under a name that was never used: a name that somebody looked for before may stay invisible to him for a
    /// minute (NFS).
    fn new_ticket(&self, doing: &'static str) -> Result<MyTicket, StoreError> {
        for serial in 0..=u32::MAX {
            let path = self.queue_path().join(format!("{}-{serial}.json", self.identity.nonce));
            if let Created::New(file) = self.create_file(doing, &path, Some(QUEUE))? {
                let ticket = Ticket { holder: self.identity.holder.clone(), ..Ticket::default() };
                return Ok(MyTicket { file, path, ticket });
            }
        }
        Err(StoreError::new(doing, self.queue_path(), io::Error::other("every name is taken")))
    }

    fn queue_path(&self) -> PathBuf {
        self.location.store.join(QUEUE)
    }

    /// Returns the server's present time as far as it is known without writing: of my ticket, if that was written just now.
    pub(super) fn server_time(&self) -> Option<SystemTime> {
        // Whoever holds the lock may hang on the share; evidence is not worth waiting for.
        let mine = self.ticket.try_lock().ok()?;
        mine.as_ref()?.file.metadata().ok()?.modified().ok()
    }

    pub(super) fn tickets(&self) -> Result<Vec<Waiter>, StoreError> {
        let mut seen = Vec::new();
        for path in self.ticket_paths()? {
            if let Ok(file) = files::open_existing_read(&path)
                && let Ok(written) = file.metadata().and_then(|metadata| metadata.modified())
            {
                seen.push((written, path));
            }
        }
        // The latest write in the store is the closest that a mere look comes to the server's present time: the holder writes
        // the board with every heartbeat, and whoever waits writes a ticket.
        let board = files::entry_facts(&self.location.store.join("board")).ok().and_then(|facts| facts.modified);
        let now = seen.iter().map(|(written, _)| *written).chain(board).chain(self.server_time()).max();
        let mut tickets = Vec::new();
        for (written, path) in seen {
            let age = now.and_then(|now| now.duration_since(written).ok()).unwrap_or_default();
            if age <= TICKET_LIFE
                && let Ok(Content::Bytes(bytes, _)) = look(&path)
                && let Some(ticket) = decode_ticket(&bytes)
            {
                tickets.push(ticket);
            }
        }
        Ok(line(tickets))
    }

    /// Lists the tickets, at most [`MOST_TICKETS`].
    fn ticket_paths(&self) -> Result<Vec<PathBuf>, StoreError> {
        let doing = "reading the queue in";
        let folder = self.queue_path();
        let entries = match files::list(&folder) {
            Ok(entries) => entries,
            Err(error) if classify(&error) == Trouble::Missing => return self.missing(doing).map(|()| Vec::new()),
            Err(error) => return Err(StoreError::new(doing, folder, error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| StoreError::new(doing, &folder, error))?.path();
            if is_ticket(&path) {
                paths.push(path);
            }
            if paths.len() == MOST_TICKETS {
                break;
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }

    /// Removes tickets that nobody has written for `keep`. Their owners are gone, or make a new one.
    pub(super) fn sweep_tickets(&self, now: SystemTime, keep: Duration) {
        for path in self.ticket_paths().unwrap_or_default() {
            let written = files::open_existing_read(&path).and_then(|file| file.metadata()).and_then(|seen| seen.modified());
            if written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > keep)) {
                let _next_time = files::remove(&path);
            }
        }
    }
}

/// Tells tickets from whatever else lies there: `<nonce>-<serial>.json`.
fn is_ticket(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let stem = name.and_then(|name| name.strip_suffix(".json")).and_then(|stem| stem.split_once('-'));
    stem.is_some_and(|(nonce, serial)| {
        nonce.len() == 32
            && nonce.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !serial.is_empty()
            && serial.bytes().all(|byte| byte.is_ascii_digit())
    })
}
