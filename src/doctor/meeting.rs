//! Two computers that find each other in one folder, and talk through it.
//!
//! Each has a slot of its own, a small file that is only ever written in place: that is what travels fast and whole on network folders.
//! Neither looks for a name that the other is about to make, because NFS would go on hiding it; both make both slots, and whoever finds
//! one there takes it. The hazards: a meeting that was left behind, and a third computer with the same code.

use super::now;
use super::scratch::PREFIX;
use crate::platform::files::{self, Trouble, classify};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How long a slot is. Longer ones are torn more often; a torn one is read again.
const SLOT_BYTES: usize = 512;
/// How often the other's slot is read.
const POLL: Duration = Duration::from_millis(10);
/// How long the second one waits for an answer of the first before it takes the meeting for one that was left behind.
const ANSWER: Duration = Duration::from_secs(20);

/// Two that meet are never silent for so long.
const LEFT_BEHIND: Duration = Duration::from_secs(120);
/// How often it is tried to remove the folder: a name that the other computer has still open stays for a second on SMB.
const REMOVALS: usize = 8;
/// The pause between two tries.
const BETWEEN_REMOVALS: Duration = Duration::from_millis(500);

/// What one says to the other. The leader asks, the follower answers; a word that nobody answered may be written over unheard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Word {
    /// I am here: my machine, and the session of mine or, in an answer, of yours.
    Here(String, u64),
    /// Say something.
    Ping,
    /// Something.
    Pong,
    /// What does your wall clock say? In milliseconds.
    AskClock,
    /// This.
    Clock(i64),
    /// Probe the range lock of this file.
    Probe(String),
    /// It is held, or not; nothing where that cannot be asked.
    Probed(Option<bool>),
    /// Wait for the range lock of this file.
    Block(String),
    /// I am about to.
    Blocking,
    /// I was woken, and then read what was written before, or not yet; nothing when I gave up.
    Woken(Option<bool>),
    /// Get ready to create these names one after the other.
    Race(String),
    /// I am watching for the start.
    Ready,
    /// Go.
    Go,
    /// I have finished, and my results are in this file.
    Raced(String),
    /// Look for this name until it is there.
    Appear(String),
    /// Look for this name until it is gone.
    Vanish(String),
    /// It was as it should be before; now change it.
    Looking,
    /// I saw the change; false when I gave up.
    Seen(bool),
    /// Now you lead.
    Turn,
    /// That was all.
    Bye,
}

#[derive(Serialize, Deserialize)]
struct Slot {
    number: u64,
    word: Word,
}

/// How a meeting came about.
#[derive(Debug)]
pub(super) enum Met {
    /// With this machine.
    With(String),
    /// Nobody came.
    Nobody,
    /// Two others are there.
    Crowded,
}

/// One side of a meeting.
#[derive(Debug)]
pub(super) struct Meeting {
    path: PathBuf,
    /// I made the folder; I lead first, and remove it in the end.
    first: AtomicBool,
    said: AtomicU64,
    heard: AtomicU64,
    over: AtomicBool,
}

