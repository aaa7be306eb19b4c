//! Lock files that other programs leave beside documents and databases, and what they mean.
//!
//! Told by their names alone: none is opened, because opening may disturb the program that has it, and nothing is removed. The
//! hazard is advice that loses data: a rollback journal is the one such file that must never be deleted.

use super::scratch::ENTRIES;
use super::{Subject, failed};
use crate::i18n::doctor::{Finding, Foreign, Maker, Topic};
use crate::i18n::printable;
use crate::lease::codec::decode_notice;
use crate::lease::record::NoticeSeen;
use crate::platform::files;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How many lock files are told of.
const MOST_TOLD: usize = 20;
/// The largest notice that is read.
const LARGEST_NOTICE: usize = 64 * 1024;
/// From this age on a document's lock file is probably left behind: few keep a document open overnight.
const OVERNIGHT: Duration = Duration::from_secs(12 * 3600);
/// From this age on a rollback journal is left behind: it exists for the moments of a change.
const LONG_CHANGE: Duration = Duration::from_secs(600);

pub(super) fn foreign(subject: &Subject, tell: &mut dyn FnMut(Topic, Finding)) {
    match look(subject) {
        Err(error) => tell(Topic::ForeignLocks, Finding::Folder(failed(&error))),
        Ok(found) => found.into_iter().for_each(|what| tell(Topic::ForeignLocks, Finding::Foreign(what))),
    }
}

fn look(subject: &Subject) -> io::Result<Vec<Foreign>> {
    let present = subject.scratch().ok().and_then(|scratch| scratch.present().ok());
    let wanted = subject.location.as_ref().and_then(|location| location.database.file_name()).map(|name| name.to_string_lossy());
    let (mut found, mut looked) = (Vec::new(), 0);
    for entry in std::fs::read_dir(&subject.folder)? {
        let entry = entry?;
        looked += 1;
        if looked > ENTRIES || found.len() >= MOST_TOLD {
            break;
        }
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let Some((maker, of)) = recognise(&text) else { continue };
        if wanted.as_ref().is_some_and(|wanted| !of.means(wanted)) {
            continue;
        }
        let Ok(facts) = entry.path().symlink_metadata() else { continue };
        let empty_journal = maker == Maker::Journal && facts.len() == 0;
        if !facts.is_file() || empty_journal || (maker == Maker::Notice && !is_foreign_notice(&entry.path())) {
            continue;
        }
        let unchanged = present.and_then(|present| age(present, facts.modified().ok()?));
        found.push(judge(printable(&text), maker, unchanged, subject.is_local()));
    }
    if found.is_empty() {
        found.push(if looked > ENTRIES { Foreign::TooMany(ENTRIES) } else { Foreign::Nothing });
    }
    Ok(found)
}

fn age(present: SystemTime, modified: SystemTime) -> Option<Duration> {
    present.duration_since(modified).ok()
}

fn is_foreign_notice(path: &Path) -> bool {
    let bytes = files::read_whole(path, LARGEST_NOTICE);
    bytes.is_ok_and(|bytes| matches!(decode_notice(&bytes), NoticeSeen::Foreign { .. }))
}

fn judge(name: String, maker: Maker, unchanged: Option<Duration>, local: bool) -> Foreign {
    let limit = match maker {
        Maker::WriteAhead if !local => return Foreign::WriteAheadOnShare(name),
        Maker::Journal => LONG_CHANGE,
        Maker::Office | Maker::LibreOffice | Maker::Access | Maker::WriteAhead | Maker::Notice => OVERNIGHT,
    };
    match unchanged {
        Some(unchanged) if unchanged >= limit => Foreign::LeftBehind(name, maker, unchanged),
        unchanged => Foreign::InUse(name, maker, unchanged),
    }
}

/// What a lock file belongs to.
#[derive(Debug, PartialEq, Eq)]
enum Belongs<'a> {
    /// The file of this name.
    To(&'a str),
    /// A file whose name ends so; Office drops up to two characters at the beginning.
    ToEnd(&'a str),
    /// A file of this name with any extension.
    ToStem(&'a str),
}

impl Belongs<'_> {
    fn means(&self, file: &str) -> bool {
        match self {
            Self::To(name) => *name == file,
            Self::ToEnd(end) => file.strip_suffix(end).is_some_and(|start| start.chars().count() <= 2),
            Self::ToStem(stem) => file.rsplit_once('.').is_some_and(|(of_file, _)| of_file.eq_ignore_ascii_case(stem)),
        }
    }
}

/// Recognises a lock file by its name.
fn recognise(name: &str) -> Option<(Maker, Belongs<'_>)> {
    if let Some(rest) = name.strip_prefix("~$") {
        return Some((Maker::Office, Belongs::ToEnd(rest)));
    }
    if let Some(of) = name.strip_prefix(".~lock.").and_then(|rest| rest.strip_suffix('#')) {
        return Some((Maker::LibreOffice, Belongs::To(of)));
    }
    for (suffix, maker) in [("-journal", Maker::Journal), ("-wal", Maker::WriteAhead), (".lock", Maker::Notice)] {
        if let Some(of) = name.strip_suffix(suffix).filter(|of| !of.is_empty()) {
            return Some((maker, Belongs::To(of)));
        }
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let of_access = extension.eq_ignore_ascii_case("laccdb") || extension.eq_ignore_ascii_case("ldb");
    (of_access && !stem.is_empty()).then_some((Maker::Access, Belongs::ToStem(stem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn belongs(lock: &str, file: &str) -> Option<Maker> {
        recognise(lock).filter(|(_, of)| of.means(file)).map(|(maker, _)| maker)
    }

    #[test]
    fn lock_files_are_known_by_their_names() {
        assert_eq!(belongs("~$budget.xlsx", "budget.xlsx"), Some(Maker::Office));
        assert_eq!(belongs("~$dget.docx", "budget.docx"), Some(Maker::Office));
        assert_eq!(belongs("~$get.docx", "budget.docx"), None);
        assert_eq!(belongs(".~lock.budget.ods#", "budget.ods"), Some(Maker::LibreOffice));
        assert_eq!(belongs("RH.laccdb", "rh.accdb"), Some(Maker::Access));
        assert_eq!(belongs("rh.ldb", "rh.mdb"), Some(Maker::Access));
        assert_eq!(belongs("wems.db-journal", "wems.db"), Some(Maker::Journal));
        assert_eq!(belongs("wems.db-wal", "wems.db"), Some(Maker::WriteAhead));
        assert_eq!(belongs("wems.db.lock", "wems.db"), Some(Maker::Notice));
        for innocent in ["wems.db", "-journal", ".lock", "block", "notes.txt", "a.ldbx"] {
            assert!(recognise(innocent).is_none(), "{innocent}");
        }
    }

    #[test]
    fn age_tells_what_was_left_behind() {
        let of = |maker, seconds| judge("x".into(), maker, Some(Duration::from_secs(seconds)), false);
        assert!(matches!(of(Maker::Office, 3600), Foreign::InUse(..)));
        assert!(matches!(of(Maker::Office, 90_000), Foreign::LeftBehind(..)));
        assert!(matches!(of(Maker::Journal, 5), Foreign::InUse(..)));
        assert!(matches!(of(Maker::Journal, 601), Foreign::LeftBehind(..)));
        assert_eq!(of(Maker::WriteAhead, 1), Foreign::WriteAheadOnShare("x".into()));
        assert!(matches!(judge("x".into(), Maker::WriteAhead, None, true), Foreign::InUse(..)));
    }
}
