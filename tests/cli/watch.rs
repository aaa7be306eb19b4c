//! The state first, then one line per change.

use crate::support::{Place, Running, foreign_notice, pause, timed};
use serde_json::Value;
use std::time::Duration;

/// Waits until the next line tells this state; returns it.
#[track_caller]
fn next(watch: &Running, state: &str) -> Value {
    let line = watch.json();
    assert_eq!(line["state"], state, "{line}");
    line
}

#[test]
fn every_change_is_one_line_with_the_object_of_status() {
    let place = Place::new();
    let watch = place.start(&["watch", "--json", "wems.db"]);
    next(&watch, "free");
    let mut hold = place.start(&["hold", "--json", "wems.db"]);
    hold.event("acquired");
    let mine = next(&watch, "mine");
    let status = place.run(&["status", "--json", "wems.db"]);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((keys(&mine), &mine["holder"], &mine["token"]), (keys(&status), &status["holder"], &status["token"]));
    let mut waiter = place.start(&["hold", "--note", "me next", "wems.db"]);
    let line = next(&watch, "mine");
    assert_eq!((&line["waiting"][0]["note"], &line["token"]), (&"me next".into(), &mine["token"]));
    waiter.kill();
    hold.kill();
    // The queue's ticket of the killed one stays for a while; the state alone changes.
    let stale = next(&watch, "stale");
    assert_eq!((&stale["takeable_in_s"], &stale["token"]), (&0.0.into(), &mine["token"]));
    let successor = place.start(&["hold", "--json", "wems.db"]);
    let token = successor.event("acquired")["token"].clone();
    let mut line = watch.json();
    while line["token"] != token {
        line = watch.json();
    }
    assert_eq!(line["state"], "mine");
}

#[test]
fn signs_of_life_are_no_change() {
    let place = Place::new();
    let mut command = place.command(&["watch", "--json", "wems.db"]);
    command.env("SHARELOCK_TIME_SCALE", "30");
    let watch = Running::start(command);
    next(&watch, "free");
    let mut command = place.command(&["hold", "--json", "--until-eof", "wems.db"]);
    command.env("SHARELOCK_TIME_SCALE", "30").stdin(std::process::Stdio::piped());
    let mut hold = Running::start(command);
    hold.event("acquired");
    next(&watch, "mine");
    hold.event("renewed");
    hold.event("renewed");
    drop(hold.input());
    assert_eq!(hold.code(), Some(0));
    next(&watch, "free");
}

#[test]
fn notice_that_is_not_written_yet_is_not_told_as_somebody_unknown() {
    let place = Place::new();
    let watch = place.start(&["watch", "--json", "wems.db"]);
    next(&watch, "free");
    // Holders make their notice and write it then; between the two anybody may look.
    std::fs::write(place.share().join("wems.db.lock"), "").unwrap();
    pause(300);
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    assert_eq!(next(&watch, "held")["holder"]["user"], "marie");
    // One that stays as it is counts all the same.
    std::fs::write(place.share().join("wems.db.lock"), "").unwrap();
    assert_eq!(next(&watch, "held")["holder"], Value::Null);
}

#[test]
fn another_programs_notice_is_told_at_once_when_it_comes_and_goes() {
    let place = Place::new();
    let watch = place.start(&["watch", "wems.db", "other.db"]);
    let mut first = [watch.line(), watch.line()].map(|mut line| line.split_off("00:00:00  ".len()));
    first.sort();
    assert_eq!(first, ["other.db is free.", "wems.db is free."]);
    // One that looked just now would not look again by itself for a minute.
    pause(1500);
    let (line, took) = timed(|| {
        foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
        watch.line()
    });
    assert!(line.contains("wems.db: marie is using it") || line.contains("wems.db: marie has been using it"), "{line}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    pause(1500);
    let (line, took) = timed(|| {
        std::fs::remove_file(place.share().join("wems.db.lock")).unwrap();
        watch.line()
    });
    assert!(line.ends_with("wems.db is free."), "{line}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_folder_that_goes_is_unreachable_until_it_is_back() {
    let place = Place::new();
    let folder = place.share().join("hr");
    std::fs::create_dir(&folder).unwrap();
    let watch = place.start(&["watch", "--json", "hr/wems.db", "gone/wems.db"]);
    let mut states = [watch.json(), watch.json()].map(|line| line["state"].as_str().unwrap().to_owned());
    states.sort();
    assert_eq!(states, ["free", "unreachable"]);
    let away = place.share().join("away");
    std::fs::rename(&folder, &away).unwrap();
    let line = next(&watch, "unreachable");
    assert_eq!((&line["error"]["code"], &line["holder"], &line["waiting"]), (&"no_folder".into(), &Value::Null, &Value::Null));
    std::fs::rename(&away, &folder).unwrap();
    next(&watch, "free");
    // And changes are told again.
    std::fs::write(folder.join("wems.db.lock"), "{}").unwrap();
    next(&watch, "held");
}

#[cfg(unix)]
#[test]
fn it_ends_with_0_when_told_to_and_when_nobody_reads() {
    use std::process::Stdio;
    let place = Place::new();
    for signal in ["INT", "TERM"] {
        let mut watch = place.start(&["watch", "wems.db"]);
        watch.line();
        crate::support::signal(signal, watch.pid());
        assert_eq!(watch.code(), Some(0));
    }
    let mut command = place.command(&["watch", "--json", "wems.db"]);
    let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(watch.stdout.take());
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    let mut code = None;
    crate::support::eventually("the end without a reader", || {
        code = watch.try_wait().unwrap();
        code.is_some()
    });
    assert!(code.unwrap().success());
}

#[test]
fn many_databases_cost_neither_threads_nor_descriptors() {
    const MANY: usize = 300;
    let place = Place::new();
    let names: Vec<String> = (0..MANY).map(|number| format!("{number}.db")).collect();
    let arguments: Vec<&str> = ["watch", "--json"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let watch = place.start(&arguments);
    for _ in 0..MANY {
        next(&watch, "free");
    }
    foreign_notice(&place, "7.db", "marie", "PC-ACCUEIL");
    assert!(next(&watch, "held")["database"].as_str().unwrap().ends_with("7.db"));
    let process = std::path::PathBuf::from(format!("/proc/{}", watch.pid()));
    let Ok(status) = std::fs::read_to_string(process.join("status")) else {
        println!("skipped: only Linux shows what a process has");
        return;
    };
    let fact = |name: &str| -> usize {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    assert!(fact("Threads:") <= 24, "{status}");
    assert!(fact("VmRSS:") < 30_000, "{status}");
    assert!(std::fs::read_dir(process.join("fd")).unwrap().count() < 40);
}
