//! A colleague with write access to the share who means harm. Whatever he puts there, nothing of ours is written, removed or opened
//! outside the store, nothing blocks, and nothing he wrote steers a terminal.

use crate::records::{ended, live};
use crate::scene::Scene;
use crate::support::{LONG, Said, eventually, finish, timed};
use sharelock::clock::WallTime;
use sharelock::i18n::printable;
use sharelock::lease::codec::clean;
use sharelock::lease::record::{Body, Holder, Host, LeaseId, Nonce, Number, ProcessId, State, Token};
use sharelock::lease::timing::Timing;
use sharelock::lease::wire::{Failure, Op, Reply};
use sharelock::store::{FolderStore, Identity, Standing, Store};
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LEASE: &str = ".sharelock/wems.db/lease-000000000001.json";

/// Something of somebody's, outside the store, with names that ours have too.
fn precious(scene: &Scene) -> PathBuf {
    let folder = scene.at("").parent().unwrap().join("precious");
    for inner in ["wems.db/queue", "wems.db/history", "queue", "history"] {
        std::fs::create_dir_all(folder.join(inner)).unwrap();
    }
    for name in ["board", "wems.db/board", ".bashrc", "lease-000000000001.json", "wems.db/lease-000000000001.json"] {
        std::fs::write(folder.join(name), "do not touch").unwrap();
    }
    folder
}

/// Everything under a folder: names, bytes and modes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let mode = path.symlink_metadata().unwrap().mode();
        if path.is_dir() {
            found.extend(contents(&path));
        }
        found.insert(path.clone(), (mode, std::fs::read(&path).unwrap_or_default()));
    }
    found
}

/// Runs the program with every duration divided by sixty; a busy machine does not make a claim in less than two seconds each time.
fn quickly(scene: &Scene, arguments: &[&str]) -> Said {
    let mut command = scene.command(arguments);
    command.env("SHARELOCK_TIME_SCALE", "60");
    finish(command)
}

fn leases(scene: &Scene) -> usize {
    let names = std::fs::read_dir(scene.at(".sharelock/wems.db")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("lease-")).count()
}

#[test]
fn a_link_in_the_place_of_a_folder_leads_nowhere() {
    for name in [".sharelock", ".sharelock/wems.db", ".sharelock/wems.db/queue"] {
        let scene = Scene::new();
        let precious = precious(&scene);
        let before = contents(&precious);
        std::fs::create_dir_all(scene.at(name).parent().unwrap()).unwrap();
        symlink(&precious, scene.at(name)).unwrap();
        if name.ends_with("queue") {
            scene.write(LEASE, live(1));
        }
        assert_ne!(quickly(&scene, &["status", "wems.db"]).code, Some(0), "{name}");
        assert_ne!(quickly(&scene, &["run", "-w", "2", "wems.db", "--", "true"]).code, Some(0), "{name}");
        assert!(before == contents(&precious), "{name}");
    }
}

#[test]
fn a_link_in_the_place_of_a_lease_is_waited_out_and_left_alone() {
    let scene = Scene::new();
    let precious = precious(&scene);
    let before = contents(&precious);
    std::fs::create_dir_all(scene.at(LEASE).parent().unwrap()).unwrap();
    symlink(precious.join(".bashrc"), scene.at(LEASE)).unwrap();
    assert_eq!(quickly(&scene, &["run", "-n", "wems.db", "--", "true"]).code, Some(75));
    assert_eq!(quickly(&scene, &["run", "-w", "40", "wems.db", "--", "true"]).code, Some(0));
    assert!(before == contents(&precious));
    assert!(scene.at(LEASE).is_symlink());
}

#[test]
fn a_hard_link_in_the_place_of_the_board_is_not_written_through() {
    let scene = Scene::new();
    scene.write("payroll.txt", "do not touch");
    scene.write(LEASE, ended(1));
    std::fs::hard_link(scene.at("payroll.txt"), scene.at(".sharelock/wems.db/board")).unwrap();
    for _ in 0..2 {
        assert_eq!(quickly(&scene, &["run", "-n", "wems.db", "--", "true"]).code, Some(0));
    }
    assert_eq!(std::fs::read(scene.at("payroll.txt")).unwrap(), b"do not touch");
}

/// After it was waited out, whatever it is, it cannot be written over: that is told, and is not tried again and again.
#[test]
fn what_is_no_file_in_the_place_of_the_notice_is_told_and_left_alone() {
    type Make = fn(&Path, &Path);
    let odd: [(&str, Make); 4] = [
        ("link", |victim, notice| symlink(victim, notice).unwrap()),
        ("hard link", |victim, notice| std::fs::hard_link(victim, notice).unwrap()),
        ("folder", |_, notice| std::fs::create_dir(notice).unwrap()),
        ("socket", |_, notice| drop(std::os::unix::net::UnixListener::bind(notice).unwrap())),
    ];
    let wait_out = |name: &str, make: Make| {
        let scene = Scene::new();
        let victim = scene.at("payroll.txt");
        std::fs::write(&victim, "do not touch").unwrap();
        make(&victim, &scene.at("wems.db.lock"));
        assert_eq!(quickly(&scene, &["run", "-n", "wems.db", "--", "true"]).code, Some(75), "{name}");
        let said = quickly(&scene, &["run", "-w", "40", "wems.db", "--", "true"]);
        assert_eq!(said.code, Some(73), "{name}: {said:?}");
        assert!(said.err.contains("wems.db.lock") && said.err.contains("no lease can be kept there"), "{name}: {said:?}");
        assert_eq!(std::fs::read(&victim).unwrap(), b"do not touch", "{name}");
        assert_eq!(leases(&scene), 1, "{name}: void leases pile up");
    };
    std::thread::scope(|all| odd.map(|(name, make)| all.spawn(move || wait_out(name, make))).map(|one| one.join().unwrap()));
}

