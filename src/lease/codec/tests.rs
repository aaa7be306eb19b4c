//! Facts about the bytes: what is written is read back, and nothing else is.

use super::*;
use crate::lease::record::{Ask, AskReply, MOST_REPLIES, MOST_REVOKED, NoticeSeen, Revoke, Revoked};

/// A small generator (`SplitMix64`), so that every run tries the same cases.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A string of any characters at all, the nasty ones often.
    fn text(&mut self, longest: u64) -> String {
        let nasty =
            ['"', '\\', '\u{1b}', '\n', '\0', '\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}', 'ß', '漢', '\u{1f512}', '{', '}'];
        let length = self.below(longest + 1);
        (0..length)
            .map(|_| match self.below(3) {
                0 => nasty[usize::try_from(self.below(nasty.len() as u64)).unwrap()],
                1 => char::from(u8::try_from(32 + self.below(95)).unwrap()),
                _ => char::from_u32(u32::try_from(self.below(0x11_0000)).unwrap()).unwrap_or('x'),
            })
            .collect()
    }

    fn wall(&mut self) -> WallTime {
        WallTime(i64::try_from(self.below(4_000_000_000_000)).unwrap())
    }

    fn state(&mut self) -> State {
        [State::Live, State::Ended, State::Void][usize::try_from(self.below(3)).unwrap()]
    }

    fn head(&mut self) -> Head {
        Head { state: self.state(), counter: u32::try_from(self.next() >> 32).unwrap(), at: self.wall() }
    }

    fn id(&mut self) -> LeaseId {
        let nonce = Nonce(u128::from(self.next()) << 64 | u128::from(self.next()));
        LeaseId { number: Number(1 + self.below(Number::MAX.0)), nonce }
    }

    fn body(&mut self) -> Body {
        let process = ProcessId { pid: u32::try_from(self.next() >> 32).unwrap(), start: self.next() };
        Body {
            id: self.id(),
            token: Token(1 + self.below(Token::MAX.0)),
            holder: Holder {
                user: clean(&self.text(90), limit::USER).into_owned(),
                name: clean(&self.text(90), limit::NAME).into_owned(),
                machine: clean(&self.text(90), limit::MACHINE).into_owned(),
                session: clean(&self.text(90), limit::SESSION).into_owned(),
                pid: process.pid,
                app: clean(&self.text(90), limit::APP).into_owned(),
                note: clean(&self.text(300), limit::NOTE).into_owned(),
            },
            host: Host {
                machine: clean(&self.text(40), limit::HOST).into_owned(),
                boot: clean(&self.text(40), limit::HOST).into_owned(),
                pids: clean(&self.text(40), limit::HOST).into_owned(),
                owner: clean(&self.text(40), limit::HOST).into_owned(),
            },
            process,
            guards: (0..self.below(9))
                .map(|_| ProcessId { pid: u32::try_from(self.next() >> 32).unwrap(), start: self.next() })
                .collect(),
            mark: [None, Some(Nonce(u128::from(self.next())))].into_iter().nth(usize::try_from(self.below(2)).unwrap()).unwrap(),
            acquired: self.wall(),
            basis: BASES.into_iter().chain([Basis::Ended]).nth(usize::try_from(self.below(9)).unwrap()),
            promise: Promise {
                heartbeat: from_millis(self.below(1 << 41)),
                fence: from_millis(self.below(1 << 41)),
                short: from_millis(self.below(1 << 41)),
                long: from_millis(self.below(1 << 41)),
            },
            database: clean(&self.text(300), limit::DATABASE).into_owned(),
        }
    }
}

fn is_blank(found: &Found) -> bool {
    matches!(found, Found::Blank { .. })
}

/// Writes a body's JSON with one piece of text replaced, and seals it again.
pub(super) fn resealed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let front = std::str::from_utf8(&bytes[..bytes.len() - SEAL_BYTES]).unwrap();
    assert!(front.contains(from), "{from} is not in {front}");
    let changed = front.replacen(from, to, 1);
    let mut out = changed.trim_end().as_bytes().to_vec();
    out.resize(bytes.len() - SEAL_BYTES, b' ');
    let checked = if bytes.len() == LEASE_BYTES { &out[HEAD_BYTES..] } else { &out[..] };
    let end = seal_of(checked);
    out.extend_from_slice(&end);
    out
}

