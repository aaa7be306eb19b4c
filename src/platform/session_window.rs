//! Windows: a hidden window that hears of the session's end, of sleep, and of the panel.
//!
//! Hazards: a message-only window hears none of these broadcasts, so this is a top-level one that is never shown; and whoever answers
//! slowly is ended by force, so the question whether the session may end is answered at once, with yes, and what has to be done is
//! done when it really ends.

use super::wide::to_wide;
use std::cell::RefCell;
use std::io;
use std::marker::PhantomData;
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::sync::OnceLock;
use windows_sys::Win32::Foundation::{ERROR_SUCCESS, HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Registry::{HKEY_CURRENT_USER, RRF_RT_REG_DWORD, RegGetValueW};
use windows_sys::Win32::UI::HiDpi::{GetDpiForSystem, GetDpiForWindow, GetSystemMetricsForDpi};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DestroyWindow, FindWindowW, PBT_APMRESUMEAUTOMATIC, PBT_APMSUSPEND, RegisterClassW,
    RegisterWindowMessageW, SM_CXSMICON, WM_DISPLAYCHANGE, WM_DPICHANGED, WM_ENDSESSION, WM_POWERBROADCAST, WM_QUERYENDSESSION,
    WM_SETTINGCHANGE, WNDCLASSW, WS_EX_NOACTIVATE, WS_EX_TOOLWINDOW, WS_OVERLAPPED,
};

/// What the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The computer is about to sleep, when this returns and within two seconds.
    Sleep,
    /// The computer woke up.
    Wake,
    /// The session ends, when this returns and within five seconds.
    End,
    /// The panel was restarted, or something about screens and settings has changed.
    Panel,
}

type Happens = Rc<dyn Fn(Occasion)>;

thread_local! {
    /// Who listens: a window is spoken to on the thread that opened it, and nowhere else.
    static HAPPENS: RefCell<Option<Happens>> = const { RefCell::new(None) };
}

/// The window. The thread that opened it must fetch messages.
#[derive(Debug)]
pub struct SessionWindow {
    window: HWND,
    /// Windows are closed by the thread that opened them.
    _thread: PhantomData<Rc<()>>,
}

impl SessionWindow {
    /// Opens it, the only one of this thread, and tells what happens from then on.
    ///
    /// # Errors
    /// What the system said.
    pub fn open(happens: impl Fn(Occasion) + 'static) -> io::Result<Self> {
        let name = to_wide("SharelockSession");
        // SAFETY: null asks for this program's own module.
        let module = unsafe { GetModuleHandleW(null()) };
        let class =
            WNDCLASSW { lpfnWndProc: Some(procedure), hInstance: module, lpszClassName: name.as_ptr(), ..WNDCLASSW::default() };
        // SAFETY: the class and its name outlive the call. A class that is registered already is the same one.
        unsafe { RegisterClassW(&raw const class) };
        HAPPENS.set(Some(Rc::new(happens)));
        let style = WS_EX_TOOLWINDOW | WS_EX_NOACTIVATE;
        // SAFETY: class and title are texts that end with a zero; there is no parent, no menu, and nothing to hand over.
        let window = unsafe {
            CreateWindowExW(
                style,
                name.as_ptr(),
                name.as_ptr(),
                WS_OVERLAPPED,
                0,
                0,
                0,
                0,
                null_mut(),
                null_mut(),
                module,
                null(),
            )
        };
        if window.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { window, _thread: PhantomData })
    }
}

impl Drop for SessionWindow {
    fn drop(&mut self) {
        HAPPENS.set(None);
        // SAFETY: this thread has opened it, and nobody else closes it.
        unsafe { DestroyWindow(self.window) };
    }
}

/// Called by the system, on the thread that opened the window.
unsafe extern "system" fn procedure(window: HWND, message: u32, word: WPARAM, long: LPARAM) -> LRESULT {
    if message == WM_QUERYENDSESSION {
        return 1;
    }
    if let Some(occasion) = occasion(message, word) {
        let happens = HAPPENS.with_borrow(Clone::clone);
        if let Some(happens) = happens {
            happens(occasion);
        }
    }
    // SAFETY: hands on what the system has handed to us.
    unsafe { DefWindowProcW(window, message, word, long) }
}

