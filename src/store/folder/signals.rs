//! The board and the notice: signals that several may write, late, torn or wrong at times, and never the authority.
//!
//! They are written in place and closed, not flushed: closing sends them to the server on NFS and SMB, and what a crash of the
//! server loses of them is written again with the next heartbeat.

use super::FolderStore;
use super::access::{Content, Created, look};
use crate::clock::WallTime;
use crate::lease::codec::{BOARD_BYTES, decode_board, decode_notice, encode_board, encode_notice};
use crate::lease::record::{Board, Body, LeaseId, NoticeSeen};
use crate::lease::wire::{Failure, Over, Reply};
use crate::platform::files::{self, Trouble, classify};
use crate::store::{StoreError, may_write_over};
use std::fs::File;
use std::io;
use std::path::PathBuf;

impl FolderStore {
    fn board_path(&self) -> PathBuf {
        self.location.store.join("board")
    }

    pub(super) fn read_board(&self) -> Result<Reply, StoreError> {
        let doing = "reading the board";
        let path = self.board_path();
        match look(&path).map_err(|error| StoreError::new(doing, &path, error))? {
            Content::Missing => self.missing(doing).map(|()| Reply::Board(None)),
            Content::Bytes(bytes) => Ok(Reply::Board(decode_board(&bytes))),
            Content::Odd(_) | Content::Locked(_) => Ok(Reply::Board(None)),
            Content::Closed(_, kind) => Err(StoreError::new(doing, path, kind.into())),
        }
    }

    pub(super) fn write_board(&self, board: &Board) -> Result<Reply, StoreError> {
        let doing = "writing the board";
        let path = self.board_path();
        let bytes: [u8; BOARD_BYTES] = encode_board(board);
        let failed = |error| StoreError::new(doing, &path, error);
        let file = match files::open_existing_write(&path) {
            Err(error) if classify(&error) == Trouble::Missing => match self.create_file(doing, &path, None)? {
                Created::New(file) => file,
                Created::Exists => files::open_existing_write(&path).map_err(failed)?,
            },
            other => other.map_err(failed)?,
        };
        write_over(&file, &bytes).map_err(failed)?;
        Ok(Reply::Done)
    }

    /// Makes the board of a new store. One that is there already stays as it is: it may name a lease that is missing now, and is
    /// then the only sign that somebody holds it.
    pub(super) fn create_board(&self, board: &Board) -> Result<(), StoreError> {
        let doing = "making the board";
        let path = self.board_path();
        if let Created::New(file) = self.create_file(doing, &path, None)? {
            files::write_at(&file, 0, &encode_board(board)).map_err(|error| StoreError::new(doing, &path, error))?;
        }
        Ok(())
    }

    pub(super) fn read_notice(&self) -> Result<NoticeSeen, StoreError> {
        let doing = "reading the notice";
        let path = &self.location.notice;
        match look(path).map_err(|error| StoreError::new(doing, path, error))? {
            Content::Missing => self.missing(doing).map(|()| NoticeSeen::Missing),
            Content::Bytes(bytes) => Ok(decode_notice(&bytes)),
            // One that may not be read is somebody's all the same; the folder itself could be looked at.
            Content::Odd(fingerprint) | Content::Closed(fingerprint, _) => {
                Ok(NoticeSeen::Foreign { fingerprint, said: None, locked: false })
            }
            Content::Locked(fingerprint) => Ok(NoticeSeen::Foreign { fingerprint, said: None, locked: true }),
        }
    }

    pub(super) fn create_notice(&self, body: &Body, at: WallTime) -> Result<Reply, StoreError> {
        let doing = "writing the notice";
        let path = &self.location.notice;
        let file = match self.create_file(doing, path, None)? {
            Created::New(file) => file,
            Created::Exists => return Ok(Reply::Exists),
        };
        if let Err(error) = files::write_at(&file, 0, &encode_notice(body, at)) {
            let failed = StoreError::new(doing, path, error);
            drop(file);
            if failed.failure == Failure::Full {
                // An empty notice would count as a foreign holder for the long time-out.
                let _still_empty = files::remove(path);
            }
            return Err(failed);
        }
        Ok(Reply::Done)
    }

    /// Between the look and the write somebody else may have written; no file system offers better, and the holder's next
    /// heartbeat heals what was harmed.
    pub(super) fn write_notice(&self, body: &Body, at: WallTime, over: Over) -> Result<Reply, StoreError> {
        let seen = self.read_notice()?;
        if !may_write_over(&seen, over, body.id) {
            return Ok(Reply::Notice(seen));
        }
        let path = &self.location.notice;
        files::open_existing_write(path)
            .and_then(|file| write_over(&file, &encode_notice(body, at)))
            .map_err(|error| StoreError::new("writing the notice", path, error))?;
        Ok(Reply::Done)
    }

    pub(super) fn remove_notice(&self, id: LeaseId) -> Result<Reply, StoreError> {
        if let NoticeSeen::Ours { id: there, .. } = self.read_notice()?
            && there == id
        {
            let path = &self.location.notice;
            match files::remove(path) {
                Ok(()) => {}
                Err(error) if classify(&error) == Trouble::Missing => {}
                Err(error) => return Err(StoreError::new("removing the notice", path, error)),
            }
        }
        Ok(Reply::Done)
    }
}

/// Writes a whole signal in place. Its length is touched only where somebody else's content was longer: cutting it first would
/// show an empty file to a quarter of the readers (measured on NFS and SMB).
fn write_over(file: &File, bytes: &[u8]) -> io::Result<()> {
    files::write_at(file, 0, bytes)?;
    let length = bytes.len() as u64;
    if file.metadata()?.len() == length { Ok(()) } else { file.set_len(length) }
}
