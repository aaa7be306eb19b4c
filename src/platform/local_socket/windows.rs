//! Windows: a named pipe whose name has the user and the session in it, and whose access list names that user alone.

use super::own_folder;
use crate::platform::host;
use crate::platform::user;
use directories::BaseDirs;
use interprocess::local_socket::{GenericNamespaced, ListenerOptions, Name, Stream, ToNsName as _};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use std::io;
use std::path::PathBuf;
use widestring::U16CString;

/// Returns the folder, which Windows closes to other users.
pub(super) fn folder() -> io::Result<PathBuf> {
    let dirs = BaseDirs::new().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "this user has no profile folder"))?;
    own_folder(dirs.data_local_dir())
}

pub(super) fn name() -> io::Result<Name<'static>> {
    format!("sharelock-agent-{}-{}", host().owner, user::session()).to_ns_name::<GenericNamespaced>()
}

pub(super) fn secure(options: ListenerOptions<'static>) -> io::Result<ListenerOptions<'static>> {
    // Protected against what is inherited; all rights for the user, none for anybody else.
    let list = format!("D:P(A;;GA;;;{})", host().owner);
    let list = U16CString::from_str(list).map_err(io::Error::other)?;
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(&list)?))
}

/// The pipe's access list lets nobody else connect to it.
pub(super) const fn is_own(_stream: &Stream) -> bool {
    true
}
