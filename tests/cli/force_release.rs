//! `force-release`: confirmed by name, told to the holder, kept on record.

use crate::support::{Place, Running, Said, finish, foreign_notice};
use serde_json::Value;

/// A program that every system has.
const PROGRAM: &str = env!("CARGO_BIN_EXE_sharelock");

fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["force-release", "wems.db", "--reason", "stock count"];
    words.extend(more);
    words
}

/// An order to a holder that lives as hurried as this.
fn order(place: &Place, more: &[&str]) -> Said {
    hurried(place, &words(more))
}

/// An order where nobody of ours is: nothing has to be hurried, and a busy machine may look for as long as it needs.
fn calm_order(place: &Place, more: &[&str]) -> Said {
    place.run(&words(more))
}

/// Runs it with durations divided by 60: the short time-out is three seconds.
fn hurried(place: &Place, arguments: &[&str]) -> Said {
    let mut command = place.command(arguments);
    command.env("SHARELOCK_TIME_SCALE", "60");
    finish(command)
}

fn hold(place: &Place) -> Running {
    let mut command = place.command(&["hold", "--json", "wems.db"]);
    command.env("SHARELOCK_TIME_SCALE", "60");
    let hold = Running::start(command);
    hold.event("acquired");
    hold
}

fn holder(place: &Place) -> String {
    let line: Value = serde_json::from_str(&place.run(&["status", "--json", "wems.db"]).out).unwrap();
    let holder = &line["holder"];
    holder["name"].as_str().or(holder["user"].as_str()).unwrap().to_owned()
}

#[test]
fn a_holder_hears_who_and_why_and_gives_it_back() {
    let place = Place::new();
    let mut hold = hold(&place);
    let name = holder(&place);
    let wrong = order(&place, &["--confirm", "Somebody Else"]);
    assert_eq!(wrong.code, Some(64), "{wrong:?}");
    assert!(wrong.err.contains("not “Somebody Else”") && wrong.err.contains(&name), "{wrong:?}");
    let said = order(&place, &["--confirm", &name]);
    assert_eq!(said.code, Some(0), "{said:?}");
    // It may have done so before it was looked at again.
    let told = ["told to release it", "can be taken now"].iter().any(|words| said.out.contains(words));
    assert!(told && said.err.contains("can lose changes"), "{said:?}");
    hold.hears("“stock count”");
    hold.event("released");
    assert_eq!(hold.code(), Some(75));
    assert_eq!(place.run(&["run", "-n", "wems.db", "--", PROGRAM, "--version"]).code, Some(0));
    let past = place.run(&["history", "--json", "wems.db"]);
    let first: Value = serde_json::from_str(past.out.lines().next().unwrap()).unwrap();
    assert_eq!((&first["how"], &first["order"]["reason"]), (&"released".into(), &"stock count".into()), "{past:?}");
}

#[cfg(unix)]
#[test]
fn a_holder_that_cannot_answer_is_succeeded_after_the_short_time_out() {
    let place = Place::new();
    let hold = hold(&place);
    let name = holder(&place);
    crate::support::signal("STOP", hold.pid());
    let said = order(&place, &["--confirm", &name]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let status = place.run(&["status", "wems.db"]);
    assert!(status.out.contains("has ordered its release: “stock count”"), "{status:?}");
    assert_eq!(hurried(&place, &["run", "-n", "wems.db", "--", PROGRAM, "--version"]).code, Some(75), "not at once");
    assert_eq!(hurried(&place, &["run", "-w", "60", "wems.db", "--", PROGRAM, "--version"]).code, Some(0));
    crate::support::signal("CONT", hold.pid());
    hold.hears("“stock count”");
    hold.event("lost");
    let past = place.run(&["history", "wems.db"]);
    assert!(past.out.contains("released by") && past.out.contains("“stock count”"), "{past:?}");
    let past = place.run(&["history", "--json", "wems.db"]);
    let first: Value = serde_json::from_str(past.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["how"], "forced", "{past:?}");
}

#[cfg(unix)]
#[test]
fn now_lets_others_in_at_once_and_says_what_that_can_cost() {
    let place = Place::new();
    let hold = hold(&place);
    let name = holder(&place);
    crate::support::signal("STOP", hold.pid());
    let said = order(&place, &["--confirm", &name, "--now"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("two people write at once") && said.out.contains("can be taken now"), "{said:?}");
    assert_eq!(place.run(&["run", "-n", "wems.db", "--", PROGRAM, "--version"]).code, Some(0));
    crate::support::signal("CONT", hold.pid());
    hold.event("lost");
}

#[test]
fn somebody_unknown_has_to_be_called_so() {
    let place = Place::new();
    std::fs::write(place.share().join("wems.db.lock"), "left by another program").unwrap();
    let said = calm_order(&place, &["--confirm", "Marie"]);
    assert_eq!(said.code, Some(64), "{said:?}");
    assert!(said.err.contains("--confirm unknown"), "{said:?}");
    assert_eq!(calm_order(&place, &["--confirm", "unknown"]).code, Some(0));
    assert_eq!(place.run(&["run", "-n", "wems.db", "--", PROGRAM, "--version"]).code, Some(75), "nobody unknown reads an order");
    assert_eq!(calm_order(&place, &["--confirm", "unknown", "--now"]).code, Some(0));
    let said = place.run(&["run", "-n", "wems.db", "--", PROGRAM, "--version"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn a_foreign_holder_is_confirmed_by_name() {
    let place = Place::new();
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    assert_eq!(calm_order(&place, &["--confirm", "unknown", "--now"]).code, Some(64));
    assert_eq!(calm_order(&place, &["--confirm", "marie", "--now"]).code, Some(0));
    assert_eq!(place.run(&["run", "-n", "wems.db", "--", PROGRAM, "--version"]).code, Some(0));
}

#[test]
fn what_is_free_needs_no_order_and_an_order_needs_a_reason() {
    let place = Place::new();
    let said = calm_order(&place, &["--confirm", "unknown"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("nothing to release"), "{said:?}");
    assert!(place.listing().iter().all(|path| !path.ends_with("board")), "nothing is written");
    for arguments in [&["force-release", "wems.db"][..], &["force-release", "wems.db", "--confirm", "x", "--reason", " "]] {
        assert_eq!(place.run(arguments).code, Some(64), "{arguments:?}");
    }
}
