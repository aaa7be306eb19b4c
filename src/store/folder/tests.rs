//! Facts of the folder store that need to look behind it; what all stores promise is in `tests/conformance.rs`.

use super::*;
use crate::clock::WallTime;
use crate::lease::record::{Body, Holder, Host, LeaseId, Nonce, ProcessId, Token};
use crate::lease::timing::Timing;
use crate::lease::wire::Failure;
use crate::store::StoreError;
use std::sync::Arc;

/// Makes a record to write.
pub(super) fn body(number: u64, nonce: u128) -> Body {
    Body {
        id: LeaseId { number: Number(number), nonce: Nonce(nonce) },
        token: Token(number),
        holder: Holder { user: "eva".into(), machine: "PC-7".into(), pid: 7, ..Holder::default() },
        host: Host::default(),
        process: ProcessId { pid: 7, start: 7 },
        guards: Vec::new(),
        mark: None,
        acquired: WallTime(1_795_424_000_000),
        basis: None,
        promise: Timing::default().promise(),
        database: "wems.db".into(),
    }
}

fn identity(nonce: u128) -> Identity {
    Identity { holder: body(1, 1).holder, host: Host::default(), nonce: Nonce(nonce) }
}

pub(super) fn open(folder: &Path) -> FolderStore {
    FolderStore::open(&folder.join("wems.db"), identity(9)).unwrap()
}

fn create(number: u64) -> Op {
    Op::Create(Arc::new(body(number, 1)), WallTime(0))
}

#[test]
fn a_share_that_was_disconnected_is_not_free() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path());
    assert_eq!(store.perform(&Op::List).unwrap(), Reply::Numbers(Vec::new()));
    // What is seen when a network drive is unmounted under us: the folder is there, empty, on another volume.
    let mut store = store;
    store.capabilities.kind = "cifs".into();
    lock(&store.folder).identity.volume = u64::MAX;
    for op in [Op::List, Op::ReadBoard, Op::ReadNotice, Op::ReadLease(Number(1)), create(1), Op::Touch] {
        let StoreError { failure, .. } = store.perform(&op).unwrap_err();
        assert_eq!(failure, Failure::Unreachable, "{op:?}");
    }
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn a_share_mounted_again_under_another_number_is_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path());
    lock(&store.folder).identity.volume = u64::MAX;
    assert_eq!(store.perform(&Op::List).unwrap(), Reply::Numbers(Vec::new()));
    assert_ne!(lock(&store.folder).identity.volume, u64::MAX);
}

#[test]
fn something_in_the_place_of_the_store_is_unusable_and_stays() {
    let temp = tempfile::tempdir().unwrap();
    let stores = temp.path().join(".sharelock");
    std::fs::write(&stores, b"what is this").unwrap();
    let store = open(temp.path());
    for op in [Op::List, Op::ReadBoard, Op::ReadLease(Number(1)), create(1), Op::Touch] {
        let error = store.perform(&op).unwrap_err();
        assert_eq!(error.failure, Failure::Unusable, "{op:?}: {error}");
    }
    assert_eq!(std::fs::read(&stores).unwrap(), b"what is this");
}

