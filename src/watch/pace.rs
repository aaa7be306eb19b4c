//! When to read the board and when to wait for the holder's range lock: pure, so that it can be tested without a share.
//!
//! The rule: whoever is woken by the server need not ask, and whoever is not asks often while something is going on and seldom while
//! nothing is. The hazard is trust in a wake-up that never comes, so the board is read now and then all the same.

use crate::clock::Ticks;
use crate::lease::record::{Board, Number, State};
use std::time::Duration;

/// The pause after something changed: what comes next often comes soon. It doubles from look to look.
const QUICK: Duration = Duration::from_millis(125);
/// The longest pause while somebody holds and nobody would wake us.
const POLL: Duration = Duration::from_secs(1);
/// The pause while the server would wake us, or nobody holds: a taken database shows as taken in time.
const CALM: Duration = Duration::from_secs(4);
/// The first pause before a range lock that was not held is asked for again: its holder may have none, or not yet.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// The longest of them.
const ASK_SELDOM: Duration = Duration::from_secs(16);
/// The first pause before the server is asked again to tell of changes, after it could not.
const LISTEN_AGAIN: Duration = Duration::from_secs(30);
/// The longest of them: a server that was restarted tells again, one that never does costs nothing.
const LISTEN_SELDOM: Duration = Duration::from_secs(3600);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Read the board.
    Board,
    /// Wait for the range lock of this lease.
    Lock(Number),
    /// Ask the server to tell of changes.
    Changes,
}

/// What a wait for a range lock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Somebody has it; waiting now.
    Armed,
    /// Nobody had it, so there was nothing to wait for.
    NotHeld,
    /// It was let go.
    Released,
    /// It cannot be waited for.
    Failed,
}

/// How it stands with the range lock of the present holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// To be asked for then, for the time after so long a pause.
    At(Ticks, Duration),
    /// Being asked for.
    Asked,
    /// The server wakes us.
    Armed,
}

/// How it stands with the server's telling of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changes {
    /// It does not do that here.
    Never,
    /// To be asked for then, for the time after so long a pause.
    At(Ticks, Duration),
    /// Asked for; nothing was told yet.
    Asked(Duration),
    /// It has told of one without being asked again and again.
    Told,
}

/// The plan.
#[derive(Debug)]
pub(super) struct Pace {
    /// Whether range locks wake here at all.
    locks: bool,
    changes: Changes,
    board: Option<Board>,
    held: Option<(Number, Lock)>,
    next: Ticks,
    pause: Duration,
}

impl Pace {
    /// Begins; whether range locks wake, and whether the server can be asked to tell of changes.
    pub(super) const fn new(now: Ticks, locks: bool, changes: bool) -> Self {
        let changes = if changes { Changes::At(now, LISTEN_AGAIN) } else { Changes::Never };
        Self { locks, changes, board: None, held: None, next: now, pause: QUICK }
    }

    /// Returns when something is due.
    pub(super) fn wakes_at(&self) -> Ticks {
        let lock = if let Some((_, Lock::At(at, _))) = self.held { at } else { self.next };
        let changes = if let Changes::At(at, _) = self.changes { at } else { self.next };
        self.next.min(lock).min(changes)
    }

    /// Returns what is due now.
    pub(super) fn due(&mut self, now: Ticks) -> Option<Due> {
        if let Some((number, Lock::At(at, _))) = self.held
            && at <= now
        {
            return Some(Due::Lock(number));
        }
        if let Changes::At(at, pause) = self.changes
            && at <= now
        {
            self.changes = Changes::Asked(pause);
            return Some(Due::Changes);
        }
        (self.next <= now).then_some(Due::Board)
    }

    /// The board was read; returns whether it is news.
    pub(super) fn board(&mut self, now: Ticks, board: Option<Board>, first: bool) -> bool {
        let news = board != self.board && !first;
        if board != self.board {
            self.pause = QUICK;
            let live = board.filter(|board| board.state == State::Live).map(|board| board.id.number);
            if live != self.held.map(|(number, _)| number) {
                self.held = live.filter(|_| self.locks).map(|number| (number, Lock::At(now, ASK_AGAIN)));
            }
            self.board = board;
        }
        self.plan(now);
        news
    }

