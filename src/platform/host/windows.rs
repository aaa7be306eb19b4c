//! Windows: `MachineGuid`, a mark of this boot in the registry, and the security identifier of the user.
//!
//! Hazard: Windows publishes no random boot identifier. Its counter of boots (`BootId`) is a small number, and machines cloned
//! from one image share `MachineGuid` and may share the counter too; the boot's wall-clock time moves when the clock is set.
//! So the first process of a logon creates a **volatile** registry key, which the system keeps in memory alone; the time of its
//! creation (units of 100 ns) marks the boot, together with the counter. The key is never written again, so all processes read the
//! same time without a race. It ends with the user's registry hive, at the latest with the boot: another user, or the same one after
//! a complete logoff, counts as "another place", which costs a wait and never safety.

use super::{HostFacts, hashed};
use crate::platform::wide::{Owned, copy_wide, from_wide, to_wide};
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{ERROR_SUCCESS, FILETIME, LocalFree};
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, REG_OPTION_VOLATILE, REG_ROUTINE_FLAGS, RRF_RT_REG_DWORD,
    RRF_RT_REG_SZ, RRF_SUBKEY_WOW6464KEY, RegCloseKey, RegCreateKeyExW, RegGetValueW, RegQueryInfoKeyW,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Volatile, and a direct child of an existing key: a path of several new keys would make all of them volatile.
const BOOT_KEY: &str = "Software\\SharelockBoot";

pub(super) fn read() -> HostFacts {
    let machine = registry_text("SOFTWARE\\Microsoft\\Cryptography", "MachineGuid")
        .filter(|text| !text.is_empty())
        .unwrap_or_else(crate::platform::user::machine_name);
    let boot = boot_mark().map(|created| format!("{:x}-{created:x}", boot_counter().unwrap_or(0))).unwrap_or_default();
    let owner = security_identifier().unwrap_or_else(crate::platform::user::login);
    HostFacts { machine: hashed(&machine), boot, pids: String::new(), owner }
}

/// The registry's name is that of Windows 10 on Windows 11 as well; the build tells them apart.
pub(super) fn system_name() -> String {
    let value = |name: &str| registry_text("SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", name).unwrap_or_default();
    let name = Some(value("ProductName")).filter(|name| !name.is_empty()).unwrap_or_else(|| "Windows".to_owned());
    format!("{name} {} (build {})", value("DisplayVersion"), value("CurrentBuild"))
}

fn registry_value(key: &str, value: &str, kind: REG_ROUTINE_FLAGS, into: *mut c_void, size: &mut u32) -> bool {
    let (key, value) = (to_wide(key), to_wide(value));
    // SAFETY: the names end with zeroes, `into` has room for `size` bytes (both callers below), and all outlive the call.
    let result = unsafe {
        RegGetValueW(
            HKEY_LOCAL_MACHINE,
            key.as_ptr(),
            value.as_ptr(),
            kind | RRF_SUBKEY_WOW6464KEY,
            null_mut(),
            into,
            std::ptr::from_mut(size),
        )
    };
    result == ERROR_SUCCESS
}

fn registry_text(key: &str, value: &str) -> Option<String> {
    let mut text = [0_u16; 256];
    let mut size = u32::try_from(size_of_val(&text)).ok()?;
    registry_value(key, value, RRF_RT_REG_SZ, text.as_mut_ptr().cast(), &mut size).then(|| from_wide(&text))
}

fn boot_counter() -> Option<u32> {
    let mut counter = 0_u32;
    let mut size = u32::try_from(size_of_val(&counter)).ok()?;
    let key = "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters";
    registry_value(key, "BootId", RRF_RT_REG_DWORD, (&raw mut counter).cast(), &mut size).then_some(counter)
}

fn boot_mark() -> Option<u64> {
    let name = to_wide(BOOT_KEY);
    let mut key: HKEY = null_mut();
    // SAFETY: the name ends with a zero, and `key` receives a handle that is closed below.
    let opened = unsafe {
        RegCreateKeyExW(
            HKEY_CURRENT_USER,
            name.as_ptr(),
            0,
            null(),
            REG_OPTION_VOLATILE,
            KEY_READ,
            null(),
            &raw mut key,
            null_mut(),
        )
    };
    if opened != ERROR_SUCCESS {
        return None;
    }
    let mut written = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    // SAFETY: the key is open; every place that is not wanted may be null.
    let asked = unsafe {
        RegQueryInfoKeyW(
            key,
            null_mut(),
            null_mut(),
            null(),
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            null_mut(),
            &raw mut written,
        )
    };
    // SAFETY: the key was opened above and is closed once.
    unsafe { RegCloseKey(key) };
    let created = (u64::from(written.dwHighDateTime) << 32) | u64::from(written.dwLowDateTime);
    (asked == ERROR_SUCCESS && created != 0).then_some(created)
}

fn security_identifier() -> Option<String> {
    // SAFETY: returns a constant that stands for this process and need not be closed.
    let process = unsafe { GetCurrentProcess() };
    let mut token = null_mut();
    // SAFETY: `token` receives a handle that `Owned` closes.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) } == 0 {
        return None;
    }
    let token = Owned::new(token).ok()?;
    let mut buffer = [0_u64; 64]; // as u64, so that the structure in it is aligned
    let mut size = u32::try_from(size_of_val(&buffer)).ok()?;
    let room = size;
    // SAFETY: the buffer is as long as `room` says, and outlives the call.
    if unsafe { GetTokenInformation(token.raw(), TokenUser, buffer.as_mut_ptr().cast(), room, &raw mut size) } == 0 {
        return None;
    }
    // SAFETY: the call succeeded, so the aligned buffer begins with a TOKEN_USER.
    let user = unsafe { &*buffer.as_ptr().cast::<TOKEN_USER>() };
    let mut text: *mut u16 = null_mut();
    // SAFETY: the identifier lies in `buffer`; `text` receives memory that is freed below.
    if unsafe { ConvertSidToStringSidW(user.User.Sid, &raw mut text) } == 0 {
        return None;
    }
    // SAFETY: the call succeeded, so the text ends with a zero.
    let identifier = unsafe { copy_wide(text, 256) };
    // SAFETY: ConvertSidToStringSidW allocated it, and it is not used again.
    unsafe { LocalFree(text.cast()) };
    Some(identifier)
}