#[test]
fn a_lease_is_read_back_as_written() {
    let mut seeded = Seeded(1);
    for round in 0..2000 {
        let (body, head) = (seeded.body(), seeded.head());
        let bytes = encode_lease(&body, &head);
        assert_eq!(bytes[LEASE_BYTES - 1], b'\n');
        assert!(serde_json::from_slice::<serde_json::Value>(&bytes).unwrap().is_object());
        let found = decode_lease(body.id.number, &bytes);
        assert_eq!(found, Found::Record { head, body: Arc::new(body), file: 0 }, "round {round}");
    }
}

#[test]
fn what_is_remembered_is_what_would_be_read() {
    let mut seeded = Seeded(11);
    let mut codec = Codec::default();
    for round in 0..400 {
        let mut body = seeded.body();
        match round % 8 {
            0 => body.holder.note = "\u{1b}[31mred".into(),
            1 => body.promise.long = Duration::from_nanos(1_500_001),
            2 => body.acquired = WallTime(-1),
            3 => body.guards = vec![ProcessId::default(); MOST_GUARDS + 1],
            4 => body.holder.pid = body.process.pid.wrapping_add(1),
            5 => body.database = "ü".repeat(150),
            _ => {}
        }
        let (number, body, head, at) = (body.id.number, Arc::new(body), seeded.head(), seeded.wall());
        let board = Board { id: body.id, token: body.token, state: seeded.state(), long: body.promise.long };
        let (lease, notice) = (codec.encode_lease(&body, &head), encode_notice(&body, at));
        let ended = {
            let mut bytes = lease;
            bytes[..HEAD_BYTES].copy_from_slice(&encode_head(&seeded.head()));
            bytes
        };
        let signal = codec.encode_board(&board);
        assert_eq!((lease, notice, signal), (encode_lease(&body, &head), encode_notice(&body, at), encode_board(&board)));
        for bytes in [lease, ended, lease] {
            assert_eq!(codec.decode_lease(number, &bytes), decode_lease(number, &bytes));
        }
        assert!(is_blank(&codec.decode_lease(Number(number.0 ^ 1), &lease)));
        assert_eq!(codec.decode_board(&signal), decode_board(&signal));
        assert_eq!(codec.decode_notice(&notice), decode_notice(&notice));
        let damaged = {
            let mut bytes = lease;
            bytes[500] ^= 1;
            bytes
        };
        assert!(is_blank(&codec.decode_lease(number, &damaged)));
    }
}

#[test]
fn a_head_written_over_changes_the_head_alone() {
    let mut seeded = Seeded(2);
    let (body, first, second) = (seeded.body(), seeded.head(), seeded.head());
    let mut bytes = encode_lease(&body, &first);
    bytes[..HEAD_BYTES].copy_from_slice(&encode_head(&second));
    assert_eq!(decode_lease(body.id.number, &bytes), Found::Record { head: second, body: Arc::new(body), file: 0 });
}

#[test]
fn every_damaged_byte_of_a_body_makes_it_blank() {
    let mut seeded = Seeded(3);
    for _ in 0..3 {
        let (body, head) = (seeded.body(), seeded.head());
        let bytes = encode_lease(&body, &head);
        for place in HEAD_BYTES..LEASE_BYTES {
            for flip in [1, 0x20, 0x80, u8::try_from(1 + seeded.below(255)).unwrap()] {
                let mut damaged = bytes;
                damaged[place] ^= flip;
                assert!(is_blank(&decode_lease(body.id.number, &damaged)), "byte {place} ^ {flip}");
            }
        }
    }
}

