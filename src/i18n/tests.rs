//! Facts about what people read, in both languages; that nothing is left out is in `complete`.

mod complete;

use super::*;
use chrono::{Days, Local, TimeZone};

fn when(days_ago: u64) -> When {
    let now = Local.with_ymd_and_hms(2026, 11, 23, 15, 0, 0).unwrap();
    let at = Local.with_ymd_and_hms(2026, 11, 23, 9, 12, 0).unwrap().checked_sub_days(Days::new(days_ago)).unwrap();
    When { at: at.timestamp_millis(), now: now.timestamp_millis() }
}

fn said(sentence: &Sentence) -> String {
    About("wems.db", sentence, Language::English).to_string()
}

fn someone() -> Person {
    Person { name: "Marie Dupont".into(), machine: "PC-ACCUEIL".into() }
}

#[test]
fn held_names_the_person_the_time_and_the_last_sign() {
    let held = Sentence::Held { who: someone(), since: Some(when(0)), last_sign: Some(Duration::from_secs(20)) };
    let expected = "wems.db: Marie Dupont has been using it since 09:12 (PC-ACCUEIL, last sign of life 20 s ago).";
    assert_eq!(said(&held), expected);
    let unknown = Sentence::HeldByUnknown { takeable: Takeable::In(Duration::from_secs(61)) };
    let expected =
        "wems.db: somebody may be using it, and who cannot be seen. It can be taken over in 1 min 1 s if that stays so.";
    assert_eq!(said(&unknown), expected);
}

#[test]
fn times_are_told_as_people_say_them() {
    let mine = |days| said(&Sentence::MineElsewhere { machine: "PC-QUAI2".into(), since: Some(when(days)) });
    assert_eq!(mine(0), "wems.db: you left it open on PC-QUAI2 at 09:12.");
    assert_eq!(mine(1), "wems.db: you left it open on PC-QUAI2 yesterday at 09:12.");
    assert_eq!(mine(20), "wems.db: you left it open on PC-QUAI2 on 3 November at 09:12.");
    assert_eq!(mine(400), "wems.db: you left it open on PC-QUAI2 on 19 October 2025 at 09:12.");
}

#[test]
fn stale_says_what_is_known_and_when_it_becomes_takeable() {
    let takeable = Takeable::In(Duration::from_secs(200));
    let stale = Sentence::Stale { who: someone(), last_sign: Some(when(1)), place: Place::Elsewhere, takeable };
    let expected = "wems.db: no sign of life since yesterday at 09:12. Marie Dupont's computer (PC-ACCUEIL) may have been \
                    switched off. It can be taken over in 3 min 20 s if that stays so.";
    assert_eq!(said(&stale), expected);
}

#[test]
fn unreachable_is_not_free() {
    let text = said(&Sentence::Unreachable { reason: String::new() });
    assert_eq!(text, "wems.db: the shared folder cannot be seen. This does not mean that the database is free.");
}

#[test]
fn nothing_steers_the_terminal() {
    assert_eq!(printable("a\u{1b}[2Jb\r\n\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}c");
    assert_eq!(printable("Zoé Müller 東"), "Zoé Müller 東");
    assert_eq!(plain_json("\"a\u{202e}\u{9b}\u{e0041}é\""), "\"a\\u202e\\u009b\\udb40\\udc41é\"");
}

fn in_french(sentence: &Sentence) -> String {
    let text = About("wems.db", sentence, Language::French).to_string();
    assert!(!text.contains(" :"), "{text:?} may break before its colon");
    text.replace('\u{a0}', " ")
}

#[test]
fn held_is_told_in_french() {
    let held = Sentence::Held { who: someone(), since: Some(when(0)), last_sign: Some(Duration::from_secs(20)) };
    let expected = "wems.db : Marie Dupont l'utilise depuis 9 h 12 (PC-ACCUEIL, dernier signe de vie il y a 20 s).";
    assert_eq!(in_french(&held), expected);
    let unknown = Sentence::HeldByUnknown { takeable: Takeable::In(Duration::from_secs(61)) };
    let expected = "wems.db : quelqu'un l'utilise peut-être, mais on ne peut pas voir qui. Vous pourrez prendre la relève dans \
                    1 min 1 s si rien ne change.";
    assert_eq!(in_french(&unknown), expected);
}

#[test]
fn times_are_told_as_the_french_say_them() {
    let mine = |days| in_french(&Sentence::MineElsewhere { machine: "PC-QUAI2".into(), since: Some(when(days)) });
    assert_eq!(mine(0), "wems.db : vous l'avez laissé ouvert sur PC-QUAI2 à 9 h 12.");
    assert_eq!(mine(1), "wems.db : vous l'avez laissé ouvert sur PC-QUAI2 hier à 9 h 12.");
    assert_eq!(mine(20), "wems.db : vous l'avez laissé ouvert sur PC-QUAI2 le 3 novembre à 9 h 12.");
    assert_eq!(mine(400), "wems.db : vous l'avez laissé ouvert sur PC-QUAI2 le 19 octobre 2025 à 9 h 12.");
}

#[test]
fn stale_is_told_in_french_without_guessing_at_a_crash() {
    let takeable = Takeable::In(Duration::from_secs(200));
    let stale = Sentence::Stale { who: someone(), last_sign: Some(when(1)), place: Place::Elsewhere, takeable };
    let expected = "wems.db : aucun signe de vie depuis hier à 9 h 12. L'ordinateur de Marie Dupont (PC-ACCUEIL) a peut-être été \
                    éteint. Vous pourrez prendre la relève dans 3 min 20 s si rien ne change.";
    assert_eq!(in_french(&stale), expected);
}

#[test]
fn unreachable_is_not_free_in_french_either() {
    let text = in_french(&Sentence::Unreachable { reason: String::new() });
    let expected = "wems.db : le dossier partagé n'est pas visible. Cela ne veut pas dire que la base est libre.";
    assert_eq!(text, expected);
}

#[test]
fn names_are_elided_as_they_are_spoken() {
    for (name, expected) in [
        ("Marie", "de Marie"),
        ("Anna", "d'Anna"),
        ("Élodie", "d'Élodie"),
        ("Hélène", "d'Hélène"),
        ("Hassan", "de Hassan"),
        ("Yves", "d'Yves"),
        ("Yann", "de Yann"),
        ("", "de "),
    ] {
        assert_eq!(french::of(name), expected);
    }
}

#[test]
fn plurals_are_french_plurals() {
    let said = |talk: &Talk| About("wems.db", talk, Language::French).to_string().replace('\u{a0}', " ");
    assert_eq!(said(&Talk::StillRunning(1)), "wems.db sera rendu dès la fin d'un programme que le programme a lancé.");
    assert_eq!(said(&Talk::StillRunning(3)), "wems.db sera rendu dès la fin de 3 programmes que le programme a lancés.");
    assert_eq!(said(&Talk::WaitingForRest(2)), "wems.db sera rendu dès la fin de 2 programmes.");
}

#[test]
fn the_name_of_a_locale_tells_the_language() {
    for name in ["fr", "fr_FR.UTF-8", "fr-CA", "FR", "fr_BE@euro"] {
        assert_eq!(Language::of_locale(name), Language::French, "{name}");
    }
    for name in ["", "C", "C.UTF-8", "POSIX", "en_GB.UTF-8", "de_DE", "fry_NL", "frr_DE"] {
        assert_eq!(Language::of_locale(name), Language::English, "{name}");
    }
}
