//! Linux: machine-id(5), the kernel's random boot identifier, and the namespaces of this process.

use super::{HostFacts, hashed};
use std::os::unix::fs::MetadataExt;

/// The inode of the first time namespace, `PROC_TIME_INIT_INO` of `<linux/proc_ns.h>`.
const FIRST_TIME_NAMESPACE: u64 = 0xEFFF_FFFA;

pub(super) fn read() -> HostFacts {
    let machine = ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        // systemd writes this word into images that get their identifier at the first boot.
        .find(|text| !text.trim().is_empty() && text.trim() != "uninitialized")
        .unwrap_or_else(crate::platform::user::machine_name);
    let pids = namespace("pid").map(|inode| inode.to_string()).unwrap_or_default();
    let boot = crate::platform::read_kernel_file("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let boot = String::from_utf8_lossy(&boot);
    // SAFETY: takes no argument and cannot fail.
    let owner = unsafe { libc::geteuid() };
    HostFacts { machine: hashed(&machine), boot: boot_in_view(boot.trim(), &pids), pids, owner: owner.to_string() }
}

/// os-release(5), and the kernel's own version.
pub(super) fn system_name() -> String {
    let release = ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(|path| std::fs::read_to_string(path).ok());
    let name = release.unwrap_or_default().lines().find_map(|line| line.strip_prefix("PRETTY_NAME=").map(str::to_owned));
    let name = name.map_or_else(|| "Linux".to_owned(), |name| name.trim_matches(['"', '\'']).to_owned());
    let kernel = crate::platform::read_kernel_file("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{name} (Linux {})", String::from_utf8_lossy(&kernel).trim())
}

/// Returns the boot identifier, made to differ where start times or process numbers would be read differently.
///
/// In a time namespace of its own, `/proc` shows shifted start times and `CLOCK_BOOTTIME` is shifted as well: readings must
/// not be compared with those of processes outside. And where the pid namespace cannot be told, two containers would look like
/// one, so that nobody may count as living in the same place.
fn boot_in_view(boot: &str, pids: &str) -> String {
    if pids.is_empty() || boot.is_empty() {
        return String::new();
    }
    match namespace("time") {
        Some(inode) if inode != FIRST_TIME_NAMESPACE => format!("{boot}+{inode}"),
        Some(_) | None => boot.to_owned(),
    }
}

fn namespace(kind: &str) -> Option<u64> {
    std::fs::metadata(format!("/proc/self/ns/{kind}")).ok().map(|facts| facts.ino())
}