#[test]
fn every_damaged_byte_of_a_head_makes_it_blank_or_a_valid_head() {
    let mut seeded = Seeded(4);
    let (body, head) = (seeded.body(), seeded.head());
    let bytes = encode_lease(&body, &head);
    let mut valid = 0;
    for place in 0..HEAD_BYTES {
        for flip in 1..=255 {
            let mut damaged = bytes;
            damaged[place] ^= flip;
            match decode_lease(body.id.number, &damaged) {
                Found::Blank { .. } => {}
                Found::Record { head: other, body: same, .. } => {
                    assert_ne!(other, head);
                    assert_eq!(*same, body);
                    assert_eq!(encode_head(&other), damaged[..HEAD_BYTES]);
                    valid += 1;
                }
                Found::Missing | Found::Newer { .. } => panic!("byte {place} ^ {flip}"),
            }
        }
    }
    assert!(valid > 50, "digits can be replaced by digits: {valid}");
}

#[test]
fn every_truncation_and_extension_is_blank() {
    let mut seeded = Seeded(5);
    let (body, head) = (seeded.body(), seeded.head());
    let bytes = encode_lease(&body, &head);
    for length in 0..LEASE_BYTES {
        assert!(is_blank(&decode_lease(body.id.number, &bytes[..length])), "length {length}");
    }
    for extra in [&b" "[..], b"\n", b"{}", &bytes] {
        assert!(is_blank(&decode_lease(body.id.number, &[&bytes, extra].concat())));
    }
}

#[test]
fn garbage_is_blank_and_never_panics() {
    let mut seeded = Seeded(6);
    for _ in 0..3000 {
        let length = usize::try_from(seeded.below(2100)).unwrap();
        let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(seeded.below(256)).unwrap()).collect();
        assert_eq!(decode_lease(Number(1), &bytes), Found::Blank { fingerprint: fingerprint(&bytes) });
        assert_eq!(decode_board(&bytes), None);
        assert_eq!(decode_ticket(&bytes), None);
        assert!(matches!(decode_notice(&bytes), NoticeSeen::Foreign { .. }));
    }
    for text in ["", "{}", "[]", "null", "{\"v\":1}", "{\"state\":\"live\",", "\0\0\0\0"] {
        assert!(is_blank(&decode_lease(Number(1), text.as_bytes())), "{text}");
    }
}

#[test]
fn a_record_under_another_number_is_blank() {
    let mut seeded = Seeded(7);
    let body = seeded.body();
    let bytes = encode_lease(&body, &seeded.head());
    let other = Number(body.id.number.0 % Number::MAX.0 + 1);
    assert!(is_blank(&decode_lease(other, &bytes)));
}

#[test]
fn numbers_out_of_range_are_blank() {
    let mut seeded = Seeded(8);
    let mut body = seeded.body();
    let head = seeded.head();
    for (number, token) in [(0, 1), (Number::MAX.0 + 1, 1), (u64::MAX, 1), (1, 0), (1, Token::MAX.0 + 1), (1, u64::MAX)] {
        body.id.number = Number(number);
        body.token = Token(token);
        assert!(is_blank(&decode_lease(Number(number), &encode_lease(&body, &head))), "{number} {token}");
    }
    body.id.number = Number(7);
    body.token = Token(7);
    body.guards = vec![ProcessId { pid: 1, start: 2 }; MOST_GUARDS];
    let bytes = encode_lease(&body, &head);
    let one_more = resealed(&bytes, "\"guards\":[", "\"guards\":[[1,2],");
    assert!(matches!(decode_lease(Number(7), &bytes), Found::Record { .. }));
    assert!(is_blank(&decode_lease(Number(7), &one_more)));
    let wide_counter = String::from_utf8(bytes.to_vec()).unwrap().replacen("\"counter\":", "\"counter\":99999999999", 1);
    assert!(is_blank(&decode_lease(Number(7), &wide_counter.as_bytes()[..LEASE_BYTES])));
}

#[test]
fn unknown_fields_are_ignored() {
    let mut seeded = Seeded(9);
    let mut body = seeded.body();
    body.database = "wems.db".to_owned();
    body.holder.note.clear();
    let head = seeded.head();
    let bytes = encode_lease(&body, &head);
    let extended = resealed(&bytes, "\"v\":1,", "\"v\":3,\"colour\":{\"of\":[1,2]},");
    assert_eq!(decode_lease(body.id.number, &extended), Found::Record { head, body: Arc::new(body), file: 0 });
}

