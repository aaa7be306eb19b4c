//! Unix: the password database, or `/etc/passwd` itself where the program is linked statically.
//!
//! Hazard: a static glibc must not load the name-service plug-ins that `getpwuid_r` wants, so such builds read the file alone.

use std::ffi::CStr;
use std::sync::OnceLock;

/// One user as the password database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    login: String,
    gecos: String,
}

pub(super) fn login() -> String {
    let user = effective_user();
    own_entry()
        .map(|entry| entry.login.clone())
        .filter(|login| !login.is_empty())
        .or_else(|| ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty())))
        .unwrap_or_else(|| user.to_string())
}

pub(super) fn full_name() -> String {
    own_entry().map(full_name_of).unwrap_or_default()
}

/// The entry of the effective user, asked for once: it may come from a directory server.
fn own_entry() -> Option<&'static Entry> {
    static ENTRY: OnceLock<Option<Entry>> = OnceLock::new();
    ENTRY.get_or_init(|| entry(effective_user())).as_ref()
}

/// Returns the first field of the GECOS text, where `&` has stood for the capitalised login since the 1970s.
fn full_name_of(entry: &Entry) -> String {
    let name = entry.gecos.split(',').next().unwrap_or_default().trim();
    let mut letters = entry.login.chars();
    let login: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    name.replace('&', &login)
}

pub(super) fn machine_name() -> String {
    let mut name = vec![0_u8; 256];
    // SAFETY: the buffer is as long as the length that is passed, and outlives the call.
    let result = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) };
    if result != 0 {
        return String::new();
    }
    CStr::from_bytes_until_nul(&name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(target_os = "linux")]
pub(super) fn session() -> String {
    std::env::var("XDG_SESSION_ID").unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn session() -> String {
    String::new()
}

/// The variables by which locale(7) chooses the language of messages, in its order. macOS' terminals set `LANG`, too.
pub(super) fn locale() -> String {
    let set = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default()
}

fn effective_user() -> libc::uid_t {
    // SAFETY: takes no argument and cannot fail.
    unsafe { libc::geteuid() }
}

#[cfg(not(target_feature = "crt-static"))]
fn entry(user: libc::uid_t) -> Option<Entry> {
    // SAFETY: the structure holds numbers and pointers, for which all zeroes is a valid value.
    let mut record: libc::passwd = unsafe { std::mem::zeroed() };
    let mut texts = vec![0_u8; 16 * 1024];
    let mut found = std::ptr::null_mut();
    // SAFETY: record, buffer (as long as the length says) and result pointer outlive the call.
    let result = unsafe { libc::getpwuid_r(user, &raw mut record, texts.as_mut_ptr().cast(), texts.len(), &raw mut found) };
    if result != 0 || found.is_null() {
        return entry_in(&std::fs::read_to_string("/etc/passwd").ok()?, user);
    }
    let text = |pointer: *const libc::c_char| {
        if pointer.is_null() {
            return String::new();
        }
        // SAFETY: the call succeeded, so its texts lie in `texts` and end with zeroes.
        unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
    };
    Some(Entry { login: text(record.pw_name), gecos: text(record.pw_gecos) })
}

#[cfg(target_feature = "crt-static")]
fn entry(user: libc::uid_t) -> Option<Entry> {
    entry_in(&std::fs::read_to_string("/etc/passwd").ok()?, user)
}

/// Finds a user in the text of passwd(5).
fn entry_in(passwd: &str, user: libc::uid_t) -> Option<Entry> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [login, _, number, _, gecos, ..] = fields[..] else { return None };
        (number.parse() == Ok(user)).then(|| Entry { login: login.to_owned(), gecos: gecos.to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\nanna:x:1000:1000:Anna Berg,Room 4,,:/home/anna:/bin/bash\n";

    #[test]
    fn the_passwd_file_is_read_by_user_number() {
        let anna = entry_in(PASSWD, 1000).unwrap();
        assert_eq!(anna, Entry { login: "anna".to_owned(), gecos: "Anna Berg,Room 4,,".to_owned() });
        assert_eq!(full_name_of(&anna), "Anna Berg");
        assert_eq!(entry_in(PASSWD, 1), None);
    }

    #[test]
    fn an_ampersand_stands_for_the_login() {
        let entry = Entry { login: "ken".to_owned(), gecos: "& Example,".to_owned() };
        assert_eq!(full_name_of(&entry), "Ken Example");
    }
}
