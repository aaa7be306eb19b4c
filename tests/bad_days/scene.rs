//! Where one bad day takes place: a folder, whose program is run there and how, and what must go on meanwhile.

use crate::support::{Place, Running};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Two people without any rights of their own.
pub(crate) const PAUL: u32 = 65_532;
pub(crate) const MARIE: u32 = 65_533;
/// The group that the share belongs to.
pub(crate) const OFFICE: u32 = 65_500;

/// Why a row cannot be played here.
pub(crate) const NEEDS_ROOT: &str = "needs root";

/// A folder and how the program is run in it.
pub(crate) struct Scene {
    pub(crate) place: Place,
    pub(crate) database: String,
    /// Run by this user, who is in the office's group.
    pub(crate) user: Option<u32>,
    /// Run by a shell in a mount namespace of its own, after this.
    pub(crate) mounted: Option<String>,
    /// What the program reads from, where it is not nothing.
    pub(crate) input: Option<&'static str>,
    /// Another folder that must stay meanwhile.
    #[expect(dead_code, reason = "held only to be dropped")]
    pub(crate) kept: Option<tempfile::TempDir>,
    /// Programs that hold something meanwhile.
    pub(crate) running: Vec<Running>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        // Whoever the program is run by must be able to come here.
        for folder in [place.share().parent().unwrap(), &place.share()] {
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
        }
        Self { place, database: "wems.db".into(), user: None, mounted: None, input: None, kept: None, running: Vec::new() }
    }

    /// A path in the share.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.place.share().join(name)
    }

    /// Writes a file in the share, and the folders that it needs.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Makes everything removable again, also for somebody without rights.
    pub(crate) fn open_up(&self) {
        let opened = Command::new("chmod").args(["-R", "u+rwX"]).arg(self.place.share()).stderr(Stdio::null()).status();
        assert!(opened.is_ok());
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.at(name), PermissionsExt::from_mode(mode)).unwrap();
    }

    /// Has everything done by somebody whom permissions stop; nobody has to be found where that is us.
    pub(crate) fn of_ordinary_user(mut self) -> Self {
        if is_root() {
            self.user = Some(PAUL);
        }
        self
    }

    /// Has the program run in a mount namespace of its own, after this script, if that can be had here. `input` is what it reads from.
    pub(crate) fn mounted(mut self, script: &str, input: Option<&'static str>) -> Result<Self, &'static str> {
        let mut tried = Command::new("unshare");
        tried.args([if is_root() { "-m" } else { "-rm" }, "sh", "-c", script]).env("SHARE", self.place.share());
        tried.stdin(stdin(input)).stdout(Stdio::null()).stderr(Stdio::null());
        if !tried.status().is_ok_and(|status| status.success()) {
            return Err(NEEDS_ROOT);
        }
        self.mounted = Some(script.to_owned());
        self.input = input;
        Ok(self)
    }

    /// The program, as this scene runs it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(self.user, arguments)
    }

    /// The program, run by a user with the habit of keeping others from writing.
    pub(crate) fn command_of(&self, user: Option<u32>, arguments: &[&str]) -> Command {
        let mut plain = self.place.command(arguments);
        if Path::new(&self.database).is_absolute() {
            // Not every folder can be stood in.
            plain.current_dir("/");
        }
        let (program, script) = match (user, &self.mounted) {
            (None, None) => return plain,
            (Some(_), _) => ("sh", "cd \"$SHARE\"; umask 022; exec \"$@\"".to_owned()),
            (None, Some(mount)) => ("unshare", format!("cd \"$SHARE\"\n{mount}\nexec \"$@\"")),
        };
        let mut command = Command::new(program);
        if program == "unshare" {
            command.args([if is_root() { "-m" } else { "-rm" }, "sh"]);
        }
        command.args(["-c", &script, "sh"]).arg(if user.is_some() { for_everybody() } else { program_path() }).args(arguments);
        command.current_dir("/").stdin(Stdio::null()).env("SHARE", self.place.share());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(user) = user {
            command.uid(user).gid(OFFICE);
        }
        command
    }

    /// Has somebody hold the database as long as the scene lasts.
    pub(crate) fn hold(&mut self, user: Option<u32>, database: &str) {
        let mut command = self.command_of(user, &["hold", "--json", database]);
        command.stdin(Stdio::null());
        let running = Running::start(command);
        running.event("acquired");
        self.running.push(running);
    }
}

/// Opens what a program is to read from, which may also have to be written to.
pub(crate) fn stdin(input: Option<&str>) -> Stdio {
    input.map_or_else(Stdio::null, |path| std::fs::File::options().read(true).write(true).open(path).unwrap().into())
}

pub(crate) fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

fn program_path() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_sharelock"))
}

/// A copy of the program that every user can reach; the build folder may be somebody's own.
fn for_everybody() -> PathBuf {
    static COPY: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = COPY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::copy(program_path(), folder.path().join("sharelock")).unwrap();
        folder
    });
    folder.path().join("sharelock")
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            std::fs::copy(&path, &copied).unwrap();
        }
    }
}
