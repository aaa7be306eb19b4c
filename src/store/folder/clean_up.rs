//! The removal of leases that nobody can be looking for any more, and what is kept of them.
//!
//! The hazard: a client that slept comes back to a ledger without the lease it remembers. So a lease goes only when it is old by the
//! file server's own clock, whoever removes one first writes down who had it, and nothing counts as removed before that was seen.

use super::access::Created;
use super::past::MOST_IN_FILE;
use super::{FolderStore, lock};
use crate::lease::record::{Found, Number};
use crate::lease::wire::Reply;
use crate::platform::files::{self, Trouble, classify};
use crate::store::StoreError;
use crate::store::history::history_line;
use crate::store::naming::store_name;
use std::ffi::OsStr;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

/// The folder of the history.
pub(super) const HISTORY: &str = "history";
/// How old a ticket must be to be swept up on the way, whatever is kept of the leases.
const TICKET_AGE: Duration = Duration::from_secs(86_400);

/// The history file of this cleaner; nobody else writes it.
#[derive(Debug)]
pub(super) struct MyHistory {
    file: File,
    path: PathBuf,
    length: u64,
}

impl FolderStore {
    pub(super) fn clean_up(&self, number: Number, own: Number, keep: Duration) -> Result<Reply, StoreError> {
        let doing = "removing an old lease";
        let path = self.lease_path(number);
        let failed = |error| StoreError::new(doing, &path, error);
        let old = match files::open_existing_read(&path) {
            Ok(file) => file.metadata().and_then(|metadata| self.clock.read(&metadata)),
            Err(error) if classify(&error) == Trouble::Missing => return self.missing(doing).map(|()| Reply::Removed(true)),
            Err(error) => return Err(failed(error)),
        };
        // My own lease was written a moment ago (or, where only creation is the server's, created earlier): what lies between is
        // at least the age. Some servers show no such time; then everything stays.
        let mine = self.own(own)?.file.metadata().and_then(|metadata| self.clock.read(&metadata));
        let (Ok(old), Ok(now)) = (old, mine) else { return Ok(Reply::Removed(false)) };
        if number >= own || now.duration_since(old).unwrap_or_default() < keep {
            return Ok(Reply::Removed(false));
        }
        match self.find_lease(doing, number)? {
            Found::Missing => return Ok(Reply::Removed(true)),
            // A later version's ledger is not ours to shorten.
            Found::Newer { .. } => return Ok(Reply::Removed(false)),
            found @ (Found::Blank { .. } | Found::Record { .. }) => self.write_history(&history_line(number, &found))?,
        }
        match files::remove(&path) {
            Ok(()) => {}
            Err(error) if classify(&error) == Trouble::Missing => {}
            Err(error) => return Err(failed(error)),
        }
        self.sweep_tickets(now, TICKET_AGE.max(keep));
        // On SMB a removed name stays in limbo while anybody has the file open.
        match files::open_existing_read(&path) {
            Err(error) if classify(&error) == Trouble::Missing => Ok(Reply::Removed(true)),
            Ok(_) | Err(_) => Ok(Reply::Removed(false)),
        }
    }

    /// Appends a line and flushes it: it must be there before the lease is not. A crash in between writes the line twice; readers
    /// know a lease by its number and nonce.
    pub(super) fn write_history(&self, line: &str) -> Result<(), StoreError> {
        let doing = "writing the history";
        let mut mine = lock(&self.history);
        let MyHistory { file, path, length } = match mine.take() {
            Some(mine) if mine.length + line.len() as u64 <= MOST_IN_FILE => mine,
            Some(_) | None => self.new_history(doing)?,
        };
        files::write_at(&file, length, line.as_bytes())
            .and_then(|()| file.sync_data())
            .map_err(|error| StoreError::new(doing, &path, error))?;
        *mine = Some(MyHistory { file, path, length: length + line.len() as u64 });
        Ok(())
    }

    fn new_history(&self, doing: &'static str) -> Result<MyHistory, StoreError> {
        self.shorten_history();
        let me = &self.identity;
        let machine = store_name(OsStr::new(&*crate::lease::codec::clean(&me.holder.machine, 64)));
        let folder = self.location.store.join(HISTORY);
        for serial in 0..=u32::MAX {
            let suffix = if serial == 0 { String::new() } else { format!("-{serial}") };
            let path = folder.join(format!("{machine}-{}-{}{suffix}.jsonl", me.holder.pid, me.nonce));
            if let Created::New(file) = self.create_file(doing, &path, Some(HISTORY))? {
                return Ok(MyHistory { file, path, length: 0 });
            }
        }
        Err(StoreError::new(doing, folder, std::io::Error::other("every name is taken")))
    }
}
