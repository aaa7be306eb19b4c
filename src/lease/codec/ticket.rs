//! The ticket: a sign that somebody looked, a place in line, a question to the holder, or a holder's replies.
//!
//! One file, one owner, 512 bytes in place. The hazard is that they run out: a ticket that asks leaves out the program's name, and one
//! that replies leaves out all that is known from the lease (docs/PROTOCOL.md, "Tickets").

use super::{TICKET_BYTES, VERSION, clean, limit, parse_nonce, parse_time, readable, rfc3339, seal, unseal};
use crate::clock::WallTime;
use crate::lease::record::{Ask, AskReply, Holder, MOST_REPLIES};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The most bytes of each string, shorter than in a lease: tickets are shown in a list.
const USER: usize = limit::USER * 2 / 3;
const NAME: usize = limit::NAME * 2 / 3;
const MACHINE: usize = limit::MACHINE * 2 / 3;
const SESSION: usize = limit::SESSION * 2 / 3;
const APP: usize = limit::APP * 2 / 3;
const NOTE: usize = limit::NOTE / 3;
/// The same of the note of somebody who asks, who has something to say.
const ASKING_NOTE: usize = 78;
/// The latest moment that names a question, in milliseconds (the year 2286): thirteen digits.
const LAST_ASK: i64 = 9_999_999_999_999;

/// What lies in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ticket {
    /// Who. Empty in a ticket that replies: the lease says who.
    pub holder: Holder,
    /// Since when, by their wall clock; for people.
    pub since: WallTime,
    /// Grows with every write.
    pub counter: u32,
    /// Whether its owner waits for the database; a ticket is written by mere observers too.
    pub waiting: bool,
    /// What its owner asks the holder; the words are the note.
    pub ask: Option<Ask>,
    /// What its owner, who holds, replies to whom: the question's time names the question. [`MOST_REPLIES`] at most.
    pub replies: Vec<(WallTime, AskReply)>,
}

#[derive(Serialize, Deserialize)]
struct Fields<'a> {
    v: u32,
    min_reader: u32,
    counter: u32,
    waiting: bool,
    #[serde(borrow)]
    since: Cow<'a, str>,
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
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    ask: Option<AskFields<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    replies: Vec<(i64, Cow<'a, str>, u8)>,
}

#[derive(Serialize, Deserialize)]
struct AskFields<'a> {
    #[serde(borrow)]
    lease: Cow<'a, str>,
    at: i64,
}

/// Writes a ticket. Strings are stripped and cut.
#[must_use]
pub fn encode_ticket(ticket: &Ticket) -> [u8; TICKET_BYTES] {
    let holder = cut(&ticket.holder, ticket.ask.is_some(), !ticket.replies.is_empty());
    // Whoever replies has it, and asks for nothing.
    let ask = ticket.ask.filter(|_| ticket.replies.is_empty());
    let ask = ask.map(|ask| AskFields { lease: ask.lease.to_string().into(), at: ask.at.0.clamp(0, LAST_ASK) });
    let reply = |(to, reply): &(WallTime, AskReply)| {
        let (word, minutes) = written(*reply);
        (to.0.clamp(0, LAST_ASK), Cow::Borrowed(word), minutes)
    };
    let fields = Fields {
        v: VERSION,
        min_reader: VERSION,
        counter: ticket.counter,
        waiting: ticket.waiting,
        since: rfc3339(ticket.since).into(),
        user: holder.user.into(),
        name: holder.name.into(),
        machine: holder.machine.into(),
        session: holder.session.into(),
        pid: holder.pid,
        app: holder.app.into(),
        note: holder.note.into(),
        ask,
        replies: ticket.replies.iter().take(MOST_REPLIES).map(reply).collect(),
    };
    let mut bytes = [b' '; TICKET_BYTES];
    seal(&mut bytes, 0, &fields);
    bytes
}

/// Reads a ticket; nothing when anything is wrong with it.
#[must_use]
pub fn decode_ticket(bytes: &[u8]) -> Option<Ticket> {
    if bytes.len() != TICKET_BYTES {
        return None;
    }
    let json = unseal(bytes, "")?;
    let fields: Fields<'_> = serde_json::from_slice(&json).ok()?;
    readable(fields.v, fields.min_reader)?;
    let named = |at: i64| (0..=LAST_ASK).contains(&at).then_some(WallTime(at));
    let ask = match &fields.ask {
        Some(ask) => Some(Ask { lease: parse_nonce(&ask.lease)?, at: named(ask.at)? }),
        None => None,
    };
    let replies = fields.replies.iter().map(|(to, word, minutes)| Some((named(*to)?, read(word, *minutes))));
    let replies = replies.collect::<Option<Vec<_>>>().filter(|replies| replies.len() <= MOST_REPLIES)?;
    let holder = Holder {
        user: fields.user.into(),
        name: fields.name.into(),
        machine: fields.machine.into(),
        session: fields.session.into(),
        pid: fields.pid,
        app: fields.app.into(),
        note: fields.note.into(),
    };
    Some(Ticket {
        holder: cut(&holder, ask.is_some(), !replies.is_empty()),
        since: parse_time(&fields.since)?,
        counter: fields.counter,
        waiting: fields.waiting,
        ask: ask.filter(|_| replies.is_empty()),
        replies,
    })
}

/// Returns what a ticket says of somebody.
fn cut(holder: &Holder, asks: bool, replies: bool) -> Holder {
    if replies {
        return Holder { pid: holder.pid, ..Holder::default() };
    }
    let text = |text: &str, limit| clean(text, limit).into_owned();
    Holder {
        user: text(&holder.user, USER),
        name: text(&holder.name, NAME),
        machine: text(&holder.machine, MACHINE),
        session: text(&holder.session, SESSION),
        pid: holder.pid,
        app: text(&holder.app, if asks { 0 } else { APP }),
        note: text(&holder.note, if asks { ASKING_NOTE } else { NOTE }),
    }
}

