//! Real processes that take turns on one unprotected counter, are stopped, killed, and have their clocks set.
#![cfg(unix)]

use sharelock::clock::{Clock, Moment, SystemClock, WallTime};
use sharelock::lease::record::{Holder, Host, Nonce, ProcessId};
use sharelock::lease::timing::Timing;
use sharelock::lease::wire::{Doubt, Report};
use sharelock::lease::{Belief, Identity};
use sharelock::session::{Session, SessionOptions, Wait};
use sharelock::store::{FolderStore, Store};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const PROCESSES: u64 = 8;
const HOLDS: u64 = 200;
/// What tells this test program that it is one of the processes.
const PART: &str = "SHARELOCK_TEST_PART";

fn open(database: &Path, timing: Timing, clock: Arc<dyn Clock>) -> Session {
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
fn pause(time: Duration) {
    let (_never, nothing) = std::sync::mpsc::channel::<()>();
    let _elapsed = nothing.recv_timeout(time);
}

/// Reads, takes its time, and writes back: two at once lose a count.
fn count(database: &Path, seed: u64) {
    let read: u64 = std::fs::read_to_string(database).unwrap().trim().parse().unwrap_or(0);
    pause(Duration::from_millis(1 + seed % 5));
    std::fs::write(database, (read + 1).to_string()).unwrap();
}

/// What a process of this file does; an ordinary test run passes by.
#[test]
fn part() {
    let Ok(part) = std::env::var(PART) else { return };
    let database = PathBuf::from(std::env::var("SHARELOCK_TEST_DATABASE").unwrap());
    let timing = Timing::from_variables(|name| std::env::var(name).ok()).unwrap();
    match part.as_str() {
        "unleased" => (0..HOLDS).for_each(|hold| count(&database, hold)),
        "leased" => {
            let session = open(&database, timing, Arc::new(SystemClock));
            for hold in 0..HOLDS {
                let guard = session.acquire(Wait::For(Duration::from_secs(120)), None).unwrap();
                count(&database, hold);
                guard.release().unwrap();
            }
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
        other => panic!("no such part: {other}"),
    }
}

fn start(part: &str, database: &Path, scale: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "part", "--nocapture"])
        .env(PART, part)
        .env("SHARELOCK_TEST_DATABASE", database)
        .env("SHARELOCK_TIME_SCALE", scale)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn counted(part: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("wems.db");
    std::fs::write(&database, "0").unwrap();
    let children: Vec<Child> = (0..PROCESSES).map(|_| start(part, &database, "1")).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        // Without the lease a process may read the file in the middle of another's write; that, too, is a lost count.
        assert!(output.status.success() || part == "unleased", "{text}");
    }
    std::fs::read_to_string(&database).unwrap().trim().parse().unwrap_or(0)
}

#[test]
fn eight_processes_lose_no_count() {
    assert_eq!(counted("leased"), PROCESSES * HOLDS);
}

#[test]
fn without_the_lease_counts_are_lost() {
    // Two that write at once can also leave a larger number: "999" written over the beginning of "1000".
    assert_ne!(counted("unleased"), PROCESSES * HOLDS, "the counter test cannot fail");
}

/// Reads a holder's lines until one satisfies `wanted`.
fn read_until(lines: &mut impl Iterator<Item = std::io::Result<String>>, wanted: &str) {
    assert!(lines.any(|line| line.unwrap() == wanted), "it never said: {wanted}");
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_holder_stopped_past_its_fence_does_not_believe_when_it_goes_on() {
    use std::io::BufRead;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("wems.db");
    std::fs::write(&database, "0").unwrap();
    let timing = Timing::scaled(100.0);
    let mut holder = start("holder", &database, "100");
    let mut lines = std::io::BufReader::new(holder.stdout.take().unwrap()).lines();
    read_until(&mut lines, "believes");
    signal(&holder, "-STOP");
    // Somebody else takes over: not at once (the process is there), but after the time-out.
    let session = open(&database, timing, Arc::new(SystemClock));
    let guard = session.acquire(Wait::For(Duration::from_secs(60)), None).unwrap();
    signal(&holder, "-CONT");
    // At most one line was on its way when it was stopped, between the look at the clock and the printing.
    let after: Vec<String> = lines.by_ref().skip(2).take(10).map(Result::unwrap).collect();
    assert!(matches!(guard.belief(), Belief::Holding(..)), "the new holder keeps it");
    let believers = after.iter().filter(|line| *line == "believes").count();
    assert_eq!(believers, 0, "{after:?}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    guard.release().unwrap();
}

#[test]
fn a_killed_process_lets_the_next_one_in_at_once() {
    use std::io::BufRead;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("wems.db");
    std::fs::write(&database, "0").unwrap();
    for round in 0..5_u64 {
        let mut holder = start("holder", &database, "1");
        let mut lines = std::io::BufReader::new(holder.stdout.take().unwrap()).lines();
        read_until(&mut lines, "holding");
        pause(Duration::from_millis(round * 7));
        holder.kill().unwrap();
        holder.wait().unwrap();
        let session = open(&database, Timing::default(), Arc::new(SystemClock));
        let began = SystemClock.now().ticks;
        session.acquire(Wait::For(Duration::from_secs(60)), None).unwrap().release().unwrap();
        let took = SystemClock.now().ticks.since(began);
        assert!(took < Duration::from_secs(10), "with the default durations, after {took:?}");
    }
}

/// The clocks of this machine, with a wall clock that can be set.
struct Settable(AtomicI64);

impl Clock for Settable {
    fn now(&self) -> Moment {
        let now = SystemClock.now();
        Moment { wall: WallTime(now.wall.0 + self.0.load(Ordering::Relaxed)), ..now }
    }
}

#[test]
fn a_wall_clock_set_by_a_day_is_noticed_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("wems.db");
    std::fs::write(&database, "0").unwrap();
    let clock = Arc::new(Settable(AtomicI64::new(0)));
    let session = open(&database, Timing::scaled(100.0), Arc::clone(&clock) as Arc<dyn Clock>);
    let guard = session.acquire(Wait::Never, None).unwrap();
    let first = guard.token();
    for day in [86_400_000, -86_400_000] {
        let events = session.subscribe();
        clock.0.fetch_add(day, Ordering::Relaxed);
        let mut doubted = false;
        loop {
            match events.recv_timeout(Duration::from_secs(20)).unwrap() {
                Report::Unsure(_, Doubt::ClocksParted) => doubted = true,
                Report::Recovered(_, token) => {
                    assert!(doubted && token > first);
                    break;
                }
                Report::Lost(..) => panic!("nobody was in between"),
                _ => {}
            }
        }
    }
    assert!(matches!(guard.belief(), Belief::Holding(..)));
    guard.release().unwrap();
}
