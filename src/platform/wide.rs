//! Windows texts and handles: UTF-16 in and out, and handles that close themselves.

use std::ffi::OsStr;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use windows_sys::Win32::Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE};

/// Returns the text as UTF-16 with a final zero.
pub(crate) fn to_wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// The longest path, in UTF-16 units, that Windows takes as it is, for a folder in which files are to be made.
const LONGEST_PLAIN: usize = 247;

/// Returns a path as UTF-16 with a final zero, for calls that are not made through the standard library: one that is too long for Windows
/// in the form that people use is given in its long form.
pub(crate) fn path_to_wide(path: &Path) -> Vec<u16> {
    let plain = to_wide(path);
    if plain.len() <= LONGEST_PLAIN || !path.is_absolute() || path.as_os_str().as_encoded_bytes().starts_with(br"\\?\") {
        return plain;
    }
    let slash = u16::from(b'\\');
    // The long form knows neither the other slash nor names that stand for another folder; whoever resolved the path has none of these.
    let (start, rest) = if plain.starts_with(&[slash, slash]) { (r"\\?\UNC\", &plain[2..]) } else { (r"\\?\", &plain[..]) };
    start.encode_utf16().chain(rest.iter().copied()).collect()
}

/// Returns the text up to the first zero.
pub(crate) fn from_wide(text: &[u16]) -> String {
    let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
    String::from_utf16_lossy(&text[..end])
}

/// Copies a text that ends with a zero, at most `limit` units of it.
///
/// # Safety
/// `text` is null or points to units that are readable up to the first zero or the limit.
pub(crate) unsafe fn copy_wide(text: *const u16, limit: usize) -> String {
    let mut units = Vec::new();
    while !text.is_null() && units.len() < limit {
        // SAFETY: no zero was met so far, so the next unit belongs to the text.
        let place = unsafe { text.add(units.len()) };
        // SAFETY: as above.
        let unit = unsafe { place.read() };
        if unit == 0 {
            break;
        }
        units.push(unit);
    }
    from_wide(&units)
}

/// A kernel handle that is closed once.
#[derive(Debug)]
pub(crate) struct Owned(HANDLE);

// SAFETY: kernel handles belong to the process, not to a thread.
unsafe impl Send for Owned {}
// SAFETY: the kernel orders concurrent calls on one handle itself.
unsafe impl Sync for Owned {}

impl Owned {
    /// Takes a handle that a call has just returned.
    ///
    /// # Errors
    /// The calling thread's last error when the handle is null or invalid.
    pub(crate) fn new(handle: HANDLE) -> io::Result<Self> {
        if handle.is_null() || handle == INVALID_HANDLE_VALUE { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }

    /// Returns the handle, which stays owned by `self`.
    pub(crate) fn raw(&self) -> HANDLE {
        self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle was checked when taken, and nobody else closes it.
        unsafe { CloseHandle(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_take_their_long_form_and_others_none() {
        let long = "x".repeat(300);
        let spelled = |path: String| from_wide(&path_to_wide(Path::new(&path)));
        for same in [r"C:\wems.db".to_owned(), format!(r"\\?\C:\{long}"), format!(r"sub\{long}")] {
            assert_eq!(spelled(same.clone()), same);
        }
        assert_eq!(spelled(format!(r"C:\{long}")), format!(r"\\?\C:\{long}"));
        assert_eq!(spelled(format!(r"\\server\share\{long}")), format!(r"\\?\UNC\server\share\{long}"));
    }
}
