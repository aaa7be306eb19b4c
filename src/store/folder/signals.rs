//! The board and the notice: signals that several may write, late, torn or wrong at times, and never the authority.
//!
//! They are written in place and closed, not flushed: closing sends them to the server on NFS and SMB, and what a crash of the
//! server loses of them is written again with the next heartbeat.

use super::access::{Content, Created, look};
use super::{FolderStore, lock};
use crate::clock::WallTime;
use crate::lease::record::{Board, Body, LeaseId, NoticeSeen};
use crate::lease::wire::{Failure, Over, Reply};
use crate::platform::files::{self, Trouble, classify};
use crate::store::{StoreError, may_write_over};
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
            Content::Bytes(bytes) => Ok(Reply::Board(lock(&self.codec).decode_board(&bytes))),
            Content::Odd(_) => Ok(Reply::Board(None)),
        }
    }

    pub(super) fn write_board(&self, board: &Board) -> Result<Reply, StoreError> {
        let doing = "writing the board";
        let path = self.board_path();
        let bytes = lock(&self.codec).encode_board(board);
        let written = match files::write_over(&path, &bytes) {
            Err(error) if classify(&error) == Trouble::Missing => match self.create_file(doing, &path, None)? {
                Created::New(file) => files::write_at(&file, 0, &bytes),
                Created::Exists => files::write_over(&path, &bytes),
            },
            other => other,
        };
        written.map(|()| Reply::Done).map_err(|error| StoreError::new(doing, &path, error))
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
        match look(path).map_err(|error| StoreError::new(doing, path, error))? {
            // It lies beside the database, whatever is in the place of the store.
            Content::Missing => self.connected(doing).map(|()| NoticeSeen::Missing),
            Content::Bytes(bytes) => Ok(lock(&self.codec).decode_notice(&bytes)),
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
        let bytes = lock(&self.codec).encode_notice(body, at);
        if let Err(error) = files::write_at(&file, 0, &bytes) {
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
        let bytes = lock(&self.codec).encode_notice(body, at);
        files::write_over(path, &bytes).map_err(|error| StoreError::new("writing the notice", path, error))?;
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
