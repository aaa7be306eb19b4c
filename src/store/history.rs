//! Who had a database, from when to when, and how it ended.
//!
//! Two sources: the ledger's own records, and the lines that clean-up writes of those that it removes, one JSON object each. A line may
//! be there twice (a crash between writing it and removing the lease); number and nonce tell it from all others. Like everything on
//! the share, the lines were written by somebody else: bounded, stripped, and left out where they make no sense.

use crate::clock::WallTime;
use crate::lease::codec::{basis_name, basis_named, clean, limit, parse_nonce, parse_time, rfc3339};
use crate::lease::record::{Body, Found, Head, Holder, LeaseId, MOST_REVOKED, Nonce, Number, Revoke, State, Token};
use crate::lease::wire::Basis;
use std::collections::BTreeMap;
use std::time::Duration;

/// How one lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has not: it is the last one, and it was not given back.
    Held,
    /// Its holder gave it back.
    Released,
    /// Its holder gave no sign of life for the time-out that it had promised itself, and then somebody else came.
    Lapsed,
    /// Somebody else came sooner: on the same computer it was certain that the holder had ended.
    TakenOver,
    /// Somebody ordered it to be given up, and it was taken over on that order.
    Forced,
}

/// Somebody's order to give a lease up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Who.
    pub by: Holder,
    /// Why, in their words.
    pub reason: String,
    /// When, by their wall clock.
    pub at: WallTime,
}

/// One hold of the past, or the present one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastLease {
    /// Its fencing token.
    pub token: Token,
    /// Who.
    pub holder: Holder,
    /// Since when, by the holder's wall clock.
    pub from: WallTime,
    /// The end where it was given back, else the last sign of life; by the holder's wall clock.
    pub until: WallTime,
    /// How it ended.
    pub end: End,
    /// Who ordered it to be given up, whether or not that is how it ended.
    pub order: Option<Order>,
}

/// What is known of a database's past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// The holds, oldest first. Claims that never became a hold are left out.
    pub leases: Vec<PastLease>,
    /// How many records could not be read.
    pub unreadable: usize,
    /// There is more than is read at once; the oldest were left out.
    pub cut: bool,
}

/// One record, from either source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Which lease.
    pub id: LeaseId,
    /// Its fencing token.
    pub token: Token,
    /// How its holder left it.
    pub state: State,
    /// Who.
    pub holder: Holder,
    /// Since when, by the holder's wall clock.
    pub acquired: WallTime,
    /// When its holder last wrote it, by the same clock.
    pub written: WallTime,
    /// After how long without a sign of life others could come.
    pub short: Duration,
    /// What the claim was based on, where the record says so.
    pub basis: Option<Basis>,
    /// It is on the ledger still.
    pub on_ledger: bool,
}

/// The short time-out of those who do not say theirs: earlier versions wrote down less.
const USUAL_SHORT: Duration = Duration::from_secs(180);

impl Trace {
    /// Takes from a record of the ledger what its line in the history would say.
    #[must_use]
    pub fn of_record(head: &Head, body: &Body) -> Self {
        Self {
            id: body.id,
            token: body.token,
            state: head.state,
            holder: body.holder.clone(),
            acquired: body.acquired,
            written: head.at,
            short: body.promise.clamped().short,
            basis: body.basis,
            on_ledger: true,
        }
    }

    /// Reads a line of clean-up.
    fn of_line(line: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = |key: &str, limit| text_of(&value, key, limit);
        let number = |key: &str| value.get(key).and_then(serde_json::Value::as_u64);
        Some(Self {
            id: LeaseId {
                number: Number(number("number").filter(|number| (1..=Number::MAX.0).contains(number))?),
                nonce: parse_nonce(value.get("nonce")?.as_str()?)?,
            },
            token: Token(number("token").filter(|token| (1..=Token::MAX.0).contains(token))?),
            state: match value.get("state")?.as_str()? {
                "live" => State::Live,
                "ended" => State::Ended,
                "void" => State::Void,
                _ => return None,
            },
            holder: Holder {
                user: text("user", limit::USER),
                name: text("name", limit::NAME),
                machine: text("machine", limit::MACHINE),
                session: text("session", limit::SESSION),
                pid: number("pid").and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
                app: text("app", limit::APP),
                note: text("note", limit::NOTE),
            },
            acquired: time_of(&value, "acquired")?,
            written: time_of(&value, "written")?,
            basis: value.get("basis").and_then(serde_json::Value::as_str).and_then(basis_named),
            short: number("short_ms").map_or(USUAL_SHORT, Duration::from_millis),
            on_ledger: false,
        })
    }
}

