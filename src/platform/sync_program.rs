//! Is a folder kept by a synchronisation program (`OneDrive`, Dropbox, …)?
//!
//! Such a folder is not shared but copied: every machine has its own, and the copies are merged minutes later. No operation in
//! it is atomic between machines, so no lease can be kept there. The signs are names and marker files that these programs leave in
//! their folders, looked for in the folder and all above it. No sign is no proof: a program may hide its marks.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Most entries that one folder is searched for marker files with a changing name.
const ENTRIES: usize = 20_000;

/// What this user's environment says about synchronised folders.
#[derive(Debug, Default)]
struct Surroundings {
    /// Folders with the program that keeps them.
    folders: Vec<(PathBuf, &'static str)>,
}

/// Returns the name of the synchronisation program that keeps `path`, if one is recognised.
#[must_use]
pub fn sync_program(path: &Path) -> Option<String> {
    #[cfg(windows)]
    if crate::platform::file_system::volume_label(path).is_some_and(|label| label == "Google Drive") {
        return Some("Google Drive".to_owned());
    }
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    recognise(&resolved, &Surroundings::read())
}

/// Returns whether this computer may go on with copies of its own when the server of a share is away. Windows alone does such things.
#[cfg(not(windows))]
#[must_use]
pub const fn offline_files() -> bool {
    false
}

/// Returns whether Windows' Offline Files are switched on: this computer may then go on with copies of its own when the server of a
/// share is away. Which shares it keeps is not told. The library is not on every edition, so it is asked for at run time.
#[cfg(windows)]
#[must_use]
pub fn offline_files() -> bool {
    use windows_sys::Win32::System::LibraryLoader::{GetProcAddress, LoadLibraryW};
    type Query = unsafe extern "system" fn(active: *mut i32, enabled: *mut i32) -> u32;
    let name = super::wide::to_wide(Path::new("cscapi.dll"));
    // SAFETY: the name ends with a zero and outlives the call.
    let library = unsafe { LoadLibraryW(name.as_ptr()) };
    if library.is_null() {
        return false;
    }
    // SAFETY: the library stays loaded, and the name ends with a zero.
    let Some(found) = (unsafe { GetProcAddress(library, c"OfflineFilesQueryStatus".as_ptr().cast()) }) else { return false };
    // SAFETY: this is that function's documented form.
    let query = unsafe { std::mem::transmute::<unsafe extern "system" fn() -> isize, Query>(found) };
    let (mut active, mut enabled) = (0, 0);
    // SAFETY: both numbers outlive the call.
    let answer = unsafe { query(&raw mut active, &raw mut enabled) };
    answer == 0 && active != 0
}

fn recognise(path: &Path, surroundings: &Surroundings) -> Option<String> {
    let known =
        surroundings.folders.iter().find(|(folder, _)| path.starts_with(folder)).map(|(_, program)| (*program).to_owned());
    known.or_else(|| by_names(path)).or_else(|| path.ancestors().find_map(by_markers).map(str::to_owned))
}

impl Surroundings {
    fn read() -> Self {
        let mut folders = Vec::new();
        for name in ["OneDrive", "OneDriveCommercial", "OneDriveConsumer"] {
            folders.extend(std::env::var_os(name).map(|folder| (PathBuf::from(folder), "OneDrive")));
        }
        let homes = ["HOME", "APPDATA", "LOCALAPPDATA"].iter().filter_map(std::env::var_os);
        for home in homes {
            for name in [".dropbox", "Dropbox"] {
                let list = Path::new(&home).join(name).join("info.json");
                let text = std::fs::read_to_string(list).unwrap_or_default();
                folders.extend(dropbox_folders(&text).into_iter().map(|folder| (folder, "Dropbox")));
            }
        }
        // An empty or root folder would make everything synchronised.
        folders.retain(|(folder, _)| folder.is_absolute() && folder.parent().is_some());
        for (folder, _) in &mut folders {
            *folder = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        }
        Self { folders }
    }
}

/// Reads Dropbox's list of its folders: `{"personal":{"path":"/home/anna/Dropbox",…},"business":{…}}`.
fn dropbox_folders(text: &str) -> Vec<PathBuf> {
    let Ok(Value::Object(accounts)) = serde_json::from_str(text) else { return Vec::new() };
    let mut folders: Vec<PathBuf> =
        accounts.values().filter_map(|account| account.get("path")?.as_str().map(PathBuf::from)).collect();
    folders.sort();
    folders
}

fn by_names(path: &Path) -> Option<String> {
    let names: Vec<String> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    for (index, name) in names.iter().enumerate() {
        if name == "OneDrive" || name.starts_with("OneDrive - ") {
            return Some("OneDrive".to_owned());
        }
        if name == "Google Drive" || name == "GoogleDrive" || name.starts_with("GoogleDrive-") {
            return Some("Google Drive".to_owned());
        }
        if name == "Mobile Documents" || name == "com~apple~CloudDocs" {
            return Some("iCloud".to_owned());
        }
        // macOS keeps all that uses its file-provider interface here: `Box-Box`, `OneDrive-Company`, `Dropbox`.
        if name == "CloudStorage"
            && index > 0
            && names.get(index - 1).is_some_and(|above| above == "Library")
            && let Some(provider) = names.get(index + 1)
        {
            return Some(provider.split('-').next().unwrap_or(provider).to_owned());
        }
    }
    None
}

/// What these programs leave at the top of what they synchronise.
const MARKERS: [(&str, &str); 8] = [
    (".dropbox.cache", "Dropbox"),
    (DROPBOX, "Dropbox"),
    (".tmp.drivedownload", "Google Drive"),
    (".tmp.driveupload", "Google Drive"),
    (".nextcloudsync.log", "Nextcloud"),
    (".owncloudsync.log", "ownCloud"),
    (".csync_journal.db", "ownCloud"),
    (".stfolder", "Syncthing"),
];
/// As a folder it is the program's own, in the home folder, which is not synchronised.
const DROPBOX: &str = ".dropbox";

/// One listing answers for all markers, and is needed for the one whose name holds a hash.
fn by_markers(folder: &Path) -> Option<&'static str> {
    let mut listed = 0;
    for entry in std::fs::read_dir(folder).into_iter().flatten().take(ENTRIES).flatten() {
        listed += 1;
        let name = entry.file_name();
        if let Some(program) = program_of(&name)
            && (name != DROPBOX || entry.file_type().is_ok_and(|kind| !kind.is_dir()))
        {
            return Some(program);
        }
    }
    if (1..ENTRIES).contains(&listed) {
        return None;
    }
    // Not all of it was listed, or it may not be.
    let is_there = |name: &str| {
        let facts = folder.join(name).symlink_metadata();
        facts.is_ok_and(|facts| name != DROPBOX || !facts.is_dir())
    };
    MARKERS.iter().find(|(name, _)| is_there(name)).map(|(_, program)| *program)
}

