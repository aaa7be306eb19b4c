//! macOS: `statfs`, which names the file system; mount options beyond "local" are not told.

use super::{FileSystem, Kind, kind_by_name};
use std::ffi::{CStr, CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(super) fn read(path: &Path) -> FileSystem {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return FileSystem::unknown() };
    // SAFETY: the structure is plain numbers and texts, for which all zeroes is a valid value.
    let mut facts: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero, and both places outlive the call.
    if unsafe { libc::statfs(path.as_ptr(), &raw mut facts) } != 0 {
        return FileSystem::unknown();
    }
    let name = text(&facts.f_fstypename);
    let local = facts.f_flags & libc::MNT_LOCAL.cast_unsigned() != 0;
    let kind = match kind_by_name(&name, "") {
        Kind::Unknown if !local && !name.is_empty() => Kind::OtherNetwork(name.clone()),
        kind => kind,
    };
    let options = if local { "local".to_owned() } else { String::new() };
    FileSystem { kind, name, options, source: text(&facts.f_mntfromname) }
}

fn text(field: &[c_char]) -> String {
    let bytes: Vec<u8> = field.iter().map(|unit| unit.cast_unsigned()).chain([0]).collect();
    CStr::from_bytes_until_nul(&bytes).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}