/// What was left of a notice after a file server had lost power: its length.
#[test]
fn a_notice_whose_bytes_were_lost_is_its_holders_to_write_and_to_remove() {
    use crate::lease::codec::{NOTICE_BYTES, encode_notice};
    use crate::lease::record::NoticeSeen;
    use crate::lease::wire::Over;
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path());
    let mine = Arc::new(body(1, 1));
    let notice = store.location().notice.clone();
    let write = || store.perform(&Op::WriteNotice(Arc::clone(&mine), WallTime(0), Over::Mine)).unwrap();
    store.perform(&Op::CreateNotice(Arc::clone(&mine), WallTime(0))).unwrap();
    let whole = encode_notice(&mine, WallTime(0));
    std::fs::write(&notice, [0; NOTICE_BYTES]).unwrap();
    assert!(
        matches!(store.perform(&Op::ReadNotice).unwrap(), Reply::Notice(NoticeSeen::Foreign { .. })),
        "to others it is somebody's"
    );
    assert_eq!(write(), Reply::Done);
    assert_eq!(std::fs::read(&notice).unwrap(), whole);
    // Anything else may be another program's.
    for other in [&[0; NOTICE_BYTES - 1][..], &[0; NOTICE_BYTES + 1], &[b' '; NOTICE_BYTES], b""] {
        std::fs::write(&notice, other).unwrap();
        assert!(matches!(write(), Reply::Notice(NoticeSeen::Foreign { .. })), "{}", other.len());
        store.perform(&Op::RemoveNotice(mine.id)).unwrap();
        assert_eq!(std::fs::read(&notice).unwrap(), other);
    }
    std::fs::write(&notice, [0; NOTICE_BYTES]).unwrap();
    store.perform(&Op::RemoveNotice(mine.id)).unwrap();
    assert!(!notice.exists());
}

#[cfg(unix)]
#[test]
fn links_in_the_place_of_the_store_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), temp.path().join(".sharelock")).unwrap();
    for op in [create(1), Op::List, Op::ReadBoard, Op::ReadLease(Number(1))] {
        let error = open(temp.path()).perform(&op).map(|reply| panic!("{op:?}: {reply:?}")).unwrap_err();
        assert_eq!(error.failure, Failure::Unusable, "{error}");
    }
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    drop(elsewhere);
    for op in [Op::List, Op::ReadBoard, Op::ReadLease(Number(1))] {
        let error = open(temp.path()).perform(&op).map(|reply| panic!("{op:?}: {reply:?}")).unwrap_err();
        assert_eq!(error.failure, Failure::Unusable, "dangling: {error}");
    }
}

#[cfg(unix)]
#[test]
fn new_files_have_the_access_of_the_folder() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let temp = tempfile::tempdir().unwrap();
    std::fs::set_permissions(temp.path(), std::fs::Permissions::from_mode(0o2770)).unwrap();
    let store = open(temp.path());
    store.perform(&create(1)).unwrap();
    store.perform(&Op::Touch).unwrap();
    store.perform(&Op::CreateNotice(Arc::new(body(1, 1)), WallTime(0))).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    let place = store.location();
    for folder in [place.folder.join(".sharelock"), place.store.clone(), place.store.join("queue")] {
        assert_eq!(mode(&folder), 0o770, "{}", folder.display());
    }
    for file in [store.lease_path(Number(1)), place.store.join("board"), place.notice.clone()] {
        assert_eq!(mode(&file), 0o660, "{}", file.display());
    }
}

#[cfg(unix)]
#[test]
fn odd_things_in_the_place_of_files_neither_hang_nor_mislead() {
    use crate::lease::record::{Found, NoticeSeen};
    let temp = tempfile::tempdir().unwrap();
    let store = open(temp.path());
    store.perform(&create(1)).unwrap();
    let place = store.location().clone();
    std::fs::remove_file(place.store.join("board")).unwrap();
    let odd: [fn(&Path); 4] = [
        |path| std::fs::create_dir(path).unwrap(),
        |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        |path| std::fs::write(path, vec![b' '; 100_000]).unwrap(),
    ];
    for make in odd {
        let lease = store.lease_path(Number(2));
        for path in [&place.notice, &lease, &place.store.join("board")] {
            make(path);
        }
        let seen = store.perform(&Op::ReadNotice).unwrap();
        assert!(matches!(seen, Reply::Notice(NoticeSeen::Foreign { said: None, locked: false, .. })), "{seen:?}");
        assert!(matches!(store.perform(&Op::ReadLease(Number(2))).unwrap(), Reply::Lease(Found::Blank { .. })));
        assert_eq!(store.perform(&Op::ReadBoard).unwrap(), Reply::Board(None, None));
        assert_eq!(store.perform(&create(2)).unwrap(), Reply::Exists);
        assert_eq!(store.perform(&Op::ReadNotice).unwrap(), seen, "unchanged");
        for path in [&place.notice, &lease, &place.store.join("board")] {
            std::fs::remove_dir(path).or_else(|_| std::fs::remove_file(path)).unwrap();
        }
    }
}

