//! Who is spoken to in which language, and that programs are always spoken to in the same.

use crate::support::{Place, Said, finish, foreign_notice};

fn run(place: &Place, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
    let mut command = place.command(arguments);
    for name in ["SHARELOCK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    finish(command)
}

#[test]
fn the_option_speaks_french_and_json_is_unchanged() {
    let place = Place::new();
    assert_eq!(place.run(&["--lang", "fr", "status", "wems.db"]).out, "wems.db est libre.\n");
    assert_eq!(place.run(&["status", "wems.db", "--lang=fr"]).out, "wems.db est libre.\n");
    foreign_notice(&place, "wems.db", "Marie", "PC-ACCUEIL");
    for what in ["wems.db", "nowhere/wems.db", "."] {
        let english = place.run(&["status", "--json", what]);
        let french = place.run(&["--lang", "fr", "status", "--json", what]);
        let stable = |said: &Said| {
            let mut line: serde_json::Value = serde_json::from_str(&said.out).unwrap();
            for time in ["last_seen_s", "observed_s", "takeable_in_s"] {
                line[time].take();
            }
            (said.code, line)
        };
        assert_eq!(stable(&english), stable(&french), "{what}");
        let people = place.run(&["--lang", "fr", "status", what]).out;
        assert!(people.contains("\u{a0}: "), "{people}");
        assert_ne!(people, place.run(&["status", what]).out);
    }
}

#[test]
fn the_doctor_tells_programs_the_same_in_every_language() {
    let place = Place::new();
    let found = |language: &str| {
        let said = place.run(&["--lang", language, "doctor", "--json", "nowhere/deep/wems.db"]);
        assert!(!said.out.is_empty(), "{said:?}");
        said.out
    };
    assert_eq!(found("en"), found("fr"));
    let said = place.run(&["--lang", "fr", "doctor", "nowhere/deep/wems.db"]);
    assert!(said.out.contains("échec") && said.out.contains("Pourquoi") && said.out.contains("À faire"), "{}", said.out);
    assert!(said.out.contains("Pas encore utilisable\u{a0}: 1\u{a0}échec ci-dessus."), "{}", said.out);
}

#[test]
fn the_environment_counts_less_than_the_option_and_more_than_the_system() {
    let place = Place::new();
    let speaks_french = |variables: &[(&str, &str)], arguments: &[&str]| {
        let out = run(&place, variables, arguments).out;
        assert!(["wems.db est libre.\n", "wems.db is free.\n"].contains(&out.as_str()), "{out}");
        out.contains("libre")
    };
    let status = &["status", "wems.db"];
    assert!(speaks_french(&[("SHARELOCK_LANG", "fr"), ("LC_ALL", "en_GB.UTF-8")], status));
    assert!(!speaks_french(&[("SHARELOCK_LANG", "fr")], &["status", "--lang", "en", "wems.db"]));
    assert!(!speaks_french(&[("SHARELOCK_LANG", "de"), ("LC_ALL", "fr_FR.UTF-8")], status));
}

#[cfg(unix)]
#[test]
fn the_system_is_asked_as_other_programs_ask_it() {
    let place = Place::new();
    let french = |variables: &[(&str, &str)]| run(&place, variables, &["status", "wems.db"]).out == "wems.db est libre.\n";
    assert!(french(&[("LANG", "fr_FR.UTF-8")]));
    assert!(french(&[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "fr_CA.UTF-8")]));
    assert!(!french(&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "C.UTF-8")]));
    assert!(french(&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "")]));
    assert!(!french(&[]));
    assert!(!french(&[("LANG", "nl_BE.UTF-8")]));
}

#[test]
fn help_and_complaints_are_french_before_anything_is_understood() {
    let place = Place::new();
    let said = place.run(&["--lang", "fr", "--help"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    for part in
        ["Utilisation\u{a0}: sharelock", "Commandes\u{a0}:", "Options\u{a0}:", "Exemples\u{a0}:", "Codes de sortie\u{a0}:"]
    {
        assert!(said.out.contains(part), "no {part:?} in {}", said.out);
    }
    for verb in ["status", "run", "hold", "wait", "watch", "force-release", "history", "completions", "man", "doctor", "demo"] {
        let said = place.run(&[verb, "--lang", "fr", "--help"]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        for part in ["Usage:", "Options:", "Arguments:", "Print help", "[default", "[possible", "Examples"] {
            assert!(!said.out.contains(part), "{part:?} in {}", said.out);
        }
    }
    let mistakes: [(&[&str], &str); 8] = [
        (&[], "il manque une commande"),
        (&["frobnicate"], "commande inconnue : « frobnicate »"),
        (&["history"], "il manque : <BASE>"),
        (&["status", "--frob", "wems.db"], "argument inattendu : « --frob »"),
        (&["run", "-w", "soon", "wems.db", "--", "true"], "« soon » ne convient pas à « --timeout <DURÉE> » : écrivez"),
        (&["run", "-w"], "il manque une valeur à « --timeout <DURÉE> »"),
        (&["run", "--on-lost", "panic", "wems.db", "--", "true"], "« panic » n'est pas une valeur possible pour « --on-lost"),
        (&["run", "-n", "-w", "5", "wems.db", "--", "true"], "« --nonblock » ne va pas avec « --timeout <DURÉE> »"),
    ];
    for (words, part) in mistakes {
        let said = place.run(&[&["--lang", "fr"], words].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(64), ""), "{words:?}");
        let err = said.err.replace('\u{a0}', " ");
        assert!(err.starts_with("erreur : ") && err.contains(part), "no {part:?} in {err}");
        assert!(!err.contains("Usage"), "{err}");
    }
    assert_eq!(place.run(&["--lang", "de", "status", "wems.db"]).code, Some(64));
}

#[test]
fn completions_and_manual_pages_can_be_made_in_french() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = place.run(&["--lang", "fr", "completions", shell]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{shell}");
        assert!(said.out.contains("history") && said.out.contains("csv") && !said.out.contains("demo-turn"), "{shell}");
    }
    for page in [&["man", "--lang", "fr"][..], &["man", "--lang", "fr", "run"]] {
        let said = place.run(page);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{page:?}");
        assert!(said.out.contains("Attendre son tour, lancer un programme, rendre la base"), "{}", said.out);
        assert!(!said.out.contains("demo\\-turn"), "{}", said.out);
    }
}
