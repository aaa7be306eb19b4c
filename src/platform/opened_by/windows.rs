//! Open files through the Restart Manager, which installers use to name whoever is in their way. It sees this computer's programs only,
//! also for files on a share, and asks for no rights.

use super::Program;
use crate::platform::wide::path_to_wide;
use std::path::Path;
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::RestartManager::{
    CCH_RM_SESSION_KEY, RM_PROCESS_INFO, RmEndSession, RmGetList, RmRegisterResources, RmStartSession,
};

/// How many programs are looked at; a file has a handful of them.
const MOST: usize = 64;

/// A session, which ends when this is dropped.
struct Session(u32);

impl Session {
    fn begin() -> Option<Self> {
        let mut handle = 0;
        let mut key = [0_u16; CCH_RM_SESSION_KEY as usize + 1];
        // SAFETY: both are valid for writing, and the key has the length that the function's description asks for.
        let result = unsafe { RmStartSession(&raw mut handle, 0, key.as_mut_ptr()) };
        (result == ERROR_SUCCESS).then_some(Self(handle))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session was begun and is ended once.
        unsafe { RmEndSession(self.0) };
    }
}

pub(super) fn programs(file: &Path) -> Vec<Program> {
    let wide = path_to_wide(file);
    let Some(session) = Session::begin() else { return Vec::new() };
    let names = [wide.as_ptr()];
    // SAFETY: one name, which ends with a zero; no applications and no services.
    let result = unsafe { RmRegisterResources(session.0, 1, names.as_ptr(), 0, std::ptr::null(), 0, std::ptr::null()) };
    if result != ERROR_SUCCESS {
        return Vec::new();
    }
    let mut found = vec![RM_PROCESS_INFO::default(); MOST];
    let (mut needed, mut count, mut reasons) = (0, u32::try_from(MOST).unwrap_or(0), 0);
    // SAFETY: as many entries are there as is said; the function writes how many it filled.
    let result = unsafe { RmGetList(session.0, &raw mut needed, &raw mut count, found.as_mut_ptr(), &raw mut reasons) };
    if result != ERROR_SUCCESS {
        return Vec::new();
    }
    found.truncate(usize::try_from(count).unwrap_or(0));
    found
        .iter()
        .map(|process| {
            let name = &process.strAppName;
            let end = name.iter().position(|unit| *unit == 0).unwrap_or(name.len());
            Program { name: String::from_utf16_lossy(&name[..end]), pid: process.Process.dwProcessId }
        })
        .collect()
}
