//! Windows: a shell link, written by the shell itself.
//!
//! Hazards: the shell writes over what is there, so the name is taken first, by an empty file that only the first one gets; and words
//! that the started program would read as two, or one too many, so each is quoted by the rule by which programs take them apart.

use super::Shortcut;
use crate::platform::app_identity;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use windows::Win32::Foundation::PROPERTYKEY;
use windows::Win32::System::Com::StructuredStorage::PROPVARIANT;
use windows::Win32::System::Com::{
    CLSCTX_INPROC_SERVER, COINIT_APARTMENTTHREADED, CoCreateInstance, CoInitializeEx, CoUninitialize, IPersistFile,
};
use windows::Win32::UI::Shell::PropertiesSystem::IPropertyStore;
use windows::Win32::UI::Shell::{IShellLinkW, ShellLink};
use windows::core::{GUID, HRESULT, HSTRING, Interface, Result};

/// `System.AppUserModel.ID`.
static IDENTITY: PROPERTYKEY = PROPERTYKEY { fmtid: GUID::from_u128(0x9f4c_2855_9f79_4b39_a8d0_e1d4_2de1_d5f3), pid: 5 };
/// What names of files cannot have.
const FORBIDDEN: [char; 9] = ['<', '>', ':', '"', '/', '\\', '|', '?', '*'];

pub(super) fn make(shortcut: Shortcut<'_>, folder: Option<&Path>) -> io::Result<PathBuf> {
    let desktop = || directories::UserDirs::new().and_then(|folders| folders.desktop_dir().map(Path::to_path_buf));
    let folder = folder.map(Path::to_path_buf).or_else(desktop).ok_or(io::ErrorKind::NotFound)?;
    // The shell has another working folder than this program.
    let file = std::path::absolute(folder.join(format!("{}.lnk", shortcut.title.replace(FORBIDDEN, "_"))))?;
    drop(OpenOptions::new().write(true).create_new(true).open(&file)?);
    if let Err(error) = write(shortcut, &file) {
        drop(fs::remove_file(&file));
        return Err(io::Error::from_raw_os_error(plain(error.code())));
    }
    Ok(file)
}

/// Returns the number of Windows that an answer of the shell wraps, or the answer.
const fn plain(code: HRESULT) -> i32 {
    if code.0.cast_unsigned() >> 16 == 0x8007 { code.0 & 0xFFFF } else { code.0 }
}

fn write(shortcut: Shortcut<'_>, file: &Path) -> Result<()> {
    let _com = Com::begin()?;
    // SAFETY: takes no pointers of ours, and COM was begun on this thread.
    let link: IShellLinkW = unsafe { CoCreateInstance(&ShellLink, None, CLSCTX_INPROC_SERVER) }?;
    let (program, title) = (HSTRING::from(shortcut.program), HSTRING::from(shortcut.title));
    // SAFETY: the text outlives the call.
    unsafe { link.SetPath(&program) }?;
    // SAFETY: the text outlives the call.
    unsafe { link.SetArguments(&HSTRING::from(words(shortcut.arguments))) }?;
    // SAFETY: the text outlives the call.
    unsafe { link.SetDescription(&title) }?;
    // SAFETY: the text outlives the call.
    unsafe { link.SetIconLocation(&program, 0) }?;
    // What it starts belongs to the agent's button in the taskbar. Wine's links have no properties, and start all the same.
    if let Ok(store) = link.cast::<IPropertyStore>() {
        let identity = PROPVARIANT::from(app_identity::ID);
        // SAFETY: key and value outlive the call.
        unsafe { store.SetValue(&raw const IDENTITY, &raw const identity) }?;
        // SAFETY: takes no pointers.
        unsafe { store.Commit() }?;
    }
    // SAFETY: the text outlives the call.
    unsafe { link.cast::<IPersistFile>()?.Save(&HSTRING::from(file), true) }
}

/// COM on this thread, until this is dropped.
struct Com;

impl Com {
    fn begin() -> Result<Self> {
        // SAFETY: the reserved pointer is none.
        unsafe { CoInitializeEx(None, COINIT_APARTMENTTHREADED) }.ok().map(|()| Self)
    }
}

impl Drop for Com {
    fn drop(&mut self) {
        // SAFETY: it was begun on this thread, once for each of these.
        unsafe { CoUninitialize() };
    }
}

/// Writes words as a command line from which programs read the same words: in quotes, those within escaped, and backslashes doubled
/// where a quote follows.
fn words(words: &[&str]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for letter in word.chars() {
        if letter == '"' {
            // Those before it once more, and one for itself.
            quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if letter == '\\' { backslashes + 1 } else { 0 };
        quoted.push(letter);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows::Win32::System::Com::STGM_READ;

    #[test]
    fn words_stay_apart_and_whole() {
        let cases = [
            (r"plain", r#""plain""#),
            ("", r#""""#),
            (r"R&D 100%", r#""R&D 100%""#),
            (r#"say "hi""#, r#""say \"hi\"""#),
            (r"S:\RH\", r#""S:\RH\\""#),
            (r#"a\\"b"#, r#""a\\\\\"b""#),
        ];
        for (word, expected) in cases {
            assert_eq!(quoted(word), expected, "{word}");
        }
        assert_eq!(words(&["run", "--gui", "R H"]), r#""run" "--gui" "R H""#);
    }

    #[test]
    fn shell_reads_back_what_it_wrote_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let program = std::env::current_exe().unwrap();
        let shortcut =
            Shortcut { title: "R/H: \u{e9}t\u{e9}", program: &program, arguments: &["run", "--gui", "R/H: \u{e9}t\u{e9}"] };
        let file = make(shortcut, Some(folder.path())).unwrap();
        assert_eq!(file.file_name().unwrap(), "R_H_ \u{e9}t\u{e9}.lnk");
        let before = fs::read(&file).unwrap();
        let path: Vec<u8> = program.to_str().unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(before.windows(path.len()).any(|part| part == path), "the program is not named");
        let _com = Com::begin().unwrap();
        // SAFETY: takes no pointers of ours, and COM was begun on this thread.
        let link: IShellLinkW = unsafe { CoCreateInstance(&ShellLink, None, CLSCTX_INPROC_SERVER) }.unwrap();
        let stored = link.cast::<IPersistFile>().unwrap();
        // SAFETY: the text outlives the call.
        unsafe { stored.Load(&HSTRING::from(file.as_path()), STGM_READ) }.unwrap();
        let mut text = [0_u16; 1024];
        // SAFETY: the buffer tells its length.
        unsafe { link.GetArguments(&mut text) }.unwrap();
        assert_eq!(crate::platform::wide::from_wide(&text), "\"run\" \"--gui\" \"R/H: \u{e9}t\u{e9}\"");
        assert_eq!(make(shortcut, Some(folder.path())).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), before);
        assert_eq!(make(shortcut, Some(&folder.path().join("nowhere"))).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
