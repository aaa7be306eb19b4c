//! Sharelock's one window: reads pages from stdin, draws the last one, and says on stdout what people press.
//!
//! What it is given and says is described once, in `sharelock::agent::page`. It is a program of its own because a toolkit is heavy, and
//! because without a display a toolkit may do worse than fail: whoever started it lives on and sees the exit code. It must not decide,
//! remember or time out on anybody's behalf. Hazards: a reader that hangs the window (stdin is read on a thread of its own, one page
//! at a time, so that a flood fills the writer's pipe and not this memory), and a press that meets another page than the one that
//! was looked at (presses count for nothing in the moment after a page has changed its buttons).
#![cfg_attr(windows, windows_subsystem = "windows")]

mod generated {
    //! What the toolkit makes of `ui/window.slint`.
    #![expect(unreachable_pub, reason = "written by the toolkit's compiler")]
    slint::include_modules!();
}
mod pages;
mod sync;

use generated::{Kind, PageWindow};
use sharelock::agent::page::{Ending, Page, PageError, Said};
use slint::winit_030::WinitWindowAccessor;
use slint::{CloseRequestResponse, ComponentHandle, Model, PlatformError, Timer};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// How long the first page may take; whoever starts this program has it at hand.
const FIRST_PAGE: Duration = Duration::from_secs(10);
/// How long presses count for nothing after other buttons appeared, or after the last press: the second half of a double click, or a
/// hand that was already on its way.
const SETTLING: Duration = Duration::from_millis(400);
/// When the toolkit has surely laid out what it was given: a few pictures later.
const NEXT_PICTURE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let ending = if std::env::args_os().len() > 1 {
        complain("this program takes no arguments; Sharelock starts it");
        Ending::Usage as u8
    } else {
        run()
    };
    ExitCode::from(ending)
}

fn run() -> u8 {
    let (heard, pages) = sync_channel(0);
    std::thread::spawn(move || read(&heard));
    match pages.recv_timeout(FIRST_PAGE) {
        Ok(Heard::Page(page)) => show(&page, pages).unwrap_or_else(|error| {
            complain(&format!("no window can be shown: {error}"));
            Ending::NoDisplay as u8
        }),
        Ok(Heard::End) => Ending::Closed as u8,
        Ok(Heard::Bad(error)) => bad(&error.to_string()),
        Err(_) => bad(&format!("no page came within {} s", FIRST_PAGE.as_secs())),
    }
}

/// What came from stdin.
enum Heard {
    Page(Box<Page>),
    End,
    Bad(PageError),
}

/// Reads pages until their end, each once the one before it was taken.
fn read(heard: &SyncSender<Heard>) {
    let mut input = std::io::stdin().lock();
    loop {
        let next = match Page::read(&mut input) {
            Ok(Some(page)) => Heard::Page(Box::new(page)),
            Ok(None) => Heard::End,
            Err(error) => Heard::Bad(error),
        };
        let last = !matches!(next, Heard::Page(_));
        if heard.send(next).is_err() || last {
            return;
        }
    }
}

fn show(first: &Page, pages: Receiver<Heard>) -> Result<u8, PlatformError> {
    slint::BackendSelector::new().backend_name("winit".into()).renderer_name("software".into()).select()?;
    // Which entry of the menu and which icon the window belongs to, where the system asks for it.
    slint::set_xdg_app_id("sharelock")?;
    // The same for Windows, which puts all windows of one name under one button. Without it there are two.
    #[cfg(windows)]
    drop(sharelock::platform::app_identity::declare());
    let window = PageWindow::new()?;
    connect(&window);
    pages::apply(&window, first);
    window.show()?;
    pages::resize(&window);
    Timer::single_shot(Duration::ZERO, || say(&Said::Shown));
    let ending = Arc::new(AtomicU8::new(Ending::Closed as u8));
    follow(&window, pages, &ending);
    slint::run_event_loop()?;
    Ok(ending.load(Ordering::Relaxed))
}

