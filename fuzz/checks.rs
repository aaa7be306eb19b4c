//! What must hold for any bytes at all, one function for each parser. Called by the fuzz targets with whatever libFuzzer thinks of, and by
//! `tests/corpus.rs` with the tracked corpus and mutations of it.
//!
//! "Does not panic" is the least of it: what is read is within its bounds and fit to be shown, and what it is written as reads back the
//! same. Checksums would keep a fuzzer outside for ever, so every record is tried with the right one as well.

use sharelock::clock::{Moment, SystemClock, Ticks, WallTime};
use sharelock::config::{Around, Author, Config, Key, Layer, Loaded, MOST_DATABASES, Value, label_fault, merge};
use sharelock::i18n::{Language, printable};
use sharelock::lease::codec::{
    BOARD_BYTES, HEAD_BYTES, LEASE_BYTES, REVOKE_BYTES, TICKET_BYTES, VERSION, decode_board, decode_head, decode_lease,
    decode_notice, decode_revoke, decode_ticket, encode_board, encode_head, encode_lease, encode_revoke, encode_ticket,
    fingerprint,
};
use sharelock::lease::record::{
    Body, Found, Holder, Host, LeaseId, MOST_GUARDS, MOST_REVOKED, Nonce, NoticeSeen, Number, ProcessId, Revoke, Revoked, Token,
};
use sharelock::lease::rules::Rules;
use sharelock::lease::timing::{Timing, parse_duration};
use sharelock::lease::wire::{Action, Event, Op, Reply};
use sharelock::lease::{Client, Identity};
use sharelock::session::parse_memory;
use sharelock::store::history::{Line, Order, Trace, read_line, retell, revoke_line};
use sharelock::store::memory::Name;
use sharelock::store::naming::store_name;
use sharelock::store::{MemoryShare, Store};
use std::ffi::OsString;
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;
use unicode_normalization::UnicodeNormalization;

/// Panics where something does not hold.
pub type Check = fn(&[u8]);

/// Every check, by the name of its fuzz target and of its folder in the corpus.
pub const CHECKS: [(&str, Check); 10] = [
    ("lease", lease),
    ("head", head),
    ("board", board),
    ("notice", notice),
    ("ticket", ticket),
    ("history", history),
    ("memory", memory),
    ("time", time),
    ("name", name),
    ("config", config),
];

/// The longest string that any record may bring in.
const LONGEST: usize = 200;
/// The length of `"crc":"01234567"}` with its line end.
const SEAL: usize = 18;

fn plain(text: &str) {
    assert!(text.len() <= LONGEST, "{} bytes", text.len());
    assert_eq!(printable(text), text);
}

fn plain_holder(holder: &Holder) {
    let Holder { user, name, machine, session, pid: _, app, note } = holder;
    for text in [user, name, machine, session, app, note] {
        plain(text);
    }
}

/// Takes the bytes as what stands in front of the padding of a record of that length, and seals them as their writer would.
fn sealed(data: &[u8], length: usize, unsealed: usize) -> Vec<u8> {
    let front = length - SEAL;
    let mut bytes = data[..data.len().min(front)].to_vec();
    bytes.resize(front, b' ');
    let crc = crc32fast::hash(&bytes[unsealed..]);
    bytes.extend_from_slice(format!("\"crc\":\"{crc:08x}\"}}\n").as_bytes());
    bytes
}

