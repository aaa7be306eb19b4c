//! While the program runs: signals, news of the lease, the program's end, and the end of all that it started.
//!
//! One loop with one channel owns it all. The hazards: giving the lease back while something still writes; staying silent about a
//! lease that is lost; hurting a program twice with a Ctrl-C that the terminal has already given to it.

use super::attention::Happening;
use super::cover::Cover;
use super::exit::Exit;
use super::language::language;
use super::open::now;
use super::terminal::say;
use crate::clock::Ticks;
use crate::i18n::{About, Talk};
use crate::platform::guard::{Guarded, Push};
use crate::platform::signals::{self, INTERRUPT, QUIT, Signal};
use crate::session::describe::talk;
use crate::session::{Database, News};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// Most programs leave nothing behind, and that shows within this time; only then is it worth while to ask who is left.
const LOOK_ROUND: Duration = Duration::from_millis(20);
/// How long it may be waited for other programs before that is said.
const SAY_AFTER: Duration = Duration::from_secs(1);
/// How long an unsure lease may take to be recovered before the program is ended, at most.
const UNSURE: Duration = Duration::from_secs(5);

/// What was ordered.
#[derive(Debug)]
pub(super) struct Orders {
    /// End the program when the lease is lost, or about to be.
    pub(super) stop: bool,
    /// How long it may take to end by itself.
    pub(super) grace: Duration,
    /// How the program is called.
    pub(super) name: String,
}

/// What is due at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Name those that are left in the record.
    LookRound,
    /// Say that it is waited for them.
    SayWaiting,
    /// The lease was not recovered in time.
    StopUnsure,
    /// The grace is over.
    Force,
}

/// Watches one program.
pub(super) struct Supervision<'a> {
    opened: &'a Database,
    orders: &'a Orders,
    cover: &'a Cover,
    family: &'a Guarded,
    due: Vec<(Ticks, Due)>,
    /// The program's own code.
    ended: Option<i32>,
    /// Why it was ended by us.
    stopped: Option<Exit>,
    interrupts: u32,
    expiring: bool,
}

impl<'a> Supervision<'a> {
    pub(super) fn new(opened: &'a Database, orders: &'a Orders, cover: &'a Cover, family: &'a Guarded) -> Self {
        Self { opened, orders, cover, family, due: Vec::new(), ended: None, stopped: None, interrupts: 0, expiring: false }
    }

