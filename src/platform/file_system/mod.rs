//! What kind of file system a folder is on: it decides what may be believed of locks, caches and clocks there.
//!
//! Asking may hang on a share whose server is away. What is not recognised is [`Kind::Unknown`], never "local".

use std::path::Path;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

#[cfg(windows)]
pub(crate) use system::volume_label;

/// The kinds that are treated differently.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// On a disk of this machine.
    Local,
    /// In this machine's memory.
    Tmpfs,
    /// NFS.
    Nfs {
        /// As the mount says it, e.g. `3` or `4.2`; empty when it does not.
        version: String,
    },
    /// SMB, also known as CIFS.
    Smb,
    /// A file system in user space, by the name of its program (`sshfs`); empty when unnamed.
    Fuse(String),
    /// A folder of the host of this virtual machine: 9p, virtiofs, and the like.
    NinePOrVirt,
    /// Another network or cluster file system, by name.
    OtherNetwork(String),
    /// Not recognised.
    Unknown,
}

/// What is known of the file system under a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileSystem {
    /// The kind.
    pub kind: Kind,
    /// The system's own name for it, e.g. `ext4`, `nfs4`, `cifs`; empty when unknown.
    pub name: String,
    /// The options it is mounted with, separated by commas, e.g. `nolock`, `nobrl`, `vers=4.2`; empty where the system tells none.
    pub options: String,
    /// What is mounted, e.g. `server:/srv/db`, `//server/db`, `/dev/sda1`; empty where the system tells nothing.
    pub source: String,
}

impl FileSystem {
    /// The answer when nothing could be found out.
    fn unknown() -> Self {
        Self { kind: Kind::Unknown, name: String::new(), options: String::new(), source: String::new() }
    }

    /// Returns the value of a mount option: an empty text for one without value, `None` when it is not there.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        option(&self.options, name)
    }

    /// Returns whether whoever waits for a range lock is woken when it is let go. Clients of NFS 4.0 ask again instead, after 2 s and
    /// more, up to 16 s (measured on Linux 6.1).
    #[must_use]
    pub fn wakes_lock_waiters(&self) -> bool {
        match &self.kind {
            Kind::Nfs { version } => version != "4.0" && version != "4",
            Kind::Local | Kind::Tmpfs | Kind::Smb => true,
            Kind::Fuse(_) | Kind::NinePOrVirt | Kind::OtherNetwork(_) | Kind::Unknown => false,
        }
    }

    /// Returns the mount option that keeps range locks on this machine, where there is one: others do not see them then.
    #[must_use]
    pub fn keeps_locks_local(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Nfs { .. } if self.option("nolock").is_some() => Some("nolock"),
            Kind::Nfs { .. } => match self.option("local_lock") {
                Some("all") => Some("local_lock=all"),
                Some("posix") => Some("local_lock=posix"),
                Some(_) | None => None,
            },
            Kind::Smb => self.option("nobrl").map(|_| "nobrl"),
            Kind::Local | Kind::Tmpfs | Kind::Fuse(_) | Kind::NinePOrVirt | Kind::OtherNetwork(_) | Kind::Unknown => None,
        }
    }
}

/// Returns what kind of file system the folder (or file) is on.
#[must_use]
pub fn file_system(path: &Path) -> FileSystem {
    system::read(path)
}

fn option<'a>(options: &'a str, name: &str) -> Option<&'a str> {
    options.split(',').find_map(|option| {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        (key == name).then_some(value)
    })
}

/// Returns the kind by the name that Unix systems give in mount tables.
#[cfg_attr(all(windows, not(test)), expect(dead_code, reason = "Windows names no file systems of this sort"))]
fn kind_by_name(name: &str, options: &str) -> Kind {
    match name {
        // fuseblk: a local disk behind a user-space driver (NTFS, exFAT).
        "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "zfs" | "f2fs" | "bcachefs" | "jfs" | "reiserfs" | "nilfs2" | "vfat"
        | "msdos" | "exfat" | "ntfs" | "ntfs3" | "fuseblk" | "overlay" | "apfs" | "hfs" | "hfsplus" | "udf" | "iso9660"
        | "squashfs" | "erofs" | "ufs" => Kind::Local,
        "tmpfs" | "ramfs" => Kind::Tmpfs,
        "nfs" | "nfs4" => {
            let stated = option(options, "vers").or_else(|| option(options, "nfsvers"));
            let version = stated.unwrap_or(if name == "nfs4" { "4" } else { "" }).to_owned();
            Kind::Nfs { version }
        }
        "cifs" | "smb3" | "smb2" | "smbfs" => Kind::Smb,
        "9p" | "virtiofs" | "vboxsf" | "vmhgfs" | "prl_fs" | "fuse.vmhgfs-fuse" | "drvfs" => Kind::NinePOrVirt,
        "afs" | "openafs" | "ceph" | "lustre" | "gpfs" | "gfs2" | "ocfs2" | "beegfs" | "orangefs" | "coda" | "ncpfs"
        | "afpfs" | "webdav" | "davfs" | "fuse.ceph" | "fuse.ceph-fuse" | "fuse.glusterfs" | "fuse.davfs" | "fuse.davfs2" => {
            Kind::OtherNetwork(name.strip_prefix("fuse.").unwrap_or(name).to_owned())
        }
        "fuse" | "macfuse" | "osxfuse" => Kind::Fuse(String::new()),
        _ => match name.strip_prefix("fuse.") {
            Some(program) => Kind::Fuse(program.to_owned()),
            None => Kind::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test_process::Folder;

    #[test]
    fn names_of_mount_tables_have_a_kind() {
        assert_eq!(kind_by_name("nfs4", "rw,vers=4.2,local_lock=none"), Kind::Nfs { version: "4.2".to_owned() });
        assert_eq!(kind_by_name("nfs", "rw,vers=3,nolock"), Kind::Nfs { version: "3".to_owned() });
        assert_eq!(kind_by_name("cifs", ""), Kind::Smb);
        assert_eq!(kind_by_name("fuse.sshfs", ""), Kind::Fuse("sshfs".to_owned()));
        assert_eq!(kind_by_name("fuseblk", ""), Kind::Local);
        assert_eq!(kind_by_name("fuse.glusterfs", ""), Kind::OtherNetwork("glusterfs".to_owned()));
        assert_eq!(kind_by_name("somethingfs", ""), Kind::Unknown);
        assert_eq!(kind_by_name("", ""), Kind::Unknown);
    }

    #[test]
    fn options_are_found_by_their_whole_name() {
        let system = FileSystem { options: "rw,nobrl,vers=3.1.1,local_lock=all".to_owned(), ..FileSystem::unknown() };
        assert_eq!(system.option("vers"), Some("3.1.1"));
        assert_eq!(system.option("nobrl"), Some(""));
        assert_eq!(system.option("lock"), None);
    }

    #[test]
    fn the_temporary_folder_is_on_something_known() {
        let folder = Folder::new("kind");
        let found = file_system(folder.path());
        assert_ne!(found.kind, Kind::Unknown, "{found:?}");
        assert!(!found.name.is_empty());
    }

    #[test]
    fn a_folder_that_is_not_there_is_unknown() {
        let folder = Folder::new("kind-missing");
        assert_eq!(file_system(&folder.file("no/where")).kind, Kind::Unknown);
    }
}
