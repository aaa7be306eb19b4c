//! Windows: a value under the user's `Run` key, and Task Manager's switch for it beside that.
//!
//! Never the key of the whole machine. What is started is the program without a console where there is one: a console would stay open
//! for as long as the agent runs. Hazards: the shell starts nothing longer than 260 units, without a word; and the switch (`StartupApproved`) is not documented; its first byte is even while the entry
//! is on and odd while it is off, and a missing one means on. Turning on removes it, which is the state of a new entry.

use super::{Entry, State, text};
use crate::platform::apart;
use crate::platform::wide::{from_wide, to_wide};
use std::ffi::c_void;
use std::io;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS};
use windows_sys::Win32::System::Registry::{
    HKEY_CURRENT_USER, REG_ROUTINE_FLAGS, REG_SZ, RRF_RT_REG_BINARY, RRF_RT_REG_SZ, RegDeleteKeyValueW, RegGetValueW,
    RegSetKeyValueW,
};

const RUN: &str = "Software\\Microsoft\\Windows\\CurrentVersion\\Run";
const SWITCH: &str = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\StartupApproved\\Run";
const NAME: &str = "Sharelock";
/// The longest command that the shell starts from there, in UTF-16 units.
const LONGEST: usize = 260;
/// More is read, for what others may have written.
const ROOM: usize = 2048;

pub(super) fn look() -> io::Result<Entry> {
    let place = format!("HKEY_CURRENT_USER\\{RUN}\\{NAME}");
    let mut units = [0_u16; ROOM];
    let room = size_of_val(&units);
    if get(RUN, RRF_RT_REG_SZ, units.as_mut_ptr().cast(), room)?.is_none() {
        return Ok(Entry { state: State::Off, program: None, place });
    }
    let mut switch = [0_u8; 64];
    let room = switch.len();
    let known = get(SWITCH, RRF_RT_REG_BINARY, switch.as_mut_ptr().cast(), room)?;
    let is_off = known.is_some_and(|size| size > 0) && switch[0] % 2 == 1;
    let state = if is_off { State::TurnedOff } else { State::On };
    Ok(Entry { state, program: program(&from_wide(&units)), place })
}

pub(super) fn turn_on(program: &Path) -> io::Result<()> {
    let command = to_wide(command(program)?);
    let (key, name) = (to_wide(RUN), to_wide(NAME));
    let size = u32::try_from(size_of_val(command.as_slice())).map_err(io::Error::other)?;
    // SAFETY: the names end with zeroes, the text has `size` bytes, and all outlive the call.
    let result =
        unsafe { RegSetKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), name.as_ptr(), REG_SZ, command.as_ptr().cast(), size) };
    done(result)?;
    remove(SWITCH)
}

/// Returns the command that runs the agent, for whoever starts it with this program.
fn command(program: &Path) -> io::Result<String> {
    let agent = apart::agent_beside(program);
    // A path cannot have a quote in it on Windows, and our own words need none.
    let mut command = format!("\"{}\"", text(Path::new(agent.get_program()))?);
    for word in agent.get_args() {
        command.push(' ');
        command.push_str(&word.to_string_lossy());
    }
    if command.encode_utf16().count() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path of the program is too long to be started at log-in"));
    }
    Ok(command)
}

pub(super) fn turn_off() -> io::Result<()> {
    remove(RUN)?;
    remove(SWITCH)
}

/// Reads the entry's value under a key; `None` where there is none, otherwise how many bytes it has.
fn get(key: &str, kind: REG_ROUTINE_FLAGS, into: *mut c_void, room: usize) -> io::Result<Option<u32>> {
    let (key, name) = (to_wide(key), to_wide(NAME));
    let mut size = u32::try_from(room).map_err(io::Error::other)?;
    // SAFETY: the names end with zeroes, `into` has room for `size` bytes (both callers above), and all outlive the call.
    let result = unsafe { RegGetValueW(HKEY_CURRENT_USER, key.as_ptr(), name.as_ptr(), kind, null_mut(), into, &raw mut size) };
    if result == ERROR_FILE_NOT_FOUND { Ok(None) } else { done(result).map(|()| Some(size)) }
}

fn remove(key: &str) -> io::Result<()> {
    let (key, name) = (to_wide(key), to_wide(NAME));
    // SAFETY: the names end with zeroes and outlive the call.
    let result = unsafe { RegDeleteKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), name.as_ptr()) };
    super::gone(done(result))
}

fn done(result: u32) -> io::Result<()> {
    if result == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(result.cast_signed())) }
}

/// Returns the program of a command.
fn program(command: &str) -> Option<PathBuf> {
    let word = match command.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => command.split_whitespace().next()?,
    };
    Some(PathBuf::from(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_names_the_program_without_a_console_and_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("my programs").join("sharelock.exe");
        assert_eq!(command(&own).unwrap(), format!("\"{}\" agent run", own.display()));
        std::fs::create_dir(own.parent().unwrap()).unwrap();
        let agent = own.with_file_name("sharelock-agent.exe");
        std::fs::write(&agent, "").unwrap();
        assert_eq!(command(&own).unwrap(), format!("\"{}\"", agent.display()));
        assert_eq!(program(&command(&own).unwrap()), Some(agent));
        assert_eq!(program("C:\\old\\sharelock.exe agent run"), Some(PathBuf::from("C:\\old\\sharelock.exe")));
    }

    #[test]
    fn what_the_shell_would_not_start_is_refused() {
        let long = PathBuf::from(format!("C:\\{}\\sharelock.exe", "x".repeat(LONGEST)));
        assert_eq!(command(&long).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
