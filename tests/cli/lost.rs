//! A lease that cannot be renewed, or is gone: told at once, and the program is stopped where that was ordered.
//!
//! Every duration is a thirtieth: a heartbeat of 1 s, the fence at 5 s, the margin half a second before it.

use crate::support::{Place, Running, pause, signal, timed};
use std::process::{Command, Stdio};
use std::time::Duration;

const SCALE: &str = "30";

fn scaled(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command.env("SHARELOCK_TIME_SCALE", SCALE).stdin(Stdio::piped());
    command
}

fn started(place: &Place, options: &[&str], script: &str) -> Running {
    let arguments = [&["run"], options, &["wems.db", "--", "sh", "-c", script]].concat();
    let running = Running::start(scaled(place, &arguments));
    assert_eq!(running.line(), "in");
    running
}

fn remove_the_store(place: &Place) {
    std::fs::remove_dir_all(place.share().join(".sharelock")).unwrap();
}

#[test]
fn a_loss_stops_the_program_where_that_is_ordered() {
    let place = Place::new();
    let script = "trap 'echo asked; exit 0' TERM; echo in; while :; do sleep 0.05; done";
    let mut running = started(&place, &["--on-lost", "stop"], script);
    remove_the_store(&place);
    running.hears("wems.db is lost: its lease is not in the shared folder any more.");
    running.hears("Ending sh; by force in 30 s.");
    assert_eq!(running.line(), "asked");
    assert_eq!(running.code(), Some(75));
}

#[test]
fn who_does_not_listen_is_ended_by_force_after_the_grace() {
    let place = Place::new();
    let script = "trap '' TERM; echo in; while :; do sleep 0.05; done";
    let mut running = started(&place, &["--on-lost", "stop", "--grace", "300ms", "-E", "9"], script);
    remove_the_store(&place);
    running.hears("by force");
    running.hears("Ending sh by force.");
    let (code, took) = timed(|| running.code());
    assert_eq!(code, Some(9));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_loss_is_only_told_otherwise() {
    let place = Place::new();
    let mut running = started(&place, &[], "echo in; read line; exit 4");
    remove_the_store(&place);
    running.hears("wems.db is lost");
    running.hears("do not write any more with sh");
    drop(running.input());
    assert_eq!(running.code(), Some(4));
    // It had been lost, which was said once.
    assert_eq!(running.rest(), "");
}

#[test]
fn a_hold_that_is_lost_ends_with_75() {
    let place = Place::new();
    let mut hold = Running::start(scaled(&place, &["hold", "--json", "wems.db"]));
    let token = hold.event("acquired")["token"].clone();
    remove_the_store(&place);
    assert_eq!(hold.event("lost")["token"], token);
    assert_eq!(hold.code(), Some(75));
}

/// Takes the share away and gives it back, as a cable does.
struct Cable {
    share: std::path::PathBuf,
    away: std::path::PathBuf,
}

impl Cable {
    fn out(place: &Place) -> Self {
        let share = place.share();
        let away = share.with_file_name("away");
        std::fs::rename(&share, &away).unwrap();
        Self { share, away }
    }

    fn back(self) {
        std::fs::rename(&self.away, &self.share).unwrap();
    }
}

#[test]
fn a_share_that_is_away_stops_the_program_before_the_fence() {
    let place = Place::new();
    let script = "trap 'echo asked; exit 0' TERM; echo in; while :; do sleep 0.05; done";
    let mut running = started(&place, &["--on-lost", "stop"], script);
    let cable = Cable::out(&place);
    running.hears("the shared folder does not answer. Save now");
    running.hears("Ending sh");
    assert_eq!(running.line(), "asked");
    assert_eq!(running.code(), Some(69));
    cable.back();
}

#[test]
fn a_share_that_comes_back_is_recovered_when_nobody_was_in_between() {
    let place = Place::new();
    let mut running = started(&place, &[], "echo in; read line; exit 4");
    let cable = Cable::out(&place);
    running.hears("Save now");
    running.hears("not sure any more that it is yours, because the shared folder did not answer in time");
    cable.back();
    running.hears("wems.db is yours again, and nobody had it in between");
    drop(running.input());
    assert_eq!(running.code(), Some(4));
    assert_eq!(place.run(&["status", "wems.db"]).out, "wems.db is free.\n");
}

#[test]
fn who_was_stopped_past_the_fence_is_unsure_and_comes_back_with_a_new_token() {
    let place = Place::new();
    let mut hold = Running::start(scaled(&place, &["hold", "--json", "wems.db"]));
    let before = hold.event("acquired")["token"].as_u64().unwrap();
    signal("STOP", hold.pid());
    pause(6000);
    signal("CONT", hold.pid());
    assert_eq!(hold.event("unsure")["token"].as_u64(), Some(before));
    let after = hold.event("acquired")["token"].as_u64().unwrap();
    assert!(after > before);
    signal("INT", hold.pid());
    assert_eq!(hold.event("released")["token"].as_u64(), Some(after));
    assert_eq!(hold.code(), Some(0));
}

#[test]
fn who_was_stopped_too_long_has_lost_to_somebody() {
    let place = Place::new();
    let mut hold = Running::start(scaled(&place, &["hold", "--json", "wems.db"]));
    hold.event("acquired");
    signal("STOP", hold.pid());
    let mut other = Running::start(scaled(&place, &["hold", "--json", "wems.db"]));
    let (_, took) = timed(|| other.event("acquired"));
    assert!(took > Duration::from_secs(5), "taken over within the fence, after {took:?}");
    signal("CONT", hold.pid());
    hold.event("lost");
    assert_eq!(hold.code(), Some(75));
    signal("TERM", other.pid());
    other.event("released");
    assert_eq!(other.code(), Some(0));
}
