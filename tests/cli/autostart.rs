//! Starting at log-in, as people turn it on and off. The entry's text is tested beside the code that writes it.

use crate::support::Place;
use std::process::Command;

#[test]
fn it_is_turned_on_and_off_and_the_desktops_own_switch_counts() {
    let place = Place::new();
    let settings = place.share().join("my settings");
    let file = settings.join("autostart/sharelock.desktop");
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sharelock"));
        let said = command.arg("autostart").args(words).env("XDG_CONFIG_HOME", &settings).env("SHARELOCK_LANG", "en").output();
        let said = said.unwrap();
        assert_eq!(said.status.code(), Some(0), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    };
    let state = || serde_json::from_str::<serde_json::Value>(&run(&["status", "--json"])).unwrap();
    assert_eq!(state()["state"], "off");
    assert!(run(&["on"]).starts_with("The agent starts when you log in."));
    assert_eq!((&state()["state"], &state()["program"]), (&"on".into(), &env!("CARGO_BIN_EXE_sharelock").into()));
    let on = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, on.replace("Autostart-enabled=true", "Autostart-enabled=false")).unwrap();
    assert_eq!(state()["state"], "turned-off");
    assert!(run(&["status"]).contains("turned off in the settings of the desktop"));
    std::fs::write(&file, on.replace(env!("CARGO_BIN_EXE_sharelock"), "/opt/old one/sharelock")).unwrap();
    assert!(run(&["status"]).contains("(starts /opt/old one/sharelock)\nThat is not this program."));
    run(&["on"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), on);
    run(&["off"]);
    run(&["off"]);
    assert!(!file.exists() && std::fs::read_dir(file.parent().unwrap()).unwrap().next().is_none());
}
