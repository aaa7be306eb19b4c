//! Bytes to values and back: the lease record, the board, the notice and the ticket (docs/PROTOCOL.md, "Records").
//!
//! The hazard: whatever is read here was written by somebody else, is half a write, or was never ours. So nothing in here panics
//! on any bytes, nothing that fails a check is guessed at, and no string leaves without being bounded and stripped. What is
//! written always has the same length, so that a record can be written over in place and never needs to be truncated.

use super::record::{Board, Body, Found, Head, Holder, Host, LeaseId, MOST_GUARDS, Nonce, Number, ProcessId, State, Token};
use super::timing::Promise;
use super::wire::Basis;
use crate::clock::WallTime;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

mod notice;
mod remembering;
mod revoke;
mod text;
mod ticket;

#[cfg(test)]
mod tests;

pub(crate) use notice::lost_notice;
pub use notice::{NOTICE_BYTES, decode_notice, encode_notice};
pub use remembering::Codec;
pub use revoke::{decode_revoke, encode_revoke};
pub use text::clean;
pub(crate) use ticket::is_same_person;
pub use ticket::{Ticket, decode_ticket, encode_ticket};

/// The length of a lease file.
pub const LEASE_BYTES: usize = 2048;
/// The length of the part of a lease file that changes. Measured: 64 bytes written in place were never seen torn, 3000 were.
pub const HEAD_BYTES: usize = 64;
/// The length of the board, which lies at the beginning of its file.
pub const BOARD_BYTES: usize = 256;
/// The length of an order to give up, which lies behind the board.
pub const REVOKE_BYTES: usize = 1024;
/// The length of a ticket.
pub const TICKET_BYTES: usize = 512;
/// The longest file that is read at all; a later version's record may be longer than ours.
pub const MOST_BYTES: usize = 64 * 1024;

/// The version of the records that this program writes, and the highest `min_reader` it can read.
pub const VERSION: u32 = 1;

/// `"crc":"01234567"}` and the line end: what every checksummed record ends with.
const SEAL_BYTES: usize = 18;
/// The longest promise that is written down, in milliseconds (34 years): absurd already, and far from any overflow.
const LONGEST_MILLIS: u64 = 1 << 40;
/// The end of the year 9999, in milliseconds since 1970: the last moment that RFC 3339 can name.
const LAST_MILLIS: i64 = 253_402_300_799_999;

/// The most bytes of each string, counted as JSON writes them, so that a record always fits its fixed length.
pub(crate) mod limit {
    pub(crate) const USER: usize = 64;
    pub(crate) const NAME: usize = 96;
    pub(crate) const MACHINE: usize = 64;
    pub(crate) const SESSION: usize = 32;
    pub(crate) const APP: usize = 96;
    pub(crate) const NOTE: usize = 200;
    pub(crate) const DATABASE: usize = 200;
    /// The ids of a host; a Windows security identifier is the longest of them.
    pub(crate) const HOST: usize = 72;
}

/// Hashes bytes to tell unchanged content from changed content, eight of them at a time. Not a defence against somebody who searches
/// for a collision: all that he could gain is that his own unreadable file counts as unchanged.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> u64 {
    // FNV-1a's numbers, with the upper bits brought down after each step. Every step can be undone, so that a change within any
    // eight bytes alone always shows.
    let step = |hash: u64, word: [u8; 8]| {
        let hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3);
        hash ^ (hash >> 32)
    };
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64, |hash, word| step(hash, *word));
    step(hash, last)
}

/// Writes the 64 bytes that change. `at` is clamped to the years 1970 to 9999.
#[must_use]
pub fn encode_head(head: &Head) -> [u8; HEAD_BYTES] {
    let millis = head.at.0.clamp(0, LAST_MILLIS);
    let mut bytes = [b' '; HEAD_BYTES];
    let written = write!(
        Room(&mut bytes),
        "{{\"state\":\"{}\",\"counter\":{},\"at\":{}.{:03},",
        state_name(head.state),
        head.counter,
        millis / 1000,
        millis % 1000
    );
    debug_assert!(written.is_ok(), "the longest head fits");
    bytes[HEAD_BYTES - 1] = b'\n';
    bytes
}

/// Reads the head of a record. Only what [`encode_head`] writes is accepted, byte for byte.
#[must_use]
pub fn decode_head(bytes: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(bytes.get(..HEAD_BYTES)?).ok()?;
    let (state, rest) = text.strip_prefix("{\"state\":\"")?.split_once('"')?;
    let (counter, rest) = rest.strip_prefix(",\"counter\":")?.split_once(',')?;
    let (seconds, rest) = rest.strip_prefix("\"at\":")?.split_once('.')?;
    let (millis, _) = rest.split_once(',')?;
    let at = seconds.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(millis.parse().ok()?)?;
    let head = Head { state: parse_state(state)?, counter: counter.parse().ok()?, at: WallTime(at) };
    (encode_head(&head) == bytes[..HEAD_BYTES]).then_some(head)
}

