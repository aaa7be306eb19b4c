//! Linux: a desktop entry in the user's autostart folder (XDG Autostart 0.5).
//!
//! Hazard: desktops turn an entry off in two ways, by `Hidden` and by a key of GNOME's that others have taken over; both count.

use super::{Entry, State, gone, no_home, text};
use crate::platform::desktop_entry::{argument, value};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "sharelock.desktop";

fn file() -> io::Result<PathBuf> {
    // Honours XDG_CONFIG_HOME.
    let folders = directories::BaseDirs::new().ok_or_else(no_home)?;
    Ok(folders.config_dir().join("autostart").join(NAME))
}

pub(super) fn look() -> io::Result<Entry> {
    let file = file()?;
    let place = file.to_string_lossy().into_owned();
    match fs::read(&file) {
        Ok(bytes) => {
            let (state, program) = read(&String::from_utf8_lossy(&bytes));
            Ok(Entry { state, program, place })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Entry { state: State::Off, program: None, place }),
        Err(error) => Err(error),
    }
}

pub(super) fn turn_on(program: &Path) -> io::Result<()> {
    let entry = entry(text(program)?);
    let file = file()?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    // Never half an entry: a log-in may read it at any time.
    let draft = file.with_extension("desktop.tmp");
    let written = fs::write(&draft, entry).and_then(|()| fs::rename(&draft, &file));
    if written.is_err() {
        drop(fs::remove_file(&draft));
    }
    written
}

pub(super) fn turn_off() -> io::Result<()> {
    gone(fs::remove_file(file()?))
}

/// Returns the entry for a program.
fn entry(program: &str) -> String {
    format!(
        "[Desktop Entry]\n\
         Type=Application\n\
         Name=Sharelock\n\
         Comment=Take turns on shared database files\n\
         Comment[fr]=Utiliser \u{e0} tour de r\u{f4}le des bases de donn\u{e9}es partag\u{e9}es\n\
         TryExec={}\n\
         Exec={} agent run\n\
         Icon=sharelock\n\
         Terminal=false\n\
         StartupNotify=false\n\
         X-GNOME-Autostart-enabled=true\n",
        value(program),
        value(&argument(program))
    )
}

/// Reads how an entry stands, and its program.
fn read(entry: &str) -> (State, Option<PathBuf>) {
    let mut group = "";
    let mut pairs = Vec::new();
    for line in entry.lines().map(str::trim) {
        if line.starts_with('[') {
            group = line;
        } else if group == "[Desktop Entry]" && !line.starts_with('#') {
            pairs.extend(line.split_once('=').map(|(key, value)| (key.trim_end(), value.trim_start())));
        }
    }
    let find = |key: &str| pairs.iter().find(|(own, _)| *own == key).map(|(_, value)| *value);
    let is_off = find("Hidden") == Some("true") || find("X-GNOME-Autostart-enabled") == Some("false");
    let program = find("Exec").and_then(|exec| first(&exec.replace("\\\\", "\\"))).map(PathBuf::from);
    (if is_off { State::TurnedOff } else { State::On }, program)
}

/// Returns the first word of an `Exec` value whose own escapes are already undone.
fn first(exec: &str) -> Option<String> {
    let Some(quoted) = exec.strip_prefix('"') else {
        return exec.split_whitespace().next().map(|word| word.replace("%%", "%"));
    };
    let mut word = String::new();
    let mut rest = quoted.chars();
    loop {
        match rest.next()? {
            '"' => return Some(word.replace("%%", "%")),
            '\\' => word.push(rest.next()?),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_and_read_back() {
        for path in ["/usr/bin/sharelock", "/path with space/sharelock", "/a\"b`c$d\\e/100%/sharelock", "/\u{e9}t\u{e9}/%f"] {
            let (state, program) = read(&entry(path));
            assert_eq!((state, program.as_deref()), (State::On, Some(Path::new(path))), "{}", entry(path));
        }
        let plain = entry("/path with space/sharelock");
        assert!(plain.contains("\nExec=\"/path with space/sharelock\" agent run\n"), "{plain}");
        assert!(plain.contains("\nTryExec=/path with space/sharelock\n"), "{plain}");
        // The specification: a literal dollar sign in quotes is written `\\$` in the file, a literal backslash as four.
        assert!(entry("/a$b").contains("Exec=\"/a\\\\$b\" agent run\n"));
        assert!(entry("/a\\b").contains("Exec=\"/a\\\\\\\\b\" agent run\n"));
        assert!(entry("/100%").contains("Exec=\"/100%%\" agent run\n"));
    }

    #[test]
    fn what_the_desktop_turned_off_is_off() {
        let on = entry("/usr/bin/sharelock");
        for (from, to) in [
            ("X-GNOME-Autostart-enabled=true", "X-GNOME-Autostart-enabled=false"),
            ("Terminal=false", "Hidden=true"),
            ("Terminal=false", "Hidden = true"),
        ] {
            assert_eq!(read(&on.replace(from, to)).0, State::TurnedOff, "{to}");
        }
        assert_eq!(read(&format!("{on}\n[Desktop Action x]\nHidden=true\n")).0, State::On);
        assert_eq!(read("").1, None);
        assert_eq!(read("[Desktop Entry]\nExec=\"/unfinished").1, None);
    }

    #[test]
    fn a_path_that_would_be_two_lines_is_refused() {
        assert!(text(Path::new("/a\nExec=evil")).is_err());
        assert!(text(Path::new("relative")).is_err());
    }
}
