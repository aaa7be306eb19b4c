//! Something to click on, as people have it made. How it is quoted is tested beside the code that writes it.

use crate::support::Place;

#[test]
fn only_what_has_a_program_gets_one_and_nothing_is_written_over() {
    let place = Place::new();
    let code = |words: &[&str]| place.run(words).code;
    assert_eq!(code(&["shortcut", "RH", "--to", "."]), Some(64), "not configured");
    assert_eq!(code(&["config", "add", "RH", "wems.db", "--program", "true", "{database}"]), Some(0));
    assert_eq!(code(&["config", "add", "Bare", "bare.db"]), Some(0));
    assert_eq!(code(&["shortcut", "Bare", "--to", "."]), Some(64), "no program");
    assert_eq!(code(&["shortcut", "RH", "--to", "nowhere"]), Some(73));
    let said = place.run(&["shortcut", "rh", "--to", "."]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let made = std::fs::read_to_string(place.share().join("RH.desktop")).unwrap();
    let exec = format!("\nExec=\"{}\" \"run\" \"--gui\" \"RH\"\n", env!("CARGO_BIN_EXE_sharelock"));
    assert!(made.contains(&exec), "{made}");
    let said = place.run(&["shortcut", "RH", "--to", "."]);
    assert!(said.code == Some(73) && said.err.contains("stays as it is"), "{said:?}");
}