/// The part of a lease file after its head, in the order of its fields.
#[derive(Serialize, Deserialize)]
struct BodyFields<'a> {
    v: u32,
    min_reader: u32,
    number: u64,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    token: u64,
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    machine: Cow<'a, str>,
    #[serde(borrow)]
    session: Cow<'a, str>,
    pid: u32,
    #[serde(borrow)]
    app: Cow<'a, str>,
    #[serde(borrow)]
    note: Cow<'a, str>,
    #[serde(borrow)]
    host: HostFields<'a>,
    start: u64,
    guards: Vec<(u32, u64)>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    mark: Option<Cow<'a, str>>,
    #[serde(borrow)]
    acquired: Cow<'a, str>,
    #[serde(borrow, default)]
    basis: Cow<'a, str>,
    heartbeat_ms: u64,
    fence_ms: u64,
    short_ms: u64,
    long_ms: u64,
    #[serde(borrow)]
    database: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct HostFields<'a> {
    #[serde(borrow)]
    machine: Cow<'a, str>,
    #[serde(borrow)]
    boot: Cow<'a, str>,
    #[serde(borrow)]
    pids: Cow<'a, str>,
    #[serde(borrow)]
    owner: Cow<'a, str>,
}

/// Writes a lease file. Strings are stripped and cut to their limits, guards beyond [`MOST_GUARDS`] are left out, and the
/// holder's process number is that of `body.process`.
#[must_use]
pub fn encode_lease(body: &Body, head: &Head) -> [u8; LEASE_BYTES] {
    let fields = BodyFields {
        v: VERSION,
        min_reader: VERSION,
        number: body.id.number.0,
        nonce: body.id.nonce.to_string().into(),
        token: body.token.0,
        user: clean(&body.holder.user, limit::USER),
        name: clean(&body.holder.name, limit::NAME),
        machine: clean(&body.holder.machine, limit::MACHINE),
        session: clean(&body.holder.session, limit::SESSION),
        pid: body.process.pid,
        app: clean(&body.holder.app, limit::APP),
        note: clean(&body.holder.note, limit::NOTE),
        host: HostFields {
            machine: clean(&body.host.machine, limit::HOST),
            boot: clean(&body.host.boot, limit::HOST),
            pids: clean(&body.host.pids, limit::HOST),
            owner: clean(&body.host.owner, limit::HOST),
        },
        start: body.process.start,
        guards: body.guards.iter().take(MOST_GUARDS).map(|guard| (guard.pid, guard.start)).collect(),
        mark: body.mark.map(|mark| mark.to_string().into()),
        acquired: rfc3339(body.acquired).into(),
        basis: body.basis.map(basis_name).unwrap_or_default().into(),
        heartbeat_ms: millis_up(body.promise.heartbeat),
        fence_ms: millis_up(body.promise.fence),
        short_ms: millis_up(body.promise.short),
        long_ms: millis_up(body.promise.long),
        database: clean(&body.database, limit::DATABASE),
    };
    let mut bytes = [b' '; LEASE_BYTES];
    // The head takes the place of the opening brace, too.
    seal(&mut bytes[HEAD_BYTES - 1..], 1, &fields);
    bytes[..HEAD_BYTES].copy_from_slice(&encode_head(head));
    bytes
}

/// Reads a lease file that was found under the name of `number`.
///
/// A record that says another number was copied there, and is [`Found::Blank`] like everything else that fails a check.
#[must_use]
pub fn decode_lease(number: Number, bytes: &[u8]) -> Found {
    assemble(number, bytes, |body| decode_body(body).map(Arc::new))
}

fn assemble(number: Number, bytes: &[u8], body: impl FnOnce(&[u8]) -> Option<Arc<Body>>) -> Found {
    if bytes.len() == LEASE_BYTES
        && let Some(head) = decode_head(bytes)
        && let Some(body) = body(&bytes[HEAD_BYTES..])
        && body.id.number == number
    {
        return Found::Record { head, body, file: 0 };
    }
    match later_version(bytes) {
        Some((min_reader, holder)) => Found::Newer { min_reader, holder: Arc::new(holder), fingerprint: fingerprint(bytes) },
        None => Found::Blank { fingerprint: fingerprint(bytes) },
    }
}

