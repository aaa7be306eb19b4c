//! macOS: a launch agent in the user's library, which `launchd` reads at log-in.
//!
//! Hazard: System Settings keeps its own switch for such an entry, which is not told to other programs; an entry that is there is called on.

use super::{Entry, State, gone, no_home, text};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const LABEL: &str = "io.github.sharelock.agent";

fn file() -> io::Result<PathBuf> {
    let folders = directories::BaseDirs::new().ok_or_else(no_home)?;
    Ok(folders.home_dir().join("Library").join("LaunchAgents").join(format!("{LABEL}.plist")))
}

pub(super) fn look() -> io::Result<Entry> {
    let file = file()?;
    let place = file.to_string_lossy().into_owned();
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Entry { state: State::On, program: program(&text), place }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Entry { state: State::Off, program: None, place }),
        Err(error) => Err(error),
    }
}

pub(super) fn turn_on(program: &Path) -> io::Result<()> {
    let program = escaped(text(program)?);
    let file = file()?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let plist = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         <key>Label</key><string>{LABEL}</string>\n\
         <key>ProgramArguments</key>\n<array><string>{program}</string><string>agent</string><string>run</string></array>\n\
         <key>RunAtLoad</key><true/>\n\
         <key>LimitLoadToSessionType</key><string>Aqua</string>\n\
         </dict>\n</plist>\n"
    );
    let draft = file.with_extension("tmp");
    let written = fs::write(&draft, plist).and_then(|()| fs::rename(&draft, &file));
    if written.is_err() {
        drop(fs::remove_file(&draft));
    }
    written
}

pub(super) fn turn_off() -> io::Result<()> {
    gone(fs::remove_file(file()?))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns the program of an entry that this program wrote.
fn program(plist: &str) -> Option<PathBuf> {
    let word = plist.split_once("<array><string>")?.1.split_once("</string>")?.0;
    Some(PathBuf::from(word.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")))
}
