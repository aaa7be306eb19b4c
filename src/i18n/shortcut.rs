//! What is said about shortcuts. Both languages stand side by side, so that whoever changes one sees the other.

use super::{Language, because};
use std::fmt::{self, Display, Formatter};

/// Words about shortcuts, in a language.
#[derive(Debug, Clone, Copy)]
pub struct In<'a>(pub &'a Shortcut, pub Language);

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortcut {
    /// It was made, as this file; and whether the desktop asks before it starts it.
    Made(String, bool),
    /// There is a file of that name.
    Exists,
    /// There is no desktop, or no such folder.
    NoFolder,
    /// None can be made on this system; what to start instead.
    NotHere(String),
    /// The system refused; why.
    Failed(String),
    /// This database is not configured.
    NotConfigured(String),
}

impl Display for In<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Language::English => in_english(f, self.0),
            Language::French => in_french(f, self.0),
        }
    }
}

fn in_english(f: &mut Formatter<'_>, said: &Shortcut) -> fmt::Result {
    match said {
        Shortcut::Made(file, false) => write!(f, "Made {file}."),
        Shortcut::Made(file, true) => write!(f, "Made {file}. The desktop may ask once whether it may be started."),
        Shortcut::Exists => f.write_str("There is a file of that name already; it stays as it is."),
        Shortcut::NoFolder => f.write_str("There is no such folder, or no desktop. `--to FOLDER` says where to put it."),
        Shortcut::NotHere(command) => {
            write!(f, "Shortcuts cannot be made on this system yet. Make one by hand that starts: {command}")
        }
        Shortcut::Failed(why) => write!(f, "The shortcut could not be made{}.", because(why)),
        Shortcut::NotConfigured(database) => {
            write!(f, "{database} is not configured. `sharelock config add LABEL PATH --program CMD` adds it.")
        }
    }
}

fn in_french(f: &mut Formatter<'_>, said: &Shortcut) -> fmt::Result {
    match said {
        Shortcut::Made(file, false) => write!(f, "{file} a été créé."),
        Shortcut::Made(file, true) => {
            write!(f, "{file} a été créé. Le bureau demandera peut-être une fois s'il peut être lancé.")
        }
        Shortcut::Exists => f.write_str("Un fichier de ce nom existe déjà ; il reste tel quel."),
        Shortcut::NoFolder => {
            f.write_str("Ce dossier n'existe pas, ou il n'y a pas de bureau. « --to DOSSIER » dit où le mettre.")
        }
        Shortcut::NotHere(command) => {
            write!(
                f,
                "Les raccourcis ne peuvent pas encore être créés sur ce système. Créez-en un à la main qui lance : {command}"
            )
        }
        Shortcut::Failed(why) => write!(f, "Le raccourci n'a pas pu être créé{}.", because(why)),
        Shortcut::NotConfigured(database) => {
            write!(f, "{database} n'est pas configurée. « sharelock config add NOM CHEMIN --program COMMANDE » l'ajoute.")
        }
    }
}
