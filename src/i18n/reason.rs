//! Why something was refused: what stands in brackets behind a sentence, and what is answered to a word that was mistyped.
//!
//! In English this says the same as the library's own errors, which programs print; a test in `store` compares the two. What only the
//! operating system can say is handed on as it said it.

use super::{About, Language};
use std::fmt::{self, Display, Formatter};

/// Why something was refused. The paths can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// This path has no last component.
    NoName(String),
    /// This folder does not exist.
    NoFolder(String),
    /// This path is something else than a file.
    NotAFile(String, Thing),
    /// This file has so many names.
    HardLinked(String, u64),
    /// This path names a stream within a file.
    Stream(String),
    /// This name ends in a dot or a space.
    TrailingDotOrSpace(String),
    /// This name leaves no room.
    NameTooLong(String),
    /// The links at this path lead in a circle.
    LinkCircle(String),
    /// What the system said when it was asked about this path.
    Looking(String, String),
    /// The share did not answer in time.
    NoAnswer,
    /// This computer is out of something.
    OutOfResources(String),
    /// This program synchronises the folder.
    Synchronised(String),
    /// This process has the lease already.
    Busy,
    /// A wait was cancelled.
    Cancelled,
    /// This environment variable has this value, which is no duration.
    NotADuration(String, String),
    /// This inequality of durations does not hold, as the numbers show.
    UnsafeDurations(String, String),
    /// How a duration is typed.
    DurationSpelling,
    /// How a time that is long past is typed.
    AgeSpelling,
    /// That a reason is wanted.
    SayWhy,
}

/// What a path is that is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A folder.
    Folder,
    /// A link.
    Link,
    /// Neither.
    Special,
}

impl Display for Thing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder",
            Self::Link => "a link",
            Self::Special => "a pipe, a socket or a device",
        })
    }
}

impl Reason {
    /// Returns the words for it.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        About("", self, language).to_string()
    }
}

impl Display for About<'_, Reason> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.2 {
            Language::English => english(f, self.1),
            Language::French => french(f, self.1),
        }
    }
}

fn english(f: &mut Formatter<'_>, what: &Reason) -> fmt::Result {
    match what {
        Reason::NoName(path) => write!(f, "{path}: this names no file; give the path of the database"),
        Reason::NoFolder(path) => write!(
            f,
            "{path}: the folder of the database does not exist; check the path, and whether the network drive is connected"
        ),
        Reason::NotAFile(path, thing) => write!(f, "{path}: this is {thing}, not a database file"),
        Reason::HardLinked(path, links) => write!(
            f,
            "{path}: the file has {links} names (hard links), and a lease beside one of them would not guard the others; remove \
             the others, or use a copy"
        ),
        Reason::Stream(path) => {
            write!(f, "{path}: a stream within a file cannot have a lease of its own; give the path of the file")
        }
        Reason::TrailingDotOrSpace(path) => {
            write!(f, "{path}: names that end in a dot or a space mean another file on Windows; rename the database")
        }
        Reason::NameTooLong(path) => {
            write!(f, "{path}: the name is too long for a notice beside it (at most 250 bytes); rename the database")
        }
        Reason::LinkCircle(path) => write!(f, "{path}: the links lead in a circle; give the path of the file itself"),
        Reason::Looking(path, detail) => write!(f, "looking at {path}: {detail}"),
        Reason::NoAnswer => f.write_str("the shared folder did not answer in time"),
        Reason::OutOfResources(detail) => {
            write!(f, "this computer is out of threads, file descriptors or random numbers: {detail}")
        }
        Reason::Synchronised(program) => write!(f, "{program} synchronises this folder; no lease can be kept there"),
        Reason::Busy => f.write_str("this process already holds the lease or waits for it"),
        Reason::Cancelled => f.write_str("the wait was cancelled"),
        Reason::NotADuration(variable, value) => {
            write!(f, "{variable}={value}: not a duration (write seconds, or a number with ms, s, m or h, e.g. 5m)")
        }
        Reason::UnsafeDurations(rule, detail) => {
            write!(f, "these durations are not safe together: {rule} does not hold ({detail})")
        }
        Reason::DurationSpelling => f.write_str("write seconds, or a number with ms, s, m or h, e.g. 5m"),
        Reason::AgeSpelling => f.write_str("write a number with m, h, d or w, e.g. 7d"),
        Reason::SayWhy => f.write_str("say why, in a few words"),
    }
}

fn french(f: &mut Formatter<'_>, what: &Reason) -> fmt::Result {
    match what {
        Reason::NoName(path) => write!(f, "{path} : ce n'est pas un nom de fichier ; indiquez le chemin de la base"),
        Reason::NoFolder(path) => {
            write!(f, "{path} : le dossier de la base n'existe pas ; vérifiez le chemin, et si le lecteur réseau est connecté")
        }
        Reason::NotAFile(path, thing) => {
            let thing = match thing {
                Thing::Folder => "un dossier",
                Thing::Link => "un lien",
                Thing::Special => "un tube, un socket ou un périphérique",
            };
            write!(f, "{path} : c'est {thing}, et non un fichier de base de données")
        }
        Reason::HardLinked(path, links) => write!(
            f,
            "{path} : le fichier a {links} noms (liens physiques), et une réservation à côté de l'un ne protégerait pas les autres ; \
             supprimez les autres, ou utilisez une copie"
        ),
        Reason::Stream(path) => write!(
            f,
            "{path} : un flux à l'intérieur d'un fichier ne peut pas avoir sa propre réservation ; indiquez le chemin du fichier"
        ),
        Reason::TrailingDotOrSpace(path) => write!(
            f,
            "{path} : un nom terminé par un point ou une espace désigne un autre fichier sous Windows ; renommez la base"
        ),
        Reason::NameTooLong(path) => {
            write!(f, "{path} : le nom est trop long pour un avis à côté (250 octets au plus) ; renommez la base")
        }
        Reason::LinkCircle(path) => {
            write!(f, "{path} : les liens tournent en rond ; indiquez le chemin du fichier lui-même")
        }
        Reason::Looking(path, detail) => write!(f, "examen de {path} : {detail}"),
        Reason::NoAnswer => f.write_str("le dossier partagé n'a pas répondu à temps"),
        Reason::OutOfResources(detail) => {
            write!(
                f,
                "cet ordinateur n'a plus de fils d'exécution, de descripteurs de fichiers ou de nombres aléatoires : {detail}"
            )
        }
        Reason::Synchronised(program) => write!(f, "{program} synchronise ce dossier ; aucune réservation n'y est possible"),
        Reason::Busy => f.write_str("ce processus a déjà la réservation, ou l'attend"),
        Reason::Cancelled => f.write_str("l'attente a été annulée"),
        Reason::NotADuration(variable, value) => write!(
            f,
            "{variable}={value} : ce n'est pas une durée (écrivez des secondes, ou un nombre suivi de ms, s, m ou h, par exemple 5m)"
        ),
        Reason::UnsafeDurations(rule, detail) => {
            write!(f, "ces durées ne sont pas sûres ensemble : {rule} n'est pas respecté ({detail})")
        }
        Reason::DurationSpelling => f.write_str("écrivez des secondes, ou un nombre suivi de ms, s, m ou h, par exemple 5m"),
        Reason::AgeSpelling => f.write_str("écrivez un nombre suivi de m, h, d (jours) ou w (semaines), par exemple 7d"),
        Reason::SayWhy => f.write_str("dites pourquoi, en quelques mots"),
    }
}
