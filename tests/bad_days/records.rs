//! Bytes to put on the share: sound records, and the same with something wrong about them.

use crate::support::finish;
use sharelock::clock::{Clock, SystemClock, WallTime};
use sharelock::lease::codec::{
    BOARD_BYTES, HEAD_BYTES, LEASE_BYTES, TICKET_BYTES, Ticket, encode_board, encode_lease, encode_ticket,
};
use sharelock::lease::record::{Board, Body, Head, Holder, Host, LeaseId, Nonce, Number, ProcessId, State, Token};
use sharelock::lease::timing::Timing;

/// Where the checksum of a record begins, counted from its end.
const SEAL_BYTES: usize = 18;

fn now() -> WallTime {
    SystemClock.now().wall
}

fn body(number: u64) -> Body {
    Body {
        id: LeaseId { number: Number(number), nonce: Nonce(7) },
        token: Token(number + 100),
        holder: Holder { user: "eva".into(), machine: "PC-7".into(), pid: 7, ..Holder::default() },
        host: Host { machine: "another".into(), boot: "b".into(), ..Host::default() },
        process: ProcessId { pid: 7, start: 7 },
        guards: Vec::new(),
        mark: None,
        acquired: WallTime(now().0 - 3_600_000),
        basis: None,
        promise: Timing::default().promise(),
        database: "wems.db".into(),
    }
}

/// A lease that somebody holds, written a moment ago.
pub(crate) fn live(number: u64) -> [u8; LEASE_BYTES] {
    encode_lease(&body(number), &Head { state: State::Live, counter: 3, at: now() })
}

/// A lease that was given back.
pub(crate) fn ended(number: u64) -> [u8; LEASE_BYTES] {
    encode_lease(&body(number), &Head { state: State::Ended, counter: 3, at: now() })
}

/// A lease of somebody whose clock is far ahead.
pub(crate) fn in_year_9999() -> [u8; LEASE_BYTES] {
    let late = WallTime(253_402_300_700_000);
    encode_lease(&Body { acquired: late, ..body(1) }, &Head { state: State::Live, counter: 3, at: late })
}

/// A lease held by somebody who is called as we are, at a computer that is called as ours, and is another one.
pub(crate) fn namesake() -> [u8; LEASE_BYTES] {
    let scene = crate::scene::Scene::new();
    let said = finish(scene.command(&["run", "mine.db", "--", "sh", "-c", "cat mine.db.lock"]));
    let mine: serde_json::Value = serde_json::from_str(said.out.trim()).expect("our own notice");
    let text = |key: &str| mine[key].as_str().unwrap().to_owned();
    let holder = Holder { user: text("user"), machine: text("machine"), pid: 7, ..Holder::default() };
    encode_lease(&Body { holder, ..body(1) }, &Head { state: State::Live, counter: 3, at: now() })
}

/// A board that names a live lease.
pub(crate) fn board(number: u64) -> [u8; BOARD_BYTES] {
    encode_board(&board_of(number))
}

pub(crate) fn board_of(number: u64) -> Board {
    let body = body(number);
    // An ended lease is on a sound board as ended.
    Board { id: body.id, token: Token(body.token.0.min(Token::MAX.0)), state: State::Live, long: body.promise.long }
}

/// The ticket of somebody who waits.
pub(crate) fn ticket() -> [u8; TICKET_BYTES] {
    encode_ticket(&Ticket { holder: body(1).holder, since: now(), counter: 1, waiting: true, ..Ticket::default() })
}

/// A record with one piece of its text replaced, and a checksum that fits again: what only malice makes.
pub(crate) fn sealed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let front = std::str::from_utf8(&bytes[..bytes.len() - SEAL_BYTES]).unwrap();
    assert!(front.contains(from), "{from} is not in {front}");
    let mut out = front.replacen(from, to, 1).trim_end().as_bytes().to_vec();
    out.resize(bytes.len() - SEAL_BYTES, b' ');
    let checked = if bytes.len() == LEASE_BYTES { HEAD_BYTES } else { 0 };
    let end = format!("\"crc\":\"{:08x}\"}}\n", crc32fast::hash(&out[checked..]));
    out.extend_from_slice(end.as_bytes());
    out
}
