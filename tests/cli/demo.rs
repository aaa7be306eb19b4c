//! The first command of the README.

use crate::support::{AGENT, Place, finish};
use std::sync::PoisonError;

#[test]
fn the_demo_plays_and_cleans_up() {
    let _alone = AGENT.write().unwrap_or_else(PoisonError::into_inner);
    let place = Place::new();
    let mut command = place.command(&["demo"]);
    let temporary = place.share();
    for name in ["TMPDIR", "TMP", "TEMP"] {
        command.env(name, &temporary);
    }
    let said = finish(command);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in ["Desk 1 has ledger.txt", "Desk 2 waits", "Desk 2 is killed", "line 8: desk", "8 turns, 8 lines"] {
        assert!(said.out.contains(part), "no {part:?} in {}", said.out);
    }
    assert!(said.err.is_empty(), "{said:?}");
    // Nobody is let in between the killing and the end of the program that lived on.
    let (_, rest) = said.out.split_once("is killed").unwrap();
    let (between, _) = rest.split_once("and has ended").unwrap();
    assert!(!between.contains("has ledger.txt"), "{between}");
    assert!(place.listing().is_empty());
}
