//! The agent's socket: a Unix socket in a folder of the user's own, a named pipe on Windows. One per user session.
//!
//! The hazards: another user of this computer who connects (the folder is closed to others, the pipe's access list names its owner
//! alone, and who is at the other end is asked besides), and two agents that start at once: the instance is what a range lock on a
//! file in the user's folder says, never the presence of a socket.

use super::range_lock;
use interprocess::local_socket::traits::{Listener as _, Stream as _};
use interprocess::local_socket::{Listener, ListenerOptions, Stream};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// Both ends of a conversation with the agent.
pub type Conversation = Stream;

/// The one agent of this session.
#[derive(Debug)]
pub struct Instance {
    /// Locked until this is dropped.
    _lock: File,
    listener: Listener,
}

impl Instance {
    /// Becomes the one agent; `None` when another one is.
    ///
    /// # Errors
    /// What the system said.
    pub fn begin() -> io::Result<Option<Self>> {
        let folder = system::folder()?;
        let lock = File::options().read(true).write(true).create(true).truncate(false).open(folder.join("agent.lock"))?;
        if !range_lock::try_exclusive(&lock)? {
            return Ok(None);
        }
        let listener = system::secure(ListenerOptions::new().name(system::name()?).try_overwrite(true))?.create_sync()?;
        Ok(Some(Self { _lock: lock, listener }))
    }

    /// Waits for the next program of this user.
    ///
    /// # Errors
    /// What the system said.
    pub fn accept(&self) -> io::Result<Conversation> {
        loop {
            let stream = self.listener.accept()?;
            if system::is_own(&stream) {
                return Ok(stream);
            }
        }
    }
}

/// Connects to this session's agent.
///
/// # Errors
/// What the system said, most of the time that there is none.
pub fn connect() -> io::Result<Conversation> {
    let stream = Stream::connect(system::name()?)?;
    if system::is_own(&stream) { Ok(stream) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
}

/// Returns the folder in which this user's programs of this computer meet; it is made if it is missing.
fn own_folder(base: &Path) -> io::Result<PathBuf> {
    let folder = base.join("sharelock");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
