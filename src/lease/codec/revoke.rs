//! The order to give up, as bytes behind the board.
//!
//! The hazard: half an order, or an old one under a new board, that ends somebody's work. It is sealed like every record, and names
//! leases by their nonces.

use super::{BOARD_BYTES, REVOKE_BYTES, VERSION, clean, limit, parse_nonce, parse_time, readable, rfc3339, seal, unseal};
use crate::lease::record::{Holder, MOST_REVOKED, Revoke, Revoked};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Fields {
    v: u32,
    min_reader: u32,
    subjects: Vec<(u64, String, u64)>,
    user: String,
    name: String,
    machine: String,
    reason: String,
    at: String,
    now: bool,
}

/// Writes an order. Strings are stripped and cut, subjects beyond [`MOST_REVOKED`] left out.
#[must_use]
pub fn encode_revoke(revoke: &Revoke) -> [u8; REVOKE_BYTES] {
    let subject = |subject: &Revoked| (subject.number, format!("{:032x}", subject.nonce), subject.fingerprint);
    let fields = Fields {
        v: VERSION,
        min_reader: VERSION,
        subjects: revoke.subjects.iter().take(MOST_REVOKED).map(subject).collect(),
        user: clean(&revoke.by.user, limit::USER).into_owned(),
        name: clean(&revoke.by.name, limit::NAME).into_owned(),
        machine: clean(&revoke.by.machine, limit::MACHINE).into_owned(),
        reason: clean(&revoke.reason, limit::NOTE).into_owned(),
        at: rfc3339(revoke.at),
        now: revoke.now,
    };
    let mut bytes = [b' '; REVOKE_BYTES];
    seal(&mut bytes, 0, &fields);
    bytes
}

/// Reads the order out of the board's file; nothing when there is none, or anything is wrong with it.
#[must_use]
pub fn decode_revoke(file: &[u8]) -> Option<Revoke> {
    let json = unseal(file.get(BOARD_BYTES..BOARD_BYTES + REVOKE_BYTES)?, "")?;
    let fields: Fields = serde_json::from_slice(&json).ok()?;
    readable(fields.v, fields.min_reader)?;
    let subject = |(number, nonce, fingerprint): &(u64, String, u64)| {
        let nonce = parse_nonce(nonce)?.0;
        Some(Revoked { number: *number, nonce, fingerprint: *fingerprint })
    };
    if fields.subjects.is_empty() || fields.subjects.len() > MOST_REVOKED {
        return None;
    }
    Some(Revoke {
        subjects: fields.subjects.iter().map(subject).collect::<Option<_>>()?,
        by: Holder {
            user: clean(&fields.user, limit::USER).into_owned(),
            name: clean(&fields.name, limit::NAME).into_owned(),
            machine: clean(&fields.machine, limit::MACHINE).into_owned(),
            ..Holder::default()
        },
        reason: clean(&fields.reason, limit::NOTE).into_owned(),
        at: parse_time(&fields.at)?,
        now: fields.now,
    })
}
