//! The players of `benches/peers/run` that are Rust: Sharelock's library, gix-lock, and any lock that wraps a command.
//!
//! A player does what it reads from stdin, one order a line, and answers with one line (see `players.py`). Hazard: it must believe
//! no more and no less than a program that uses the library as documented would; `belief` is what the library says by itself.

use gix_lock::Marker;
use gix_lock::acquire::Fail;
use sharelock::clock::{Clock, SystemClock};
use sharelock::lease::record::{Holder, Host, Nonce, ProcessId};
use sharelock::lease::timing::Timing;
use sharelock::lease::{Belief, Identity};
use sharelock::session::{Guard, Session, SessionOptions, Wait};
use sharelock::store::{FolderStore, Store};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// A lock as a program sees it.
trait Lock {
    /// Waits until it is mine; returns when that was, on the machine's clock.
    fn take(&mut self) -> u64;
    /// Gives it back; returns when that began.
    fn give(&mut self) -> u64;
    /// Has nothing told me otherwise since I took it?
    fn belief(&mut self) -> bool;
    /// Is it still mine, if I ask as the documentation says? `None` where there is no way to ask.
    fn ask(&mut self) -> Option<bool>;
    /// Takes it and gives it back.
    fn cycle(&mut self) {
        self.take();
        self.give();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments[0].as_str() {
        "stamp" => stamp(),
        "sharelock" => play(&mut Lease { session: open(Path::new(&arguments[1])), guard: None }),
        "gix-lock" => play(&mut Gix { path: PathBuf::from(&arguments[1]), marker: None }),
        "command" => play(&mut Wrapper { command: arguments[1..].to_vec(), inside: None }),
        other => panic!("no player is called {other}"),
    }
}

fn now() -> u64 {
    SystemClock.now().ticks.as_nanos()
}

#[expect(clippy::disallowed_methods, reason = "a player is a program that works; it waits for nothing that could wake it")]
fn work_a_little() {
    std::thread::sleep(Duration::from_millis(1));
}

fn play(lock: &mut dyn Lock) {
    for order in std::io::stdin().lines() {
        let order = order.unwrap();
        let (verb, number) = order.split_once(' ').unwrap_or((&order, "0"));
        let number: u64 = number.parse().unwrap();
        match verb {
            "take" => println!("{}", lock.take()),
            "give" => println!("{}", lock.give()),
            "cycle" => println!("{}", cycles(lock, number)),
            "work" => println!("{}", work(lock, number)),
            "ask" => println!("{}", lock.ask().map_or("none", |held| if held { "held" } else { "lost" })),
            other => panic!("no order is called {other}"),
        }
    }
}

fn cycles(lock: &mut dyn Lock, count: u64) -> String {
    let once = |_| {
        let began = now();
        lock.cycle();
        (now() - began).to_string()
    };
    (0..count).map(once).collect::<Vec<_>>().join(" ")
}

/// Works as long as it believes, at most that many times; returns when it last did, and whether anything told it to stop.
fn work(lock: &mut dyn Lock, count: u64) -> String {
    let mut last = 0;
    for _ in 0..count {
        if !lock.belief() {
            return format!("{last} told");
        }
        last = now();
        work_a_little();
    }
    format!("{last} untold")
}

struct Lease {
    session: &'static Session,
    guard: Option<Guard>,
}

impl Lock for Lease {
    fn take(&mut self) -> u64 {
        self.guard = Some(self.session.acquire(Wait::Forever, None).unwrap());
        now()
    }

    fn give(&mut self) -> u64 {
        let began = now();
        self.guard.take().unwrap().release().unwrap();
        began
    }

    fn belief(&mut self) -> bool {
        self.guard.as_ref().is_some_and(|guard| matches!(guard.belief(), Belief::Holding(..)))
    }

    fn ask(&mut self) -> Option<bool> {
        self.guard.as_ref().map(|guard| guard.is_valid(Duration::from_secs(5)))
    }
}

/// Opens a session; it lives as long as the process. `PEER_HOST` makes this process one of another machine.
fn open(database: &Path) -> &'static Session {
    let facts = sharelock::platform::host();
    let mut host =
        Host { machine: facts.machine.clone(), boot: facts.boot.clone(), pids: facts.pids.clone(), owner: facts.owner.clone() };
    let machine = std::env::var("PEER_HOST").unwrap_or_default();
    if !machine.is_empty() {
        host.machine.clone_from(&machine);
        host.boot.clone_from(&machine);
    }
    let me = sharelock::platform::process::me();
    let holder = Holder { user: "peer".into(), machine, pid: me.pid, ..Holder::default() };
    let nonce = Nonce(u128::from(me.pid) << 64 | u128::from(me.start));
    let store =
        FolderStore::open(database, sharelock::store::Identity { holder: holder.clone(), host: host.clone(), nonce }).unwrap();
    let folder = Some(store.location().store.clone());
    let process = ProcessId { pid: me.pid, start: me.start };
    let identity = Identity { holder, host, process, database: store.location().shown.clone() };
    let timing = Timing::from_variables(|name| std::env::var(name).ok()).unwrap();
    let options = SessionOptions { timing, identity, memory: None, place: String::new(), folder };
    Box::leak(Box::new(Session::open(Arc::new(store) as Arc<dyn Store>, options).unwrap()))
}

struct Gix {
    path: PathBuf,
    marker: Option<Marker>,
}

impl Lock for Gix {
    fn take(&mut self) -> u64 {
        let patience = Fail::AfterDurationWithBackoff(Duration::from_secs(3600));
        self.marker = Some(Marker::acquire_to_hold_resource(&self.path, patience, None, 0).unwrap());
        now()
    }

    fn give(&mut self) -> u64 {
        let began = now();
        self.marker = None;
        began
    }

    fn belief(&mut self) -> bool {
        self.marker.is_some()
    }

    fn ask(&mut self) -> Option<bool> {
        None
    }
}

/// A program that runs a command under its lock, such as `flock FILE`; what it runs is `stamp`.
struct Wrapper {
    command: Vec<String>,
    inside: Option<(Child, BufReader<ChildStdout>)>,
}

impl Wrapper {
    fn wrap(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        command
    }
}

impl Lock for Wrapper {
    fn take(&mut self) -> u64 {
        let mut command = self.wrap();
        command.arg(std::env::current_exe().unwrap()).arg("stamp").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        self.inside = Some((child, said));
        line.trim().parse().unwrap()
    }

    fn give(&mut self) -> u64 {
        let (mut child, mut said) = self.inside.take().unwrap();
        drop(child.stdin.take());
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert!(child.wait().unwrap().success());
        rest.trim().parse().unwrap()
    }

    fn belief(&mut self) -> bool {
        self.inside.as_mut().is_some_and(|(child, _)| child.try_wait().unwrap().is_none())
    }

    fn ask(&mut self) -> Option<bool> {
        None
    }

    fn cycle(&mut self) {
        assert!(self.wrap().arg("true").status().unwrap().success());
    }
}

/// The program under a wrapper's lock: says when it began, works until its input ends, says when that was.
fn stamp() {
    println!("{}", now());
    let _ended = std::io::stdin().read_to_end(&mut Vec::new());
    println!("{}", now());
}
