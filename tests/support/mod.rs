//! What several test targets need: places where leases live, and records to put there.

pub(crate) mod places;

use sharelock::clock::WallTime;
use sharelock::lease::record::{Board, Body, Head, Holder, Host, LeaseId, Nonce, Number, ProcessId, State, Token};
use sharelock::lease::timing::Timing;
use sharelock::store::Identity;
use std::sync::Arc;

/// A moment in 2026, for everything that only people read.
pub(crate) const THEN: WallTime = WallTime(1_795_424_000_000);

/// Makes the record of a claim.
pub(crate) fn body(number: u64, nonce: u128) -> Arc<Body> {
    Arc::new(Body {
        id: LeaseId { number: Number(number), nonce: Nonce(nonce) },
        token: Token(number + 100),
        holder: Holder { user: "eva".into(), machine: "PC-7".into(), pid: 7, app: "wems".into(), ..Holder::default() },
        host: Host::default(),
        process: ProcessId { pid: 7, start: 7 },
        guards: Vec::new(),
        mark: None,
        acquired: THEN,
        basis: None,
        promise: Timing::default().promise(),
        database: "wems.db".into(),
    })
}

/// Makes the head of a record.
pub(crate) fn head(state: State, counter: u32) -> Head {
    Head { state, counter, at: THEN }
}

/// Makes a board that names a claim.
pub(crate) fn board(body: &Body, state: State) -> Board {
    Board { id: body.id, token: body.token, state, long: body.promise.long }
}

/// Makes a client.
pub(crate) fn identity(nonce: u128) -> Identity {
    let holder = Holder { user: format!("user-{nonce}"), machine: "PC-7".into(), pid: 7, ..Holder::default() };
    Identity { holder, host: Host::default(), nonce: Nonce(nonce) }
}
