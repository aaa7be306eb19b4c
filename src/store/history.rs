//! What is kept of a lease that is removed: one JSON object per line.
//!
//! A line may be there twice (a crash between writing it and removing the lease); number and nonce tell it from all others. Readers
//! must expect lines of later versions and of damaged files.

use crate::lease::codec::basis_name;
use crate::lease::record::{Found, Number, Revoke, State};
use chrono::{DateTime, SecondsFormat};

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
            "acquired": time(body.acquired.0),
            "written": time(head.at.0),
        }),
        Found::Missing | Found::Blank { .. } | Found::Newer { .. } => {
            serde_json::json!({ "v": 1, "number": number.0, "state": "unreadable" })
        }
    };
    format!("{value}\n")
}

/// Writes down who ordered whom to give up, and why.
pub(super) fn revoke_line(revoke: &Revoke) -> String {
    let revoked: Vec<_> = revoke.subjects.iter().map(|subject| (subject.number, format!("{:032x}", subject.nonce))).collect();
    let value = serde_json::json!({
        "v": 1,
        "revoked": revoked,
        "user": revoke.by.user,
        "name": revoke.by.name,
        "machine": revoke.by.machine,
        "reason": revoke.reason,
        "now": revoke.now,
        "at": time(revoke.at.0),
    });
    format!("{value}\n")
}

fn time(millis: i64) -> Option<String> {
    DateTime::from_timestamp_millis(millis).map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}