    /// The wait for the range lock of a lease was begun.
    pub(super) fn asked(&mut self, number: Number) {
        self.set(number, Lock::Asked);
    }

    /// The wait for the range lock of a lease said something.
    pub(super) fn lock(&mut self, now: Ticks, number: Number, said: Said, pause: Duration) {
        match said {
            Said::Armed => {
                self.set(number, Lock::Armed);
                // What was let go between the last look at the board and now is seen at once.
                self.next = self.next.min(now + self.pause);
            }
            Said::NotHeld => self.set(number, Lock::At(now + pause, (pause * 2).min(ASK_SELDOM))),
            Said::Failed => self.set(number, Lock::At(now + ASK_SELDOM, ASK_SELDOM)),
            Said::Released => {
                self.set(number, Lock::At(now + ASK_AGAIN, ASK_AGAIN));
                self.soon(now);
            }
        }
    }

    /// The server told of a change.
    pub(super) fn told(&mut self, now: Ticks) {
        self.changes = Changes::Told;
        self.soon(now);
    }

    /// The server tells of nothing (any more); what it did not tell meanwhile is looked for at once.
    pub(super) fn untold(&mut self, now: Ticks) {
        let pause = if let Changes::Asked(pause) = self.changes { pause } else { LISTEN_AGAIN };
        self.changes = Changes::At(now + pause, (pause * 2).min(LISTEN_SELDOM));
        self.soon(now);
    }

    fn set(&mut self, number: Number, lock: Lock) {
        if let Some(held) = self.held.as_mut().filter(|(present, _)| *present == number) {
            held.1 = lock;
        }
    }

    /// Something is going on: whoever comes next is on the board soon.
    fn soon(&mut self, now: Ticks) {
        self.pause = QUICK;
        self.next = self.next.min(now + QUICK);
    }

    fn plan(&mut self, now: Ticks) {
        let live = self.board.is_some_and(|board| board.state == State::Live);
        let woken = self.changes == Changes::Told || matches!(self.held, Some((_, Lock::Armed)));
        let longest = if live && !woken { POLL } else { CALM };
        self.next = now + self.pause.min(longest);
        self.pause = (self.pause * 2).min(longest);
    }
}