#[test]
fn a_crowd_of_tickets_is_cut_short() {
    let scene = Scene::new();
    scene.write(LEASE, live(1));
    for nonce in 0..3000_u128 {
        scene.write(&format!(".sharelock/wems.db/queue/{nonce:032x}-0.json"), crate::records::ticket());
    }
    let (said, took) = timed(|| quickly(&scene, &["status", "--json", "wems.db"]));
    let line: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(line["waiting"].as_array().unwrap().len(), 100);
    assert!(took < LONG, "{took:?}");
}

fn body(number: u64) -> Arc<Body> {
    Arc::new(Body {
        id: LeaseId { number: Number(number), nonce: Nonce(9) },
        token: Token(number),
        holder: Holder { user: "eva".into(), machine: "PC-7".into(), pid: 7, ..Holder::default() },
        host: Host::default(),
        process: ProcessId { pid: 7, start: 7 },
        guards: Vec::new(),
        mark: None,
        acquired: WallTime(0),
        basis: None,
        promise: Timing::default().promise(),
        database: "wems.db".into(),
    })
}

fn store(scene: &Scene, nonce: u128) -> FolderStore {
    let identity = Identity { holder: body(1).holder.clone(), host: Host::default(), nonce: Nonce(nonce) };
    FolderStore::open(&scene.at("wems.db"), identity).unwrap()
}

#[test]
fn old_leases_are_not_removed_into_a_history_that_leads_elsewhere() {
    let scene = Scene::new();
    let precious = precious(&scene);
    let before = contents(&precious);
    let store = store(&scene, 9);
    store.perform(&Op::Create(body(1), WallTime(0))).unwrap();
    store.perform(&Op::Create(body(2), WallTime(0))).unwrap();
    symlink(&precious, scene.at(".sharelock/wems.db/history")).unwrap();
    let clean_up = Op::CleanUp { number: Number(1), own: Number(2), keep: Duration::ZERO };
    assert_eq!(store.perform(&clean_up).unwrap_err().failure, Failure::Unusable);
    assert!(scene.at(LEASE).exists());
    assert!(before == contents(&precious));
}

/// A check before the use would lose this race now and then; the kernel's refusal on the way never does.
#[test]
fn a_folder_that_is_exchanged_for_a_link_again_and_again_leads_nowhere() {
    let scene = Scene::new();
    let precious = precious(&scene);
    let before = contents(&precious);
    let (stores, aside) = (scene.at(".sharelock"), scene.at("aside"));
    std::fs::create_dir_all(stores.join("wems.db")).unwrap();
    let done = AtomicBool::new(false);
    let (mut refused, mut rounds) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // Ours may have made the folder anew in between; then this round is left out.
                if std::fs::rename(&stores, &aside).is_ok() && symlink(&precious, &stores).is_ok() {
                    std::fs::remove_file(&stores).unwrap();
                }
                let _ = std::fs::remove_dir_all(&stores);
                let _ = std::fs::rename(&aside, &stores);
            }
        });
        // On a busy machine the other hand may be slow; a race that never was proves nothing.
        while rounds < 1500 || (refused < 100 && rounds < 50_000) {
            rounds += 1;
            let number = rounds;
            let store = store(&scene, u128::from(rounds));
            for op in [
                Op::Touch,
                Op::Create(body(number), WallTime(0)),
                Op::WriteBoard(sharelock::lease::record::Board {
                    id: body(number).id,
                    token: Token(1),
                    state: State::Live,
                    long: Duration::ZERO,
                }),
                Op::Void(body(number).id, WallTime(0)),
            ] {
                refused += u32::from(store.perform(&op).is_err());
            }
            let _ = store.queue(&Standing::Out);
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(before == contents(&precious));
    assert!(refused >= 100, "the race was hardly there: {refused} of {rounds}");
}

#[test]
fn a_pipe_as_ticket_board_or_lease_blocks_nobody() {
    let scene = Scene::new();
    let queue = scene.at(".sharelock/wems.db/queue");
    std::fs::create_dir_all(&queue).unwrap();
    for path in [scene.at(LEASE), scene.at(".sharelock/wems.db/board"), queue.join(format!("{:032x}-0.json", 5))] {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    let store = store(&scene, 1);
    let (answers, took) = timed(|| {
        let waiting = store.waiting().unwrap().len();
        (waiting, store.perform(&Op::ReadBoard).unwrap(), store.perform(&Op::ReadLease(Number(1))).unwrap())
    });
    assert!(
        matches!(answers, (0, Reply::Board(None, None), Reply::Lease(sharelock::lease::record::Found::Blank { .. }))),
        "{answers:?}"
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// The two tables of what is not shown are in modules that must not know each other.
#[test]
fn what_is_stripped_from_records_is_replaced_in_paths() {
    for c in (0..=0x10_ffff).filter_map(char::from_u32) {
        let text = c.to_string();
        let stripped = clean(&text, 10) != text;
        assert_eq!(stripped, printable(&text) != text, "U+{:04X}", u32::from(c));
    }
}

#[test]
fn a_notice_that_may_not_be_read_is_somebodys_and_not_a_refusal() {
    let scene = Scene::new().of_ordinary_user();
    scene.write("wems.db.lock", r#"{"user":"marie","machine":"PC-ACCUEIL"}"#);
    scene.mode("wems.db.lock", 0o000);
    eventually("held", || finish(scene.command(&["status", "wems.db"])).code == Some(75));
    scene.mode("wems.db.lock", 0o644);
    assert!(finish(scene.command(&["status", "wems.db"])).out.contains("marie"));
}
