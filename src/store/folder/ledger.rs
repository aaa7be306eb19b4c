//! The numbered lease files.
//!
//! A number is claimed by exclusive creation alone. A live lease has one writer, its owner, through the handle that is kept since
//! the creation; every write is in place, of fixed length, and flushed before it counts.

use super::access::{Content, Created, pause};
use super::{FolderStore, lock};
use crate::clock::WallTime;
use crate::lease::codec::{HEAD_BYTES, encode_head};
use crate::lease::record::{Board, Body, Found, Head, LeaseId, Number, State};
use crate::lease::wire::{Failure, Reply};
use crate::platform::files::{self, Trouble, classify};
use crate::platform::range_lock;
use crate::store::StoreError;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

const PREFIX: &str = "lease-";
const SUFFIX: &str = ".json";
/// As many digits as [`Number::MAX`] has, so that names sort as numbers do.
const DIGITS: usize = 12;

/// Returns the name of a lease file.
pub(super) fn file_name(number: Number) -> String {
    format!("{PREFIX}{:0DIGITS$}{SUFFIX}", number.0)
}

/// Reads the number out of a name; only what [`file_name`] writes is one.
fn parse_file_name(name: &str) -> Option<Number> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let strict = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = strict.then(|| digits.parse().ok()).flatten()?;
    (number >= 1).then_some(Number(number))
}

/// A lease of mine.
#[derive(Debug, Clone)]
pub(super) struct Own {
    /// Open since it was created.
    pub(super) file: Arc<File>,
    /// It has its range lock since then.
    locked: bool,
}

impl FolderStore {
    pub(super) fn list(&self) -> Result<Reply, StoreError> {
        let doing = "listing the leases in";
        let failed = |error| StoreError::new(doing, &self.location.store, error);
        files::refuse_links(&self.location.folder, &self.location.store).map_err(failed)?;
        let entries = match self.list_folder(&self.location.store) {
            Ok(entries) => entries,
            Err(error) if classify(&error) == Trouble::Missing => {
                self.missing(doing)?;
                return Ok(Reply::Numbers(Vec::new()));
            }
            Err(error) => return Err(failed(error)),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            numbers.extend(name.to_str().and_then(parse_file_name));
        }
        numbers.sort_unstable();
        Ok(Reply::Numbers(numbers))
    }

    pub(super) fn read_lease(&self, number: Number) -> Result<Reply, StoreError> {
        self.find_lease("reading the lease", number).map(Reply::Lease)
    }

    pub(super) fn find_lease(&self, doing: &'static str, number: Number) -> Result<Found, StoreError> {
        let path = self.lease_path(number);
        match self.look(&path).map_err(|error| StoreError::new(doing, &path, error))? {
            Content::Missing => self.missing(doing).map(|()| Found::Missing),
            Content::Bytes(bytes, file) => {
                let file = files::file_identity(&file).map_err(|error| StoreError::new(doing, &path, error))?.file;
                Ok(lock(&self.codec).decode_lease(number, &bytes).in_file(file))
            }
            Content::Odd(fingerprint) | Content::Locked(fingerprint) => Ok(Found::Blank { fingerprint }),
            // Nothing could ever be seen of its holder's life, who may renew it for days: never to be waited out.
            Content::Closed(_, kind) => Err(StoreError::new(doing, path, kind.into())),
        }
    }

    pub(super) fn create(&self, body: &Arc<Body>, at: WallTime) -> Result<Reply, StoreError> {
        let doing = "creating the lease";
        let path = self.lease_path(body.id.number);
        files::refuse_links(&self.location.folder, &self.location.store).map_err(|error| StoreError::new(doing, &path, error))?;
        let file = match self.create_file(doing, &path, None)? {
            Created::New(file) => file,
            Created::Exists => return Ok(Reply::Exists),
        };
        let mut locked = false;
        if self.capabilities.range_locks && self.capabilities.kind.starts_with("nfs") {
            // Before this machine reads the file: a client of NFS 4 that has a read delegation keeps locks to itself, write locks
            // too, and nobody else would ever see this one. On SMB it is the other way round: there a lock that is older than the
            // first reading is not seen by others (both measured on Linux 6.1).
            locked = lock_patiently(&file, pause);
        }
        let head = Head { state: State::Live, counter: 1, at };
        let bytes = lock(&self.codec).encode_lease(body, &head);
        if let Err(error) = write_flushed(&file, &bytes) {
            let failed = StoreError::new(doing, &path, error);
            drop(file);
            if failed.failure == Failure::Full {
                // The one lease that may be removed: it never carried a record, so that nobody can have believed in it, and it
                // would lock everybody out of a full share for the time-out of an unknown holder.
                let _still_blank = files::remove(&path);
            }
            return Err(failed);
        }
        lock(&self.held).insert(body.id.number, Own { file: Arc::new(file), locked });
        if body.id.number == Number(1) {
            // The board should be old by the time others watch it: on NFS a new file stays invisible to whoever looked before.
            // Its absence is no error; the holder's next heartbeat writes it again.
            let _later =
                self.create_board(&Board { id: body.id, token: body.token, state: State::Live, long: body.promise.long });
        }
        Ok(Reply::Done)
    }

