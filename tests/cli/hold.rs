//! Holding without a program: events for scripts, and every way to end it.

#[cfg(unix)]
use crate::support::signal;
use crate::support::{Place, Running, pause, timed};
use std::process::Stdio;
use std::time::Duration;

#[test]
fn events_are_lines_with_the_token() {
    let place = Place::new();
    let mut command = place.command(&["hold", "--json", "--until-eof", "wems.db"]);
    command.env("SHARELOCK_TIME_SCALE", "60").stdin(Stdio::piped());
    let mut hold = Running::start(command);
    let acquired = hold.json();
    assert_eq!((&acquired["schema"], &acquired["event"]), (&1.into(), &"acquired".into()));
    assert_eq!(acquired["database"], place.share().join("wems.db").to_str().unwrap());
    assert!(chrono::DateTime::parse_from_rfc3339(acquired["time"].as_str().unwrap()).is_ok());
    assert!(acquired["token"].as_u64().unwrap() > 0);
    let renewed = hold.json();
    assert_eq!((&renewed["event"], &renewed["token"]), (&"renewed".into(), &acquired["token"]));
    drop(hold.input());
    assert_eq!(hold.event("released")["token"], acquired["token"]);
    assert_eq!(hold.code(), Some(0));
    assert_eq!(place.run(&["status", "wems.db"]).out, "wems.db is free.\n");
}

#[cfg(unix)]
#[test]
fn every_ordinary_end_gives_it_back() {
    let place = Place::new();
    for name in ["INT", "TERM", "HUP"] {
        let mut hold = place.start(&["hold", "wems.db"]);
        let line = hold.hears("is yours (token ");
        assert!(line.contains("Ctrl-C gives it back"), "{line}");
        signal(name, hold.pid());
        assert_eq!(hold.code(), Some(0), "{name}");
        assert!(hold.rest().contains("wems.db is given back."));
        assert_eq!(place.run(&["run", "-n", "wems.db", "--", "true"]).code, Some(0));
    }
}

#[test]
fn the_end_of_the_input_ends_it_only_when_asked_for() {
    let place = Place::new();
    let mut command = place.command(&["hold", "--until-eof", "--json", "wems.db"]);
    command.stdin(Stdio::piped());
    let mut hold = Running::start(command);
    hold.event("acquired");
    drop(hold.input());
    hold.event("released");
    assert_eq!(hold.code(), Some(0));
    // Here the input is empty from the beginning.
    let mut hold = place.start(&["hold", "--json", "wems.db"]);
    hold.event("acquired");
    pause(200);
    assert_eq!(place.run(&["hold", "-n", "wems.db"]).code, Some(75));
    hold.kill();
}

#[test]
fn the_end_of_the_input_ends_the_wait_too() {
    let place = Place::new();
    let other = place.start(&["hold", "--json", "wems.db"]);
    other.event("acquired");
    let mut command = place.command(&["hold", "--until-eof", "wems.db"]);
    command.stdin(Stdio::piped());
    let mut hold = Running::start(command);
    hold.hears("Waiting for it.");
    drop(hold.input());
    let (code, took) = timed(|| hold.code());
    assert_eq!(code, Some(75));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_reader_that_is_gone_ends_it() {
    let place = Place::new();
    let mut command = place.command(&["hold", "--json", "wems.db"]);
    command.env("SHARELOCK_TIME_SCALE", "60").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(0));
    assert_eq!(place.run(&["status", "wems.db"]).out.trim(), "wems.db is free.");
}

/// The sum of a number in `/proc/PID/task/*/status`.
#[cfg(target_os = "linux")]
fn of_all_threads(pid: u32, field: &str) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_one = |task: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap_or_default();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    };
    tasks.map(of_one).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn holding_sleeps_between_heartbeats_and_is_small() {
    let place = Place::new();
    let mut command = place.command(&["hold", "--json", "wems.db"]);
    // A heartbeat every two seconds.
    command.env("SHARELOCK_TIME_SCALE", "15");
    let hold = Running::start(command);
    hold.event("acquired");
    let slept_through = (0..20).any(|_| {
        hold.event("renewed");
        let (sleeps, took) = timed(|| {
            // What follows the renewal has its time first: the notice, and the line just read.
            pause(400);
            let before = of_all_threads(hold.pid(), "voluntary_ctxt_switches");
            pause(1000);
            (before, of_all_threads(hold.pid(), "voluntary_ctxt_switches"))
        });
        // On a busy machine the next heartbeat may have come meanwhile.
        let in_time = took < Duration::from_millis(1700);
        assert!(!in_time || sleeps.0 == sleeps.1, "woken {} times between two heartbeats", sleeps.1 - sleeps.0);
        in_time
    });
    assert!(slept_through, "this machine was never idle for a second");
    let before = of_all_threads(hold.pid(), "voluntary_ctxt_switches");
    (0..3).for_each(|_| drop(hold.event("renewed")));
    let woken = of_all_threads(hold.pid(), "voluntary_ctxt_switches") - before;
    // The keeper, which also waits for its flush, and the teller, which prints a line.
    assert!(woken <= 3 * 6, "{woken} wake-ups in 3 heartbeats");
    let status = std::fs::read_to_string(format!("/proc/{}/status", hold.pid())).unwrap();
    // Of its own: how large the program's file is depends on how it was built.
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    let kilobytes: u64 = own.split_whitespace().next().unwrap().parse().unwrap();
    assert!(kilobytes < 4 * 1024, "{kilobytes} kB of memory");
}
