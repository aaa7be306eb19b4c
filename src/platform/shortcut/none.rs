//! Systems on which no shortcuts are made.

use super::Shortcut;
use std::io;
use std::path::{Path, PathBuf};

pub(super) fn make(_: Shortcut<'_>, _: Option<&Path>) -> io::Result<PathBuf> {
    Err(io::ErrorKind::Unsupported.into())
}