    pub(super) fn write_head(&self, number: Number, head: &Head) -> Result<Reply, StoreError> {
        self.write_own(number, &encode_head(head))
    }

    pub(super) fn write_record(&self, body: &Arc<Body>, head: &Head) -> Result<Reply, StoreError> {
        let bytes = lock(&self.codec).encode_lease(body, head);
        self.write_own(body.id.number, &bytes)
    }

    fn write_own(&self, number: Number, bytes: &[u8]) -> Result<Reply, StoreError> {
        let file = self.own(number)?.file;
        write_flushed(&file, bytes).map_err(|error| StoreError::new("writing the lease", self.lease_path(number), error))?;
        Ok(Reply::Done)
    }

    /// A live lease that carries this nonce was made by this very client, so that it may be written without the kept handle.
    /// An ended one stays ended: somebody believed in it.
    pub(super) fn void(&self, id: LeaseId, at: WallTime) -> Result<Reply, StoreError> {
        let doing = "withdrawing the claim";
        let path = self.lease_path(id.number);
        if let Found::Record { head, body, .. } = self.find_lease(doing, id.number)?
            && body.id == id
            && head.state == State::Live
        {
            let void = Head { state: State::Void, counter: head.counter.saturating_add(1), at };
            let bytes: [u8; HEAD_BYTES] = encode_head(&void);
            let failed = |error| StoreError::new(doing, &path, error);
            let kept = lock(&self.held).get(&id.number).map(|own| Arc::clone(&own.file));
            match kept {
                Some(file) => write_flushed(&file, &bytes).map_err(failed)?,
                None => files::open_existing_write(&path).and_then(|file| write_flushed(&file, &bytes)).map_err(failed)?,
            }
        }
        Ok(self.close(id.number))
    }

    /// The range lock is evidence for others, never a condition: where it cannot be had, the lease holds all the same.
    pub(super) fn lock(&self, number: Number) -> Result<Reply, StoreError> {
        let Own { file, locked } = self.own(number)?;
        if self.capabilities.range_locks && !locked {
            lock_patiently(&file, pause);
        }
        Ok(Reply::Done)
    }

    pub(super) fn close(&self, number: Number) -> Reply {
        let kept = lock(&self.held).remove(&number);
        if let Some(own) = kept
            && self.capabilities.range_locks
        {
            // Closing would drop it too, but a write still in flight on another thread may keep the handle for minutes.
            let _dropped_with_the_handle = range_lock::unlock(&own.file);
        }
        Reply::Done
    }
}

/// How often the range lock is asked for: whoever probes has it, shared, for a moment.
const LOCK_TRIES: u32 = 3;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Takes the range lock, a little later where somebody looks at it just now, and says whether it has it. It is only evidence: without
/// it nothing fails.
fn lock_patiently(file: &File, pause: impl Fn(Duration)) -> bool {
    for _ in 1..LOCK_TRIES {
        match range_lock::try_exclusive(file) {
            Ok(false) => pause(LOCK_PAUSE),
            taken => return taken.is_ok(),
        }
    }
    range_lock::try_exclusive(file).unwrap_or(false)
}

/// Writes in place and waits until the server has it.
pub(super) fn write_flushed(file: &File, bytes: &[u8]) -> std::io::Result<()> {
    files::write_at(file, 0, bytes)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbers_of_twelve_digits_only() {
        for number in [1, 43, 999_999_999_999] {
            assert_eq!(parse_file_name(&file_name(Number(number))), Some(Number(number)));
        }
        assert_eq!(file_name(Number(43)), "lease-000000000043.json");
        for name in ["lease-000000000000.json", "lease-43.json", "lease-0000000000043.json", "lease-00000000004x.json", "board"] {
            assert_eq!(parse_file_name(name), None, "{name}");
        }
        for name in ["lease-+00000000043.json", "lease-000000000043.json~", "Lease-000000000043.json", "lease-.json"] {
            assert_eq!(parse_file_name(name), None, "{name}");
        }
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn the_range_lock_is_had_although_somebody_looks_at_it_just_then() {
        use std::cell::Cell;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        let (mine, other) = (files::create_exclusive(&path).unwrap(), files::open_existing_write(&path).unwrap());
        let taken = || range_lock::probe(&files::open_existing_read(&path).unwrap()).unwrap() == range_lock::Probe::Held;
        assert!(range_lock::try_exclusive(&other).unwrap());
        let pauses = Cell::new(0);
        let had = lock_patiently(&mine, |_| {
            pauses.set(pauses.get() + 1);
            range_lock::unlock(&other).unwrap();
        });
        assert!(had && taken() && pauses.get() == 1);
        range_lock::unlock(&mine).unwrap();
        assert!(range_lock::try_exclusive(&other).unwrap());
        assert!(!lock_patiently(&mine, |_| pauses.set(pauses.get() + 1)));
        assert_eq!(pauses.get(), 3, "not for ever");
    }
}
