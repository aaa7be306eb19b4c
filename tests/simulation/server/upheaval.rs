//! What befalls the whole store: a server that restarts, a folder that is deleted, restored, moved away and back.

use super::{Copy, Entry, Notice, Server};

/// What administrators, users and power cuts do to the server.
impl Server {
    /// Restarts: what was not flushed is lost, and so may be the last signals.
    pub(crate) fn restart(&mut self, now: u64, signals_lost: u64) {
        for inode in std::mem::take(&mut self.dirty) {
            let file = &mut self.inodes[inode];
            file.lost = true;
            match file.flushed.clone() {
                Some(content) => file.content.set(now, content),
                None => self.forget(now, inode),
            }
        }
        let before = now.saturating_sub(signals_lost);
        let (board, notice) = (*self.board.at(before), *self.notice.at(before));
        self.board.set(now, board);
        // A notice is a name as well as bytes: the name survives, the bytes may be the older ones.
        // A foreign notice's old bytes cannot be told from bytes that never changed (it has no counter); that is a stated limit.
        let foreign = matches!(notice, Notice::Foreign { .. });
        if notice != *self.notice.now() && notice.file() == self.notice.now().file() && !foreign {
            self.notice.set(now, notice);
        }
    }

    fn forget(&mut self, now: u64, inode: usize) {
        self.inodes[inode].named = false;
        for entries in self.entries.values_mut() {
            for entry in entries.iter_mut().filter(|entry| entry.inode == inode && entry.died == u64::MAX) {
                entry.died = now;
            }
        }
    }

    fn copy(&self) -> Copy {
        let files = self.entries.keys().filter_map(|number| {
            let file = &self.inodes[self.live(*number)?];
            Some((*number, file.content.now().clone(), file.owner))
        });
        Copy { files: files.collect(), board: *self.board.now() }
    }

    /// Keeps a copy of the store for a later restore.
    pub(crate) fn back_up(&mut self) {
        if self.copies.len() == 3 {
            self.copies.remove(0);
        }
        self.copies.push(self.copy());
    }

    /// Removes the store; the notice lies beside the database and stays.
    pub(crate) fn delete(&mut self, now: u64) {
        self.upheavals += 1;
        let numbers: Vec<u64> = self.entries.keys().copied().collect();
        for number in numbers {
            self.unlink(now, number);
        }
        self.board.set(now, None);
        self.revoke.set(now, None);
    }

    /// Puts an older copy in the store's place; returns whether there was one.
    pub(crate) fn restore(&mut self, now: u64, which: u64) -> bool {
        let Some(copy) = usize::try_from(which).ok().and_then(|which| self.copies.get(which)).cloned() else { return false };
        self.put(now, copy);
        true
    }

    /// Moves the store away, or back: the files stay the same, so kept handles go on working.
    pub(crate) fn move_about(&mut self, now: u64) {
        let here: Vec<(u64, usize)> = self.entries.keys().filter_map(|number| Some((*number, self.live(*number)?))).collect();
        let board = *self.board.now();
        self.delete(now);
        if let Some((files, board)) = self.moved.take() {
            for (number, inode) in files {
                self.inodes[inode].named = true;
                self.entries.entry(number).or_default().push(Entry { inode, born: now, died: u64::MAX });
            }
            self.board.set(now, board);
        } else {
            for (_, inode) in &here {
                self.inodes[*inode].named = true;
            }
            self.moved = Some((here, board));
        }
    }

    fn put(&mut self, now: u64, copy: Copy) {
        self.delete(now);
        for (number, content, owner) in copy.files {
            self.insert(now, number, content, owner, true);
        }
        self.board.set(now, copy.board);
    }

    /// Somebody who does not know us puts a notice there, or touches theirs.
    pub(crate) fn foreign_notice(&mut self, now: u64) {
        let fingerprint = self.fingerprint();
        let file = match *self.notice.now() {
            Notice::Foreign { file, .. } => file,
            Notice::None | Notice::Ours { .. } => self.fingerprint(),
        };
        self.notice.set(now, Notice::Foreign { fingerprint, file });
    }

    /// Somebody removes the notice.
    pub(crate) fn remove_notice(&mut self, now: u64) {
        self.notice.set(now, Notice::None);
    }
}
