//! Where a report is saved, and saving it: a zip, because that is what people can attach and open everywhere.
//!
//! The hazard is somebody's own file: nothing is ever written over.

use crate::platform::files::private;
use directories::UserDirs;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// How many reports of one minute there may be.
const MOST_NUMBERS: u32 = 100;

/// One file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) text: String,
}

/// Returns where people look for what they have just saved: the desktop, else the documents, else their home. The present folder is that of
/// whoever asked, which may be the agent.
pub(super) fn folder() -> PathBuf {
    let folders = UserDirs::new();
    let all = |folders: &UserDirs| {
        [folders.desktop_dir(), folders.document_dir(), Some(folders.home_dir())].map(|folder| folder.map(Path::to_path_buf))
    };
    let own = folders.iter().flat_map(all).flatten();
    let there = own.into_iter().find(|folder| folder.is_dir());
    there.or_else(|| std::env::current_dir().ok()).unwrap_or_default()
}

/// Saves a report into a folder, under a name that is not taken, and returns the file. `time` is the time in its name.
pub(super) fn save_in(folder: &Path, time: &str, parts: &[Part]) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let file = folder.join(format!("sharelock-report-{time}{suffix}.zip"));
        match save(&file, parts) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_NUMBERS => number += 1,
            saved => return saved.map(|()| file),
        }
    }
}

/// Saves a report as this file.
pub(super) fn save(file: &Path, parts: &[Part]) -> io::Result<()> {
    let created = private(OpenOptions::new().write(true).create_new(true)).open(file)?;
    let mut archive = ZipWriter::new(created);
    let written = write(&mut archive, parts).and_then(|()| Ok(archive.finish()?)).and_then(|created| created.sync_all());
    if written.is_err() {
        // Half a report is none.
        drop(std::fs::remove_file(file));
    }
    written
}

fn write(archive: &mut ZipWriter<std::fs::File>, parts: &[Part]) -> io::Result<()> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for part in parts {
        archive.start_file(part.name.as_str(), options)?;
        archive.write_all(part.text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_saved_can_be_read_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let parts = [("about.txt", "é\n".to_owned()), ("agent.log", "line\n".repeat(10_000))];
        let parts = parts.map(|(name, text)| Part { name: name.into(), text });
        let names = [1, 2, 3].map(|_| save_in(folder.path(), "2026-11-25-0512", &parts).unwrap());
        let expected = ["", "-2", "-3"].map(|suffix| folder.path().join(format!("sharelock-report-2026-11-25-0512{suffix}.zip")));
        assert_eq!(names, expected);
        let mut archive = zip::ZipArchive::new(std::fs::File::open(&names[0]).unwrap()).unwrap();
        for (number, part) in parts.iter().enumerate() {
            let mut file = archive.by_index(number).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!((file.name().unwrap().as_ref(), &text), (part.name.as_str(), &part.text));
        }
        assert!(names[0].metadata().unwrap().len() < 2000);
        let before = std::fs::read(&names[0]).unwrap();
        assert_eq!(save(&names[0], &[]).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&names[0]).unwrap(), before);
        assert!(save(&folder.path().join("no/such.zip"), &parts).is_err());
    }
}
