//! The board and the notice: signals that several may write, late, torn or wrong at times, and never the authority.
//!
//! They are written in place and closed, not flushed: closing sends them to the server on NFS and SMB, and what a crash of the
//! server loses of them is written again with the next heartbeat.

use super::FolderStore;
use super::access::{Content, Created, look};
use crate::clock::WallTime;
use crate::lease::codec::{
    BOARD_BYTES, REVOKE_BYTES, decode_board, decode_notice, decode_revoke, encode_board, encode_notice, encode_revoke,
};
use crate::lease::record::{Board, Body, LeaseId, NoticeSeen, Revoke};
use crate::lease::wire::{Failure, Over, Reply};
use crate::platform::files::{self, Trouble, classify};
use crate::store::history::revoke_line;
use crate::store::{StoreError, may_write_over};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

impl FolderStore {
    fn board_path(&self) -> PathBuf {
        self.location.store.join("board")
    }

    pub(super) fn read_board(&self) -> Result<Reply, StoreError> {
        let doing = "reading the board";
        let path = self.board_path();
        match look(&path).map_err(|error| StoreError::new(doing, &path, error))? {
            Content::Missing => self.missing(doing).map(|()| Reply::Board(None, None)),
            Content::Bytes(bytes, _) => Ok(Reply::Board(decode_board(&bytes), decode_revoke(&bytes).map(Arc::new))),
            Content::Odd(_) => Ok(Reply::Board(None, None)),
        }
    }

    pub(super) fn write_board(&self, board: &Board) -> Result<Reply, StoreError> {
        let doing = "writing the board";
        let bytes: [u8; BOARD_BYTES] = encode_board(board);
        let file = self.open_board(doing)?;
        let longest = (BOARD_BYTES + REVOKE_BYTES) as u64;
        files::write_at(&file, 0, &bytes)
            // Somebody's larger file in its place would never be read as a board.
            .and_then(|()| if file.metadata()?.len() > longest { file.set_len(longest) } else { Ok(()) })
            .map_err(|error| StoreError::new(doing, self.board_path(), error))?;
        Ok(Reply::Done)
    }

    /// Writes an order to give up behind the board, where every holder reads it. The history keeps it, whatever becomes of it.
    pub(super) fn write_revoke(&self, revoke: &Revoke) -> Result<Reply, StoreError> {
        let doing = "writing the order to give up";
        let file = self.open_board(doing)?;
        files::write_at(&file, BOARD_BYTES as u64, &encode_revoke(revoke))
            .and_then(|()| file.sync_data())
            .map_err(|error| StoreError::new(doing, self.board_path(), error))?;
        self.write_history(&revoke_line(revoke))?;
        Ok(Reply::Done)
    }

    fn open_board(&self, doing: &'static str) -> Result<File, StoreError> {
        let path = self.board_path();
        let failed = |error| StoreError::new(doing, &path, error);
        match files::open_existing_write(&path) {
            Err(error) if classify(&error) == Trouble::Missing => match self.create_file(doing, &path, None)? {
                Created::New(file) => Ok(file),
                Created::Exists => files::open_existing_write(&path).map_err(failed),
            },
            other => other.map_err(failed),
        }
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
            Content::Bytes(bytes, _) => Ok(decode_notice(&bytes)),
            Content::Odd(fingerprint) => Ok(NoticeSeen::Foreign { fingerprint, holder: None }),
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
                let _still_empty = std::fs::remove_file(path);
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
            match std::fs::remove_file(path) {
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
