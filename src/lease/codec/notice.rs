//! The notice beside the database (`wems.db.lock`): what the office's other programs read and write, and what we add to it.
//!
//! The hazard is in both directions: a foreign notice taken for ours would be written over, one of ours taken for a foreign one
//! would block everybody. Ours is what names a lease by number and nonce; a host name or a user name never makes it ours.

use super::super::record::{Body, NoticeSeen};
use super::super::timing::Promise;
use super::{
    VERSION, clean, date, fingerprint, from_millis, lenient_holder, limit, millis_up, parse_id, parse_token, write_object,
};
use crate::clock::WallTime;
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// The length of a notice that we write.
pub const NOTICE_BYTES: usize = 1024;

/// The fields that other programs know come first, in the order in which they write them.
#[derive(Serialize)]
struct Fields<'a> {
    pid: u32,
    user: Cow<'a, str>,
    machine: Cow<'a, str>,
    acquired: String,
    heartbeat: String,
    name: Cow<'a, str>,
    app: Cow<'a, str>,
    note: Cow<'a, str>,
    sharelock: Ours<'a>,
}

#[derive(Serialize, Deserialize)]
struct Ours<'a> {
    v: u32,
    number: u64,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    token: u64,
    heartbeat_ms: u64,
    fence_ms: u64,
    short_ms: u64,
    long_ms: u64,
}

/// Writes the notice of a lease, last renewed `at`. Times are in UTC with a written offset: other programs in the office want
/// one, and which offset the holder lives in is nobody's business here.
#[must_use]
pub fn encode_notice(body: &Body, at: WallTime) -> [u8; NOTICE_BYTES] {
    let offset = |at| date(at).to_rfc3339_opts(SecondsFormat::Millis, false);
    let fields = Fields {
        pid: body.process.pid,
        user: clean(&body.holder.user, limit::USER),
        machine: clean(&body.holder.machine, limit::MACHINE),
        acquired: offset(body.acquired),
        heartbeat: offset(at),
        name: clean(&body.holder.name, limit::NAME),
        app: clean(&body.holder.app, limit::APP),
        note: clean(&body.holder.note, limit::NOTE),
        sharelock: Ours {
            v: VERSION,
            number: body.id.number.0,
            nonce: body.id.nonce.to_string().into(),
            token: body.token.0,
            heartbeat_ms: millis_up(body.promise.heartbeat),
            fence_ms: millis_up(body.promise.fence),
            short_ms: millis_up(body.promise.short),
            long_ms: millis_up(body.promise.long),
        },
    };
    let mut bytes = [b' '; NOTICE_BYTES];
    write_object(&mut bytes[..NOTICE_BYTES - 1], &fields);
    bytes[NOTICE_BYTES - 1] = b'\n';
    bytes
}

/// Reads a notice that exists.
#[must_use]
pub fn decode_notice(bytes: &[u8]) -> NoticeSeen {
    #[derive(Deserialize)]
    struct Marked<'a> {
        #[serde(borrow)]
        sharelock: Ours<'a>,
    }
    // Editors on Windows like to put a byte-order mark in front.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_end();
    let fingerprint = fingerprint(bytes);
    let ours = serde_json::from_slice::<Marked<'_>>(text).ok().and_then(|Marked { sharelock: ours }| {
        let promise = Promise {
            heartbeat: from_millis(ours.heartbeat_ms),
            fence: from_millis(ours.fence_ms),
            short: from_millis(ours.short_ms),
            long: from_millis(ours.long_ms),
        };
        let id = parse_id(ours.number, &ours.nonce)?;
        Some(NoticeSeen::Ours { id, token: parse_token(ours.token)?, promise, fingerprint })
    });
    if let Some(ours) = ours {
        return ours;
    }
    let holder = serde_json::from_slice::<serde_json::Value>(text).ok().map(|value| lenient_holder(&value));
    let known = holder.filter(|holder| !holder.user.is_empty() || !holder.machine.is_empty() || holder.pid != 0);
    NoticeSeen::Foreign { fingerprint, holder: known.map(Arc::new) }
}
