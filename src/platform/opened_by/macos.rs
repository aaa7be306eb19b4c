//! Open files through libproc.

use super::Program;
use crate::platform::process::executable_name;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `PROC_ALL_PIDS` of `sys/proc_info.h`.
const ALL: u32 = 1;
/// How many programs are looked at; a file has a handful of them.
const MOST: usize = 256;

unsafe extern "C" {
    /// `libproc.h`, macOS 10.5: the processes that have a file open.
    fn proc_listpidspath(
        kind: u32,
        kind_info: u32,
        path: *const libc::c_char,
        flags: u32,
        buffer: *mut libc::c_void,
        size: libc::c_int,
    ) -> libc::c_int;
}

pub(super) fn programs(file: &Path) -> Vec<Program> {
    let Ok(path) = CString::new(file.as_os_str().as_bytes()) else { return Vec::new() };
    let mut pids = [0_i32; MOST];
    let size = libc::c_int::try_from(size_of_val(&pids)).unwrap_or(0);
    // SAFETY: the path ends with a zero, and the buffer is as long as is said; the system writes process numbers into it.
    let written = unsafe { proc_listpidspath(ALL, 0, path.as_ptr(), 0, pids.as_mut_ptr().cast(), size) };
    let count = usize::try_from(written).unwrap_or(0) / size_of::<i32>();
    let pids = pids[..count.min(MOST)].iter().filter_map(|pid| u32::try_from(*pid).ok()).filter(|pid| *pid != 0);
    pids.map(|pid| Program { name: executable_name(pid).unwrap_or_else(|| pid.to_string()), pid }).collect()
}
