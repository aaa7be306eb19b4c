//! Which machine, which boot, which set of process numbers, which user: all that must be equal before a pid means anything.
//!
//! Guards against "the process is gone, so take the lease" said about a process of another machine, of another container, or
//! of a cloned one. What cannot be found out stays empty, and an empty `machine` or `boot` equals nobody's.

use std::sync::OnceLock;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// Where processes of this process's view live. Compared for equality only, and shown to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostFacts {
    /// A hash of the machine's own identifier, 16 hexadecimal digits; empty when unknown. The identifier itself is not given away.
    pub machine: String,
    /// What changes with every boot and is the same for all processes of one; empty when unknown.
    pub boot: String,
    /// The process-number namespace (Linux containers); empty where the system has none.
    pub pids: String,
    /// The user that owns this process, as the system knows him: user number or security identifier.
    pub owner: String,
}

/// Returns the facts of this process, read once.
#[must_use]
pub fn host() -> &'static HostFacts {
    static FACTS: OnceLock<HostFacts> = OnceLock::new();
    FACTS.get_or_init(system::read)
}

/// Returns the name and the version of the operating system, for people; as much of it as can be found out.
#[must_use]
pub fn system_name() -> String {
    format!("{}, {}", system::system_name(), std::env::consts::ARCH)
}

/// Returns which desktop this is and how it draws; empty where the system does not say, or has only one.
#[must_use]
pub fn desktop_name() -> String {
    let said = ["XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE"].iter().filter_map(|name| std::env::var(name).ok());
    said.filter(|value| !value.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Returns the hash of a machine identifier, or an empty text for an empty one.
///
/// FNV-1a with 64 bits, after a prefix of our own so that the result equals no other program's hash of the same identifier.
fn hashed(identifier: &str) -> String {
    let identifier = identifier.trim().to_ascii_lowercase();
    if identifier.is_empty() {
        return String::new();
    }
    let bytes = b"sharelock machine 1\0".iter().chain(identifier.as_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_ignores_case_and_line_ends_and_is_frozen() {
        assert_eq!(hashed("0123456789ABCDEF\n"), hashed("0123456789abcdef"));
        assert_eq!(hashed("  \n"), "");
        assert_ne!(hashed("a"), hashed("b"));
        // Records of older versions carry this value: it may never change.
        assert_eq!(hashed("0123456789abcdef0123456789abcdef"), "af8767e76df913fb");
    }

    #[test]
    fn another_process_of_this_machine_says_the_same() {
        assert_eq!(crate::platform::test_process::ask("host"), format!("{:?}", host()));
    }

    #[test]
    fn machine_and_boot_are_known_on_the_systems_we_test_on() {
        assert_eq!(host().machine.len(), 16);
        assert!(!host().boot.is_empty());
        assert!(!host().owner.is_empty());
        assert_eq!(host().pids.is_empty(), !cfg!(target_os = "linux"));
    }

    #[test]
    fn the_system_has_a_name_and_a_version() {
        let name = system_name();
        assert!(name.contains(|c: char| c.is_ascii_digit()) && name.ends_with(std::env::consts::ARCH), "{name}");
        assert!(!name.contains(['\n', '"']), "{name}");
    }
}