/// What one line of the history says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Who had a lease.
    Trace(Trace),
    /// Who ordered these leases to be given up.
    Order(Vec<(u64, Nonce)>, Order),
}

/// Reads a line of the history; nothing when it makes no sense.
#[must_use]
pub fn read_line(line: &str) -> Option<Line> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let Some(revoked) = value.get("revoked") else { return Trace::of_line(line).map(Line::Trace) };
    let named = |named: &serde_json::Value| Some((named.get(0)?.as_u64()?, parse_nonce(named.get(1)?.as_str()?)?));
    let by = Holder {
        user: text_of(&value, "user", limit::USER),
        name: text_of(&value, "name", limit::NAME),
        machine: text_of(&value, "machine", limit::MACHINE),
        ..Holder::default()
    };
    let order = Order { by, reason: text_of(&value, "reason", limit::NOTE), at: time_of(&value, "at")? };
    let named = revoked.as_array()?.iter().take(MOST_REVOKED).map(named).collect::<Option<_>>()?;
    Some(Line::Order(named, order))
}

fn text_of(value: &serde_json::Value, key: &str, limit: usize) -> String {
    clean(value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default(), limit).into_owned()
}

fn time_of(value: &serde_json::Value, key: &str) -> Option<WallTime> {
    parse_time(value.get(key)?.as_str()?)
}

/// Puts the lines in order and says how each hold ended.
#[must_use]
pub fn retell(lines: Vec<Line>) -> Vec<PastLease> {
    let mut orders = BTreeMap::new();
    let mut traces = Vec::new();
    for line in lines {
        match line {
            Line::Trace(trace) => traces.push(trace),
            // The first order counts: what came later changed nothing any more.
            Line::Order(named, order) => {
                for id in named {
                    let known = orders.entry(id).or_insert_with(|| order.clone());
                    if order.at < known.at {
                        known.clone_from(&order);
                    }
                }
            }
        }
    }
    // Tokens order leases also where file numbers had to begin again. The ledger is read first, so its own record wins.
    let mut known = BTreeMap::new();
    for trace in traces {
        known.entry((trace.token, trace.id)).or_insert(trace);
    }
    let known: Vec<Trace> = known.into_values().collect();
    let mut leases = Vec::new();
    for (at, trace) in known.iter().enumerate() {
        let end = match (trace.state, known.get(at + 1)) {
            (State::Void, _) => continue,
            (State::Ended, _) => End::Released,
            (State::Live, None) if trace.on_ledger => End::Held,
            // Cleaned up, so there was somebody after it, of whom nothing is known.
            (State::Live, None) => End::Lapsed,
            (State::Live, Some(Trace { basis: Some(Basis::Revoked | Basis::Forced), .. })) => End::Forced,
            (State::Live, Some(next)) => {
                let silent = Duration::from_millis(u64::try_from(next.acquired.0.saturating_sub(trace.written.0)).unwrap_or(0));
                if silent >= trace.short { End::Lapsed } else { End::TakenOver }
            }
        };
        let Trace { id, token, ref holder, acquired, written, .. } = *trace;
        let order = orders.get(&(id.number.0, id.nonce)).cloned();
        leases.push(PastLease { token, holder: holder.clone(), from: acquired, until: written, end, order });
    }
    leases
}

/// Writes down who had a lease.
pub(super) fn history_line(number: Number, found: &Found) -> String {
    let value = match found {
        Found::Record { head, body, .. } => serde_json::json!({
            "v": 1,
            "number": number.0,
            "nonce": body.id.nonce.to_string(),
            "token": body.token.0,
            "state": match head.state {
                // Superseded without having been given back: its holder crashed, or was cut off.
                State::Live => "live",
                State::Ended => "ended",
                State::Void => "void",
            },
            "user": body.holder.user,
            "name": body.holder.name,
            "machine": body.holder.machine,
            "session": body.holder.session,
            "pid": body.holder.pid,
            "app": body.holder.app,
            "note": body.holder.note,
            "database": body.database,
            "basis": body.basis.map(basis_name),
            "acquired": rfc3339(body.acquired),
            "written": rfc3339(head.at),
            "short_ms": u64::try_from(body.promise.clamped().short.as_millis()).unwrap_or(u64::MAX),
        }),
        Found::Missing | Found::Blank { .. } | Found::Newer { .. } => {
            serde_json::json!({ "v": 1, "number": number.0, "state": "unreadable" })
        }
    };
    format!("{value}\n")
}

