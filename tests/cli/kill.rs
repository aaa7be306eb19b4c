//! Killed without a goodbye, on the machine where everybody else is, too.

use crate::support::{Place, Running, timed};
use std::time::Duration;

#[test]
fn a_killed_hold_lets_the_next_in_at_once() {
    let place = Place::new();
    let mut hold = place.start(&["hold", "--json", "wems.db"]);
    let before = hold.event("acquired")["token"].as_u64().unwrap();
    hold.kill();
    let status: serde_json::Value = serde_json::from_str(&place.run(&["status", "--json", "wems.db"]).out).unwrap();
    assert_eq!((&status["state"], status["takeable_in_s"].as_f64()), (&"stale".into(), Some(0.0)));
    let said = place.run(&["status", "wems.db"]);
    assert_eq!(said.code, Some(75));
    assert!(said.out.contains("It can be taken over now.") && !said.out.contains("crashed"), "{said:?}");
    let next = place.start(&["hold", "-n", "--json", "wems.db"]);
    let (event, took) = timed(|| next.event("acquired"));
    assert!(event["token"].as_u64().unwrap() > before);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[cfg(unix)]
#[test]
fn nobody_gets_in_before_the_program_of_a_killed_wrapper_has_ended() {
    let place = Place::new();
    let mut command = place.command(&["run", "wems.db", "--", "sh", "-c", "echo in; read line; echo out"]);
    command.stdin(std::process::Stdio::piped());
    let mut wrapper = Running::start(command);
    assert_eq!(wrapper.line(), "in");
    let input = wrapper.input();
    wrapper.kill();
    for _ in 0..5 {
        let said = place.run(&["run", "-n", "wems.db", "--", "echo", "never"]);
        assert_eq!((said.code, said.out.as_str()), (Some(75), ""), "{said:?}");
    }
    assert_eq!(place.run(&["run", "-w", "700ms", "wems.db", "--", "echo", "never"]).code, Some(75));
    assert_eq!(place.run(&["status", "wems.db"]).code, Some(75));
    drop(input);
    assert_eq!(wrapper.line(), "out");
    let (said, took) = timed(|| place.run(&["run", "-w", "30", "wems.db", "--", "echo", "mine"]));
    assert_eq!((said.code, said.out.as_str()), (Some(0), "mine\n"), "{said:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[cfg(unix)]
#[test]
fn no_time_out_lets_anybody_in_while_the_program_of_a_killed_wrapper_lives() {
    let place = Place::new();
    let hurried = |args: &[&str]| {
        let mut command = place.command(args);
        command.env("SHARELOCK_TIME_SCALE", "300");
        command
    };
    let mut command = hurried(&["run", "wems.db", "--", "sh", "-c", "echo in; read line"]);
    command.stdin(std::process::Stdio::piped());
    let mut wrapper = Running::start(command);
    assert_eq!(wrapper.line(), "in");
    let input = wrapper.input();
    wrapper.kill();
    // The long time-out is one second here.
    let said = crate::support::finish(hurried(&["run", "-w", "4", "wems.db", "--", "echo", "never"]));
    assert_eq!((said.code, said.out.as_str()), (Some(75), ""), "{said:?}");
    drop(input);
    let said = crate::support::finish(hurried(&["run", "-w", "30", "wems.db", "--", "echo", "mine"]));
    assert_eq!((said.code, said.out.as_str()), (Some(0), "mine\n"), "{said:?}");
}

#[cfg(unix)]
#[test]
fn nobody_gets_in_before_what_outlived_a_launcher_has_ended() {
    let place = Place::new();
    let launcher = "exec 3<&0; (read line <&3; echo out) & echo launched";
    let mut command = place.command(&["run", "wems.db", "--", "sh", "-c", launcher]);
    command.stdin(std::process::Stdio::piped());
    let mut wrapper = Running::start(command);
    assert_eq!(wrapper.line(), "launched");
    wrapper.hears("waiting for 1 program");
    let input = wrapper.input();
    wrapper.kill();
    for _ in 0..3 {
        assert_eq!(place.run(&["run", "-n", "wems.db", "--", "echo", "never"]).code, Some(75));
    }
    drop(input);
    assert_eq!(wrapper.line(), "out");
    crate::support::eventually("the next one gets in", || place.run(&["run", "-n", "wems.db", "--", "true"]).code == Some(0));
}

#[test]
fn who_waits_for_a_killed_one_gets_in() {
    let place = Place::new();
    let mut hold = place.start(&["hold", "--json", "wems.db"]);
    hold.event("acquired");
    let mut command = place.command(&["hold", "--json", "wems.db"]);
    command.env("SHARELOCK_POLL", "300ms");
    let waiter = Running::start(command);
    waiter.hears("Waiting for it.");
    hold.kill();
    let (_, took) = timed(|| waiter.event("acquired"));
    assert!(took < Duration::from_secs(10), "{took:?}");
}