#[test]
fn a_file_system_says_what_it_can() {
    let system =
        |kind, name: &str, options: &str| FileSystem { kind, name: name.into(), options: options.into(), source: String::new() };
    let nfs = || Kind::Nfs { version: "4.2".into() };
    for (kind, name, options, locks, local) in [
        (Kind::Local, "ext4", "", true, true),
        (Kind::Tmpfs, "tmpfs", "", true, true),
        (nfs(), "nfs4", "rw,vers=4.2,local_lock=none", true, false),
        (nfs(), "nfs", "rw,nolock", false, false),
        (nfs(), "nfs", "rw,local_lock=all", false, false),
        (nfs(), "nfs", "rw,local_lock=posix", false, false),
        (nfs(), "nfs", "rw,local_lock=flock", true, false),
        (Kind::Smb, "cifs", "rw,vers=3.1.1", true, false),
        (Kind::Smb, "cifs", "rw,nobrl", false, false),
        (Kind::Fuse("sshfs".into()), "fuse.sshfs", "", false, false),
        (Kind::Unknown, "", "", false, false),
    ] {
        let can = capabilities(&system(kind, name, options), None);
        assert_eq!((can.range_locks, can.native_events), (locks, local), "{name} {options}");
        assert_eq!((can.may_hang, can.caches_reads), (!local, !local), "{name} {options}");
    }
    let can = capabilities(&system(Kind::Local, "ntfs", ""), Some("OneDrive".into()));
    assert_eq!((can.range_locks, can.synchronised_by.as_deref()), (false, Some("OneDrive")));
}

#[cfg(not(target_os = "macos"))]
#[test]
fn on_nfs_the_range_lock_is_there_before_the_record_can_be_read() {
    use crate::platform::range_lock::{Probe, probe};
    let temp = tempfile::tempdir().unwrap();
    let probed = |store: &FolderStore| {
        let path = store.lease_path(Number(1));
        probe(&files::open_existing_read(&path).unwrap()).unwrap()
    };
    let mut store = open(temp.path());
    store.capabilities.kind = "nfs4".into();
    assert_eq!(store.perform(&create(1)).unwrap(), Reply::Done);
    assert_eq!(probed(&store), Probe::Held);
    assert_eq!(store.perform(&Op::Lock(Number(1))).unwrap(), Reply::Done);
    assert_eq!(probed(&store), Probe::Held);
    store.perform(&Op::Close(Number(1))).unwrap();
    assert_eq!(probed(&store), Probe::Free);
}

#[cfg(unix)]
#[test]
fn what_a_colleague_is_making_is_waited_for_but_a_refusal_for_good_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    set(temp.path(), 0o770);
    let store = open(temp.path());
    let place = &store.location().store;
    std::fs::create_dir_all(place).unwrap();
    let (ours, new) = (temp.path().join(".sharelock"), place.join("board"));
    let mut asked = 0;
    let mut refuse = |times: u32| {
        asked = 0;
        let refused = |result: &io::Result<()>| result.is_err();
        let attempt = || {
            asked += 1;
            if asked > times { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
        };
        (store.once_opened(&new, attempt, refused).is_ok(), asked)
    };
    set(&ours, 0o755);
    set(place, 0o770);
    assert_eq!(refuse(2), (true, 3), "a folder on the way is not open yet");
    store.pauses.store(1, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(refuse(9), (false, 2), "not for ever");
    store.pauses.store(9, std::sync::atomic::Ordering::Relaxed);
    set(&ours, 0o770);
    assert_eq!(refuse(9), (false, 1), "all is open: the refusal is meant");
}
