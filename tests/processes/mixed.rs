//! Programs of two systems in one folder: Linux' own, and Windows' under Wine. tests/windows/run builds those and says where they are.
//!
//! Both are on one machine here, under one host name, with one user's name, and with process numbers of their own: what either knows of
//! the other comes from the share alone. Hazards that this is to show: a pid of one system looked up in the other, where nobody has it,
//! and a live holder taken for dead; range locks that do not meet; a record that the other side reads in another way.

use crate::part::{let_begin, pause, start, start_with};
use serde_json::Value;
use sharelock::clock::{Clock, SystemClock};
use sharelock::lease::timing::Timing;
use sharelock::platform::range_lock::{Probe, probe};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How many of each system.
const PROCESSES: u64 = 4;
/// Each duration of the protocol is divided by this where one has to pass.
const SCALE: f64 = 50.0;
/// Whatever takes longer than this is broken.
const LONG: Duration = Duration::from_secs(60);

/// The programs for Windows, and what runs them.
struct Windows {
    wine: String,
    /// This test program.
    parts: String,
    /// The command line.
    sharelock: String,
}

impl Windows {
    /// `None` where they were not built, which is said.
    fn find() -> Option<Self> {
        let named = |name: &str| std::env::var(name).ok();
        let found =
            (named("SHARELOCK_TEST_WINE"), named("SHARELOCK_TEST_WINDOWS_PARTS"), named("SHARELOCK_TEST_WINDOWS_PROGRAM"));
        let (Some(wine), Some(parts), Some(sharelock)) = found else {
            println!(
                "skipped: no programs for Windows (SHARELOCK_SUITES=windows tests/windows/run mixed builds them and runs this)"
            );
            return None;
        };
        Some(Self { wine, parts, sharelock })
    }

    fn start(&self, part: &str, database: &Path, scale: &str, holds: u64) -> Child {
        start_with(&[&self.wine, &self.parts], part, &as_windows_spells(database), scale, holds)
    }
}

/// Wine shows the root of everything as drive Z.
fn as_windows_spells(path: &Path) -> String {
    format!("Z:{}", path.to_str().unwrap().replace('/', "\\"))
}

/// A folder, and a database with a counter in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("wems.db");
    std::fs::write(&database, "0").unwrap();
    (folder, database)
}

/// How often each process counts.
fn holds() -> u64 {
    std::env::var("SHARELOCK_MIXED_HOLDS").map_or(50, |holds| holds.parse().unwrap())
}

/// Lets processes of both systems count; returns the counter.
fn counted(windows: &Windows, part: &str, database: &Path) -> u64 {
    let both = |_| [start(part, database, "1", holds()), windows.start(part, database, "1", holds())];
    let children: Vec<Child> = (0..PROCESSES).flat_map(both).collect();
    let_begin(database, 2 * PROCESSES);
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        // Without the lease a process may find the file in the middle of another's write, or held by it.
        assert!(output.status.success() || part == "unleased", "{text}");
    }
    std::fs::read_to_string(database).unwrap().trim().parse().unwrap_or(0)
}

#[test]
fn eight_programs_of_two_systems_lose_no_count_and_never_overlap() {
    let Some(windows) = Windows::find() else { return };
    let (folder, database) = place();
    let began = SystemClock.now().ticks;
    assert_eq!(counted(&windows, "leased, with rests", &database), 2 * PROCESSES * holds());
    let mut by_token = BTreeMap::new();
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        let Some((system, _)) = name.strip_prefix("holds-").and_then(|name| name.split_once('-')) else { continue };
        for line in std::fs::read_to_string(file.path()).unwrap().lines() {
            let numbers: Vec<i64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
            assert!(
                by_token.insert(numbers[0], (numbers[1], numbers[2], system.to_owned())).is_none(),
                "a token given twice: {line}"
            );
        }
    }
    let held: Vec<_> = by_token.into_values().collect();
    assert_eq!(held.len() as u64, 2 * PROCESSES * holds());
    let mut changes = 0;
    for pair in held.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "held at the same time: {pair:?}");
        changes += u64::from(pair[0].2 != pair[1].2);
    }
    // Otherwise one system would have had its turn after the other.
    assert!(changes >= holds() / 5, "it went from one system to the other only {changes} times");
    let took = SystemClock.now().ticks.since(began);
    println!("{} holds in {took:.0?}, {changes} times to the other system", held.len());
}

