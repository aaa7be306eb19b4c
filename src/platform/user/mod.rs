//! Who sits in front: names for people to read. Nothing is ever decided by them; that is what [`super::host()`] is for.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// Returns the login name of the effective user; a user number where there is no name.
#[must_use]
pub fn login() -> String {
    system::login()
}

/// Returns the user's full name, or an empty text where none is recorded.
#[must_use]
pub fn full_name() -> String {
    system::full_name()
}

/// Returns the machine's own name, as people on its network know it.
#[must_use]
pub fn machine_name() -> String {
    system::machine_name()
}

/// Returns the session at this machine (terminal servers have several); empty where the system has no such thing.
#[must_use]
pub fn session() -> String {
    system::session()
}

/// Returns the locale of what people read on this system (`fr_FR.UTF-8`, `fr-FR`); empty where none is set.
#[must_use]
pub fn locale() -> String {
    system::locale()
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_a_login_and_a_machine_name() {
        assert!(!super::login().is_empty());
        assert!(!super::machine_name().is_empty());
        assert!(!super::full_name().contains([',', '\0', '\n']));
        assert!(!super::session().contains('\0'));
        assert!(!super::locale().contains('\0'));
    }
}
