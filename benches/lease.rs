//! What taking turns costs, beside the least that any lock file costs, in one run.
//!
//! `cargo bench` prints one table. Every ratio compares two medians of this run on this machine; the machine is shared and noisy, so
//! the assertions stand at ten times the goals of docs/PERFORMANCE.md.

use sharelock::clock::{Clock, SystemClock};
use sharelock::lease::Identity;
use sharelock::lease::record::{Holder, Nonce};
use sharelock::lease::timing::Timing;
use sharelock::session::{Session, SessionOptions, Wait};
use sharelock::store::{FolderStore, Store};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const ROUNDS: usize = 1000;
const HAND_OFFS: usize = 100;
const PROCESSES: usize = 200;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).map(String::as_str) == Some("hand-off") {
        take_turns(Path::new(&arguments[2]), &arguments[3]);
        return;
    }
    let memory = Path::new("/dev/shm");
    println!("| what | where | median | beside | ratio | goal |");
    println!("|---|---|---|---|---|---|");
    let places =
        [("memory", memory.is_dir().then(|| memory.to_path_buf())), ("disk", Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))))];
    for (place, folder) in places {
        let Some(folder) = folder else { continue };
        let folder = tempfile::tempdir_in(folder).unwrap();
        let session = open(&folder.path().join("wems.db"));
        let [raw, lease] = medians(ROUNDS, &mut || raw_cycle(&folder.path().join("raw"), place == "disk"), &mut || {
            session.acquire(Wait::Never, None).unwrap().release().unwrap();
        });
        let beside = if place == "disk" { "create + fsync + unlink" } else { "create + unlink" };
        row("acquire + release", place, lease, &format!("{beside} {}", show(raw)), ratio(lease, raw), "6 in memory");
        if place == "memory" {
            assert!(ratio(lease, raw) < 60.0, "ten times the goal");
            let hand_off = hand_off(&folder.path().join("hand.db"));
            row("hand-off between two processes", place, hand_off, "", f64::NAN, "5 ms");
            assert!(hand_off < Duration::from_millis(50), "ten times the goal");
            whole_process(folder.path());
        }
    }
}

fn row(what: &str, place: &str, median: Duration, beside: &str, ratio: f64, goal: &str) {
    let ratio = if ratio.is_nan() { String::new() } else { format!("{ratio:.1}") };
    println!("| {what} | {place} | {} | {beside} | {ratio} | {goal} |", show(median));
}

fn show(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    if micros < 1000.0 { format!("{micros:.1} us") } else { format!("{:.2} ms", micros / 1000.0) }
}

fn ratio(left: Duration, right: Duration) -> f64 {
    left.as_secs_f64() / right.as_secs_f64()
}

/// Runs both in turn, so that whatever else the machine does meets both, and returns their medians.
fn medians(rounds: usize, one: &mut dyn FnMut(), other: &mut dyn FnMut()) -> [Duration; 2] {
    let timed = |run: &mut dyn FnMut()| {
        let began = SystemClock.now().ticks;
        run();
        SystemClock.now().ticks.since(began)
    };
    let (mut ones, mut others): (Vec<_>, Vec<_>) = (0..rounds).map(|_| (timed(one), timed(other))).unzip();
    [&mut ones, &mut others].map(|took| {
        took.sort_unstable();
        took[rounds / 2]
    })
}

/// The least that a lock file costs: made exclusively, a few bytes in it, removed.
fn raw_cycle(path: &Path, flush: bool) {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).unwrap();
    file.write_all(b"1234\n").unwrap();
    if flush {
        file.sync_all().unwrap();
    }
    drop(file);
    std::fs::remove_file(path).unwrap();
}

