//! What one of several programs does that take turns on one unprotected counter, and how its own system starts it.
//!
//! A program of this test is the test program itself, told by an environment variable which part it plays. On Windows it is nothing else.
#![cfg_attr(windows, expect(dead_code, reason = "tests on Linux start the programs for Windows"))]

use sharelock::clock::{Clock, SystemClock};
use sharelock::lease::record::{Holder, Host, Nonce, ProcessId};
use sharelock::lease::timing::Timing;
use sharelock::lease::{Belief, Identity};
use sharelock::platform::range_lock::try_exclusive;
use sharelock::session::{Session, SessionOptions, Wait};
use sharelock::store::{FolderStore, Store};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// What tells this test program that it is one of the processes.
const PART: &str = "SHARELOCK_TEST_PART";
/// The database, as the process itself has to spell it.
const DATABASE: &str = "SHARELOCK_TEST_DATABASE";
/// How often it counts.
const HOLDS: &str = "SHARELOCK_TEST_HOLDS";
/// Begins the names of files that say that a process is there.
const READY: &str = "ready-";
/// The file that says that all are.
const GO: &str = "go";

pub(crate) fn open(database: &Path, timing: Timing, clock: Arc<dyn Clock>) -> Session {
    let host = sharelock::platform::host();
    let me = sharelock::platform::process::me();
    let (machine, boot, pids) = (host.machine.clone(), host.boot.clone(), host.pids.clone());
    let host = Host { machine, boot, pids, owner: host.owner.clone() };
    let holder = Holder { user: "tester".into(), machine: "PC".into(), pid: me.pid, ..Holder::default() };
    let author = sharelock::store::Identity { holder: holder.clone(), host: host.clone(), nonce: Nonce(u128::from(me.pid)) };
    let store = FolderStore::open(database, author).unwrap();
    let folder = Some(store.location().store.clone());
    let process = ProcessId { pid: me.pid, start: me.start };
    let identity = Identity { holder, host, process, database: "wems.db".into() };
    let options = SessionOptions { timing, identity, memory: None, place: String::new(), folder };
    Session::with_clock(Arc::new(store) as Arc<dyn Store>, options, clock).unwrap()
}

/// Lets time pass without a clock: nobody ever sends.
pub(crate) fn pause(time: Duration) {
    let (_never, nothing) = std::sync::mpsc::channel::<()>();
    let _elapsed = nothing.recv_timeout(time);
}

/// Reads, takes its time, and writes back: two at once lose a count.
fn count(database: &Path, seed: u64) {
    let read: u64 = std::fs::read_to_string(database).unwrap().trim().parse().unwrap_or(0);
    pause(Duration::from_millis(1 + seed % 5));
    std::fs::write(database, (read + 1).to_string()).unwrap();
}

/// Says that it is there, and waits until all are: programs for Windows take a while to start under Wine.
fn wait_for_the_others(database: &Path) {
    std::fs::write(database.with_file_name(format!("{READY}{}-{}", std::env::consts::OS, std::process::id())), "").unwrap();
    let began = SystemClock.now().ticks;
    while !database.with_file_name(GO).exists() {
        assert!(SystemClock.now().ticks.since(began) < Duration::from_secs(60), "nobody lets this begin");
        pause(Duration::from_millis(5));
    }
}

/// Lets those begin that count, as soon as all are there.
pub(crate) fn let_begin(database: &Path, processes: u64) {
    let began = SystemClock.now().ticks;
    let ready = |name: &std::ffi::OsString| name.to_string_lossy().starts_with(READY);
    let files = || std::fs::read_dir(database.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name());
    while (files().filter(ready).count() as u64) < processes {
        assert!(SystemClock.now().ticks.since(began) < Duration::from_secs(60), "not all have started");
        pause(Duration::from_millis(5));
    }
    std::fs::write(database.with_file_name(GO), "").unwrap();
}

/// Counts under the lease; returns a line for each hold: its token, and when it began and ended by the wall clock.
///
/// Between two holds it rests for up to so many milliseconds: whoever takes again at once is faster than those who wait for a sign.
fn count_under_leases(database: &Path, timing: Timing, holds: u64, rest: u64) -> String {
    let wall = || SystemClock.now().wall.0;
    let session = open(database, timing, Arc::new(SystemClock));
    let mut lines = String::new();
    for hold in 0..holds {
        let guard = session.acquire(Wait::For(Duration::from_secs(300)), None).unwrap();
        let (token, begin) = (guard.token(), wall());
        count(database, hold);
        writeln!(lines, "{token} {begin} {}", wall()).unwrap();
        guard.release().unwrap();
        pause(Duration::from_millis((hold * 37 + u64::from(std::process::id())) % (rest + 1)));
    }
    lines
}

/// What a process of this file does; an ordinary test run passes by.
#[test]
fn play() {
    let Ok(part) = std::env::var(PART) else { return };
    let database = PathBuf::from(std::env::var(DATABASE).unwrap());
    let holds = std::env::var(HOLDS).map_or(0, |holds| holds.parse().unwrap());
    let timing = Timing::from_variables(|name| std::env::var(name).ok()).unwrap();
    match part.as_str() {
        "unleased" => {
            wait_for_the_others(&database);
            (0..holds).for_each(|hold| count(&database, hold));
        }
        "leased" | "leased, with rests" => {
            wait_for_the_others(&database);
            let rest = if part == "leased" { 0 } else { 200 };
            let lines = count_under_leases(&database, timing, holds, rest);
            let name = format!("holds-{}-{}", std::env::consts::OS, std::process::id());
            std::fs::write(database.with_file_name(name), lines).unwrap();
        }
        "holder" => {
            let session = open(&database, timing, Arc::new(SystemClock));
            let guard = session.acquire(Wait::For(Duration::from_secs(60)), None).unwrap();
            println!("holding");
            loop {
                let believes = matches!(guard.belief(), Belief::Holding(..));
                println!("{}", if believes { "believes" } else { "does not believe" });
                pause(Duration::from_millis(20));
            }
        }
        "locker" => {
            let file = std::fs::File::options().read(true).write(true).open(&database).unwrap();
            println!("{}", if try_exclusive(&file).unwrap() { "locked" } else { "busy" });
            loop {
                pause(Duration::from_secs(60));
            }
        }
        other => panic!("no such part: {other}"),
    }
}

/// Starts a process of this file, by the words that start its test program.
pub(crate) fn start_with(program: &[&str], part: &str, database: &str, scale: &str, holds: u64) -> Child {
    Command::new(program[0])
        .args(&program[1..])
        .args(["--exact", "part::play", "--nocapture"])
        .env(PART, part)
        .env(DATABASE, database)
        .env(HOLDS, holds.to_string())
        .env("SHARELOCK_TIME_SCALE", scale)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts one of this system.
pub(crate) fn start(part: &str, database: &Path, scale: &str, holds: u64) -> Child {
    start_with(&[std::env::current_exe().unwrap().to_str().unwrap()], part, database.to_str().unwrap(), scale, holds)
}

/// Reads a process's lines until one satisfies `wanted`.
pub(crate) fn read_until(lines: &mut impl Iterator<Item = std::io::Result<String>>, wanted: &str) {
    assert!(lines.any(|line| line.unwrap() == wanted), "it never said: {wanted}");
}