impl Pace {
    /// Returns the pause that comes next when the lock of this lease is not held.
    pub(super) fn pause_of(&self, number: Number) -> Duration {
        match self.held {
            Some((present, Lock::At(_, pause))) if present == number => pause,
            Some(_) | None => ASK_AGAIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::record::{LeaseId, Nonce, Token};

    fn board(number: u64, state: State) -> Board {
        let id = LeaseId { number: Number(number), nonce: Nonce(1) };
        Board { id, token: Token(1), state, long: Duration::from_secs(300) }
    }

    fn at(millis: u64) -> Ticks {
        Ticks::from_nanos(millis * 1_000_000)
    }

    /// Plays a time in which the board does not change; returns how often it was read.
    fn reads(pace: &mut Pace, from: u64, to: u64) -> usize {
        let (mut count, present) = (0, pace.board);
        loop {
            let when = pace.wakes_at();
            if when > at(to) {
                return count;
            }
            let when = when.max(at(from));
            match pace.due(when) {
                Some(Due::Board) => {
                    count += 1;
                    pace.board(when, present, false);
                }
                Some(Due::Lock(number)) => {
                    let pause = pace.pause_of(number);
                    pace.asked(number);
                    pace.lock(when, number, Said::NotHeld, pause);
                }
                Some(Due::Changes) => {}
                None => unreachable!("woken for nothing at {when:?}"),
            }
        }
    }

    #[test]
    fn without_a_wake_up_a_held_database_is_looked_at_every_second() {
        for locks in [false, true] {
            let mut pace = Pace::new(at(0), locks, false);
            assert!(!pace.board(at(0), Some(board(1, State::Live)), true));
            reads(&mut pace, 0, 10_000);
            let count = reads(&mut pace, 10_000, 70_000);
            assert!((59..=61).contains(&count), "{count}");
        }
    }

    #[test]
    fn an_idle_watcher_looks_fifteen_times_a_minute() {
        let mut free = Pace::new(at(0), true, false);
        free.board(at(0), Some(board(1, State::Ended)), true);
        reads(&mut free, 0, 20_000);
        assert!(reads(&mut free, 20_000, 80_000) <= 15);
        let mut armed = Pace::new(at(0), true, false);
        armed.board(at(0), Some(board(1, State::Live)), true);
        assert_eq!(armed.due(at(0)), Some(Due::Lock(Number(1))));
        armed.asked(Number(1));
        armed.lock(at(1), Number(1), Said::Armed, ASK_AGAIN);
        reads(&mut armed, 0, 20_000);
        assert!(reads(&mut armed, 20_000, 80_000) <= 15);
        let mut told = Pace::new(at(0), false, true);
        told.board(at(0), Some(board(1, State::Live)), true);
        told.told(at(5));
        reads(&mut told, 0, 20_000);
        assert!(reads(&mut told, 20_000, 80_000) <= 15);
    }

    #[test]
    fn a_server_that_stops_telling_is_not_trusted_until_it_tells_again() {
        let mut pace = Pace::new(at(0), false, true);
        pace.board(at(0), Some(board(1, State::Live)), true);
        assert_eq!(pace.due(at(0)), Some(Due::Changes));
        pace.told(at(5));
        reads(&mut pace, 5, 20_000);
        assert!(reads(&mut pace, 20_000, 80_000) <= 15);
        pace.untold(at(80_000));
        assert!(pace.wakes_at() <= at(80_000) + QUICK, "what was not told meanwhile is looked for");
        reads(&mut pace, 80_000, 90_000);
        let count = reads(&mut pace, 90_000, 109_000);
        assert!((18..=20).contains(&count), "{count}");
        assert_eq!(pace.due(at(110_000)), Some(Due::Changes));
        reads(&mut pace, 110_000, 111_000);
        pace.told(at(111_000));
        reads(&mut pace, 111_000, 130_000);
        assert!(reads(&mut pace, 130_000, 190_000) <= 15);
    }

    #[test]
    fn a_server_that_never_tells_is_asked_ever_less() {
        let mut pace = Pace::new(at(0), false, true);
        let mut asked = Vec::new();
        for second in 0..7200 {
            let now = at(second * 1000);
            if pace.due(now) == Some(Due::Changes) {
                asked.push(second);
                pace.untold(now);
            }
            pace.board(now, None, false);
        }
        assert_eq!(asked, [0, 30, 90, 210, 450, 930, 1890, 3810]);
    }

    #[test]
    fn a_lock_that_is_not_held_is_asked_for_ever_less() {
        let mut pace = Pace::new(at(0), true, false);
        pace.board(at(0), Some(board(1, State::Live)), true);
        let mut asked = 0;
        let mut moment = 0;
        while moment < 60_000 {
            if pace.due(at(moment)) == Some(Due::Lock(Number(1))) {
                let pause = pace.pause_of(Number(1));
                pace.asked(Number(1));
                pace.lock(at(moment), Number(1), Said::NotHeld, pause);
                asked += 1;
            }
            moment += 100;
        }
        assert!((6..=10).contains(&asked), "{asked}");
    }

    #[test]
    fn after_a_release_the_next_holder_is_looked_for_quickly() {
        let mut pace = Pace::new(at(0), true, false);
        pace.board(at(0), Some(board(1, State::Live)), true);
        pace.asked(Number(1));
        pace.lock(at(1), Number(1), Said::Armed, ASK_AGAIN);
        reads(&mut pace, 0, 30_000);
        pace.lock(at(30_001), Number(1), Said::Released, ASK_AGAIN);
        assert!(pace.wakes_at() <= at(30_001) + QUICK);
        assert!(pace.board(at(30_200), Some(board(2, State::Live)), false));
        assert_eq!(pace.due(at(30_200)), Some(Due::Lock(Number(2))));
        // What the wait for the lease before still says changes nothing.
        pace.lock(at(30_201), Number(1), Said::Armed, ASK_AGAIN);
        assert_eq!(pace.due(at(30_201)), Some(Due::Lock(Number(2))));
    }
}