    /// Watches until everything has ended.
    pub(super) fn watch(mut self, happenings: &Receiver<Happening>) -> Exit {
        loop {
            let next = self.due.iter().min_by_key(|(at, _)| *at).copied();
            let happening = match next {
                Some((at, _)) => happenings.recv_timeout(at.since(now().ticks)),
                None => happenings.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match happening {
                Ok(Happening::Signal(signal)) => self.signal(signal),
                Ok(Happening::News(news)) => self.hear(&news),
                Ok(Happening::Ended(code)) => {
                    self.ended = Some(code);
                    self.at(LOOK_ROUND, Due::LookRound);
                }
                // What happened to the lease before the end is still told.
                Ok(Happening::AllGone) | Err(RecvTimeoutError::Disconnected) => {
                    while let Ok(happening) = happenings.try_recv() {
                        if let Happening::News(news) = happening {
                            self.hear(&news);
                        }
                    }
                    return self.stopped.unwrap_or(Exit::Program(self.ended.unwrap_or(255)));
                }
                Ok(Happening::TakenOver(token)) => self.talk(&Talk::TakenOver(token.0)),
                Ok(Happening::TakenBack) => self.taken_back(),
                Ok(Happening::InputEnded) => {}
                Err(RecvTimeoutError::Timeout) => self.fire(),
            }
        }
    }

    fn at(&mut self, after: Duration, due: Due) {
        self.due.push((now().ticks + after, due));
    }

    fn cancel(&mut self, due: Due) {
        self.due.retain(|(_, other)| *other != due);
    }

    fn fire(&mut self) {
        let moment = now().ticks;
        let (fired, later) = std::mem::take(&mut self.due).into_iter().partition(|(at, _)| *at <= moment);
        self.due = later;
        let fired: Vec<(Ticks, Due)> = fired;
        for (_, due) in fired {
            match due {
                Due::LookRound => self.look_round(),
                Due::SayWaiting => {
                    let left = self.family.descendants().len();
                    if left > 0 {
                        self.talk(&Talk::StillRunning(left));
                    }
                }
                Due::StopUnsure => self.stop(Exit::Unreachable),
                Due::Force => {
                    self.talk(&Talk::Forcing(self.orders.name.clone()));
                    // Whom force does not reach is waited for like the others.
                    drop(self.family.signal_all(Push::Force));
                }
            }
        }
    }

    /// The program has ended and others are left: they are what must be gone before anybody is let in.
    fn look_round(&mut self) {
        let left = self.family.descendants();
        if left.is_empty() {
            return;
        }
        self.at(SAY_AFTER.saturating_sub(LOOK_ROUND), Due::SayWaiting);
        // Not waited for: it is tried until it is on the share, and signals are heard meanwhile.
        let _ = self.cover.name(left, Duration::ZERO);
    }

    fn signal(&mut self, signal: Signal) {
        let terminal = signal.from_terminal && matches!(signal.number, INTERRUPT | QUIT);
        if terminal {
            self.interrupts += 1;
            if self.interrupts > 1 {
                let talk = if self.ended.is_none() {
                    Talk::WaitingForProgram(self.orders.name.clone(), self.family.facts().pid)
                } else {
                    Talk::WaitingForRest(self.family.descendants().len())
                };
                self.talk(&talk);
            }
        } else if !signal.from_terminal {
            let all = if self.ended.is_none() { vec![self.family.facts()] } else { self.family.descendants() };
            for process in all {
                // It may have ended this very moment.
                drop(signals::forward(process.pid, signal.number));
            }
        }
    }

    fn hear(&mut self, news: &News) {
        let talk = talk(news, self.opened.timing());
        match news {
            News::Renewed => {
                if std::mem::take(&mut self.expiring) {
                    self.talk(&talk);
                }
            }
            News::Expiring => {
                self.expiring = true;
                self.talk(&talk);
                if self.orders.stop {
                    self.stop(Exit::Unreachable);
                }
            }
            News::Unsure(_) => {
                self.expiring = false;
                self.talk(&talk);
                if self.orders.stop {
                    self.at(UNSURE.min(self.opened.timing().margin), Due::StopUnsure);
                }
            }
            News::Recovered(_) => {
                self.cancel(Due::StopUnsure);
                self.talk(&talk);
            }
            News::Revoked(_) => {
                self.talk(&talk);
                if self.orders.stop {
                    self.stop(Exit::Held);
                }
            }
            News::Lost(_) => {
                self.cancel(Due::StopUnsure);
                self.talk(&talk);
                if self.orders.stop {
                    self.stop(Exit::Held);
                } else if self.ended.is_none() {
                    self.talk(&Talk::MayCollide(self.orders.name.clone()));
                }
            }
        }
    }

    /// This user wanted the lease back although the program still runs.
    fn taken_back(&mut self) {
        self.talk(&Talk::TakenBack);
        if self.orders.stop {
            self.stop(Exit::Held);
        } else if self.ended.is_none() {
            self.talk(&Talk::MayCollide(self.orders.name.clone()));
        }
    }

    /// Ends the program: gently at first. A loss outranks a doubt.
    fn stop(&mut self, why: Exit) {
        let begun = self.stopped.replace(why).is_some();
        if begun {
            return;
        }
        self.talk(&Talk::Stopping(self.orders.name.clone(), self.orders.grace));
        drop(self.family.signal_all(Push::Gentle));
        self.at(self.orders.grace, Due::Force);
    }

    fn talk(&self, talk: &Talk) {
        say(About(self.opened.name(), talk, language()));
    }
}