#[test]
fn without_the_lease_both_lose_counts() {
    let Some(windows) = Windows::find() else { return };
    let (_folder, database) = place();
    assert_ne!(counted(&windows, "unleased", &database), 2 * PROCESSES * holds(), "the counter test cannot fail");
}

/// A process, and what it says. It is killed when this is dropped.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn new(mut child: Child) -> Self {
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Waits until it says this.
    fn hears(&self, wanted: &str) {
        while self.lines.recv_timeout(LONG).unwrap_or_else(|_| panic!("it never said: {wanted}")) != wanted {}
    }

    /// Waits until it tells of this as JSON.
    fn hears_event(&self, name: &str) {
        let line = || self.lines.recv_timeout(LONG).unwrap_or_else(|_| panic!("no such event: {name}"));
        while serde_json::from_str::<Value>(&line()).unwrap()["event"] != name {}
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a process of either system.
fn begin(windows: Option<&Windows>, part: &str, database: &Path, scale: &str) -> Running {
    Running::new(windows.map_or_else(|| start(part, database, scale, 0), |windows| windows.start(part, database, scale, 0)))
}

/// Who is first and who comes after, in both orders.
fn both_ways(windows: &Windows) -> [(Option<&Windows>, Option<&Windows>); 2] {
    [(Some(windows), None), (None, Some(windows))]
}

#[test]
fn range_locks_of_both_systems_meet_and_end_with_their_process() {
    let Some(windows) = Windows::find() else { return };
    for (first, second) in both_ways(&windows) {
        let (_folder, file) = place();
        let holder = begin(first, "locker", &file, "1");
        holder.hears("locked");
        begin(second, "locker", &file, "1").hears("busy");
        let opened = std::fs::File::open(&file).unwrap();
        assert_eq!(probe(&opened).unwrap(), Probe::Held);
        drop(holder);
        // Wine's server drops the lock a moment after the process has gone.
        let began = SystemClock.now().ticks;
        while probe(&opened).unwrap() == Probe::Held {
            assert!(SystemClock.now().ticks.since(began) < LONG, "a lock that nobody has any more");
            pause(Duration::from_millis(10));
        }
        begin(second, "locker", &file, "1").hears("locked");
    }
}

/// Has one system hold for a while what the other wants, and kills it; returns how long it then took, and on what ground it was taken over.
fn succeed(first: Option<&Windows>, second: Option<&Windows>) -> (Duration, String) {
    let timing = Timing::scaled(SCALE);
    let (folder, database) = place();
    let holder = begin(first, "holder", &database, &SCALE.to_string());
    holder.hears("believes");
    let rival = begin(second, "holder", &database, &SCALE.to_string());
    let began = SystemClock.now().ticks;
    while SystemClock.now().ticks.since(began) < timing.long * 5 / 2 {
        assert_eq!(holder.lines.recv_timeout(LONG).unwrap(), "believes", "a holder whose renewals arrive");
        let said = |line: &String| line == "holding" || line.contains("believe");
        assert_eq!(rival.lines.try_iter().find(said), None, "nobody takes over from it");
    }
    drop(holder);
    let killed = SystemClock.now().ticks;
    rival.hears("holding");
    let took = SystemClock.now().ticks.since(killed);
    let last = std::fs::read_dir(folder.path().join(".sharelock/wems.db")).unwrap();
    let last = last.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|end| end == "json")).max();
    let record: Value = serde_json::from_slice(&std::fs::read(last.unwrap()).unwrap()).unwrap();
    (took, record["basis"].as_str().unwrap().to_owned())
}

