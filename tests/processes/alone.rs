//! Processes of this system that take turns, are stopped, killed, and have their clocks set.

use crate::part::{let_begin, open, pause, read_until, start};
use sharelock::clock::{Clock, Moment, SystemClock, WallTime};
use sharelock::lease::Belief;
use sharelock::lease::timing::Timing;
use sharelock::lease::wire::{Doubt, Report};
use sharelock::session::Wait;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const PROCESSES: u64 = 8;
const HOLDS: u64 = 200;

fn counted(part: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("wems.db");
    std::fs::write(&database, "0").unwrap();
    let children: Vec<Child> = (0..PROCESSES).map(|_| start(part, &database, "1", HOLDS)).collect();
    let_begin(&database, PROCESSES);
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
    let mut holder = start("holder", &database, "100", 0);
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
        let mut holder = start("holder", &database, "1", 0);
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
