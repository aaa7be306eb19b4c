//! How each bad day of the table is brought about. The names are the table's, and a test holds the two to each other.
#![expect(clippy::unnecessary_wraps, reason = "all set-ups have one form; some cannot be had everywhere")]

use crate::records::{self, board, ended, live, sealed};
use crate::scene::{MARIE, NEEDS_ROOT, OFFICE, PAUL, Scene, copy, is_root};
use sharelock::lease::codec::encode_board;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// A scene, or why there is none here.
pub(crate) type Played = Result<Scene, &'static str>;

/// Brings one day about.
pub(crate) type Play = fn() -> Played;

pub(crate) const ROWS: &[(&str, Play)] = &[
    // First, because it takes its time.
    ("the share does not answer", hanging),
    ("the folder is missing", || named("nowhere/wems.db")),
    ("the folder may only be read", || {
        let scene = Scene::new().of_ordinary_user();
        scene.mode("", 0o555);
        Ok(scene)
    }),
    ("the folder may not even be read", || {
        let mut scene = Scene::new().of_ordinary_user();
        scene.database = scene.at("wems.db").to_str().unwrap().into();
        scene.mode("", 0o000);
        Ok(scene)
    }),
    ("the share is mounted read-only", || {
        let script = "mount --bind \"$SHARE\" \"$SHARE\" && mount -o remount,bind,ro \"$SHARE\" && cd \"$SHARE\"";
        Scene::new().mounted(script, None)
    }),
    ("nothing of others may be removed", sticky),
    ("the disk is full", || full(16)),
    ("the disk is full once the lease is written", || full(14)),
    ("the name is as long as it may be", || named(&"x".repeat(250))),
    ("the name is too long for a notice", || named(&"x".repeat(251))),
    ("the name is too long for the file system", || named(&"x".repeat(300))),
    ("the name has spaces", || named("our data 2026.db")),
    ("the name has terminal escapes and direction overrides", || named("a\u{1b}[2J\u{202e}b.db")),
    ("the name ends in a dot", || named("wems.")),
    ("the name ends in a space", || named("wems.db ")),
    ("the path ends in a slash", || named("wems.db/")),
    ("the name is spelled decomposed (NFD), and held composed (NFC)", || held("B\u{fc}cher.db", "Bu\u{308}cher.db")),
    ("the name is spelled in capitals, and held in small letters", || held("wems.db", "WEMS.DB")),
    ("the path leads over links to the one that is held", || {
        let mut scene = held("wems.db", "link/wems.db")?;
        symlink(".", scene.at("link")).unwrap();
        scene.database = "link/wems.db".into();
        Ok(scene)
    }),
    ("the database is not there yet", || Ok(Scene::new())),
    ("the database is a link that leads nowhere", || linked("later.db")),
    ("the database is a link that leads in a circle", || linked("wems.db")),
    ("the database is a folder", || with("wems.db", folder)),
    ("the database is a pipe", || with("wems.db", pipe)),
    ("the database is a socket", || with("wems.db", socket)),
    ("the database has two names (hard links)", || {
        let scene = Scene::new();
        scene.write("wems.db", "data");
        std::fs::hard_link(scene.at("wems.db"), scene.at("other.db")).unwrap();
        Ok(scene)
    }),
    ("`wems.db.lock` is a folder", || with("wems.db.lock", folder)),
    ("`wems.db.lock` is a pipe", || with("wems.db.lock", pipe)),
    ("`wems.db.lock` is a socket", || with("wems.db.lock", socket)),
    ("`wems.db.lock` is a link to somebody's file", || with("wems.db.lock", |path| symlink("/etc/passwd", path).unwrap())),
    ("`wems.db.lock` is a link that leads nowhere", || with("wems.db.lock", |path| symlink("nowhere", path).unwrap())),
    ("`wems.db.lock` is empty", || notice("")),
    ("`wems.db.lock` has 1 GB", || with("wems.db.lock", |path| std::fs::File::create(path).unwrap().set_len(1 << 30).unwrap())),
    ("`wems.db.lock` is garbage", || notice("\u{0}\u{1}what is this")),
    ("`wems.db.lock` is another tool's JSON", || notice(r#"{"version":1,"owner":"[redacted]","lock":{"exclusive":true}}"#)),
    ("`wems.db.lock` is of a program of the office", || {
        notice(r#"{"pid":4711,"user":"marie","machine":"PC-ACCUEIL","acquired":"2026-03-02T09:12:00.500000"}"#)
    }),
    ("`wems.db.lock` has terminal escapes in its names", || {
        notice(r#"{"user":"ma\u001b]0;owned\u0007rie\u202e","machine":"PC\u009b2J\n-7\u200b"}"#)
    }),
    ("`wems.db.lock` may not be read", || {
        let scene = Scene::new().of_ordinary_user();
        scene.write("wems.db.lock", "{}");
        scene.mode("wems.db.lock", 0o000);
        Ok(scene)
    }),
    ("`.sharelock` is a file", || with(".sharelock", |path| std::fs::write(path, "what is this").unwrap())),
    ("`.sharelock` is a link to a folder that looks like one", || {
        let scene = stored(&[("lease-000000000001.json", &ended(1))]);
        std::fs::rename(scene.at(".sharelock"), scene.at("elsewhere")).unwrap();
        symlink("elsewhere", scene.at(".sharelock")).unwrap();
        Ok(scene)
    }),
    ("the store is a link to a folder that looks like one", || {
        let scene = stored(&[("lease-000000000001.json", &ended(1))]);
        std::fs::rename(scene.at(".sharelock/wems.db"), scene.at("elsewhere")).unwrap();
        symlink("../elsewhere", scene.at(".sharelock/wems.db")).unwrap();
        Ok(scene)
    }),
    ("the store is a link that leads nowhere", || {
        let scene = Scene::new();
        std::fs::create_dir(scene.at(".sharelock")).unwrap();
        symlink("nowhere", scene.at(".sharelock/wems.db")).unwrap();
        Ok(scene)
    }),
    ("the store is a file", || with(".sharelock/wems.db", |path| std::fs::write(path, "what is this").unwrap())),
    ("the store may not be read", || {
        let scene = stored(&[("lease-000000000001.json", &ended(1))]).of_ordinary_user();
        scene.mode(".sharelock/wems.db", 0o000);
        Ok(scene)
    }),
    ("the store is deleted while held", || {
        let scene = held("wems.db", "wems.db")?;
        std::fs::remove_dir_all(scene.at(".sharelock")).unwrap();
        Ok(scene)
    }),
    ("the store and the notice are deleted while held, and that was seen before", || {
        let scene = held("wems.db", "wems.db")?;
        assert!(scene.command(&["status", "wems.db"]).output().unwrap().status.success());
        std::fs::remove_dir_all(scene.at(".sharelock")).unwrap();
        std::fs::remove_file(scene.at("wems.db.lock")).unwrap();
        Ok(scene)
    }),
    ("the store is put back from an old copy while held", || {
        let mut scene = Scene::new();
        assert!(scene.command(&["run", "wems.db", "--", "true"]).output().unwrap().status.success());
        copy(&scene.at(".sharelock"), &scene.at("copy"));
        scene.hold(None, "wems.db");
        std::fs::remove_dir_all(scene.at(".sharelock")).unwrap();
        std::fs::rename(scene.at("copy"), scene.at(".sharelock")).unwrap();
        Ok(scene)
    }),
    ("the lease is empty", || Ok(stored(&[("lease-000000000001.json", b"")]))),
    ("the lease is cut off", || Ok(stored(&[("lease-000000000001.json", &live(1)[..700])]))),
    ("the lease is garbled", || {
        let mut bytes = live(1).to_vec();
        bytes[300] ^= 0x20;
        Ok(stored(&[("lease-000000000001.json", &bytes)]))
    }),
    ("the lease is of a newer version", || {
        let newer = r#"{"v":3,"min_reader":2,"user":"ev\u001b[1ma","machine":"PC-7","state":"paused","shape":[1]}"#;
        Ok(stored(&[("lease-000000000001.json", newer.as_bytes())]))
    }),
    ("the lease says number 2^63", || {
        Ok(stored(&[("lease-000000000001.json", &sealed(&live(1), "\"number\":1,", "\"number\":9223372036854775808,"))]))
    }),
    ("the lease says token 2^63", || {
        Ok(stored(&[("lease-000000000001.json", &sealed(&live(1), "\"token\":101,", "\"token\":9223372036854775808,"))]))
    }),
    ("the lease is another number's", || Ok(stored(&[("lease-000000000002.json", &live(1))]))),
    ("the lease's heartbeat is in the year 9999", || Ok(stored(&[("lease-000000000001.json", &records::in_year_9999())]))),
    ("the lease has terminal escapes in its names", || {
        let eva = "\"user\":\"eva\"";
        let hostile = sealed(&live(1), eva, "\"user\":\"ev\\u001b]52;c;aGk=\\u0007a\\u202e\"");
        Ok(stored(&[("lease-000000000001.json", &hostile)]))
    }),
    ("the lease is a folder", || with(".sharelock/wems.db/lease-000000000001.json", folder)),
    ("the lease is a pipe", || with(".sharelock/wems.db/lease-000000000001.json", pipe)),
    ("the lease is a link to somebody's file", || {
        with(".sharelock/wems.db/lease-000000000001.json", |path| symlink("/etc/passwd", path).unwrap())
    }),
    ("the lease may not be read", || {
        let scene = stored(&[("lease-000000000001.json", &live(1))]).of_ordinary_user();
        scene.mode(".sharelock/wems.db/lease-000000000001.json", 0o000);
        Ok(scene)
    }),
    ("the numbers are used up", || Ok(stored(&[("lease-999999999999.json", &ended(999_999_999_999))]))),
    ("a lease's file name has number 2^63", || Ok(stored(&[("lease-9223372036854775808.json", &live(1))]))),
    ("the board is cut off", || Ok(stored(&[("lease-000000000001.json", &ended(1)), ("board", &board(1)[..99])]))),
    ("the board is garbled", || {
        let mut bytes = board(1).to_vec();
        bytes[40] ^= 1;
        Ok(stored(&[("lease-000000000001.json", &ended(1)), ("board", &bytes)]))
    }),
    ("the board is of a newer version", || {
        let newer = sealed(&board(9), "\"min_reader\":1", "\"min_reader\":2");
        Ok(stored(&[("lease-000000000001.json", &ended(1)), ("board", &newer)]))
    }),
    ("the board says number 2^63", || {
        let bytes = encode_board(&records::board_of(1 << 63));
        Ok(stored(&[("lease-000000000001.json", &ended(1)), ("board", &bytes)]))
    }),
    ("the board names a lease that is not there", || Ok(stored(&[("lease-000000000001.json", &ended(1)), ("board", &board(2))]))),
    ("the board is a pipe", || odd_board(pipe)),
    ("the board is a link to somebody's file", || odd_board(|path| symlink("/etc/passwd", path).unwrap())),
    ("the board has 1 GB", || odd_board(|path| std::fs::File::create(path).unwrap().set_len(1 << 30).unwrap())),
    ("100,000 stray files lie in the store", || {
        // In memory where that can be had: a disk takes long to make so many.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let store = folder.path().join(".sharelock/wems.db");
        std::fs::create_dir_all(&store).unwrap();
        std::fs::write(store.join("lease-000000000001.json"), ended(1)).unwrap();
        for number in 0..100_000 {
            std::fs::File::create(store.join(format!("lease-{number}.json"))).unwrap();
        }
        let database = folder.path().join("wems.db").to_str().unwrap().into();
        Ok(Scene { database, kept: Some(folder), ..Scene::new() })
    }),
    ("tickets wait by the thousand", || {
        let scene = stored(&[("lease-000000000001.json", &live(1))]);
        for nonce in 0..3000_u128 {
            scene.write(&format!(".sharelock/wems.db/queue/{nonce:032x}-0.json"), records::ticket());
        }
        pipe(&scene.at(&format!(".sharelock/wems.db/queue/{:032x}-0.json", u128::MAX)));
        Ok(scene)
    }),
    ("another computer has the same host name, and a user of the same name", || {
        Ok(stored(&[("lease-000000000001.json", &records::namesake())]))
    }),
    ("colleagues with umask 022, one after the other", || {
        let scene = office()?;
        let paul = scene.command_of(Some(PAUL), &["run", "wems.db", "--", "true"]).output().unwrap();
        assert!(paul.status.success(), "{paul:?}");
        Ok(scene)
    }),
    ("colleagues with umask 022, at the same time", || {
        let mut scene = office()?;
        scene.hold(Some(PAUL), "wems.db");
        Ok(scene)
    }),
];

fn named(database: &str) -> Played {
    Ok(Scene { database: database.into(), ..Scene::new() })
}

/// Held under one name, asked for by another.
fn held(name: &str, asked: &str) -> Played {
    let mut scene = Scene::new();
    scene.hold(None, name);
    scene.database = asked.into();
    Ok(scene)
}

/// Something odd under a name.
fn with(name: &str, make: fn(&Path)) -> Played {
    let scene = Scene::new();
    let path = scene.at(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    make(&path);
    Ok(scene)
}

fn odd_board(make: fn(&Path)) -> Played {
    let scene = stored(&[("lease-000000000001.json", &ended(1))]);
    make(&scene.at(".sharelock/wems.db/board"));
    Ok(scene)
}

fn notice(text: &str) -> Played {
    let scene = Scene::new();
    scene.write("wems.db.lock", text);
    Ok(scene)
}

fn linked(target: &str) -> Played {
    let scene = Scene::new();
    symlink(target, scene.at("wems.db")).unwrap();
    Ok(scene)
}

/// A store with these files.
fn stored(files: &[(&str, &[u8])]) -> Scene {
    let scene = Scene::new();
    for (name, bytes) in files {
        scene.write(&format!(".sharelock/wems.db/{name}"), bytes);
    }
    scene
}

fn folder(path: &Path) {
    std::fs::create_dir(path).unwrap();
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn socket(path: &Path) {
    drop(UnixListener::bind(path).unwrap());
}

/// A share with room for sixteen pages, of which so many are taken.
fn full(pages: u32) -> Played {
    let fill = format!("head -c {} /dev/zero >filler", pages * 4096);
    Scene::new().mounted(&format!("mount -t tmpfs -o size=64k disk \"$SHARE\" && cd \"$SHARE\" && {fill}"), None)
}

/// A share that takes every question and never answers: a file system whose program is not there.
pub(crate) fn hanging() -> Played {
    if !is_root() || !Path::new("/dev/fuse").exists() {
        return Err(NEEDS_ROOT);
    }
    let mount = "mount -i -t fuse -o fd=0,rootmode=40000,user_id=0,group_id=0 hanging \"$SHARE\"";
    let mut scene = Scene::new().mounted(mount, Some("/dev/fuse"))?;
    scene.database = scene.at("wems.db").to_str().unwrap().into();
    Ok(scene)
}

/// A share of two people and their group.
pub(crate) fn office() -> Played {
    if !is_root() {
        return Err(NEEDS_ROOT);
    }
    let scene = Scene { user: Some(MARIE), ..Scene::new() };
    chown(scene.at(""), None, Some(OFFICE)).unwrap();
    scene.mode("", 0o2770);
    Ok(scene)
}

/// A share where everybody may write, and only owners remove; a notice was left behind in it.
fn sticky() -> Played {
    if !is_root() {
        return Err(NEEDS_ROOT);
    }
    let mut scene = Scene { user: Some(MARIE), ..Scene::new() };
    scene.mode("", 0o1777);
    scene.hold(Some(PAUL), "wems.db");
    let left = std::fs::read(scene.at("wems.db.lock")).unwrap();
    let mut paul = scene.running.pop().unwrap();
    crate::support::signal("TERM", paul.pid());
    assert_eq!(paul.code(), Some(0));
    scene.write("wems.db.lock", left);
    chown(scene.at("wems.db.lock"), Some(PAUL), None).unwrap();
    std::fs::set_permissions(scene.at("wems.db.lock"), PermissionsExt::from_mode(0o666)).unwrap();
    Ok(scene)
}
