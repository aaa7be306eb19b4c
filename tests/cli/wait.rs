//! Waiting for a database without taking it.

use crate::support::{Place, foreign_notice, timed};
use std::time::Duration;

#[test]
fn what_is_free_is_not_waited_for_and_not_touched() {
    let place = Place::new();
    let said = place.run(&["wait", "wems.db"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "wems.db is free.\n", ""));
    assert!(place.listing().is_empty());
}

#[test]
fn a_wait_that_is_over_is_75_and_says_who_has_it() {
    let place = Place::new();
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    let before = place.listing();
    for limit in ["0", "300ms"] {
        let said = place.run(&["wait", "-w", limit, "wems.db"]);
        assert_eq!((said.code, said.out.as_str()), (Some(75), ""), "{said:?}");
        assert!(said.err.contains("marie") && said.err.ends_with("Not waiting any longer.\n"), "{said:?}");
    }
    assert_eq!(place.listing(), before);
}

#[test]
fn a_wait_ends_when_it_is_given_back_and_takes_nothing() {
    let place = Place::new();
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    let mut waiting = place.start(&["wait", "wems.db"]);
    waiting.hears("marie");
    // Its own next look would come after 15 s.
    std::fs::remove_file(place.share().join("wems.db.lock")).unwrap();
    let (code, took) = timed(|| waiting.code());
    assert_eq!((code, waiting.line().as_str()), (Some(0), "wems.db is free."));
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(place.listing().is_empty());
}

#[test]
fn a_holder_that_died_here_is_not_waited_for() {
    let place = Place::new();
    let mut hold = place.start(&["hold", "--json", "wems.db"]);
    hold.event("acquired");
    let mut waiting = place.start(&["wait", "-w", "60", "wems.db"]);
    waiting.hears("Waiting for it.");
    hold.kill();
    assert_eq!(waiting.code(), Some(0));
    let line = waiting.line();
    assert!(line.contains("no sign of life") && line.ends_with("It can be taken over now."), "{line}");
}

#[test]
fn what_cannot_be_seen_or_cannot_have_a_lease_ends_it() {
    let place = Place::new();
    let said = place.run(&["wait", "nowhere/wems.db"]);
    assert_eq!((said.code, said.out.as_str()), (Some(69), ""), "{said:?}");
    std::fs::create_dir(place.share().join("folder")).unwrap();
    assert_eq!(place.run(&["wait", "folder"]).code, Some(73));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_130() {
    let place = Place::new();
    foreign_notice(&place, "wems.db", "marie", "PC-ACCUEIL");
    let mut waiting = place.start(&["wait", "wems.db"]);
    waiting.hears("marie");
    crate::support::signal("INT", waiting.pid());
    assert_eq!(waiting.code(), Some(130));
    assert!(waiting.rest().contains("Stopped waiting for wems.db."));
}
