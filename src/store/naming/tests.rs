//! Facts about names: spellings that may mean one file meet, and nothing unsafe becomes a name.

use super::*;
use crate::i18n::Language;

fn name(text: &str) -> String {
    store_name(OsStr::new(text))
}

fn refused(path: &Path) -> String {
    locate(path).unwrap_err().to_string()
}

#[test]
fn spellings_of_one_smb_name_meet_in_one_store() {
    for (one, other) in [
        ("wems.db", "WEMS.DB"),
        ("wems.db", "Wems.Db"),
        ("Bu\u{308}cher.accdb", "b\u{fc}cher.ACCDB"),
        ("\u{c5}.db", "A\u{30a}.db"),
        ("\u{c5}.db", "\u{212b}.db"),
        ("ΣΊΣΥΦΟΣ.db", "σίσυφοσ.db"),
        ("STRA\u{1e9e}E.db", "straße.db"),
        ("\u{1c4}.db", "\u{1c5}.db"),
        ("CON.db", "con.db"),
    ] {
        assert_eq!(name(one), name(other), "{one} {other}");
    }
    assert_eq!(name("wems.db"), "wems.db");
}

#[test]
fn different_names_stay_different() {
    let names =
        ["a.db", "b.db", "a%2eb", "a.b", "%61.db", "a:b", "a%3ab", "straße.db", "strasse.db", ".db", "db", "con", "%63on"];
    let mut encoded: Vec<_> = names.iter().map(|text| name(text)).collect();
    encoded.sort();
    encoded.dedup();
    assert_eq!(encoded.len(), names.len(), "{encoded:?}");
}

#[test]
fn unsafe_names_are_encoded() {
    let cases = [
        ("a/b", "a%2fb"),
        ("a\\b:c*d?e\"f<g>h|i%j", "a%5cb%3ac%2ad%3fe%22f%3cg%3eh%7ci%25j"),
        ("tab\there\u{7f}", "tab%09here%7f"),
        ("c1\u{85}", "c1%c2%85"),
        ("NUL", "%6eul"),
        ("com1.accdb", "%63om1.accdb"),
        ("com\u{b9}.db", "%63om\u{b9}.db"),
        ("lpt0", "%6cpt0"),
        ("aux .db", "%61ux .db"),
        ("com10.db", "com10.db"),
        ("console.db", "console.db"),
        (".", "%2e"),
        ("..", "%2e%2e"),
        ("...", "..%2e"),
        (".wems", ".wems"),
        ("dot.", "dot%2e"),
        ("space ", "space%20"),
    ];
    for (text, expected) in cases {
        assert_eq!(name(text), expected, "{text:?}");
    }
}

#[test]
fn a_name_is_its_own_name() {
    for c in (0..0x3000).chain(0x1_0400..0x1_0450).filter_map(char::from_u32) {
        let text = format!("x{c}\u{345}y");
        let once = name(&text).replace('%', "");
        assert_eq!(name(&once), once, "U+{:04X}", u32::from(c));
    }
}

#[test]
fn long_names_end_in_a_hash() {
    let long = "ä".repeat(125);
    let other = format!("{}b", "ä".repeat(124));
    assert!(name(&long).len() <= LONGEST_NAME);
    assert_ne!(name(&long), name(&other));
    assert!(name(&long).contains('~'));
    assert_eq!(name(&long), name(&long.to_uppercase()));
    assert_eq!(name(&"x".repeat(200)), "x".repeat(200));
}

