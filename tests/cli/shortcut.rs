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
    let file = place.share().join(if cfg!(windows) { "RH.lnk" } else { "RH.desktop" });
    assert!(said.out.contains("RH."), "{said:?}");
    let made = std::fs::read(&file).unwrap();
    if !cfg!(windows) {
        let exec = format!("\nExec=\"{}\" \"run\" \"--gui\" \"RH\"\n", env!("CARGO_BIN_EXE_sharelock"));
        assert!(String::from_utf8_lossy(&made).contains(&exec), "{made:?}");
    }
    let said = place.run(&["shortcut", "RH", "--to", "."]);
    assert!(said.code == Some(73) && said.err.contains("stays as it is"), "{said:?}");
    assert_eq!(std::fs::read(&file).unwrap(), made);
}

#[cfg(windows)]
#[test]
fn a_click_takes_the_database_runs_its_program_and_gives_back() {
    let place = Place::new();
    let words = ["config", "add", "R H", "wems.db", "--program", "cmd", "/c", "echo %SHARELOCK_TOKEN%>ran"];
    assert_eq!(place.run(&words).code, Some(0));
    assert_eq!(place.run(&["shortcut", "R H", "--to", "."]).code, Some(0));
    let like = place.command(&[]);
    let mut click = std::process::Command::new("cmd");
    click.args(["/c", "start", "", "R H.lnk"]).current_dir(place.share()).stdin(std::process::Stdio::null());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => click.env(name, value),
            None => click.env_remove(name),
        };
    }
    assert!(click.status().unwrap().success());
    let ran = || std::fs::read_to_string(place.share().join("ran")).unwrap_or_default();
    crate::support::eventually("the program runs", || ran().trim().parse::<u64>().is_ok_and(|token| token > 0));
    crate::support::eventually("it is given back", || place.run(&["status", "R H"]).code == Some(0));
}