/// Reads what follows the head.
fn decode_body(bytes: &[u8]) -> Option<Body> {
    let json = unseal(bytes, "{")?;
    let fields: BodyFields<'_> = serde_json::from_slice(&json).ok()?;
    readable(fields.v, fields.min_reader)?;
    if fields.guards.len() > MOST_GUARDS {
        return None;
    }
    let text = |text: &str, limit| clean(text, limit).into_owned();
    let process = ProcessId { pid: fields.pid, start: fields.start };
    Some(Body {
        id: parse_id(fields.number, &fields.nonce)?,
        token: parse_token(fields.token)?,
        holder: Holder {
            user: text(&fields.user, limit::USER),
            name: text(&fields.name, limit::NAME),
            machine: text(&fields.machine, limit::MACHINE),
            session: text(&fields.session, limit::SESSION),
            pid: fields.pid,
            app: text(&fields.app, limit::APP),
            note: text(&fields.note, limit::NOTE),
        },
        host: Host {
            machine: text(&fields.host.machine, limit::HOST),
            boot: text(&fields.host.boot, limit::HOST),
            pids: text(&fields.host.pids, limit::HOST),
            owner: text(&fields.host.owner, limit::HOST),
        },
        process,
        guards: fields.guards.iter().map(|&(pid, start)| ProcessId { pid, start }).collect(),
        mark: fields.mark.map(|mark| parse_nonce(&mark).ok_or(())).transpose().ok()?,
        acquired: parse_time(&fields.acquired)?,
        basis: basis_named(&fields.basis),
        promise: Promise {
            heartbeat: from_millis(fields.heartbeat_ms),
            fence: from_millis(fields.fence_ms),
            short: from_millis(fields.short_ms),
            long: from_millis(fields.long_ms),
        },
        database: text(&fields.database, limit::DATABASE),
    })
}

/// Recognises a record of a later version, and reads from it what people want to know.
///
/// Its checksum and length are not known here. That `v` is not below `min_reader` keeps one damaged digit of our own record from
/// looking like a later version, which nobody might ever take over from.
fn later_version(bytes: &[u8]) -> Option<(u32, Holder)> {
    #[derive(Deserialize)]
    struct Versions {
        v: u32,
        min_reader: u32,
    }
    let Versions { v, min_reader } = serde_json::from_slice(bytes).ok()?;
    if min_reader <= VERSION || v < min_reader {
        return None;
    }
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    Some((min_reader, lenient_holder(&value)))
}

/// Takes from a JSON object whatever of a holder's fields it has.
fn lenient_holder(value: &serde_json::Value) -> Holder {
    let string = |key: &str, limit: usize| clean(value.get(key).and_then(|v| v.as_str()).unwrap_or_default(), limit).into_owned();
    let pid = value.get("pid").and_then(|pid| pid.as_u64().or_else(|| pid.as_str()?.trim().parse().ok()));
    Holder {
        user: string("user", limit::USER),
        name: string("name", limit::NAME),
        machine: string("machine", limit::MACHINE),
        session: string("session", limit::SESSION),
        pid: pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
        app: string("app", limit::APP),
        note: string("note", limit::NOTE),
    }
}

#[derive(Serialize, Deserialize)]
struct BoardFields<'a> {
    v: u32,
    min_reader: u32,
    number: u64,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    token: u64,
    #[serde(borrow)]
    state: Cow<'a, str>,
    long_ms: u64,
}

/// Writes the board.
#[must_use]
pub fn encode_board(board: &Board) -> [u8; BOARD_BYTES] {
    let fields = BoardFields {
        v: VERSION,
        min_reader: VERSION,
        number: board.id.number.0,
        nonce: board.id.nonce.to_string().into(),
        token: board.token.0,
        state: state_name(board.state).into(),
        long_ms: millis_up(board.long),
    };
    let mut bytes = [b' '; BOARD_BYTES];
    seal(&mut bytes, 0, &fields);
    bytes
}

/// Reads the board from the beginning of its file. It is a signal only, so that anything wrong with it makes it nothing at all.
#[must_use]
pub fn decode_board(bytes: &[u8]) -> Option<Board> {
    let json = unseal(bytes.get(..BOARD_BYTES)?, "")?;
    let fields: BoardFields<'_> = serde_json::from_slice(&json).ok()?;
    readable(fields.v, fields.min_reader)?;
    Some(Board {
        id: parse_id(fields.number, &fields.nonce)?,
        token: parse_token(fields.token)?,
        state: parse_state(&fields.state)?,
        long: from_millis(fields.long_ms),
    })
}

/// Fills a record of fixed length, which is all spaces: the fields without their closing brace, and last the checksum over all
/// but the first `lead` bytes.
///
/// # Panics
/// When the fields do not fit, which the limits rule out; the test `the_longest_record_fits` holds them to it.
fn seal(bytes: &mut [u8], lead: usize, fields: &impl Serialize) {
    let (front, end) = bytes.split_at_mut(bytes.len() - SEAL_BYTES);
    let length = write_object(front, fields);
    front[length - 1] = b',';
    end.copy_from_slice(&seal_of(&front[lead..]));
}

