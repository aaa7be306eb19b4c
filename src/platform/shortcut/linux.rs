//! Linux: a desktop entry that may be executed, since desktops start no other.

use super::Shortcut;
use crate::platform::desktop_entry::{argument, value};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub(super) fn make(shortcut: Shortcut<'_>, folder: Option<&Path>) -> io::Result<PathBuf> {
    let entry = entry(shortcut)?;
    let desktop = || directories::UserDirs::new().and_then(|folders| folders.desktop_dir().map(Path::to_path_buf));
    let folder = folder.map(Path::to_path_buf).or_else(desktop).ok_or(io::ErrorKind::NotFound)?;
    let file = folder.join(format!("{}.desktop", shortcut.title));
    let mut created = OpenOptions::new().write(true).create_new(true).mode(0o755).open(&file)?;
    if let Err(error) = created.write_all(entry.as_bytes()) {
        drop(fs::remove_file(&file));
        return Err(error);
    }
    Ok(file)
}

fn entry(shortcut: Shortcut<'_>) -> io::Result<String> {
    let program = shortcut.program.to_str().ok_or(io::ErrorKind::InvalidInput)?;
    let words: Vec<String> = [program].iter().chain(shortcut.arguments).map(|word| argument(word)).collect();
    let (title, exec) = (value(shortcut.title), value(&words.join(" ")));
    if [program, &title, &exec].iter().any(|text| text.contains(char::is_control)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(format!("[Desktop Entry]\nType=Application\nName={title}\nExec={exec}\nIcon=sharelock\nTerminal=false\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_quoted_and_no_line_can_be_smuggled_in() {
        let program = Path::new("/a b/share$lock");
        let made = entry(Shortcut { title: "R&D 100%", program, arguments: &["run", "--gui", "R&D 100%"] }).unwrap();
        let line = "\nExec=\"/a b/share\\\\$lock\" \"run\" \"--gui\" \"R&D 100%%\"\n";
        assert!(made.contains(line) && made.contains("\nName=R&D 100%\n"), "{made}");
        assert!(entry(Shortcut { title: "a\nExec=evil", program, arguments: &[] }).is_err());
    }
}
