//! Windows: the name by which the system knows this program, whatever file it was started from (its `AppUserModelID`).
//!
//! Notifications are shown for such a name alone. The installers give it to the shortcut in the Start menu; for a program that was only
//! copied, the registry says what to call it. The hazard is a second name: both must say the same.

use super::wide::to_wide;
use std::io;
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Registry::{HKEY_CURRENT_USER, REG_SZ, RegSetKeyValueW};
use windows_sys::Win32::UI::Shell::SetCurrentProcessExplicitAppUserModelID;

/// The name; the installers have it, too.
pub const ID: &str = "Sharelock.Agent";

/// Says that this process goes by the name, and what people call it.
///
/// # Errors
/// What the system said.
pub fn declare() -> io::Result<()> {
    let id = to_wide(ID);
    // SAFETY: the name ends with a zero and outlives the call.
    let result = unsafe { SetCurrentProcessExplicitAppUserModelID(id.as_ptr()) };
    if result < 0 {
        return Err(io::Error::from_raw_os_error(result));
    }
    let (key, value, shown) =
        (to_wide(format!("Software\\Classes\\AppUserModelId\\{ID}")), to_wide("DisplayName"), to_wide("Sharelock"));
    let size = u32::try_from(size_of_val(shown.as_slice())).map_err(io::Error::other)?;
    // SAFETY: the names end with zeroes, the text has `size` bytes, and all outlive the call.
    let result = unsafe { RegSetKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), value.as_ptr(), REG_SZ, shown.as_ptr().cast(), size) };
    if result == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(result.cast_signed())) }
}
