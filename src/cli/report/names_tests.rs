//! Names as people have them, in texts as programs write them.

use super::super::reading::is_in;
use super::*;
use unicode_normalization::UnicodeNormalization;

fn hide(names: &mut Names, text: &str) -> String {
    names.hide(&[text.to_owned()]).remove(0)
}

#[test]
fn the_same_thing_always_gets_the_same_word() {
    let mut names = Names::default();
    names.tell(Kind::Person, &["marie", "Marie Dupont"]);
    names.tell(Kind::Person, &["Paul"]);
    names.computer("PC-ACCUEIL.office.lan");
    names.tell(Kind::Database, &["RH"]);
    let text = "MARIE DUPONT (pc-accueil) has rh, Paul waits; marie.dupont@office pc-accueil.office.lan, rhubarb";
    let hidden = hide(&mut names, text);
    assert_eq!(hidden, "person-1 (computer-1) has database-1, person-2 waits; person-1.dupont@office computer-1, rhubarb");
}

#[test]
fn paths_keep_their_kind_and_their_ending() {
    let mut names = Names::default();
    names.tell(Kind::Database, &["RH"]);
    let cases = [
        ("/home/marie/x/base.db", "/home/path-1/path-2/path-3.db"),
        (r"\\SRV-1\Compta 2026\base.accdb: denied", r"\\computer-1\path-4\path-3.accdb: denied"),
        (r"S:\RH\base.mdb", r"S:\database-1\path-3.mdb"),
        ("'S:\\Ressources humaines\\la paie.mdb'", "'S:\\path-5\\path-6.mdb'"),
        ("in /srv/deux mots/x.db (denied)", "in /srv/path-7/path-2.db (denied)"),
        ("/home/marie/sharelock.toml:7:8: wrong", "/home/path-1/sharelock.toml:7:8: wrong"),
        ("see https://example.org/a and and/or GNU/Linux", "see https://example.org/a and and/or GNU/Linux"),
        ("\"S:\\la paie\\x.db: no such file\"", "\"S:\\path-6\\path-2.db: no such file\""),
        ("/home/x/sharelock/sharelock.desktop", "/home/path-2/sharelock/sharelock.desktop"),
        ("//nas/compta (cifs)", "//computer-2/path-8 (cifs)"),
    ];
    for (text, expected) in cases {
        assert_eq!(hide(&mut names, text), expected, "{text}");
    }
}

#[test]
fn a_known_path_with_blanks_is_replaced_to_its_end() {
    let mut names = Names::default();
    names.path("/srv/Ressources humaines/la paie.db");
    assert_eq!(hide(&mut names, "no /srv/Ressources humaines here"), "no /srv/path-1 here");
    assert_eq!(hide(&mut names, "/srv/ressources humaines/la paie.db is gone"), "/srv/path-1/path-2.db is gone");
    assert_eq!(hide(&mut names, "La paie.db, la paie"), "path-2.db, path-2");
}

/// Names that break what is written carelessly.
const NASTY: [&str; 16] = [
    "a",
    "log",
    "Z",
    "é",
    "İSA",
    "Straße",
    "O'Brien",
    "a.*b",
    "[x](y)",
    "$&",
    r"back\1",
    "Ann",
    "Anna",
    "Annabel Lee",
    "日本",
    "person",
];

#[test]
fn no_nasty_name_is_left_and_every_word_stands_for_one_of_them() {
    let mut names = Names::default();
    for name in NASTY {
        names.tell(Kind::Person, &[name]);
    }
    let spellings = |name: &str| [name.to_owned(), name.to_uppercase(), name.to_lowercase(), name.nfd().collect()];
    let text: String = NASTY.map(|name| spellings(name).map(|name| format!("({name}) by {name}, [{name}]\n")).concat()).concat();
    let hidden = hide(&mut names, &text);
    for name in NASTY.iter().filter(|name| !["person", "$&"].contains(name)) {
        assert!(!is_in(name, &hidden), "{name} is left in {hidden}");
    }
    let lines: Vec<&str> = hidden.lines().collect();
    let words: Vec<&str> = lines.chunks(4).map(|four| four[0]).collect();
    // What has neither letter nor digit identifies nobody.
    let alike = lines.chunks(4).zip(NASTY).all(|(four, name)| name == "$&" || four.iter().all(|line| *line == four[0]));
    assert!(alike, "{hidden}");
    let mut different = words.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), words.len(), "{words:?}");
}

#[test]
fn nothing_is_replaced_twice() {
    let mut names = Names::default();
    names.tell(Kind::Person, &["person"]);
    names.tell(Kind::Person, &["computer"]);
    names.computer("1");
    assert_eq!(hide(&mut names, "person computer 1"), "person-1 person-2 computer-1");
    assert_eq!(names.hide(&["person".into(), "x".into()]), ["person-1", "x"]);
}

#[test]
fn odd_texts_are_no_trouble() {
    let mut names = Names::default();
    names.tell(Kind::Person, &["", " ", "-"]);
    names.path("");
    names.path("/");
    names.path("\\\\");
    for text in ["", "/", "\\\\", "C:", "C:\\", "~/", "'/", "\"/a", "/:", "/a:1:", "//", "///a", "\u{301}/é", "/ /"] {
        hide(&mut names, text);
    }
}
