//! Windows: names from the security service, with the account database behind them.

use crate::platform::wide::{copy_wide, from_wide, to_wide};
use std::ptr::{null, null_mut};
use windows_sys::Win32::Globalization::{GetUserPreferredUILanguages, MUI_LANGUAGE_NAME};
use windows_sys::Win32::NetworkManagement::NetManagement::{NetApiBufferFree, NetUserGetInfo, USER_INFO_10};
use windows_sys::Win32::Security::Authentication::Identity::{GetUserNameExW, NameDisplay};
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows_sys::Win32::System::SystemInformation::{ComputerNameDnsHostname, GetComputerNameExW};
use windows_sys::Win32::System::WindowsProgramming::GetUserNameW;

/// Longest text that is asked for, in UTF-16 units: `UNLEN` is 256, display names have no stated limit.
const ROOM: usize = 1024;

pub(super) fn login() -> String {
    let mut text = [0_u16; ROOM];
    let mut length = u32::try_from(ROOM).unwrap_or(0);
    // SAFETY: the buffer is as long as `length` says, and both outlive the call.
    let done = unsafe { GetUserNameW(text.as_mut_ptr(), &raw mut length) };
    if done == 0 { std::env::var("USERNAME").unwrap_or_default() } else { from_wide(&text) }
}

pub(super) fn full_name() -> String {
    let mut text = [0_u16; ROOM];
    let mut length = u32::try_from(ROOM).unwrap_or(0);
    // Works for domain accounts alone; machines without a domain keep the name in the account database.
    // SAFETY: the buffer is as long as `length` says, and both outlive the call.
    let done = unsafe { GetUserNameExW(NameDisplay, text.as_mut_ptr(), &raw mut length) };
    let name = if done { from_wide(&text) } else { String::new() };
    if name.trim().is_empty() { account_name().unwrap_or_default() } else { name.trim().to_owned() }
}

fn account_name() -> Option<String> {
    let login = to_wide(login());
    let mut buffer: *mut u8 = null_mut();
    // SAFETY: the name ends with a zero; `buffer` receives memory that is freed below.
    let result = unsafe { NetUserGetInfo(null(), login.as_ptr(), 10, &raw mut buffer) };
    if result != 0 || buffer.is_null() {
        return None;
    }
    // SAFETY: level 10 was asked for and granted, so a USER_INFO_10 lies at the start of the service's (aligned) allocation.
    let info = unsafe { buffer.cast::<USER_INFO_10>().read_unaligned() };
    // SAFETY: the service's texts end with zeroes.
    let name = unsafe { copy_wide(info.usri10_full_name, ROOM) };
    // SAFETY: NetUserGetInfo allocated it, and it is not used again.
    unsafe { NetApiBufferFree(buffer.cast()) };
    Some(name.trim().to_owned())
}

pub(super) fn machine_name() -> String {
    let mut text = [0_u16; ROOM];
    let mut length = u32::try_from(ROOM).unwrap_or(0);
    // SAFETY: the buffer is as long as `length` says, and both outlive the call.
    let done = unsafe { GetComputerNameExW(ComputerNameDnsHostname, text.as_mut_ptr(), &raw mut length) };
    let name = if done == 0 { String::new() } else { from_wide(&text) };
    if name.is_empty() { std::env::var("COMPUTERNAME").unwrap_or_default() } else { name }
}

pub(super) fn session() -> String {
    let mut session = 0_u32;
    // SAFETY: `session` is a valid place for the result.
    let done = unsafe { ProcessIdToSessionId(std::process::id(), &raw mut session) };
    if done == 0 { String::new() } else { session.to_string() }
}

/// The first of the languages that Windows' own windows have, which need not be the one that dates are written in.
pub(super) fn locale() -> String {
    let mut text = [0_u16; ROOM];
    let (mut length, mut count) = (u32::try_from(ROOM).unwrap_or(0), 0_u32);
    // SAFETY: the buffer is as long as `length` says, and it and both numbers outlive the call.
    let done = unsafe { GetUserPreferredUILanguages(MUI_LANGUAGE_NAME, &raw mut count, text.as_mut_ptr(), &raw mut length) };
    // The names follow each other, each with a zero behind it.
    if done == 0 { String::new() } else { from_wide(&text) }
}
