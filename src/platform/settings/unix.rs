//! Unix: `/etc`, and the editors that every system has.

use std::path::PathBuf;

#[cfg(target_os = "macos")]
pub(super) const EDITORS: &[&[&str]] = &[&["open", "-W", "-n", "-t"], &["nano"], &["vi"]];
#[cfg(not(target_os = "macos"))]
pub(super) const EDITORS: &[&[&str]] = &[&["sensible-editor"], &["nano"], &["vim"], &["vi"]];

#[expect(clippy::unnecessary_wraps, reason = "Windows may not know")]
pub(super) fn system_folder() -> Option<PathBuf> {
    Some(PathBuf::from("/etc/sharelock"))
}