#[test]
fn a_later_version_shows_its_holder() {
    let text =
        br#"{"v":3,"min_reader":2,"user":"eva","machine":"PC-7","pid":12,"note":"x\u001b[2J","state":"paused","shape":[1]}"#;
    let Found::Newer { min_reader, holder, .. } = decode_lease(Number(3), text) else { panic!("not recognised") };
    assert_eq!((min_reader, holder.user.as_str(), holder.machine.as_str(), holder.pid), (2, "eva", "PC-7", 12));
    assert_eq!(holder.note, "x");
    let contradiction = br#"{"v":1,"min_reader":2,"user":"eva"}"#;
    assert!(is_blank(&decode_lease(Number(3), contradiction)));
}

#[test]
fn an_order_to_give_up_lies_behind_the_board() {
    let by = Holder { user: "paul".into(), name: "Paul Martin".into(), machine: "PC-2".into(), ..Holder::default() };
    let subjects = vec![Revoked { number: 7, nonce: 9, fingerprint: 0 }, Revoked { number: 0, nonce: 0, fingerprint: u64::MAX }];
    let revoke = Revoke { subjects, by, reason: "stock count".into(), at: WallTime(1_795_424_000_000), now: true };
    let file = [&[b'x'; BOARD_BYTES][..], &encode_revoke(&revoke)].concat();
    assert_eq!(decode_revoke(&file), Some(revoke), "whatever the board looks like");
    assert_eq!(decode_board(&file), None);
    for at in BOARD_BYTES..file.len() {
        let mut garbled = file.clone();
        garbled[at] ^= 1;
        assert_eq!(decode_revoke(&garbled), None, "byte {at}");
        assert_eq!(decode_revoke(&file[..at]), None, "cut at {at}");
    }
}

#[test]
fn the_longest_record_fits() {
    for filler in ["\"", "\\", "x", "é", "漢", "\u{1f512}"] {
        let long = filler.repeat(400);
        let holder = Holder {
            user: long.clone(),
            name: long.clone(),
            machine: long.clone(),
            session: long.clone(),
            pid: u32::MAX,
            app: long.clone(),
            note: long.clone(),
        };
        let host = Host { machine: long.clone(), boot: long.clone(), pids: long.clone(), owner: long.clone() };
        let process = ProcessId { pid: u32::MAX, start: u64::MAX };
        let promise = Promise { heartbeat: Duration::MAX, fence: Duration::MAX, short: Duration::MAX, long: Duration::MAX };
        let id = LeaseId { number: Number(u64::MAX), nonce: Nonce(u128::MAX) };
        let token = Token(u64::MAX);
        let guards = vec![process; 2 * MOST_GUARDS];
        let (mark, acquired) = (Some(Nonce(u128::MAX)), WallTime(i64::MAX));
        let basis = Some(Basis::Evidence);
        let body = Body { id, token, holder, host, process, guards, mark, acquired, basis, promise, database: long.clone() };
        let subjects = vec![Revoked { number: u64::MAX, nonce: u128::MAX, fingerprint: u64::MAX }; 2 * MOST_REVOKED];
        let by = body.holder.clone();
        let revoke = Revoke { subjects, by, reason: long, at: WallTime(i64::MAX), now: false };
        let file = [&[0; BOARD_BYTES][..], &encode_revoke(&revoke)].concat();
        assert_eq!(decode_revoke(&file).unwrap().subjects.len(), MOST_REVOKED);
        let head = Head { state: State::Ended, counter: u32::MAX, at: WallTime(i64::MAX) };
        assert!(decode_head(&encode_lease(&body, &head)).is_some());
        assert!(serde_json::from_slice::<serde_json::Value>(&encode_notice(&body, WallTime(i64::MIN))).is_ok());
        assert!(
            decode_board(&encode_board(&Board { id, token, state: State::Ended, long: Duration::MAX })).is_none(),
            "out of range"
        );
        let ticket = Ticket { holder: body.holder, since: acquired, counter: u32::MAX, ..Ticket::default() };
        assert!(decode_ticket(&encode_ticket(&ticket)).is_some());
        let asks = Ticket { ask: Some(Ask { lease: id.nonce, at: WallTime(i64::MAX) }), ..ticket.clone() };
        assert!(decode_ticket(&encode_ticket(&asks)).is_some());
        let replies = vec![(WallTime(i64::MAX), AskReply::Later(u8::MAX)); 2 * MOST_REPLIES];
        let replies = Ticket { replies, ..asks };
        assert_eq!(decode_ticket(&encode_ticket(&Ticket { ask: None, ..replies })).unwrap().replies.len(), MOST_REPLIES);
    }
}

