//! Unix: a socket in the run-time folder of the session, else in the user's state folder.

use super::own_folder;
use directories::BaseDirs;
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name, Stream, ToFsName as _};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Returns the folder, closed to everybody else.
pub(super) fn folder() -> io::Result<PathBuf> {
    let dirs = BaseDirs::new().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "this user has no home folder"))?;
    let base = dirs.runtime_dir().or_else(|| dirs.state_dir()).unwrap_or_else(|| dirs.data_local_dir());
    let folder = own_folder(base)?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

pub(super) fn name() -> io::Result<Name<'static>> {
    folder()?.join("agent.sock").to_fs_name::<GenericFilePath>()
}

/// The folder keeps others out, on every Unix; a socket's own mode does not on some.
#[expect(clippy::unnecessary_wraps, reason = "Windows must make an access list, which can fail")]
pub(super) const fn secure(options: ListenerOptions<'static>) -> io::Result<ListenerOptions<'static>> {
    Ok(options)
}

/// Returns whether the other end belongs to this user. Where the system does not tell, the folder has kept others out.
pub(super) fn is_own(stream: &Stream) -> bool {
    // SAFETY: no memory is involved; it cannot fail.
    let me = unsafe { libc::geteuid() };
    stream.peer_creds().ok().and_then(|creds| creds.euid()).is_none_or(|other| other == me)
}