/// Returns whether a ticket is of that user of that computer, from whatever program.
pub(crate) fn is_same_person(in_ticket: &Holder, somebody: &Holder) -> bool {
    let somebody = cut(somebody, false, false);
    !somebody.user.is_empty() && (&in_ticket.user, &in_ticket.machine) == (&somebody.user, &somebody.machine)
}

const fn written(reply: AskReply) -> (&'static str, u8) {
    match reply {
        AskReply::Seen => ("seen", 0),
        AskReply::No => ("no", 0),
        AskReply::Later(minutes) => ("later", minutes),
        AskReply::Releasing => ("release", 0),
    }
}

/// Whatever a later version replies in other words was shown to somebody.
fn read(word: &str, minutes: u8) -> AskReply {
    match word {
        "no" => AskReply::No,
        "later" => AskReply::Later(minutes),
        "release" => AskReply::Releasing,
        _ => AskReply::Seen,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::resealed;
    use super::*;
    use crate::lease::record::Nonce;

    const ALL: [AskReply; 4] = [AskReply::Seen, AskReply::No, AskReply::Later(10), AskReply::Releasing];

    fn asking() -> Ticket {
        let note = "just two invoices".into();
        let holder = Holder { user: "paul".into(), machine: "PC-2".into(), pid: 7, note, ..Holder::default() };
        let ask = Some(Ask { lease: Nonce(0xfeed), at: WallTime(1_795_000_000_123) });
        Ticket { holder, since: WallTime(5), counter: 3, waiting: true, ask, ..Ticket::default() }
    }

    fn replying() -> Ticket {
        let replies = (0..).map(WallTime).zip(ALL).collect();
        Ticket { holder: Holder { pid: 9, ..Holder::default() }, counter: 4, replies, ..Ticket::default() }
    }

    #[test]
    fn questions_and_replies_are_read_back_and_no_damage_is() {
        for ticket in [asking(), replying()] {
            let written = encode_ticket(&ticket);
            assert_eq!(decode_ticket(&written), Some(ticket));
            for place in 0..TICKET_BYTES {
                for bit in 0..8 {
                    let mut damaged = written;
                    damaged[place] ^= 1 << bit;
                    assert_eq!(decode_ticket(&damaged), None, "bit {bit} of byte {place}");
                }
            }
        }
    }

    /// The same rule lets a program that knows no questions read a ticket that asks.
    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        let bytes = encode_ticket(&asking());
        let more = resealed(&bytes, "\"ask\":{", "\"mood\":[{\"x\":1}],\"ask\":{\"why\":null,");
        assert_eq!(decode_ticket(&more), Some(asking()));
        let bytes = encode_ticket(&replying());
        let seen = decode_ticket(&resealed(&bytes, "\"no\",0", "\"tomorrow\",0")).unwrap().replies;
        assert_eq!(seen[1], (WallTime(1), AskReply::Seen), "some answer, so it was shown to somebody");
    }

    #[test]
    fn what_is_out_of_bounds_is_no_ticket() {
        let bytes = encode_ticket(&asking());
        let nonce = format!("{:032x}", 0xfeed);
        for (from, to) in [
            ("1795000000123", "-1"),
            ("1795000000123", "10000000000000"),
            ("1795000000123", "1.5"),
            (nonce.as_str(), &nonce[1..]),
            (nonce.as_str(), "FEED"),
        ] {
            assert_eq!(decode_ticket(&resealed(&bytes, from, to)), None, "{to}");
        }
        let bytes = encode_ticket(&Ticket { replies: vec![(WallTime(1), AskReply::Seen)], ..Ticket::default() });
        let one = "[1,\"seen\",0]";
        for (count, read) in [(MOST_REPLIES, true), (MOST_REPLIES + 1, false)] {
            let many = vec![one; count].join(",");
            assert_eq!(decode_ticket(&resealed(&bytes, one, &many)).is_some(), read, "{count}");
        }
        for wrong in ["[1,\"later\",256]", "[1,\"later\",-1]", "[1,\"seen\"]", "[-1,\"seen\",0]", "{}"] {
            assert_eq!(decode_ticket(&resealed(&bytes, one, wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn a_question_is_short_and_steers_nothing() {
        let mut ticket = asking();
        ticket.holder.note = format!("\u{1b}[2J\u{202e}{}", "x".repeat(300));
        ticket.holder.app = "wems".into();
        let read = decode_ticket(&encode_ticket(&ticket)).unwrap();
        assert_eq!((read.holder.note.as_str(), read.holder.app.as_str()), (&*"x".repeat(ASKING_NOTE), ""));
        let longer = format!("\"note\":\"{}\"", "y".repeat(150));
        let bytes = encode_ticket(&asking());
        let read = decode_ticket(&resealed(&bytes, "\"note\":\"just two invoices\"", &longer)).unwrap();
        assert_eq!(read.holder.note, "y".repeat(ASKING_NOTE));
    }

    #[test]
    fn a_person_is_known_by_a_ticket_that_cut_the_name() {
        let me = Holder { user: "x".repeat(300), machine: "PC-2".into(), ..Holder::default() };
        let read = decode_ticket(&encode_ticket(&Ticket { holder: me.clone(), ..Ticket::default() })).unwrap();
        assert!(is_same_person(&read.holder, &me));
        assert!(!is_same_person(&read.holder, &Holder { machine: "PC-3".into(), ..me }));
        assert!(!is_same_person(&Holder::default(), &Holder::default()), "nobody is not the same person as nobody");
    }
}
