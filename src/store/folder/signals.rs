//! The board and the notice: signals that several may write, late, torn or wrong at times, and never the authority.
//!
//! They are written in place and closed, not flushed: closing sends them to the server on NFS and SMB, and what a crash of the
//! server loses of them is written again with the next heartbeat, also over the zeros that such a crash leaves. A new notice alone is
//! flushed on a network folder.

use super::access::{Content, Created};
use super::ledger::write_flushed;
use super::{FolderStore, lock};
use crate::clock::WallTime;
use crate::lease::codec::{BOARD_BYTES, REVOKE_BYTES, decode_revoke, encode_notice, encode_revoke};
use crate::lease::record::{Board, Body, LeaseId, NoticeSeen, Revoke};
use crate::lease::wire::{Failure, Over, Reply};
use crate::platform::files::{self, Trouble, classify};
use crate::store::history::revoke_line;
use crate::store::{StoreError, is_notice_of, may_write_over};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

impl FolderStore {
    fn board_path(&self) -> PathBuf {
        self.location.store.join("board")
    }

    pub(super) fn read_board(&self) -> Result<Reply, StoreError> {
        let doing = "reading the board";
        let path = self.board_path();
        match self.look(&path).map_err(|error| StoreError::new(doing, &path, error))? {
            Content::Missing => self.missing(doing).map(|()| Reply::Board(None, None)),
            Content::Bytes(bytes, _) => {
                let board = bytes.get(..BOARD_BYTES).and_then(|board| lock(&self.codec).decode_board(board));
                Ok(Reply::Board(board, decode_revoke(&bytes).map(Arc::new)))
            }
            Content::Odd(_) | Content::Locked(_) => Ok(Reply::Board(None, None)),
            Content::Closed(_, kind) => Err(StoreError::new(doing, path, kind.into())),
        }
    }

    pub(super) fn write_board(&self, board: &Board) -> Result<Reply, StoreError> {
        let doing = "writing the board";
        let bytes = lock(&self.codec).encode_board(board);
        self.write_into_board(doing, 0, &bytes)?;
        Ok(Reply::Done)
    }

    /// Writes an order to give up behind the board, where every holder reads it. The history keeps it, whatever becomes of it.
    pub(super) fn write_revoke(&self, revoke: &Revoke) -> Result<Reply, StoreError> {
        let doing = "writing the order to give up";
        let file = self.write_into_board(doing, BOARD_BYTES as u64, &encode_revoke(revoke))?;
        file.sync_data().map_err(|error| StoreError::new(doing, self.board_path(), error))?;
        self.write_history(&revoke_line(revoke))?;
        Ok(Reply::Done)
    }

    fn write_into_board(&self, doing: &'static str, offset: u64, bytes: &[u8]) -> Result<File, StoreError> {
        let path = self.board_path();
        let longest = (BOARD_BYTES + REVOKE_BYTES) as u64;
        let written = match self.write_into(&path, offset, bytes, longest) {
            Err(error) if classify(&error) == Trouble::Missing => match self.create_file(doing, &path, None)? {
                Created::New(file) => files::write_at(&file, offset, bytes).map(|()| file),
                Created::Exists => self.write_into(&path, offset, bytes, longest),
            },
            other => other,
        };
        written.map_err(|error| StoreError::new(doing, &path, error))
    }

    /// Makes the board of a new store. One that is there already stays as it is: it may name a lease that is missing now, and is
    /// then the only sign that somebody holds it.
    pub(super) fn create_board(&self, board: &Board) -> Result<(), StoreError> {
        let doing = "making the board";
        let path = self.board_path();
        if let Created::New(file) = self.create_file(doing, &path, None)? {
            let bytes = lock(&self.codec).encode_board(board);
            files::write_at(&file, 0, &bytes).map_err(|error| StoreError::new(doing, &path, error))?;
        }
        Ok(())
    }

    pub(super) fn read_notice(&self) -> Result<NoticeSeen, StoreError> {
        let doing = "reading the notice";
        let path = &self.location.notice;
        match self.look(path).map_err(|error| StoreError::new(doing, path, error))? {
            // It lies beside the database, whatever is in the place of the store.
            Content::Missing => self.connected(doing).map(|()| NoticeSeen::Missing),
            Content::Bytes(bytes, _) => Ok(lock(&self.codec).decode_notice(&bytes)),
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
        let bytes = encode_notice(body, at);
        // A file server that loses power soon after would leave an empty file, which is somebody's to everybody. Heartbeats write over
        // bytes that are there; and where the server is this computer, its end is the holder's too.
        let written = if self.capabilities.may_hang { write_flushed(&file, &bytes) } else { files::write_at(&file, 0, &bytes) };
        if let Err(error) = written {
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
        let bytes = encode_notice(body, at);
        let written = self.write_into(path, 0, &bytes, bytes.len() as u64);
        written.map(|_| Reply::Done).map_err(|error| StoreError::new("writing the notice", path, error))
    }

    pub(super) fn remove_notice(&self, id: LeaseId) -> Result<Reply, StoreError> {
        if is_notice_of(&self.read_notice()?, id) {
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