#[test]
fn promises_are_rounded_up() {
    assert_eq!(millis_up(Duration::from_micros(1500)), 2);
    assert_eq!(millis_up(Duration::from_millis(30)), 30);
    assert_eq!(from_millis(millis_up(Duration::MAX)), Duration::from_millis(LONGEST_MILLIS));
}

#[test]
fn boards_and_tickets_are_read_back_and_nothing_else_is() {
    let mut seeded = Seeded(10);
    for _ in 0..300 {
        let board = Board {
            id: seeded.id(),
            token: Token(1 + seeded.below(Token::MAX.0)),
            state: seeded.state(),
            long: Duration::from_millis(seeded.below(3_600_000)),
        };
        let bytes = encode_board(&board);
        assert_eq!(decode_board(&bytes), Some(board));
        let waiting = seeded.below(2) == 1;
        let holder =
            Holder { user: "eva".into(), machine: "PC-7".into(), pid: 4, note: "until noon".into(), ..Holder::default() };
        let ticket = Ticket { holder, since: seeded.wall(), counter: 9, waiting, ..Ticket::default() };
        let written = encode_ticket(&ticket);
        assert_eq!(decode_ticket(&written), Some(ticket));
        for place in 0..TICKET_BYTES {
            let mut damaged = written;
            damaged[place] ^= 1 << seeded.below(8);
            assert_eq!(decode_ticket(&damaged), None, "ticket byte {place}");
        }
        for place in 0..BOARD_BYTES {
            let mut damaged = bytes;
            damaged[place] ^= 1 << seeded.below(8);
            assert_eq!(decode_board(&damaged), None, "board byte {place}");
            assert_eq!(decode_board(&bytes[..place]), None);
        }
    }
}

#[test]
fn a_notice_of_ours_names_its_lease() {
    let mut seeded = Seeded(11);
    for _ in 0..300 {
        let body = seeded.body();
        let bytes = encode_notice(&body, seeded.wall());
        let NoticeSeen::Ours { id, token, promise, fingerprint: seen, said } = decode_notice(&bytes) else { panic!("not ours") };
        assert_eq!((id, token, promise, seen), (body.id, body.token, body.promise, fingerprint(&bytes)));
        if let Some(said) = said {
            assert_eq!((&said.holder.user, &said.holder.machine), (&body.holder.user, &body.holder.machine));
            assert_eq!(said.acquired, Some(body.acquired));
        }
        let text = std::str::from_utf8(&bytes).unwrap();
        let places: Vec<_> = ["\"pid\":", "\"user\":", "\"machine\":", "\"acquired\":", "\"heartbeat\":", "\"name\":"]
            .iter()
            .map(|key| text.find(key).unwrap())
            .collect();
        assert!(places.is_sorted(), "the fields that others know come first: {text}");
        for length in 0..NOTICE_BYTES {
            let cut = decode_notice(&bytes[..length]);
            assert!(cut == NoticeSeen::Missing || matches!(cut, NoticeSeen::Foreign { .. } | NoticeSeen::Ours { .. }));
            if let NoticeSeen::Ours { id, .. } = cut {
                assert_eq!(id, body.id, "only padding may be missing");
            }
        }
    }
}

#[test]
fn notice_times_carry_an_offset() {
    let mut body = Seeded(12).body();
    body.acquired = WallTime(1_795_424_000_123);
    let bytes = encode_notice(&body, WallTime(1_795_424_060_000));
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(
        text.contains("\"acquired\":\"2026-11-23T08:53:20.123+00:00\",\"heartbeat\":\"2026-11-23T08:54:20.000+00:00\""),
        "{text}"
    );
}

