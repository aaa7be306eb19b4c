//! Decoding the same bytes once, and what was written here not at all.
//!
//! A look, the claim after it, the release and the next look read the same records again and again, and parsing them would cost
//! more than reading them. What is remembered is the answer of a pure function, found by comparing all of its bytes: nothing can be
//! stale. What a record that is written will be read as is known without reading it; debug builds check that.

use super::super::record::{Board, Body, Found, Head, LeaseId, MOST_GUARDS, NoticeSeen, Number, Token};
use super::super::timing::Promise;
use super::{BOARD_BYTES, HEAD_BYTES, LEASE_BYTES};
use super::{LAST_MILLIS, clean, from_millis, limit, millis_up};
use super::{assemble, decode_board, decode_body, decode_notice, encode_board, encode_lease};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Two are enough: what is mine, and what was before it.
const REMEMBERED: usize = 2;

/// Encodes and decodes as the functions of the same names do, and remembers the last answers.
#[derive(Debug, Default)]
pub struct Codec {
    bodies: Memo<Option<Arc<Body>>>,
    boards: Memo<Option<Board>>,
    notices: Memo<NoticeSeen>,
}

impl Codec {
    /// Reads a lease file that was found under the name of `number`.
    pub fn decode_lease(&mut self, number: Number, bytes: &[u8]) -> Found {
        assemble(number, bytes, |body| self.bodies.of(body, |body| decode_body(body).map(Arc::new)))
    }

    /// Writes a lease file.
    pub fn encode_lease(&mut self, body: &Arc<Body>, head: &Head) -> [u8; LEASE_BYTES] {
        let bytes = encode_lease(body, head);
        if is_as_read(body) {
            debug_assert_eq!(decode_body(&bytes[HEAD_BYTES..]).as_ref(), Some(&**body));
            self.bodies.learn(&bytes[HEAD_BYTES..], Some(Arc::clone(body)));
        }
        bytes
    }

    /// Reads the board.
    pub fn decode_board(&mut self, bytes: &[u8]) -> Option<Board> {
        self.boards.of(bytes, decode_board)
    }

    /// Writes the board.
    pub fn encode_board(&mut self, board: &Board) -> [u8; BOARD_BYTES] {
        let bytes = encode_board(board);
        let read = board_as_read(board);
        debug_assert_eq!(read, decode_board(&bytes));
        self.boards.learn(&bytes, read);
        bytes
    }

    /// Reads a notice that exists.
    pub fn decode_notice(&mut self, bytes: &[u8]) -> NoticeSeen {
        self.notices.of(bytes, decode_notice)
    }
}

/// Returns whether a body is read back as exactly this one; all that the limits change is not.
fn is_as_read(body: &Body) -> bool {
    let texts = [
        (&body.holder.user, limit::USER),
        (&body.holder.name, limit::NAME),
        (&body.holder.machine, limit::MACHINE),
        (&body.holder.session, limit::SESSION),
        (&body.holder.app, limit::APP),
        (&body.holder.note, limit::NOTE),
        (&body.host.machine, limit::HOST),
        (&body.host.boot, limit::HOST),
        (&body.host.pids, limit::HOST),
        (&body.host.owner, limit::HOST),
        (&body.database, limit::DATABASE),
    ];
    is_in_range(body.id, body.token)
        && body.holder.pid == body.process.pid
        && body.guards.len() <= MOST_GUARDS
        && (0..=LAST_MILLIS).contains(&body.acquired.0)
        && promise_as_read(&body.promise) == body.promise
        && texts.into_iter().all(|(text, limit)| clean(text, limit) == *text)
}

/// Returns what a board is read back as.
fn board_as_read(board: &Board) -> Option<Board> {
    is_in_range(board.id, board.token).then_some(Board { long: as_read(board.long), ..*board })
}

fn promise_as_read(promise: &Promise) -> Promise {
    Promise {
        heartbeat: as_read(promise.heartbeat),
        fence: as_read(promise.fence),
        short: as_read(promise.short),
        long: as_read(promise.long),
    }
}

fn as_read(duration: Duration) -> Duration {
    from_millis(millis_up(duration))
}

fn is_in_range(id: LeaseId, token: Token) -> bool {
    (1..=Number::MAX.0).contains(&id.number.0) && (1..=Token::MAX.0).contains(&token.0)
}

/// The last answers of one function, the newest first.
#[derive(Debug)]
struct Memo<T>(VecDeque<(Vec<u8>, T)>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Clone> Memo<T> {
    fn of(&mut self, bytes: &[u8], decode: impl FnOnce(&[u8]) -> T) -> T {
        if let Some((_, known)) = self.0.iter().find(|(seen, _)| seen == bytes) {
            return known.clone();
        }
        let decoded = decode(bytes);
        self.learn(bytes, decoded.clone());
        decoded
    }

    fn learn(&mut self, bytes: &[u8], decoded: T) {
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front((bytes.to_vec(), decoded));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::record::{Holder, Host, Nonce, ProcessId, State};
    use super::*;
    use crate::clock::WallTime;

    #[test]
    fn the_last_two_are_decoded_once_and_no_more_are_kept() {
        let mut memo = Memo::default();
        let mut decoded = Vec::new();
        for bytes in [b"a", b"a", b"b", b"a", b"c", b"c", b"a"] {
            assert_eq!(memo.of(bytes, |bytes| decoded.push(bytes[0])), ());
            assert!(memo.0.len() <= 2);
        }
        assert_eq!(decoded, b"abca");
    }

    #[test]
    fn what_was_written_here_is_known_without_decoding_it() {
        let mut codec = Codec::default();
        let body = Arc::new(Body {
            id: LeaseId { number: Number(1), nonce: Nonce(1) },
            token: Token(1),
            holder: Holder { user: "eva".into(), ..Holder::default() },
            host: Host::default(),
            process: ProcessId::default(),
            guards: Vec::new(),
            mark: None,
            acquired: WallTime(0),
            basis: None,
            promise: super::super::super::timing::Timing::default().promise(),
            database: "wems.db".into(),
        });
        codec.encode_lease(&body, &Head { state: State::Live, counter: 1, at: WallTime(0) });
        codec.encode_board(&Board { id: body.id, token: body.token, state: State::Live, long: body.promise.long });
        assert_eq!((codec.bodies.0.len(), codec.boards.0.len()), (1, 1));
    }
}