#[test]
fn a_database_that_does_not_exist_yet_has_a_place() {
    let temp = tempfile::tempdir().unwrap();
    let folder = std::fs::canonicalize(temp.path()).unwrap();
    let found = locate(&temp.path().join("Wems.db")).unwrap();
    assert_eq!(found.database, without_verbatim(folder.join("Wems.db")));
    assert_eq!(found.store, without_verbatim(folder.join(".sharelock").join("wems.db")));
    assert_eq!(found.notice, without_verbatim(folder.join("Wems.db.lock")));
    assert_eq!(found.shown, "Wems.db");
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn what_cannot_have_a_lease_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    assert!(matches!(locate(&at("no/such.db")), Err(OpenError::NoFolder { .. })));
    assert!(matches!(locate(temp.path()), Err(OpenError::NotAFile { what: Thing::Folder, .. })));
    assert!(matches!(locate(&at("x.db/")), Err(OpenError::NoName { .. })));
    assert!(matches!(locate(&at("x.db/.")), Err(OpenError::NoName { .. })));
    assert!(matches!(locate(Path::new("")), Err(OpenError::NoName { .. })));
    assert!(matches!(locate(Path::new("..")), Err(OpenError::NoName { .. })));
    assert!(matches!(locate(&at("x.db.")), Err(OpenError::TrailingDotOrSpace { .. })));
    assert!(matches!(locate(&at("x.db ")), Err(OpenError::TrailingDotOrSpace { .. })));
    assert!(matches!(locate(&at(&"x".repeat(251))), Err(OpenError::NameTooLong { .. })));
    assert!(locate(&at(&"x".repeat(250))).is_ok());
    std::fs::write(at("one.db"), b"1").unwrap();
    assert!(locate(&at("one.db")).is_ok());
    std::fs::hard_link(at("one.db"), at("two.db")).unwrap();
    assert!(matches!(locate(&at("one.db")), Err(OpenError::HardLinked { links: 2, .. })));
    assert!(refused(&at("two.db")).contains("hard links"));
    assert_eq!(locate(&at("no/such.db")).unwrap_err().failure(), Failure::NoFolder);
    if WINDOWS {
        assert!(matches!(locate(&at("one.db:stream")), Err(OpenError::Stream { .. })));
    } else {
        assert!(locate(&at("one:two.db")).is_ok());
    }
}

#[cfg(unix)]
#[test]
fn links_lead_to_the_store_beside_the_real_file() {
    use std::os::unix::fs::symlink;
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name);
    std::fs::create_dir(at("real")).unwrap();
    std::fs::write(at("real/wems.db"), b"1").unwrap();
    symlink("real/wems.db", at("link.db")).unwrap();
    symlink("real", at("folder")).unwrap();
    symlink("link.db", at("twice.db")).unwrap();
    symlink("real/later.db", at("dangling.db")).unwrap();
    symlink("circle.db", at("circle.db")).unwrap();
    let real = locate(&at("real/wems.db")).unwrap();
    for other in ["link.db", "folder/wems.db", "twice.db"] {
        assert_eq!(locate(&at(other)).unwrap().store, real.store, "{other}");
        assert_eq!(locate(&at(other)).unwrap().notice, real.notice, "{other}");
    }
    assert_eq!(locate(&at("link.db")).unwrap().shown, "link.db");
    assert_eq!(locate(&at("dangling.db")).unwrap().store, locate(&at("real/later.db")).unwrap().store);
    assert!(matches!(locate(&at("circle.db")), Err(OpenError::LinkCircle { .. })));
    let socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    assert!(matches!(locate(&at("socket")), Err(OpenError::NotAFile { .. })));
    drop(socket);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_unicode_stay_apart() {
    use std::os::unix::ffi::OsStrExt;
    let latin = [&b"M\xfcller.db"[..], b"M\xf6ller.db"].map(|bytes| store_name(OsStr::from_bytes(bytes)));
    assert_eq!(latin[0], "m%fcller.db");
    assert_ne!(latin[0], latin[1]);
}

#[test]
fn errors_and_reasons_say_the_same_in_english() {
    let path = || PathBuf::from("/share/wems.db");
    let source = std::io::Error::from(std::io::ErrorKind::TimedOut);
    let errors = [
        OpenError::NoName { path: path() },
        OpenError::NoFolder { path: path() },
        OpenError::NotAFile { path: path(), what: Thing::Special },
        OpenError::HardLinked { path: path(), links: 3 },
        OpenError::Stream { path: path() },
        OpenError::TrailingDotOrSpace { path: path() },
        OpenError::NameTooLong { path: path() },
        OpenError::LinkCircle { path: path() },
        OpenError::Io { path: path(), source },
    ];
    for error in errors {
        assert_eq!(error.to_string(), error.reason().text(Language::English));
    }
}