/// Writes one object of plain fields; returns its length.
///
/// # Panics
/// As [`seal`].
fn write_object(bytes: &mut [u8], fields: &impl Serialize) -> usize {
    let room = bytes.len();
    let mut rest = bytes;
    let written = serde_json::to_writer(&mut rest, fields);
    assert!(written.is_ok(), "a record does not fit into {room} bytes");
    room - rest.len()
}

/// Checks what [`seal`] wrote, and returns the fields as JSON. `open` stands for what precedes the sealed bytes.
///
/// The padding is most of a record; a parser that walks through it costs more than everything else about a look.
fn unseal(bytes: &[u8], open: &str) -> Option<Vec<u8>> {
    let (mut front, end) = bytes.split_at(bytes.len().checked_sub(SEAL_BYTES)?);
    if seal_of(front) != end {
        return None;
    }
    while let Some(shorter) = front.strip_suffix(&[b' '; 64]) {
        front = shorter;
    }
    let fields = front.trim_ascii_end().strip_suffix(b",")?;
    Some([open.as_bytes(), fields, b"}"].concat())
}

fn seal_of(front: &[u8]) -> [u8; SEAL_BYTES] {
    let mut end = [0; SEAL_BYTES];
    let written = writeln!(Room(&mut end), "\"crc\":\"{:08x}\"}}", crc32fast::hash(front));
    debug_assert!(written.is_ok(), "a seal has its own length");
    end
}

/// Takes text into bytes, as long as there is room for it.
struct Room<'a>(&'a mut [u8]);

impl fmt::Write for Room<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (here, rest) = std::mem::take(&mut self.0).split_at_mut_checked(text.len()).ok_or(fmt::Error)?;
        here.copy_from_slice(text.as_bytes());
        self.0 = rest;
        Ok(())
    }
}

fn readable(v: u32, min_reader: u32) -> Option<()> {
    (v >= 1 && (1..=VERSION).contains(&min_reader)).then_some(())
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Live => "live",
        State::Ended => "ended",
        State::Void => "void",
    }
}

/// Every basis that has a name.
const BASES: [Basis; 9] = [
    Basis::Empty,
    Basis::Ended,
    Basis::Own,
    Basis::Dead,
    Basis::Adopted,
    Basis::Evidence,
    Basis::Lapsed,
    Basis::Revoked,
    Basis::Forced,
];

/// Returns what the word of a record stands for.
pub(crate) fn basis_named(name: &str) -> Option<Basis> {
    BASES.into_iter().find(|&basis| basis_name(basis) == name)
}

/// Returns the word for what a claim was based on, as records and the history write it.
pub(crate) fn basis_name(basis: Basis) -> &'static str {
    match basis {
        Basis::Empty => "empty",
        Basis::Ended => "ended",
        Basis::Own => "own",
        Basis::Dead => "dead",
        Basis::Adopted => "adopted",
        Basis::Evidence => "evidence",
        Basis::Lapsed => "lapsed",
        Basis::Revoked => "revoked",
        Basis::Forced => "forced",
    }
}

fn parse_state(name: &str) -> Option<State> {
    [State::Live, State::Ended, State::Void].into_iter().find(|&state| state_name(state) == name)
}

fn parse_id(number: u64, nonce: &str) -> Option<LeaseId> {
    let nonce = parse_nonce(nonce)?;
    (1..=Number::MAX.0).contains(&number).then_some(LeaseId { number: Number(number), nonce })
}

/// Reads a nonce as it is written everywhere: 32 digits, in small letters.
pub(crate) fn parse_nonce(text: &str) -> Option<Nonce> {
    let digit = |nonce: u128, byte: u8| match byte {
        b'0'..=b'9' => Some(nonce << 4 | u128::from(byte - b'0')),
        b'a'..=b'f' => Some(nonce << 4 | u128::from(byte - b'a' + 10)),
        _ => None,
    };
    if text.len() == 32 { text.bytes().try_fold(0, digit).map(Nonce) } else { None }
}

fn parse_token(token: u64) -> Option<Token> {
    (1..=Token::MAX.0).contains(&token).then_some(Token(token))
}

fn date(at: WallTime) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0.clamp(0, LAST_MILLIS)).unwrap_or_default()
}

/// Writes a time of the years 1970 to 9999; one outside of them as the nearest, so that it can be read back.
pub(crate) fn rfc3339(at: WallTime) -> String {
    date(at).to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(crate) fn parse_time(text: &str) -> Option<WallTime> {
    Some(WallTime(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis()))
}

/// Rounds up, so that a promise written down is never shorter than the one that is kept.
fn millis_up(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(LONGEST_MILLIS).min(LONGEST_MILLIS)
}

fn from_millis(millis: u64) -> Duration {
    Duration::from_millis(millis.min(LONGEST_MILLIS))
}