fn occasion(message: u32, word: WPARAM) -> Option<Occasion> {
    match (message, u32::try_from(word).unwrap_or(u32::MAX)) {
        // Zero: it was to end, and somebody said no.
        (WM_ENDSESSION, 1..) => Some(Occasion::End),
        (WM_POWERBROADCAST, PBT_APMSUSPEND) => Some(Occasion::Sleep),
        (WM_POWERBROADCAST, PBT_APMRESUMEAUTOMATIC) => Some(Occasion::Wake),
        (WM_DISPLAYCHANGE | WM_DPICHANGED | WM_SETTINGCHANGE, _) => Some(Occasion::Panel),
        (message, _) if message == taskbar_created() => Some(Occasion::Panel),
        _ => None,
    }
}

/// The message with which a new panel asks for its icons.
fn taskbar_created() -> u32 {
    static NUMBER: OnceLock<u32> = OnceLock::new();
    let register = || {
        let name = to_wide("TaskbarCreated");
        // SAFETY: the name ends with a zero and outlives the call.
        unsafe { RegisterWindowMessageW(name.as_ptr()) }
    };
    *NUMBER.get_or_init(register)
}

/// Returns how many pixels wide an icon in the panel is, at the panel's scale.
#[must_use]
pub fn panel_icon_side() -> u16 {
    let name = to_wide("Shell_TrayWnd");
    // SAFETY: the name ends with a zero and outlives the call.
    let panel = unsafe { FindWindowW(name.as_ptr(), null()) };
    // SAFETY: a window that is gone, or none at all, gives zero.
    let of_panel = unsafe { GetDpiForWindow(panel) };
    // SAFETY: no memory is involved.
    let of_system = unsafe { GetDpiForSystem() };
    let scale = if of_panel == 0 { of_system } else { of_panel };
    // SAFETY: no memory is involved.
    let side = unsafe { GetSystemMetricsForDpi(SM_CXSMICON, scale) };
    u16::try_from(side).ok().filter(|side| *side > 0).unwrap_or(16)
}

/// Returns whether the panel is light. It is dark where nothing says so: Windows 10 knew no other until 2019.
#[must_use]
pub fn panel_is_light() -> bool {
    let key = to_wide("Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize");
    let name = to_wide("SystemUsesLightTheme");
    let mut light = 0_u32;
    let mut size = u32::BITS / 8;
    // SAFETY: the names end with zeroes, `light` has `size` bytes, and all outlive the call.
    let result = unsafe {
        RegGetValueW(
            HKEY_CURRENT_USER,
            key.as_ptr(),
            name.as_ptr(),
            RRF_RT_REG_DWORD,
            null_mut(),
            (&raw mut light).cast(),
            &raw mut size,
        )
    };
    result == ERROR_SUCCESS && light != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use windows_sys::Win32::UI::WindowsAndMessaging::SendMessageW;

    /// Speaks to the window as the system does.
    fn send(window: &SessionWindow, message: u32, word: u32) -> LRESULT {
        // SAFETY: the window is this thread's, and these messages carry no pointers.
        unsafe { SendMessageW(window.window, message, word as usize, 0) }
    }

    #[test]
    fn what_the_system_says_is_told() {
        let told = Rc::new(Cell::new(None));
        let tells = Rc::clone(&told);
        // Without a desktop (Wine without a display) there are no windows, and the session ends without a word.
        let Ok(window) = SessionWindow::open(move |occasion| tells.set(Some(occasion))) else { return };
        told.set(None);
        assert_eq!((send(&window, WM_QUERYENDSESSION, 0), told.take()), (1, None), "agreed to, and nothing is given back yet");
        assert_eq!((send(&window, WM_ENDSESSION, 0), told.take()), (0, None), "somebody else did not agree");
        for (message, word, expected) in [
            (WM_ENDSESSION, 1, Occasion::End),
            (WM_POWERBROADCAST, PBT_APMSUSPEND, Occasion::Sleep),
            (WM_POWERBROADCAST, PBT_APMRESUMEAUTOMATIC, Occasion::Wake),
            (WM_DISPLAYCHANGE, 32, Occasion::Panel),
            (taskbar_created(), 0, Occasion::Panel),
        ] {
            send(&window, message, word);
            assert_eq!(told.take(), Some(expected));
        }
    }

    #[test]
    fn icons_have_a_size() {
        assert!((16..=256).contains(&panel_icon_side()));
    }
}
