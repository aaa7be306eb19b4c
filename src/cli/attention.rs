//! Who hears a signal: nobody yet, the wait, or the work.
//!
//! The first Ctrl-C must be answered at once whatever the share does. While nothing is held that is simple: the process may end. While
//! it waits, the wait is cancelled and cleans up. Once the lease is held, signals are events like any other.

use super::exit::Exit;
use super::language::language;

use super::terminal::say;
use crate::i18n::{About, Talk};
use crate::lease::record::Token;
use crate::platform::signals::{Signal, Signals};
use crate::session::{Canceller, Database, News};
use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Everything that happens to a verb that holds.
#[derive(Debug)]
pub(super) enum Happening {
    /// Somebody asks this process to end.
    Signal(Signal),
    /// The lease has news.
    News(News),
    /// The agent that had lent the lease has ended, and it is this process's own now, under this token.
    TakenOver(Token),
    /// The agent has given the lease back although it was lent.
    TakenBack,
    /// The program has ended with this code.
    Ended(i32),
    /// So has all that it started.
    AllGone,
    /// Standard input has ended.
    InputEnded,
}

/// Who hears a signal now.
enum Stage {
    /// Nothing has been done: the process ends.
    Idle,
    /// The wait ends.
    Waiting(Canceller),
    /// It is an event.
    Working,
}

struct Shared {
    stage: Stage,
    stopped_by: Option<i32>,
    input_ended: bool,
}

/// The ear of one process.
#[derive(Clone)]
pub(super) struct Attention {
    shared: Arc<Mutex<Shared>>,
    sender: mpsc::Sender<Happening>,
}

impl Attention {
    /// Takes over the signals of this process. Call it before any thread exists.
    pub(super) fn install(shown: String) -> io::Result<(Self, mpsc::Receiver<Happening>)> {
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::new(Mutex::new(Shared { stage: Stage::Idle, stopped_by: None, input_ended: false }));
        let attention = Self { shared, sender };
        let ear = attention.clone();
        Signals::install_with(move |signal| ear.hear(signal, &shown))?;
        Ok((attention, receiver))
    }

    fn hear(&self, signal: Signal, shown: &str) -> bool {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match &shared.stage {
            Stage::Idle => {
                say(About(shown, &Talk::StoppedWaiting, language()));
                std::process::exit(i32::from(Exit::Signalled(signal.number).code()));
            }
            Stage::Waiting(canceller) => {
                canceller.cancel();
                shared.stopped_by.get_or_insert(signal.number);
                true
            }
            Stage::Working => self.sender.send(Happening::Signal(signal)).is_ok(),
        }
    }

    /// Standard input has ended: the wait is over, or the work hears of it.
    pub(super) fn input_ended(&self) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.input_ended = true;
        if let Stage::Waiting(canceller) = &shared.stage {
            canceller.cancel();
        }
        drop(self.sender.send(Happening::InputEnded));
    }

    /// From now on signals end the wait.
    pub(super) fn wait(&self, canceller: Canceller) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).stage = Stage::Waiting(canceller);
    }

    /// From now on signals are events. Returns the signal that has already asked for the end, if there was one.
    pub(super) fn work(&self) -> Option<i32> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.stage = Stage::Working;
        shared.stopped_by
    }

    /// Returns whether somebody has asked for the end of the wait.
    pub(super) fn is_stopped(&self) -> bool {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.stopped_by.is_some() || shared.input_ended
    }

    /// Returns a handle for those who have something to tell.
    pub(super) fn sender(&self) -> mpsc::Sender<Happening> {
        self.sender.clone()
    }

    /// Passes on what happens to the lease, until the session ends.
    pub(super) fn pass_on(&self, opened: &Database) {
        let sender = self.sender.clone();
        opened.listen(move |news| sender.send(Happening::News(news)).is_ok());
    }
}