impl Meeting {
    pub(super) fn at(folder: &Path, code: &str) -> Self {
        let path = folder.join(format!("{PREFIX}pair-{}", code.to_ascii_lowercase()));
        Self {
            path,
            first: AtomicBool::new(false),
            said: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// Returns whether I came first.
    pub(super) fn is_first(&self) -> bool {
        self.first.load(Ordering::Relaxed)
    }

    /// Returns the path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Waits for the other one.
    pub(super) fn wait(&self, folder: &Path, machine: &str, wait: Duration) -> io::Result<Met> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let me = u64::from_ne_bytes(random);
        let began = now();
        loop {
            let first = match std::fs::create_dir(&self.path) {
                Ok(()) => true,
                Err(error) if classify(&error) == Trouble::Exists => false,
                Err(error) => return Err(error),
            };
            self.first.store(first, Ordering::Relaxed);
            if first {
                // Colleagues are other users; and whoever looks at the folder need not see this.
                let _decided_by_the_server =
                    files::entry_facts(folder).and_then(|facts| files::share_access_like(&self.path, facts.access));
                let _less_tidy_to_look_at = files::hide(&self.path);
            }
            self.make("a", folder)?;
            self.make("b", folder)?;
            if first {
                return self.receive_guest(machine, wait);
            }
            if !self.make("taken", folder)? {
                if self.is_left_behind(folder)? {
                    std::fs::remove_dir_all(&self.path)?;
                    continue;
                }
                return Ok(Met::Crowded);
            }
            self.say(Word::Here(machine.to_owned(), me))?;
            let answered = self.hear(ANSWER.min(wait));
            if let Some(Word::Here(other, to)) = answered
                && to == me
            {
                self.say(Word::Pong)?;
                return Ok(Met::With(other));
            }
            // Left behind by a meeting that was cut short. Mine is a new one.
            std::fs::remove_dir_all(&self.path)?;
            self.said.store(0, Ordering::Relaxed);
            self.heard.store(0, Ordering::Relaxed);
            if now().since(began) >= wait {
                return Ok(Met::Nobody);
            }
        }
    }

    /// Returns whether nobody has said anything for longer than two that meet are ever silent. Both times are of files written there.
    fn is_left_behind(&self, folder: &Path) -> io::Result<bool> {
        let written = |name: &str| self.file(name).metadata().and_then(|facts| facts.modified());
        self.make("present", folder)?;
        let present = written("present")?;
        std::fs::remove_file(self.file("present"))?;
        let last = written("a")?.max(written("b")?);
        Ok(present.duration_since(last).is_ok_and(|age| age >= LEFT_BEHIND))
    }

    fn receive_guest(&self, machine: &str, wait: Duration) -> io::Result<Met> {
        match self.hear(wait) {
            Some(Word::Here(other, session)) => {
                self.say(Word::Here(machine.to_owned(), session))?;
                // What is not answered would be written over by the first question.
                Ok(if self.hear(ANSWER) == Some(Word::Pong) { Met::With(other) } else { Met::Nobody })
            }
            Some(_) | None => Ok(Met::Nobody),
        }
    }

    /// Makes a file that both can use; false when it was there.
    fn make(&self, name: &str, folder: &Path) -> io::Result<bool> {
        match files::entry_facts(folder).and_then(|facts| files::create_shared(&self.file(name), facts.access)) {
            Ok(_made) => Ok(true),
            Err(error) if classify(&error) == Trouble::Exists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a file that only one of us makes.
    pub(super) fn make_own(&self, name: &str) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(&self.path);
        if self.make(name, folder)? { Ok(()) } else { Err(io::Error::other("a name of ours is taken")) }
    }

    fn slots(&self) -> (PathBuf, PathBuf) {
        let (a, b) = (self.file("a"), self.file("b"));
        if self.is_first() { (a, b) } else { (b, a) }
    }

    /// Says something.
    pub(super) fn say(&self, word: Word) -> io::Result<()> {
        let number = self.said.fetch_add(1, Ordering::Relaxed) + 1;
        let text = serde_json::to_string(&Slot { number, word }).map_err(io::Error::other)?;
        let line = format!("{:08x} {text}", crc32fast::hash(text.as_bytes()));
        if line.len() > SLOT_BYTES {
            return Err(io::Error::other("too much to say"));
        }
        let file = files::open_existing_write(&self.slots().0)?;
        files::write_at(&file, 0, format!("{line:<SLOT_BYTES$}").as_bytes())?;
        file.sync_data()
    }

    /// Listens until the other one says something new, at most that long.
    pub(super) fn hear(&self, patience: Duration) -> Option<Word> {
        self.listen(patience, POLL)
    }

    /// The same without a pause between two looks, for a start that both make at once.
    pub(super) fn hear_at_once(&self, patience: Duration) -> Option<Word> {
        self.listen(patience, Duration::ZERO)
    }

    fn listen(&self, patience: Duration, pause: Duration) -> Option<Word> {
        let path = self.slots().1;
        let began = now();
        let heard = self.heard.load(Ordering::Relaxed);
        loop {
            let slot = files::read_whole(&path, 2 * SLOT_BYTES).ok().and_then(|bytes| parse(&bytes));
            if let Some(slot) = slot.filter(|slot| slot.number > heard) {
                self.heard.store(slot.number, Ordering::Relaxed);
                return Some(slot.word);
            }
            if now().since(began) >= patience {
                return None;
            }
            rest(pause);
        }
    }

    /// Notes that both are done with it.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Removes the folder, unless the other one still needs it and will.
    pub(super) fn leave(&self) {
        if self.is_first() || !self.over.load(Ordering::Relaxed) {
            for _ in 0..REMOVALS {
                match std::fs::remove_dir_all(&self.path) {
                    Err(error) if classify(&error) != Trouble::Missing => rest(BETWEEN_REMOVALS),
                    Ok(()) | Err(_) => break,
                }
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Slot> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end();
    let (sum, text) = text.split_once(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    if sum != crc32fast::hash(text.as_bytes()) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Lets time pass.
pub(super) fn rest(pause: Duration) {
    if !pause.is_zero() {
        let (_sender, nothing) = std::sync::mpsc::channel::<()>();
        let _time_is_over = nothing.recv_timeout(pause);
    }
}
