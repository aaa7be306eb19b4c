//! The notice beside the database (`wems.db.lock`): what the office's other programs read and write, and what we add to it.
//!
//! The hazard is in both directions: a foreign notice taken for ours would be written over, one of ours taken for a foreign one
//! would block everybody. Ours is what names a lease by number and nonce; a host name or a user name never makes it ours.

use super::super::record::{Body, Holder, NoticeSeen, Said};
use super::super::timing::Promise;
use super::{
    VERSION, clean, date, fingerprint, from_millis, lenient_holder, limit, millis_up, parse_id, parse_token, write_object,
};
use crate::clock::WallTime;
use chrono::{DateTime, Local, NaiveDateTime, SecondsFormat, TimeZone};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// The length of a notice that we write.
pub const NOTICE_BYTES: usize = 1024;

/// Returns the fingerprint of a notice of ours whose bytes were lost: zeros.
pub(crate) fn lost_notice() -> u64 {
    fingerprint(&[0; NOTICE_BYTES])
}

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
    let said = serde_json::from_slice::<serde_json::Value>(text).ok().map(|value| Said {
        holder: lenient_holder(&value),
        acquired: lenient_time(&value, "acquired"),
        heartbeat: lenient_time(&value, "heartbeat"),
    });
    let names = |holder: &Holder| !holder.user.is_empty() || !holder.machine.is_empty() || holder.pid != 0;
    let said = said.filter(|said| names(&said.holder)).map(Arc::new);
    let ours = serde_json::from_slice::<Marked<'_>>(text).ok().and_then(|Marked { sharelock: ours }| {
        let promise = Promise {
            heartbeat: from_millis(ours.heartbeat_ms),
            fence: from_millis(ours.fence_ms),
            short: from_millis(ours.short_ms),
            long: from_millis(ours.long_ms),
        };
        let id = parse_id(ours.number, &ours.nonce)?;
        Some(NoticeSeen::Ours { id, token: parse_token(ours.token)?, promise, fingerprint, said: said.clone() })
    });
    if let Some(ours) = ours {
        return ours;
    }
    NoticeSeen::Foreign { fingerprint, said, locked: false }
}

/// Reads a time as other programs write it: with an offset, or the local time of whoever wrote it, who is taken to be in the reader's
/// zone. For showing alone.
fn lenient_time(value: &serde_json::Value, key: &str) -> Option<WallTime> {
    const NAIVE: [&str; 3] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    let text = value.get(key)?.as_str()?.trim();
    if let Ok(exact) = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z")) {
        return Some(WallTime(exact.timestamp_millis()));
    }
    let naive = NAIVE.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    // An hour that the end of summer time brings twice is the first one; one that its beginning leaves out is none.
    Some(WallTime(Local.from_local_datetime(&naive).earliest()?.timestamp_millis()))
}