/// Lets later pages replace the one that is shown, and the end of them close it.
fn follow(window: &PageWindow, pages: Receiver<Heard>, ending: &Arc<AtomicU8>) {
    let (window, ending) = (window.as_weak(), Arc::clone(ending));
    std::thread::spawn(move || {
        for heard in pages {
            let ending = Arc::clone(&ending);
            // Waits until the page is drawn: there is never more than one under way.
            let (drawn, done) = sync_channel::<()>(1);
            let posted = window.upgrade_in_event_loop(move |window| {
                match heard {
                    Heard::Page(page) => {
                        let changed = pages::apply(&window, &page);
                        if changed.buttons {
                            settle(&window);
                        }
                        if changed.asked {
                            raise(&window);
                        }
                        let (weak, fit) = (window.as_weak(), if changed.page { pages::resize } else { pages::grow });
                        Timer::single_shot(NEXT_PICTURE, move || weak.upgrade().iter().for_each(fit));
                    }
                    Heard::End => close(&window),
                    Heard::Bad(error) => {
                        ending.store(bad(&error.to_string()), Ordering::Relaxed);
                        close(&window);
                    }
                }
                // The other end waits for this, or the program is ending.
                let _ = drawn.send(());
            });
            if posted.is_err() || done.recv().is_err() {
                return;
            }
        }
    });
}

/// Brings the window before a person who asks for it. Wayland lets no program do that by itself.
fn raise(window: &PageWindow) {
    window.window().set_minimized(false);
    window.window().with_winit_window(|window| {
        if !window.has_focus() {
            window.focus_window();
        }
    });
}

/// Says what people press.
fn connect(window: &PageWindow) {
    let weak = window.as_weak();
    window.on_chosen(move |id| {
        let Some(window) = weak.upgrade().filter(PageWindow::get_settled) else { return };
        let value = window.get_has_field().then(|| window.get_field_value().into());
        say(&Said::Chosen { id: id.to_string(), value });
        if window.get_buttons().iter().any(|button| button.id == id && button.kind == Kind::Cancel) {
            close(&window);
        } else {
            settle(&window);
        }
    });
    let weak = window.as_weak();
    window.on_entered(move || press(weak.upgrade(), Kind::Default));
    let weak = window.as_weak();
    window.on_dismissed(move || {
        let window = weak.upgrade();
        if window.as_ref().is_some_and(|window| window.get_buttons().iter().any(|button| button.kind == Kind::Cancel)) {
            press(window, Kind::Cancel);
        } else if let Some(window) = window {
            say(&Said::Closed);
            close(&window);
        }
    });
    window.window().on_close_requested(|| {
        say(&Said::Closed);
        CloseRequestResponse::HideWindow
    });
}

/// Presses the first button of that kind, if there is one.
fn press(window: Option<PageWindow>, kind: Kind) {
    if let Some((window, button)) = window.and_then(|window| {
        let button = window.get_buttons().iter().find(|button| button.kind == kind)?;
        Some((window, button))
    }) {
        window.invoke_chosen(button.id);
    }
}

/// Lets presses count for nothing for a moment.
fn settle(window: &PageWindow) {
    window.set_settled(false);
    let weak = window.as_weak();
    Timer::single_shot(SETTLING, move || {
        if let Some(window) = weak.upgrade() {
            window.set_settled(true);
        }
    });
}

/// Takes the window away; with it the program ends.
fn close(window: &PageWindow) {
    // A window that cannot be taken away goes with the program.
    let _ = window.hide();
    let _ = slint::quit_event_loop();
}

fn bad(text: &str) -> u8 {
    complain(text);
    Ending::BadPage as u8
}

fn complain(text: &str) {
    // Nobody may listen; the exit code says it too.
    let _ = writeln!(std::io::stderr(), "sharelock-window: {text}");
}

fn say(said: &Said) {
    let mut out = std::io::stdout().lock();
    // Whoever does not listen any more closes our stdin as well.
    let _ = out.write_all(said.to_line().as_bytes()).and_then(|()| out.flush());
}
