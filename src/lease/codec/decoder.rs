//! Decoding the same bytes once.
//!
//! A look, the claim after it and the next look read the same records again and again, and parsing them would cost more than
//! reading them. What is remembered is the answer of a pure function, found by comparing all of its bytes: nothing can be stale.

use super::super::record::{Board, Body, Found, NoticeSeen, Number};
use super::{assemble, decode_board, decode_body, decode_notice};
use std::collections::VecDeque;
use std::sync::Arc;

/// Two are enough: what is mine, and what was before it.
const REMEMBERED: usize = 2;

/// Decodes as [`decode_lease`](super::decode_lease), [`decode_board`] and [`decode_notice`] do, and remembers the last answers.
#[derive(Debug, Default)]
pub struct Decoder {
    bodies: Memo<Option<Arc<Body>>>,
    boards: Memo<Option<Board>>,
    notices: Memo<NoticeSeen>,
}

impl Decoder {
    /// Reads a lease file that was found under the name of `number`.
    pub fn lease(&mut self, number: Number, bytes: &[u8]) -> Found {
        assemble(number, bytes, |body| self.bodies.of(body, |body| decode_body(body).map(Arc::new)))
    }

    /// Reads the board.
    pub fn board(&mut self, bytes: &[u8]) -> Option<Board> {
        self.boards.of(bytes, decode_board)
    }

    /// Reads a notice that exists.
    pub fn notice(&mut self, bytes: &[u8]) -> NoticeSeen {
        self.notices.of(bytes, decode_notice)
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
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front((bytes.to_vec(), decoded.clone()));
        decoded
    }
}