/// Returns the number that a record says it has, so that it is not always another file's.
fn stated_number(data: &[u8]) -> Number {
    let key = b"\"number\":";
    let start = data.windows(key.len()).position(|window| window == key).map_or(data.len(), |place| place + key.len());
    let digits = data[start..].iter().take(19).take_while(|byte| byte.is_ascii_digit());
    Number(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

fn valid(id: LeaseId, token: Token) {
    assert!((1..=Number::MAX.0).contains(&id.number.0) && (1..=Token::MAX.0).contains(&token.0));
}

/// A lease record: in bounds, fit to be shown, its own number's, and read back as written.
pub fn lease(data: &[u8]) {
    for bytes in [data, &sealed(data, LEASE_BYTES, HEAD_BYTES)] {
        let number = stated_number(bytes);
        match decode_lease(number, bytes) {
            Found::Record { head, body, .. } => {
                assert_eq!(body.id.number, number);
                valid(body.id, body.token);
                plain_holder(&body.holder);
                for text in [&body.database, &body.host.machine, &body.host.boot, &body.host.pids, &body.host.owner] {
                    plain(text);
                }
                assert!(body.guards.len() <= MOST_GUARDS);
                let again = decode_lease(number, &encode_lease(&body, &head));
                // A year before 1970 or after 9999 is written as the nearest that can be.
                let Found::Record { head: same_head, body: same, .. } = again else { panic!("not read back: {again:?}") };
                let acquired = same.acquired;
                assert_eq!((same_head, &*same), (head, &Body { acquired, ..Body::clone(&body) }));
                let _judged = body.promise.clamped();
            }
            Found::Newer { min_reader, holder, fingerprint: seen } => {
                assert!(min_reader > VERSION);
                plain_holder(&holder);
                assert_eq!(seen, fingerprint(bytes));
            }
            Found::Blank { fingerprint: seen } => assert_eq!(seen, fingerprint(bytes)),
            Found::Missing => panic!("bytes are not nothing"),
        }
    }
}

/// The head of a record: only what we would write ourselves is one.
pub fn head(data: &[u8]) {
    if let Some(head) = decode_head(data) {
        assert_eq!(encode_head(&head), data[..HEAD_BYTES]);
    }
}

/// The board and the order behind it: in bounds, fit to be shown, and read back as written.
pub fn board(data: &[u8]) {
    for order in [data, &sealed(data, REVOKE_BYTES, 0)] {
        let behind = |order: &[u8]| [&[0; BOARD_BYTES][..], order].concat();
        if let Some(revoke) = decode_revoke(&behind(order)) {
            plain_holder(&revoke.by);
            plain(&revoke.reason);
            assert!((1..=MOST_REVOKED).contains(&revoke.subjects.len()));
            let again = decode_revoke(&behind(&encode_revoke(&revoke))).expect("read back");
            // A year before 1970 or after 9999 is written as the nearest that can be.
            assert_eq!(Revoke { at: revoke.at, ..again }, revoke);
        }
    }
    for bytes in [data, &sealed(data, BOARD_BYTES, 0)] {
        if let Some(board) = decode_board(bytes) {
            valid(board.id, board.token);
            assert_eq!(decode_board(&encode_board(&board)), Some(board));
        }
    }
}

/// The notice: somebody's in any case, and fit to be shown.
pub fn notice(data: &[u8]) {
    let said = match decode_notice(data) {
        NoticeSeen::Missing => panic!("bytes are not nothing"),
        NoticeSeen::Ours { id, token, promise, fingerprint: seen, said } => {
            valid(id, token);
            assert_eq!(seen, fingerprint(data));
            let _judged = promise.clamped();
            said
        }
        NoticeSeen::Foreign { fingerprint: seen, said, locked } => {
            assert!(seen == fingerprint(data) && !locked);
            said
        }
    };
    if let Some(said) = said {
        plain_holder(&said.holder);
    }
}

/// A ticket: fit to be shown, and read back as written.
pub fn ticket(data: &[u8]) {
    for bytes in [data, &sealed(data, TICKET_BYTES, 0)] {
        if let Some(mut ticket) = decode_ticket(bytes) {
            plain_holder(&ticket.holder);
            let again = decode_ticket(&encode_ticket(&ticket)).expect("read back");
            ticket.since = again.since;
            assert_eq!(again, ticket);
        }
    }
}

/// What is kept of a lease that is removed: one line of JSON, bounded, whatever the lease was, and read back as the lease that it was.
/// What else lies in the history: whatever its lines say is in bounds and fit to be shown.
pub fn history(data: &[u8]) {
    lines(&String::from_utf8_lossy(data));
    for bytes in [data, &sealed(data, LEASE_BYTES, HEAD_BYTES)] {
        let number = Number(stated_number(bytes).0.clamp(1, Number::MAX.0 - 1));
        let share = MemoryShare::new(Arc::new(SystemClock));
        let store =
            share.client(sharelock::store::Identity { holder: Holder::default(), host: Host::default(), nonce: Nonce(1) });
        share.plant(Name::Lease(number), Some(bytes));
        let own = claim(number.next());
        assert!(matches!(store.perform(&Op::Create(own, WallTime(0))), Ok(Reply::Done)));
        let clean_up = Op::CleanUp { number, own: number.next(), keep: Duration::ZERO };
        let removed = store.perform(&clean_up).expect("an answer");
        let newer = matches!(decode_lease(number, bytes), Found::Newer { .. });
        assert_eq!(removed, Reply::Removed(!newer));
        for line in share.history() {
            assert!(line.len() < 2048 && line.ends_with('\n') && line.matches('\n').count() == 1);
            plain_line(line.trim_end_matches('\n'));
            let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(value["number"], number.0);
            let kept = match decode_lease(number, bytes) {
                Found::Record { head, body, .. } => {
                    let acquired = writable(body.acquired);
                    Some(Line::Trace(Trace { acquired, on_ledger: false, ..Trace::of_record(&head, &body) }))
                }
                Found::Missing | Found::Blank { .. } | Found::Newer { .. } => None,
            };
            assert_eq!(read_line(&line), kept);
        }
    }
}

/// Lines that somebody else wrote into the history.
fn lines(text: &str) {
    let read: Vec<Line> = text.lines().filter_map(read_line).collect();
    for line in &read {
        match line {
            Line::Trace(trace) => {
                valid(trace.id, trace.token);
                plain_holder(&trace.holder);
                assert!(!trace.on_ledger);
            }
            Line::Order(named, order) => {
                assert!(named.len() <= MOST_REVOKED);
                plain_holder(&order.by);
                plain(&order.reason);
                let subject = |&(number, nonce): &(u64, Nonce)| Revoked { number, nonce: nonce.0, fingerprint: 0 };
                let subjects = named.iter().map(subject).collect();
                let Order { by, reason, at } = order.clone();
                let again = read_line(&revoke_line(&Revoke { subjects, by, reason, at, now: false }));
                assert_eq!(again, Some(Line::Order(named.clone(), Order { at: writable(order.at), ..order.clone() })));
            }
        }
    }
    let known = read.len();
    assert!(retell(read).len() <= known);
}

/// A year before 1970 or after 9999 is written as the nearest that can be.
fn writable(at: WallTime) -> WallTime {
    WallTime(at.0.clamp(0, 253_402_300_799_999))
}

fn plain_line(line: &str) {
    assert_eq!(printable(line), line);
}

fn claim(number: Number) -> Arc<Body> {
    Arc::new(Body {
        id: LeaseId { number, nonce: Nonce(2) },
        token: Token(number.0),
        holder: Holder::default(),
        host: Host::default(),
        process: ProcessId::default(),
        guards: Vec::new(),
        mark: None,
        acquired: WallTime(0),
        basis: None,
        promise: Timing::default().promise(),
        database: String::new(),
    })
}

/// What this machine remembers: a client can live with it, and it is remembered again as it is.
pub fn memory(data: &[u8]) {
    let memory = parse_memory(data, "place", "boot");
    let text = serde_json::to_string(&memory).expect("JSON");
    assert_eq!(serde_json::from_str::<sharelock::lease::Memory>(&text).expect("read back"), memory);
    let share = MemoryShare::new(Arc::new(SystemClock));
    let store = share.client(sharelock::store::Identity { holder: Holder::default(), host: Host::default(), nonce: Nonce(1) });
    let mut client = Client::new(Identity::default(), Timing::default(), Rules::default(), 7, false, memory);
    let moment = |seconds: u64| Moment {
        ticks: Ticks::from_nanos(seconds * 1_000_000_000),
        wall: WallTime(1_800_000_000_000 + i64::try_from(seconds * 1000).unwrap_or(0)),
    };
    client.handle(moment(1), Event::Want);
    // Longer than anything has to be waited for that it may remember, unless that says so itself.
    for second in (1..600).step_by(30) {
        while let Some(action) = client.poll() {
            if let Action::Request(id, op) = action {
                let answer = store.perform(&op).map_err(|error| error.failure);
                client.handle(moment(second), Event::Answer(id, answer));
            }
        }
        let _told = client.status(moment(second));
        client.handle(moment(second), Event::Tick);
    }
}

/// Durations as people type them: bounded, and the same when written another way.
pub fn time(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(span) = parse_duration(&text) {
        assert!(span <= Duration::from_secs(366 * 86400));
        let again = parse_duration(&format!("{}s", span.as_secs_f64())).expect("read back");
        assert!(again.abs_diff(span) < Duration::from_micros(1), "{again:?} {span:?}");
    }
    let first = text.split('\0').next().unwrap_or_default();
    let variables = |name: &str| match name {
        "SHARELOCK_TIME_SCALE" => Some(first.to_owned()),
        "SHARELOCK_HEARTBEAT" => text.split('\0').nth(1).map(str::to_owned),
        _ => None,
    };
    match Timing::from_variables(variables) {
        Ok(timing) => assert_eq!(timing.validate(), Ok(())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Names of stores: one plain component everywhere, and the same for every spelling of a name.
pub fn name(data: &[u8]) {
    let typed = os_string(data);
    let name = store_name(&typed);
    assert_eq!(name.is_empty(), typed.is_empty());
    assert!(name.len() <= LONGEST, "{name}");
    assert!(!name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')), "{name}");
    assert!(!name.ends_with(['.', ' ']), "{name}");
    if !name.is_empty() {
        let mut components = Path::new(&name).components();
        assert!(matches!(components.next(), Some(Component::Normal(_))) && components.next().is_none(), "{name}");
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    assert!(!["con", "prn", "aux", "nul", "com1", "lpt1"].contains(&stem), "{name}");
    if let Some(text) = typed.to_str() {
        let decomposed: String = text.nfd().collect();
        assert_eq!(store_name(decomposed.as_ref()), name);
    }
}

/// Files of settings, the administrators' up to the first zero and then the user's: whatever is wrong can be told, and what holds, written as
/// a file, is read back the same.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (system, user) = text.split_once('\0').unwrap_or(("", &text));
    let read = |text: &str, author| {
        let variable = |name: &str| (name.len() < 4).then(|| "/srv".to_owned());
        Layer::read(
            Path::new("sharelock.toml"),
            text.to_owned(),
            author,
            Around { variable: &variable, home: Some(Path::new("/home")) },
        )
    };
    let (system, user) = (read(system, Author::System), read(user, Author::User));
    for problem in system.problems.iter().chain(&user.problems) {
        for language in [Language::English, Language::French] {
            let told = problem.told(language);
            assert!(told.len() < 2000 && told.lines().count() <= 4, "{told}");
            told.lines().for_each(plain_line);
        }
    }
    let Ok(loaded) = merge(Some(&system), Some(&user), &|_| None) else { return };
    let Config { databases, timing, icon_order, .. } = &loaded.config;
    assert_eq!(timing.validate(), Ok(()));
    assert_eq!(icon_order.len(), 6);
    assert!(databases.len() <= MOST_DATABASES);
    for database in databases {
        assert_eq!((database.timing.validate(), label_fault(&database.label)), (Ok(()), None));
        assert!(database.path.is_absolute());
    }
    let again = merge(None, Some(&read(&written(&loaded), Author::User)), &|_| None).expect("read back");
    assert!(again.warnings.is_empty());
    for (one, other) in loaded.settings.iter().zip(&again.settings) {
        let same = match (&one.value, &other.value) {
            (Value::Span(one), Value::Span(other)) => one.abs_diff(*other) < Duration::from_micros(1),
            (one, other) => one == other,
        };
        assert!(same && (one.key, one.database) == (other.key, other.database), "{one:?} {other:?}");
    }
    assert_eq!(loaded.settings.len(), again.settings.len());
}

/// Writes what holds as one file.
fn written(loaded: &Loaded) -> String {
    let mut lines = Vec::new();
    let mut last = None;
    for setting in &loaded.settings {
        if setting.database != last {
            lines.push("[[database]]".to_owned());
            last = setting.database;
        }
        let unset = matches!(&setting.value, Value::Language(None)) || setting.value == Value::Command(Vec::new());
        if !unset && setting.key != Key::Locked {
            lines.push(format!("{} = {}", setting.key.dotted(), setting.toml()));
        }
    }
    lines.join("\n")
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