#[test]
fn times_of_other_programs_are_understood_with_and_without_an_offset() {
    use chrono::{Local, TimeZone};
    let said = |time: &str| {
        let text = serde_json::json!({ "user": "eva", "acquired": time }).to_string();
        let NoticeSeen::Foreign { said: Some(said), .. } = decode_notice(text.as_bytes()) else { panic!("not read") };
        said.acquired.map(|at| at.0)
    };
    let local = |millis| Local.with_ymd_and_hms(2026, 3, 2, 9, 12, 0).unwrap().timestamp_millis() + millis;
    for (text, expected) in [
        ("2026-03-02T09:12:00+01:00", Some(1_772_439_120_000)),
        ("2026-03-02T09:12:00+0100", Some(1_772_439_120_000)),
        ("2026-03-02T08:12:00.5Z", Some(1_772_439_120_500)),
        ("2026-03-02T09:12:00", Some(local(0))),
        ("2026-03-02 09:12:00.250000", Some(local(250))),
        (" 2026-03-02T09:12 ", Some(local(0))),
        ("2026-02-30T09:12:00", None),
        ("yesterday", None),
        ("", None),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn other_programs_notices_are_foreign_and_show_their_holder() {
    let theirs = "\u{feff}{\"pid\": \"812\", \"user\": \"eva\\u001b[1m\", \"machine\": \"PC-7\", \"heartbeat\": \"2026-11-20T08:00:00+01:00\"}";
    let NoticeSeen::Foreign { said: Some(said), .. } = decode_notice(theirs.as_bytes()) else { panic!("not read") };
    let holder = &said.holder;
    assert_eq!((holder.pid, holder.user.as_str(), holder.machine.as_str()), (812, "eva", "PC-7"));
    for named in ["{\"user\":\"eva\"}", "{\"machine\":\"PC-7\"}", "{\"pid\":7}"] {
        assert!(matches!(decode_notice(named.as_bytes()), NoticeSeen::Foreign { said: Some(_), .. }), "{named}");
    }
    for bytes in [&b""[..], b"Eva on PC-7", b"{}", b"[1]", b"\xff\xfe\0"] {
        assert!(matches!(decode_notice(bytes), NoticeSeen::Foreign { said: None, .. }), "{bytes:?}");
    }
    let same_host_no_nonce = br#"{"user":"eva","sharelock":{"v":1,"number":4,"token":4}}"#;
    assert!(matches!(decode_notice(same_host_no_nonce), NoticeSeen::Foreign { said: Some(_), .. }));
}

#[test]
fn a_record_that_needs_a_later_reader_is_not_read_as_one_of_ours() {
    let mut seeded = Seeded(21);
    let body = seeded.body();
    let board = Board { id: body.id, token: body.token, state: State::Live, long: Duration::ZERO };
    let ticket = Ticket { counter: 1, waiting: true, ..Ticket::default() };
    let revoke = Revoke {
        subjects: vec![Revoked { number: 1, nonce: 1, fingerprint: 0 }],
        by: Holder::default(),
        reason: String::new(),
        at: WallTime(0),
        now: false,
    };
    let lease = encode_lease(&body, &seeded.head());
    let (board, ticket, revoke) = (encode_board(&board), encode_ticket(&ticket), encode_revoke(&revoke));
    for (versions, readable) in [
        ("\"v\":1,\"min_reader\":1", true),
        ("\"v\":2,\"min_reader\":1", true),
        ("\"v\":2,\"min_reader\":2", false),
        ("\"v\":1,\"min_reader\":2", false),
        ("\"v\":1,\"min_reader\":0", false),
        ("\"v\":0,\"min_reader\":1", false),
    ] {
        let with = |bytes: &[u8]| resealed(bytes, "\"v\":1,\"min_reader\":1", versions);
        let found = decode_lease(body.id.number, &with(&lease));
        assert_eq!(matches!(found, Found::Record { .. }), readable, "{versions}");
        assert_eq!(matches!(found, Found::Newer { min_reader: 2, .. }), versions == "\"v\":2,\"min_reader\":2");
        assert_eq!(decode_board(&with(&board)).is_some(), readable, "{versions}");
        assert_eq!(decode_ticket(&with(&ticket)).is_some(), readable, "{versions}");
        let file = [&[0; BOARD_BYTES][..], &with(&revoke)].concat();
        assert_eq!(decode_revoke(&file).is_some(), readable, "{versions}");
    }
}

#[test]
fn an_order_names_somebody_and_no_more_than_four() {
    let subject = |number| Revoked { number, nonce: 1, fingerprint: 0 };
    let by = Holder::default();
    let revoke = Revoke { subjects: vec![subject(1)], by, reason: String::new(), at: WallTime(0), now: false };
    let bytes = encode_revoke(&revoke);
    let one = format!("[1,\"{:032x}\",0]", 1);
    for (subjects, read) in [(0, false), (1, true), (MOST_REVOKED, true), (MOST_REVOKED + 1, false)] {
        let named = vec![one.as_str(); subjects].join(",");
        let file = [&[0; BOARD_BYTES][..], &resealed(&bytes, &one, &named)].concat();
        assert_eq!(decode_revoke(&file).is_some(), read, "{subjects}");
    }
}

#[test]
fn the_texts_of_a_ticket_are_cut_when_it_is_written_and_when_it_is_read() {
    let long = "x".repeat(300);
    let holder = Holder {
        user: long.clone(),
        name: long.clone(),
        machine: long.clone(),
        session: long.clone(),
        pid: 1,
        app: long.clone(),
        note: long,
    };
    let lengths = |holder: &Holder| {
        [&holder.user, &holder.name, &holder.machine, &holder.session, &holder.app, &holder.note].map(String::len)
    };
    let limits = [42, 64, 42, 21, 64, 66];
    let ticket = Ticket { holder, counter: 1, waiting: true, ..Ticket::default() };
    assert_eq!(lengths(&decode_ticket(&encode_ticket(&ticket)).unwrap().holder), limits);
    let bytes = encode_ticket(&Ticket { holder: Holder::default(), ..ticket });
    for (place, key) in ["user", "name", "machine", "session", "app", "note"].into_iter().enumerate() {
        let longer = format!("\"{key}\":\"{}\"", "x".repeat(150));
        let read = decode_ticket(&resealed(&bytes, &format!("\"{key}\":\"\""), &longer)).unwrap();
        assert_eq!(lengths(&read.holder)[place], limits[place], "{key}");
    }
}

/// Orders carry fingerprints from one computer to another.
#[test]
fn a_fingerprint_is_the_same_everywhere_and_shows_every_change() {
    assert_eq!(fingerprint(b""), 0xaf63_bd4c_2962_0a93);
    assert_eq!(fingerprint(b"wems.db.lock of another program"), 0x240f_7402_930a_5e81);
    let bytes: Vec<u8> = (0..41_u8).map(|byte| byte.wrapping_mul(7)).collect();
    let mut seen = std::collections::HashSet::from([fingerprint(&bytes)]);
    for place in 0..bytes.len() {
        assert!(seen.insert(fingerprint(&bytes[..place])), "cut at {place}");
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            assert!(seen.insert(fingerprint(&changed)), "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn a_notice_ends_its_line() {
    let body = Seeded(22).body();
    let bytes = encode_notice(&body, WallTime(0));
    assert_eq!(bytes.iter().position(|byte| *byte == b'\n'), Some(NOTICE_BYTES - 1));
}

#[test]
fn what_is_out_of_range_is_not_remembered_as_if_it_could_be_read() {
    let mut codec = Codec::default();
    let mut seeded = Seeded(23);
    for (number, token) in [(0, 1), (1, 0), (Number::MAX.0 + 1, 1), (1, Token::MAX.0 + 1)] {
        let body = Body { token: Token(token), ..seeded.body() };
        let body = Arc::new(Body { id: LeaseId { number: Number(number), ..body.id }, ..body });
        let bytes = codec.encode_lease(&body, &seeded.head());
        assert!(is_blank(&codec.decode_lease(Number(number), &bytes)), "{number} {token}");
        let board = Board { id: body.id, token: body.token, state: State::Live, long: Duration::ZERO };
        let bytes = codec.encode_board(&board);
        assert_eq!(codec.decode_board(&bytes), None);
    }
}