fn open(database: &Path) -> Session {
    let host = sharelock::platform::host();
    let me = sharelock::platform::process::me();
    let host = sharelock::lease::record::Host {
        machine: host.machine.clone(),
        boot: host.boot.clone(),
        pids: host.pids.clone(),
        owner: host.owner.clone(),
    };
    let holder = Holder { user: "bench".into(), machine: "PC".into(), pid: me.pid, ..Holder::default() };
    let process = sharelock::lease::record::ProcessId { pid: me.pid, start: me.start };
    let author = sharelock::store::Identity { holder: holder.clone(), host: host.clone(), nonce: Nonce(u128::from(me.pid)) };
    let store = FolderStore::open(database, author).unwrap();
    let folder = Some(store.location().store.clone());
    let identity = Identity { holder, host, process, database: "wems.db".into() };
    let options = SessionOptions { timing: Timing::default(), identity, memory: None, place: String::new(), folder };
    Session::open(Arc::new(store) as Arc<dyn Store>, options).unwrap()
}

/// Two processes pass the lease to and fro: each writes when it released and when it acquired, by the clock both share.
fn hand_off(database: &Path) -> Duration {
    let start = |name: &str| {
        Command::new(std::env::current_exe().unwrap())
            .args(["hand-off".as_ref(), database.as_os_str(), name.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut players = [start("a"), start("b")];
    let mut lines: Vec<_> = players.iter_mut().map(|player| BufReader::new(player.stdout.take().unwrap()).lines()).collect();
    let mut say: Vec<_> = players.iter_mut().map(|player| player.stdin.take().unwrap()).collect();
    let mut read = |who: usize| -> u64 { lines[who].next().unwrap().unwrap().parse().unwrap() };
    let mut took = Vec::new();
    writeln!(say[0], "take").unwrap();
    read(0);
    for turn in 0..HAND_OFFS {
        let (holder, waiter) = (turn % 2, (turn + 1) % 2);
        writeln!(say[waiter], "take").unwrap();
        // Long enough for the waiter to be waiting, whatever the machine does meanwhile.
        let (_never, pause) = std::sync::mpsc::channel::<()>();
        let _elapsed = pause.recv_timeout(Duration::from_millis(30));
        writeln!(say[holder], "give").unwrap();
        let released = read(holder);
        let acquired = read(waiter);
        took.push(Duration::from_nanos(acquired.saturating_sub(released)));
    }
    drop(say);
    for mut player in players {
        player.wait().unwrap();
    }
    took.sort_unstable();
    took[took.len() / 2]
}

/// One player of the hand-off: `take` acquires and tells when, `give` tells when it begins to release.
fn take_turns(database: &Path, _name: &str) {
    let session = open(database);
    let mut guard = None;
    for order in std::io::stdin().lines() {
        if order.unwrap() == "take" {
            guard = Some(session.acquire(Wait::Forever, None).unwrap());
            println!("{}", SystemClock.now().ticks.as_nanos());
        } else {
            println!("{}", SystemClock.now().ticks.as_nanos());
            if let Some(guard) = guard.take() {
                guard.release().unwrap();
            }
        }
    }
}

/// `sharelock run db -- true` as a whole, beside `flock file true`.
fn whole_process(folder: &Path) {
    let database = folder.join("run.db");
    File::create(&database).unwrap();
    let succeeds = |command: &mut Command| assert!(command.status().unwrap().success());
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sharelock"));
        command
            .arg("run")
            .arg(&database)
            .args(["--", "true"])
            .env("XDG_STATE_HOME", folder)
            .env("SHARELOCK_CONFIG", folder.join("none"));
        succeeds(&mut command);
    };
    // By its full path, like ours: only the program `true` is looked for, by both.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(flock) = std::env::split_paths(&path).map(|folder| folder.join("flock")).find(|file| file.is_file()) else {
        row(
            "run db -- true",
            "memory",
            medians(PROCESSES, &mut || {}, &mut { run })[1],
            "flock(1) is not installed",
            f64::NAN,
            "2",
        );
        return;
    };
    let [beside, ours] =
        medians(PROCESSES, &mut || succeeds(Command::new(&flock).arg(folder.join("flock")).arg("true")), &mut { run });
    row("run db -- true", "memory", ours, &format!("flock file true {}", show(beside)), ratio(ours, beside), "2");
    assert!(ratio(ours, beside) < 20.0, "ten times the goal");
}
