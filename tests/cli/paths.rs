//! Paths as people and systems spell them: spaces, other alphabets, great length; on Windows drives, shares and long forms.

use crate::support::{Place, Running};
use std::path::PathBuf;
use std::process::Stdio;

/// Holds a database under its first spelling and looks at it under all, then the other way round: it is one, and free again afterwards.
fn is_one_database(place: &Place, spellings: &[&str]) {
    let state = |spelling: &str| {
        let said = place.run(&["status", "--json", spelling]);
        let status: serde_json::Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        (status["state"].as_str().map(str::to_owned), status["token"].as_u64())
    };
    let (first, last) = (spellings[0], spellings[spellings.len() - 1]);
    for (spelling, others) in [(first, spellings), (last, &[first][..])] {
        let mut command = place.command(&["hold", "-n", "--json", "--until-eof", spelling]);
        command.stdin(Stdio::piped());
        let mut hold = Running::start(command);
        let token = hold.event("acquired")["token"].as_u64();
        for other in others {
            assert_eq!(state(other), (Some("mine".to_owned()), token), "{other}, held as {spelling}");
        }
        assert_eq!(place.run(&["hold", "-n", others[others.len() - 1]]).code, Some(75), "held as {spelling}");
        drop(hold.input());
        hold.event("released");
        assert_eq!(hold.code(), Some(0));
        assert_eq!(state(spelling).0, Some("free".to_owned()));
    }
}

#[test]
fn names_may_have_spaces_and_letters_of_all_alphabets() {
    let place = Place::new();
    for name in ["our data 2026.db", "\u{e9}t\u{e9} stra\u{df}e.db", "\u{1f511}\u{65e5}\u{672c}.db", "100% & (old)!^.db", "-n.db"]
    {
        is_one_database(&place, &[&format!("./{name}"), place.share().join(name).to_str().unwrap()]);
    }
}

/// Makes a folder in which a file's path is about that long, in letters.
fn deep(place: &Place, length: usize) -> PathBuf {
    let mut folder = place.share();
    while folder.to_str().unwrap().chars().count() < length - 40 {
        folder.push("a rather long name, \u{e9}t\u{e9}");
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn store_may_lie_deeper_than_old_windows_goes() {
    let place = Place::new();
    let folder = deep(&place, 260);
    let database = folder.join("wems.db").to_str().unwrap().to_owned();
    is_one_database(&place, &[&database]);
    assert!(place.listing().iter().any(|path| path.to_str().unwrap().chars().count() > 260), "{:?}", place.listing());
    assert!(place.run(&["history", "--json", &database]).out.contains("\"released\""));
}

#[test]
fn path_may_be_longer_than_old_windows_takes() {
    let place = Place::new();
    let folder = deep(&place, 400);
    if folder.canonicalize().is_err_and(|error| cfg!(windows) && error.raw_os_error() == Some(234)) {
        println!("skipped: Wine 8 cannot resolve a path of more than 260 letters");
        return;
    }
    is_one_database(&place, &[folder.join("wems.db").to_str().unwrap()]);
}

#[cfg(windows)]
#[test]
fn drives_slashes_and_long_forms_name_the_same_database() {
    let place = Place::new();
    let folder = place.share();
    std::fs::create_dir(folder.join("sub")).unwrap();
    let plain = folder.join("wems.db").to_str().unwrap().to_owned();
    let (drive, rest) = plain.split_once(':').unwrap();
    is_one_database(
        &place,
        &[
            &plain,
            &format!(r"\\?\{plain}"),
            &plain.replace('\\', "/"),
            &format!("{}:{rest}", drive.to_lowercase()),
            // Relative, also to the working folder of the drive.
            r"sub\..\WEMS.DB",
            &format!("{drive}:wems.db"),
        ],
    );
}

/// The share that the variable names, for example `\\server\share`, and where it is, by a drive.
#[cfg(windows)]
#[test]
fn a_share_by_its_name_is_the_same_as_by_a_drive() {
    let (Ok(share), Ok(drive)) = (std::env::var("SHARELOCK_TEST_SHARE"), std::env::var("SHARELOCK_TEST_SHARE_DRIVE")) else {
        println!("skipped: no share (SHARELOCK_TEST_SHARE and SHARELOCK_TEST_SHARE_DRIVE name one, as tests/windows/run does)");
        return;
    };
    let place = Place::new();
    let folder = tempfile::tempdir_in(&drive).unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let file = "data \u{e9}.db";
    is_one_database(
        &place,
        &[
            &format!(r"{share}\{name}\{file}"),
            &format!(r"{}\{name}\{file}", share.replacen(r"\\", r"\\?\UNC\", 1)),
            &format!(r"{drive}\{name}\{file}"),
            &format!("{}/{name}/{file}", share.replace('\\', "/")),
        ],
    );
}
