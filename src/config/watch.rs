//! Hearing that a file of settings has changed.
//!
//! Editors write a new file and move it over the old one, so the folder is listened to and not the file. The hazard is a folder that is
//! listened to for nothing: the system tells who opens any file in it, and in `/etc` everybody opens something all the time. So the
//! user's folder is made where it is missing, and the administrators' counts from the next start where it comes later.

use super::Places;
use notify::{Event, EventKind, RecursiveMode, Watcher as _};
use std::path::{Path, PathBuf};

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Watching {
    _native: notify::RecommendedWatcher,
}

/// Calls back from another thread whenever one of the files may have changed; a save can be several calls. `None` where the system
/// cannot tell. After a call [`watch`] again: the folder may have gone and come back.
pub fn watch(places: &Places, on_change: impl Fn() + Send + 'static) -> Option<Watching> {
    let files: Vec<PathBuf> = places.user.iter().chain(&places.system).cloned().collect();
    if let Some(folder) = places.user.as_ref().and_then(|file| file.parent()) {
        // Without it there is nothing to hear of, which the caller is told.
        drop(std::fs::create_dir_all(folder));
    }
    let folders: Vec<PathBuf> = files.iter().filter_map(|file| file.parent()).map(Path::to_path_buf).collect();
    let hear = move |event: notify::Result<Event>| {
        if event.as_ref().map_or(true, |event| is_news(event, &files)) {
            on_change();
        }
    };
    let mut native = notify::recommended_watcher(hear).ok()?;
    let mut some = false;
    for folder in folders {
        some |= native.watch(&folder, RecursiveMode::NonRecursive).is_ok();
    }
    some.then_some(Watching { _native: native })
}

/// Something happened to one of the files, or to a folder above one. Reading is no news: our own would wake us for ever.
fn is_news(event: &Event, files: &[PathBuf]) -> bool {
    let concerns = |path: &PathBuf| files.iter().any(|file| file.starts_with(path) || same_name(file, path));
    match event.kind {
        EventKind::Access(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => {
            event.paths.is_empty() || event.need_rescan() || event.paths.iter().any(concerns)
        }
    }
}

/// macOS tells the path with all links resolved, so it may differ from the one that is known by more than its name.
fn same_name(file: &Path, path: &Path) -> bool {
    file.file_name() == path.file_name()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_file_that_is_written_or_moved_there_is_heard_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sharelock").join("sharelock.toml");
        let mut places = Places::find();
        (places.user, places.system) = (Some(file.clone()), None);
        let (sender, heard) = mpsc::channel();
        let listen = || {
            let sender = sender.clone();
            watch(&places, move || {
                // Nobody may be listening any more.
                let _ = sender.send(());
            })
            .unwrap()
        };
        let news = || heard.recv_timeout(Duration::from_secs(20)).expect("a change was not heard of");
        let watching = listen();
        std::fs::write(&file, "language = 'fr'").unwrap();
        news();
        while heard.recv_timeout(Duration::from_millis(200)).is_ok() {}
        let new = file.with_extension("new");
        std::fs::write(&new, "language = 'en'").unwrap();
        std::fs::rename(&new, &file).unwrap();
        news();
        drop(watching);
    }
}