/// Writes down who ordered whom to give up, and why.
#[must_use]
pub fn revoke_line(revoke: &Revoke) -> String {
    let revoked: Vec<_> = revoke.subjects.iter().map(|subject| (subject.number, format!("{:032x}", subject.nonce))).collect();
    let value = serde_json::json!({
        "v": 1,
        "revoked": revoked,
        "user": revoke.by.user,
        "name": revoke.by.name,
        "machine": revoke.by.machine,
        "reason": revoke.reason,
        "now": revoke.now,
        "at": rfc3339(revoke.at),
    });
    format!("{value}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::record::Revoked;

    fn trace(number: u64, state: State, acquired: i64, written: i64) -> Trace {
        Trace {
            id: LeaseId { number: Number(number), nonce: Nonce(u128::from(number)) },
            token: Token(100 + number),
            state,
            holder: Holder { user: format!("user {number}"), ..Holder::default() },
            acquired: WallTime(acquired * 1000),
            written: WallTime(written * 1000),
            short: Duration::from_secs(180),
            basis: None,
            on_ledger: true,
        }
    }

    fn ends(traces: Vec<Trace>) -> Vec<(u64, End)> {
        retell(traces.into_iter().map(Line::Trace).collect()).iter().map(|lease| (lease.token.0, lease.end)).collect()
    }

    #[test]
    fn an_end_is_told_by_the_mark_the_successor_and_the_silence_before_it() {
        let told = ends(vec![
            trace(5, State::Live, 1000, 1030),
            trace(1, State::Ended, 0, 50),
            trace(2, State::Live, 60, 90),
            trace(3, State::Live, 90 + 180, 300),
            trace(4, State::Void, 310, 311),
        ]);
        let expected = [(101, End::Released), (102, End::Lapsed), (103, End::TakenOver), (105, End::Held)];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_order_is_told_with_its_reason() {
        let revoke = Revoke {
            subjects: vec![Revoked { number: 2, nonce: 2, fingerprint: 0 }],
            by: Holder { user: "paul".into(), ..Holder::default() },
            reason: "stock count".into(),
            at: WallTime(95_000),
            now: false,
        };
        let order = read_line(&revoke_line(&revoke)).unwrap();
        let successor = Trace { basis: Some(Basis::Revoked), ..trace(3, State::Ended, 100, 120) };
        let told = retell(vec![Line::Trace(trace(2, State::Live, 60, 90)), order, Line::Trace(successor)]);
        assert_eq!(told.iter().map(|lease| lease.end).collect::<Vec<_>>(), [End::Forced, End::Released]);
        let order = told[0].order.as_ref().unwrap();
        assert_eq!((order.by.user.as_str(), order.reason.as_str(), order.at), ("paul", "stock count", revoke.at));
        assert_eq!(told[1].order, None);
    }

    #[test]
    fn one_that_was_cleaned_up_is_not_held_any_more() {
        let told = ends(vec![Trace { on_ledger: false, ..trace(1, State::Live, 0, 50) }]);
        assert_eq!(told, [(101, End::Lapsed)]);
    }

    #[test]
    fn what_is_written_twice_is_told_once() {
        assert_eq!(ends(vec![trace(1, State::Ended, 0, 50), trace(1, State::Ended, 0, 50)]).len(), 1);
    }

    #[test]
    fn hostile_lines_are_stripped_or_left_out() {
        let line = serde_json::json!({
            "number": 7, "nonce": "0".repeat(32), "token": 9, "state": "ended", "user": "ma\u{1b}[2Jrie\n\u{202e}",
            "acquired": "2026-11-24T09:12:00Z", "written": "2026-11-24T10:12:00+01:00", "note": "x".repeat(10_000),
        });
        let read = Trace::of_line(&line.to_string()).unwrap();
        assert_eq!((read.holder.user.as_str(), read.holder.note.len()), ("marie ", limit::NOTE));
        for (key, value) in [
            ("number", serde_json::json!(0)),
            ("number", serde_json::json!(1_u64 << 63)),
            ("token", serde_json::json!(-1)),
            ("nonce", serde_json::json!("+1")),
            ("state", serde_json::json!("forgotten")),
            ("acquired", serde_json::json!("soon")),
        ] {
            let mut bad = line.clone();
            bad[key] = value;
            assert!(Trace::of_line(&bad.to_string()).is_none(), "{bad}");
        }
        for garbage in ["", "{", "[]", "null", "{\"state\":\"unreadable\",\"number\":3,\"v\":1}"] {
            assert!(Trace::of_line(garbage).is_none());
        }
    }
}
