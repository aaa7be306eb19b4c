//! Who may do what with a file or folder, as far as this machine can tell.
//!
//! Told for diagnosis alone; what somebody may really do is found out by trying. The hazard is to take these for the truth on
//! a share: SMB mounts show one invented owner and mode for everything, and the server has its own access lists. Windows has no such
//! numbers, and says `None`.

use std::path::Path;

/// Owner, group and mode bits, in the way of Unix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// The permission bits, with set-group and sticky bits.
    pub mode: u32,
    /// The owning user's number.
    pub owner: u32,
    /// The owning group's number.
    pub group: u32,
    /// The group's name; its number where it has none.
    pub group_name: String,
    /// This process runs as the owner, or as root.
    pub mine: bool,
}

/// Returns the permissions of an entry, links followed; `None` where the system has none of this sort or cannot tell.
#[cfg(unix)]
#[must_use]
pub fn permissions(path: &Path) -> Option<Permissions> {
    use std::os::unix::fs::MetadataExt;
    let facts = path.metadata().ok()?;
    // SAFETY: takes no argument and cannot fail.
    let me = unsafe { libc::geteuid() };
    Some(Permissions {
        mode: facts.mode() & 0o7777,
        owner: facts.uid(),
        group: facts.gid(),
        group_name: group_name(facts.gid()),
        mine: me == facts.uid() || me == 0,
    })
}

/// Returns the permissions of an entry: none of this sort on Windows.
#[cfg(windows)]
#[must_use]
pub fn permissions(_path: &Path) -> Option<Permissions> {
    None
}

/// Reads `/etc/group` itself: a name that only a directory service knows is shown as its number, which `chgrp` takes as well.
#[cfg(unix)]
fn group_name(group: u32) -> String {
    let list = std::fs::read_to_string("/etc/group").unwrap_or_default();
    name_in(&list, group).unwrap_or_else(|| group.to_string())
}

#[cfg(unix)]
fn name_in(list: &str, group: u32) -> Option<String> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == group).then(|| name.to_owned())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn mode_and_owner_are_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o1750)).unwrap();
        let found = permissions(folder.path()).unwrap();
        assert_eq!((found.mode, found.mine), (0o1750, true));
        assert_eq!(permissions(&folder.path().join("gone")), None);
    }

    #[test]
    fn names_of_groups_come_from_the_list() {
        let list = "root:x:0:\nstaff:x:50:anna,paul\nbroken\n";
        assert_eq!(name_in(list, 50), Some("staff".to_owned()));
        assert_eq!(name_in(list, 51), None);
    }
}