fn program_of(name: &OsStr) -> Option<&'static str> {
    let name = name.to_str().filter(|name| name.starts_with('.'))?;
    let known = MARKERS.iter().find(|(marker, _)| *marker == name).map(|(_, program)| *program);
    known.or_else(|| is_journal(name).then_some("Nextcloud or ownCloud"))
}

/// The journal that both clients keep at the top of what they synchronise; its name holds a hash.
fn is_journal(name: &str) -> bool {
    (name.starts_with(".sync_") || name.starts_with("._sync_"))
        && Path::new(name).extension().is_some_and(|extension| extension == "db")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test_process::Folder;

    fn judged(path: &Path) -> Option<String> {
        recognise(path, &Surroundings::default())
    }

    #[test]
    fn markers_are_found_in_every_folder_above() {
        for (marker, program) in [
            (".dropbox.cache", "Dropbox"),
            (".dropbox", "Dropbox"),
            (".tmp.drivedownload", "Google Drive"),
            (".nextcloudsync.log", "Nextcloud"),
            (".owncloudsync.log", "ownCloud"),
            (".stfolder", "Syncthing"),
            (".sync_0123abcd.db", "Nextcloud or ownCloud"),
            ("._sync_0123abcd.db", "Nextcloud or ownCloud"),
        ] {
            let folder = Folder::new("sync-markers");
            let deep = folder.file("projects").join("2026");
            std::fs::create_dir_all(&deep).unwrap();
            assert_eq!(judged(&deep), None, "before {marker}");
            std::fs::write(folder.file(marker), "").unwrap();
            assert_eq!(judged(&deep), Some(program.to_owned()), "{marker}");
        }
    }

    #[test]
    fn the_configuration_folder_of_dropbox_does_not_condemn_the_home() {
        let folder = Folder::new("sync-home");
        std::fs::create_dir(folder.file(".dropbox")).unwrap();
        assert_eq!(judged(folder.path()), None);
    }

    #[test]
    fn names_are_recognised_as_whole_components() {
        let of = |path: &str| judged(Path::new(path));
        assert_eq!(of("/nowhere/anna/OneDrive/db"), Some("OneDrive".to_owned()));
        assert_eq!(of("/nowhere/anna/OneDrive - Example Ltd/db"), Some("OneDrive".to_owned()));
        assert_eq!(of("/nowhere/anna/OneDriver/db"), None);
        assert_eq!(of("/nowhere/anna/Library/Mobile Documents/db"), Some("iCloud".to_owned()));
        assert_eq!(of("/nowhere/anna/Library/CloudStorage/Box-Box/db"), Some("Box".to_owned()));
        assert_eq!(of("/nowhere/GoogleDrive-anna/db"), Some("Google Drive".to_owned()));
    }

    #[test]
    fn folders_of_the_environment_count() {
        let folders = dropbox_folders(r#"{"personal":{"path":"/data/box","host":1},"business":{"path":"/data/work"},"x":2}"#);
        assert_eq!(folders, [PathBuf::from("/data/box"), PathBuf::from("/data/work")]);
        assert_eq!(dropbox_folders("not json"), Vec::<PathBuf>::new());
        let surroundings = Surroundings { folders: folders.into_iter().map(|folder| (folder, "Dropbox")).collect() };
        assert_eq!(recognise(Path::new("/data/box/a"), &surroundings), Some("Dropbox".to_owned()));
        assert_eq!(recognise(Path::new("/data/boxes/a"), &surroundings), None);
    }
}
