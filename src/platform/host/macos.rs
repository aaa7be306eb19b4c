//! macOS: the hardware identifier, the boot session's identifier, and the effective user.

use super::{HostFacts, hashed};
use std::ffi::CStr;

pub(super) fn read() -> HostFacts {
    // SAFETY: takes no argument and cannot fail.
    let owner = unsafe { libc::geteuid() };
    let machine = hardware_uuid().unwrap_or_else(crate::platform::user::machine_name);
    HostFacts { machine: hashed(&machine), boot: boot_session(), pids: String::new(), owner: owner.to_string() }
}

fn hardware_uuid() -> Option<String> {
    let mut uuid = [0_u8; 16];
    let patience = libc::timespec { tv_sec: 2, tv_nsec: 0 };
    // SAFETY: the buffer has the 16 bytes that the call fills; both places outlive it.
    let result = unsafe { libc::gethostuuid(uuid.as_mut_ptr(), &raw const patience) };
    (result == 0 && uuid != [0; 16]).then(|| format!("{:032x}", u128::from_be_bytes(uuid)))
}

pub(super) fn system_name() -> String {
    format!("macOS {}", kernel_text(c"kern.osproductversion"))
}

fn boot_session() -> String {
    kernel_text(c"kern.bootsessionuuid")
}

fn kernel_text(name: &CStr) -> String {
    let mut text = vec![0_u8; 64];
    let mut length = text.len();
    // SAFETY: the name ends with a zero, the buffer is as long as `length` says, and nothing is set.
    let result = unsafe { libc::sysctlbyname(name.as_ptr(), text.as_mut_ptr().cast(), &raw mut length, std::ptr::null_mut(), 0) };
    if result != 0 {
        return String::new();
    }
    text.truncate(length);
    String::from_utf8_lossy(&text).trim_matches(char::from(0)).to_owned()
}
