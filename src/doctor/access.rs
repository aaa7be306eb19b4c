//! Who may use the folder and what belongs to it, for colleagues as well.
//!
//! What this user may do is tried. What others may do can only be read off owner, group and mode, and on SMB not even that: the mount
//! invents them. The hazard is the umask: a store made by one colleague that the next one may read and not write.

use super::{Subject, leases, quoted, shown};
use crate::i18n::doctor::{Access, Finding, Skip, Topic, Who};
use crate::i18n::printable;
use crate::platform::file_system::Kind;
use crate::platform::files::{self, Trouble, classify};
use crate::platform::permissions::{Permissions, permissions};
use crate::store::naming::STORES;
use std::path::Path;

const STICKY: u32 = 0o1000;
const SET_GROUP: u32 = 0o2000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

pub(super) fn access(subject: &Subject, tell: &mut dyn FnMut(Topic, Finding)) {
    let mut found = false;
    for denied in try_stores(subject) {
        found = true;
        tell(Topic::Access, Finding::Access(denied));
    }
    let finding = if subject.system.kind == Kind::Smb {
        Finding::Access(Access::ServerDecides)
    } else {
        match permissions(&subject.folder) {
            None => Finding::Skipped(Skip::NotTold),
            Some(folder) => {
                for narrow in narrower(subject, &folder) {
                    found = true;
                    tell(Topic::Access, Finding::Access(narrow));
                }
                Finding::Access(judge(&folder, &subject.folder, subject.is_local()))
            }
        }
    };
    let says_something = !matches!(finding, Finding::Access(Access::Shared(_) | Access::ServerDecides) | Finding::Skipped(_));
    if says_something || !found {
        tell(Topic::Access, finding);
    }
}

/// Tries to make a file in every store, under a name that no reader of a store takes for its own.
fn try_stores(subject: &Subject) -> Vec<Access> {
    let Ok(scratch) = subject.scratch() else { return Vec::new() };
    let Some(name) = scratch.name() else { return Vec::new() };
    let denied = |store: &Path| {
        let path = store.join(&name);
        match files::create_exclusive(&path) {
            Ok(file) => {
                drop(file);
                let removed = std::fs::remove_file(&path);
                removed.err().filter(|error| classify(error) == Trouble::Denied)
            }
            Err(error) => Some(error).filter(|error| classify(error) == Trouble::Denied),
        }
    };
    let stores = leases::stores(subject);
    stores
        .iter()
        .filter_map(|store| denied(store).map(|error| Access::StoreDenied(shown(store), printable(&error.to_string()))))
        .collect()
}

/// Finds what belongs to the folder and lets in fewer than the folder does.
fn narrower(subject: &Subject, folder: &Permissions) -> Vec<Access> {
    let mut found = Vec::new();
    let all = subject.folder.join(STORES);
    let ours = [vec![all.clone()], leases::stores(subject)].concat();
    let narrow = ours.iter().find(|path| permissions(path).is_some_and(|entry| lacks(&entry, folder, 0o066)));
    if let Some(path) = narrow {
        let command = widen(folder, &all, " -R");
        found.push(Access::Narrow(shown(path), command));
    }
    if let Some(location) = &subject.location
        && permissions(&location.database).is_some_and(|entry| lacks(&entry, folder, GROUP_WRITES | OTHERS_WRITE))
    {
        found.push(Access::DatabaseNarrow(shown(&location.database), widen(folder, &location.database, "")));
    }
    found
}

/// Returns whether an entry denies group or others what its folder grants them.
fn lacks(entry: &Permissions, folder: &Permissions, bits: u32) -> bool {
    let granted = folder.mode & bits;
    let wrong_group = entry.group != folder.group && granted & GROUP_WRITES != 0 && granted & OTHERS_WRITE == 0;
    wrong_group || granted & !entry.mode != 0
}

fn widen(folder: &Permissions, path: &Path, deep: &str) -> String {
    let path = quoted(path);
    if folder.mode & OTHERS_WRITE != 0 {
        format!("chmod{deep} a+rwX {path}")
    } else {
        format!("chgrp{deep} {} {path} && chmod{deep} g+rwX {path}", folder.group_name)
    }
}

fn judge(folder: &Permissions, path: &Path, local: bool) -> Access {
    let (group, others) = (folder.mode & GROUP_WRITES != 0, folder.mode & OTHERS_WRITE != 0);
    let command = |change: &str| format!("chmod {change} {}", quoted(path));
    match (group, others) {
        (false, false) if local => Access::Shared(Who::Owner),
        (false, false) => Access::Private(shown(path), command("g+rws")),
        _ if folder.mode & STICKY != 0 => Access::Sticky(shown(path), command("-t")),
        (_, true) => Access::Shared(Who::Everybody),
        (true, false) if folder.mode & SET_GROUP == 0 => Access::NoSetGroup(shown(path), command("g+s")),
        (true, false) => Access::Shared(Who::Group(printable(&folder.group_name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(mode: u32) -> Permissions {
        Permissions { mode, owner: 1, group: 50, group_name: "staff".into(), mine: true }
    }

    fn judged(mode: u32) -> Access {
        judge(&with(mode), Path::new("/srv/our db"), false)
    }

    #[test]
    fn modes_are_judged_by_what_colleagues_can_do() {
        let folder = || "/srv/our db".to_owned();
        assert_eq!(judged(0o2770), Access::Shared(Who::Group("staff".into())));
        assert_eq!(judged(0o777), Access::Shared(Who::Everybody));
        assert_eq!(judged(0o755), Access::Private(folder(), "chmod g+rws '/srv/our db'".into()));
        assert_eq!(judge(&with(0o700), Path::new("/x"), true), Access::Shared(Who::Owner));
        assert_eq!(judged(0o770), Access::NoSetGroup(folder(), "chmod g+s '/srv/our db'".into()));
        assert_eq!(judged(0o1777), Access::Sticky(folder(), "chmod -t '/srv/our db'".into()));
    }

    #[test]
    fn an_umask_shows_as_less_than_the_folder_grants() {
        let folder = with(0o2770);
        assert!(!lacks(&with(0o2770), &folder, 0o066));
        assert!(lacks(&with(0o2750), &folder, 0o066));
        assert!(lacks(&Permissions { group: 100, ..with(0o2770) }, &folder, 0o066));
        assert!(!lacks(&Permissions { group: 100, ..with(0o777) }, &with(0o777), 0o066));
        assert_eq!(widen(&folder, Path::new("/s/.x"), " -R"), "chgrp -R staff '/s/.x' && chmod -R g+rwX '/s/.x'");
        assert_eq!(widen(&with(0o777), Path::new("/s"), ""), "chmod a+rwX '/s'");
    }
}
