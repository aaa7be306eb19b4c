//! Windows: the known folder `ProgramData`, and Notepad, which returns when its window is closed.

use crate::platform::wide::copy_wide;
use std::path::PathBuf;
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::S_OK;
use windows_sys::Win32::System::Com::CoTaskMemFree;
use windows_sys::Win32::UI::Shell::{FOLDERID_ProgramData, SHGetKnownFolderPath};

pub(super) const EDITORS: &[&[&str]] = &[&["notepad.exe"]];
/// The longest path that Windows has, in units.
const LONGEST_PATH: usize = 32_768;

pub(super) fn system_folder() -> Option<PathBuf> {
    let folder = FOLDERID_ProgramData;
    let mut path = null_mut();
    // SAFETY: identifier and pointer outlive the call, and no other user is meant.
    let result = unsafe { SHGetKnownFolderPath(&raw const folder, 0, null_mut(), &raw mut path) };
    // SAFETY: the system has made this text, which ends with a zero, or has left the pointer null.
    let text = unsafe { copy_wide(path, LONGEST_PATH) };
    // SAFETY: the text belongs to the caller whatever the result was, and is not used any more; null is allowed.
    unsafe { CoTaskMemFree(path.cast()) };
    (result == S_OK && !text.is_empty()).then(|| PathBuf::from(text).join("Sharelock"))
}