#[test]
fn a_live_holder_of_either_system_stays_and_a_killed_one_is_succeeded_in_its_time() {
    let Some(windows) = Windows::find() else { return };
    let timing = Timing::scaled(SCALE);
    let results = std::thread::scope(|scope| {
        both_ways(&windows)
            .map(|(first, second)| scope.spawn(move || succeed(first, second)))
            .map(|thread| thread.join().unwrap())
    });
    for (took, basis) in results {
        println!("after {took:?} (short {:?}, long {:?}), basis {basis}", timing.short, timing.long);
        // Neither can know that the other's process is dead: its number means nothing here.
        assert!(basis == "evidence" || basis == "lapsed", "{basis}");
        assert!(took + timing.heartbeat * 2 >= timing.short, "sooner than the holder might have stopped believing: {took:?}");
        assert!(took <= timing.long + timing.poll * 2 + Duration::from_secs(5), "{took:?}");
    }
}

/// Runs a command line of either system to its end; returns its JSON lines.
fn told(windows: Option<&Windows>, words: &[&str], database: &Path) -> Vec<Value> {
    let output = sharelock(windows, words, database).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.collect()
}

fn sharelock(windows: Option<&Windows>, words: &[&str], database: &Path) -> Command {
    let spelled = |path: &Path| windows.map_or_else(|| path.to_str().unwrap().to_owned(), |_| as_windows_spells(path));
    let mut command = match windows {
        None => Command::new(env!("CARGO_BIN_EXE_sharelock")),
        Some(windows) => {
            let mut command = Command::new(&windows.wine);
            command.arg(&windows.sharelock);
            command
        }
    };
    let home = spelled(&database.with_file_name(if windows.is_some() { "windows-home" } else { "linux-home" }));
    command.args(words).arg(spelled(database)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env("XDG_STATE_HOME", &home).env("LOCALAPPDATA", &home).env("SHARELOCK_LANG", "en");
    let none = spelled(&database.with_file_name("no-settings.toml"));
    command.env("SHARELOCK_CONFIG", &none).env("SHARELOCK_SYSTEM_CONFIG", &none);
    command
}

#[test]
fn status_notice_and_history_say_the_same_on_both() {
    const NOTE: &str = "caf\u{e9} \u{1f511} <back \"at\" 10>";
    let Some(windows) = Windows::find() else { return };
    let (_folder, database) = place();
    let mut tokens = Vec::new();
    for (first, second) in both_ways(&windows) {
        let words = ["hold", "-w", "60", "--json", "--until-eof", "--note", NOTE];
        let mut hold = Running::new(sharelock(first, &words, &database).spawn().unwrap());
        let acquired: Value = serde_json::from_str(&hold.lines.recv_timeout(LONG).unwrap()).unwrap();
        assert_eq!(acquired["event"], "acquired", "{acquired}");
        tokens.push(acquired["token"].as_u64().unwrap());
        let notice: Value = serde_json::from_slice(&std::fs::read(database.with_file_name("wems.db.lock")).unwrap()).unwrap();
        // Either system has sessions of its own, so that what is somebody's own on one is held by that person elsewhere on the other.
        for (who, state) in [(first, "mine"), (second, "held")] {
            let seen = told(who, &["status", "--json"], &database).remove(0);
            assert_eq!((&seen["state"], &seen["token"]), (&state.into(), &acquired["token"]), "{seen}");
            assert_eq!(seen["holder"]["note"], NOTE);
            for field in ["user", "machine", "pid", "app", "note"] {
                assert_eq!(seen["holder"][field], notice[field], "{field}: {seen} {notice}");
            }
        }
        drop(hold.child.stdin.take());
        hold.hears_event("released");
    }
    assert!(tokens.is_sorted_by(|one, next| one < next), "{tokens:?}");
    let [past, same] = [None, Some(&windows)].map(|who| told(who, &["history", "--json"], &database));
    for token in &tokens {
        let line = |past: &[Value]| past.iter().find(|line| line["token"].as_u64() == Some(*token)).cloned().unwrap();
        let (one, other) = (line(&past), line(&same));
        assert_eq!(one["how"], "released", "{one}");
        for field in ["how", "holder", "token"] {
            assert_eq!(one[field], other[field], "{field}");
        }
    }
}
