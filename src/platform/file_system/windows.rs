//! Windows: the type of the drive that the path is on, and the volume's file system. Wine calls every folder of its host local.

use super::{FileSystem, Kind};
use crate::platform::wide::{from_wide, to_wide};
use std::path::Path;
use std::ptr::null_mut;
use windows_sys::Win32::Storage::FileSystem::{GetDriveTypeW, GetVolumeInformationW, GetVolumePathNameW};
use windows_sys::Win32::System::WindowsProgramming::{DRIVE_CDROM, DRIVE_FIXED, DRIVE_RAMDISK, DRIVE_REMOTE, DRIVE_REMOVABLE};

const ROOM: usize = 1024;

pub(super) fn read(path: &Path) -> FileSystem {
    // Resolves links, so that a link to a share is judged as a share.
    let Ok(path) = path.canonicalize() else { return FileSystem::unknown() };
    let Some(root) = volume_root(&path) else { return FileSystem::unknown() };
    let name = volume_text(&root, Text::FileSystem).unwrap_or_default();
    // SAFETY: the path ends with a zero and outlives the call.
    let drive = unsafe { GetDriveTypeW(root.as_ptr()) };
    let kind = match drive {
        DRIVE_REMOTE => remote_kind(&from_wide(&root), &name),
        DRIVE_FIXED | DRIVE_REMOVABLE | DRIVE_CDROM => Kind::Local,
        DRIVE_RAMDISK => Kind::Tmpfs,
        _ => Kind::Unknown,
    };
    FileSystem { kind, name, options: String::new(), source: shown_root(&from_wide(&root)) }
}

/// Returns the label of the volume that a path is on.
pub(crate) fn volume_label(path: &Path) -> Option<String> {
    volume_text(&volume_root(path)?, Text::Label)
}

/// Writes the root of a share as people do: `\\\\server\\share`. A resolved path names the server also where a letter was typed.
fn shown_root(root: &str) -> String {
    let root = root.trim_end_matches('\\');
    match root.strip_prefix("\\\\?\\UNC\\") {
        Some(share) => format!("\\\\{share}"),
        None => root.strip_prefix("\\\\?\\").unwrap_or(root).to_owned(),
    }
}

fn remote_kind(root: &str, name: &str) -> Kind {
    let server = root.trim_start_matches("\\\\?\\UNC").trim_start_matches('\\').to_ascii_lowercase();
    if server.starts_with("wsl$\\") || server.starts_with("wsl.localhost\\") || server.starts_with("vboxsvr\\") {
        return Kind::NinePOrVirt;
    }
    match name {
        "NFS" => Kind::Nfs { version: String::new() },
        // WebDAV and others call themselves by the name of what they copy; SMB is what offices have.
        _ => Kind::Smb,
    }
}

fn volume_root(path: &Path) -> Option<Vec<u16>> {
    let path = to_wide(path);
    let mut root = vec![0_u16; ROOM];
    let length = u32::try_from(root.len()).ok()?;
    // SAFETY: the path ends with a zero, the buffer is as long as `length` says, and both outlive the call.
    let done = unsafe { GetVolumePathNameW(path.as_ptr(), root.as_mut_ptr(), length) };
    (done != 0).then_some(root)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Label,
    FileSystem,
}

fn volume_text(root: &[u16], wanted: Text) -> Option<String> {
    let (mut label, mut name) = ([0_u16; ROOM], [0_u16; ROOM]);
    let length = u32::try_from(ROOM).ok()?;
    // SAFETY: the root ends with a zero, both buffers are as long as `length` says, and what is not wanted may be null.
    let done = unsafe {
        GetVolumeInformationW(
            root.as_ptr(),
            label.as_mut_ptr(),
            length,
            null_mut(),
            null_mut(),
            null_mut(),
            name.as_mut_ptr(),
            length,
        )
    };
    (done != 0).then(|| match wanted {
        Text::Label => from_wide(&label),
        Text::FileSystem => from_wide(&name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_written_as_people_do() {
        assert_eq!(shown_root("\\\\?\\UNC\\server\\share\\"), "\\\\server\\share");
        assert_eq!(shown_root("\\\\?\\C:\\"), "C:");
        assert_eq!(shown_root("Z:\\"), "Z:");
    }

    #[test]
    fn remote_drives_are_smb_unless_they_say_otherwise() {
        assert_eq!(remote_kind("\\\\server\\share\\", "NTFS"), Kind::Smb);
        assert_eq!(remote_kind("\\\\?\\UNC\\wsl.localhost\\Debian\\", "9P"), Kind::NinePOrVirt);
        assert_eq!(remote_kind("Z:\\", "NFS"), Kind::Nfs { version: String::new() });
    }
}
