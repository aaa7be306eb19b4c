//! Linux: `statfs` for the kind, `/proc/self/mountinfo` for name and options.
//!
//! Hazard: mounts can lie on top of each other, so the last of equally long mount points counts; and the table may have changed
//! between the two questions, so where they contradict each other the kernel's answer about this very folder counts.

use super::{FileSystem, Kind, kind_by_name};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub(super) fn read(path: &Path) -> FileSystem {
    let Ok(resolved) = path.canonicalize() else { return FileSystem::unknown() };
    let Some(magic) = magic(&resolved) else { return FileSystem::unknown() };
    let table = crate::platform::read_kernel_file("/proc/self/mountinfo").unwrap_or_default();
    combine(magic, mount_of(&table, &resolved))
}

/// Returns the number by which the kernel names the file system.
fn magic(path: &Path) -> Option<u32> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
    let mut facts: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero, and both places outlive the call.
    let result = unsafe { libc::statfs(path.as_ptr(), &raw mut facts) };
    // The numbers are of 32 bits; the field is wider, and signed, on most machines.
    (result == 0).then(|| u32::try_from(i128::from(facts.f_type) & 0xFFFF_FFFF).unwrap_or(0))
}

fn combine(magic: u32, mount: Option<Mount>) -> FileSystem {
    let Mount { name, options, source } = mount.unwrap_or_default();
    let named = kind_by_name(&name, &options);
    let kind = match kind_by_magic(magic) {
        // FUSE says no more than that; the table knows the program, and which of them are disks.
        Some(Kind::Fuse(_)) if name.starts_with("fuse") => named,
        // The version is only in the table.
        Some(Kind::Nfs { .. }) if matches!(named, Kind::Nfs { .. }) => named,
        Some(kind) => kind,
        None => named,
    };
    FileSystem { kind, name, options, source }
}

/// Numbers of `<linux/magic.h>` and of the file systems' own headers.
fn kind_by_magic(magic: u32) -> Option<Kind> {
    Some(match magic {
        0x6969 => Kind::Nfs { version: String::new() },
        0xFF53_4D42 | 0xFE53_4D42 | 0x517B => Kind::Smb,
        0x0102_1994 | 0x8584_58F6 => Kind::Tmpfs,
        0x6573_5546 => Kind::Fuse(String::new()),
        0x0102_1997 | 0x786F_4256 => Kind::NinePOrVirt,
        0x5346_414F | 0x6B41_4653 => Kind::OtherNetwork("afs".to_owned()),
        0x00C3_6400 => Kind::OtherNetwork("ceph".to_owned()),
        0x0BD0_0BD0 => Kind::OtherNetwork("lustre".to_owned()),
        0x4750_4653 => Kind::OtherNetwork("gpfs".to_owned()),
        0x7461_636F => Kind::OtherNetwork("ocfs2".to_owned()),
        0x0116_1970 => Kind::OtherNetwork("gfs2".to_owned()),
        0xEF53 | 0x5846_5342 | 0x9123_683E | 0xF2F5_2010 | 0x2FC1_2FC1 | 0xCA45_1A4E | 0x794C_7630 | 0x4D44 | 0x2011_BAB0
        | 0x5346_544E | 0x7366_746E => Kind::Local,
        _ => return None,
    })
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Mount {
    name: String,
    options: String,
    source: String,
}

/// Finds the mount that `path` is on: the longest mount point that it lies under, the last one of several.
fn mount_of(table: &[u8], path: &Path) -> Option<Mount> {
    let mut best: Option<(usize, Mount)> = None;
    for line in table.split(|byte| *byte == b'\n') {
        let Some((point, mount)) = parse_line(line) else { continue };
        let depth = point.components().count();
        if path.starts_with(&point) && best.as_ref().is_none_or(|(longest, _)| depth >= *longest) {
            best = Some((depth, mount));
        }
    }
    best.map(|(_, mount)| mount)
}

/// Reads one line of `proc_pid_mountinfo(5)`: numbers, root, mount point, options, optional fields, a dash, type, source, options.
fn parse_line(line: &[u8]) -> Option<(PathBuf, Mount)> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let point = PathBuf::from(OsStr::from_bytes(&unescape(fields.get(4)?)));
    let dash = fields.iter().skip(6).position(|field| *field == b"-")? + 6;
    let text = |field: Option<&&[u8]>| field.map(|field| String::from_utf8_lossy(&unescape(field)).into_owned());
    let name = text(fields.get(dash + 1))?;
    let of_mount = text(fields.get(5))?;
    let of_system = text(fields.get(dash + 3)).unwrap_or_default();
    let source = text(fields.get(dash + 2)).unwrap_or_default();
    Some((point, Mount { name, options: format!("{of_mount},{of_system}"), source }))
}

/// Decodes the octal escapes (`\040` for a space) of mount tables.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'\\')
            .then(|| after.get(..3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = escaped {
            bytes.push(byte);
            rest = after.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n\
        40 27 0:41 / /srv/our\\040share rw,relatime shared:5 master:1 - cifs //server/share rw,vers=3.1.1,nobrl\n\
        41 27 0:42 / /srv rw,relatime - nfs4 server:/srv rw,vers=4.2,local_lock=none\n\
        42 27 0:43 / /home rw - nfs server:/home rw,vers=3,nolock\n\
        43 27 0:44 / /home rw - tmpfs tmpfs rw\n\
        broken line\n";

    #[test]
    fn the_longest_mount_point_counts() {
        let of = |path: &str| mount_of(TABLE, Path::new(path)).unwrap();
        let share =
            Mount { name: "cifs".into(), options: "rw,relatime,rw,vers=3.1.1,nobrl".into(), source: "//server/share".into() };
        assert_eq!(of("/srv/our share/a/b"), share);
        assert_eq!(of("/srv/our shared").name, "nfs4");
        assert_eq!(of("/etc").name, "ext4");
        assert_eq!(of("/").name, "ext4");
    }

    #[test]
    fn of_two_mounts_at_one_point_the_last_counts() {
        assert_eq!(mount_of(TABLE, Path::new("/home/x")).unwrap().name, "tmpfs");
    }

    #[test]
    fn the_kernel_counts_where_the_table_says_otherwise() {
        let found = combine(0x6969, mount_of(TABLE, Path::new("/home/x")));
        assert_eq!(found.kind, Kind::Nfs { version: String::new() });
        let found = combine(0x6969, mount_of(TABLE, Path::new("/srv/x")));
        assert_eq!(found.kind, Kind::Nfs { version: "4.2".to_owned() });
        assert_eq!(found.option("local_lock"), Some("none"));
        assert_eq!(found.source, "server:/srv");
        assert_eq!(combine(0x1234, None).kind, Kind::Unknown);
    }

    #[test]
    fn escapes_are_decoded_and_odd_ones_kept() {
        assert_eq!(unescape(b"a\\040b\\134c"), b"a b\\c");
        assert_eq!(unescape(b"a\\9\\0"), b"a\\9\\0");
    }

    #[test]
    fn shared_memory_is_tmpfs_and_proc_is_nothing_for_files() {
        assert_eq!(read(Path::new("/dev/shm")).kind, Kind::Tmpfs);
        assert_eq!(read(Path::new("/proc")).kind, Kind::Unknown);
    }
}
