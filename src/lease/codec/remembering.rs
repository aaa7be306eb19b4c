//! Decoding the same bytes once, and what was written here not at all.
//!
//! A look, the claim after it, the release and the next look read the same records again and again, and parsing them would cost
//! more than reading them. What is remembered is the answer of a pure function, found by comparing all of its bytes: nothing can be
//! stale. What a record that is written will be read as is known without reading it; debug builds check that.

use super::super::record::{Board, Body, Found, Head, NoticeSeen, Number};
use super::{BOARD_BYTES, HEAD_BYTES, LEASE_BYTES, NOTICE_BYTES};
use super::{assemble, decode_board, decode_body, decode_notice, encode_board, encode_lease, encode_notice};
use super::{board_as_read, is_as_read, notice_as_read};
use crate::clock::WallTime;
use std::collections::VecDeque;
use std::sync::Arc;

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

    /// Writes the notice of a lease, last renewed `at`.
    pub fn encode_notice(&mut self, body: &Body, at: WallTime) -> [u8; NOTICE_BYTES] {
        let bytes = encode_notice(body, at);
        if let Some(read) = notice_as_read(body, &bytes) {
            debug_assert_eq!(read, decode_notice(&bytes));
            self.notices.learn(&bytes, read);
        }
        bytes
    }
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
