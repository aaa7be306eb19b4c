//! What is said about starting at log-in. Both languages stand side by side, so that whoever changes one sees the other.

use super::{Language, because};
use std::fmt::{self, Display, Formatter};

/// Words about starting at log-in, in a language.
#[derive(Debug, Clone, Copy)]
pub struct In<'a>(pub &'a Autostart, pub Language);

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Autostart {
    /// The agent starts at log-in.
    On,
    /// It does not.
    Off,
    /// It would, had the user not turned that off in the settings of the desktop.
    TurnedOff,
    /// Where the entry is, and which program it starts, if that can be read.
    Entry(String, Option<String>),
    /// It starts another program than this one.
    Other,
    /// The system refused; why.
    Failed(String),
}

impl Display for In<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Language::English => in_english(f, self.0),
            Language::French => in_french(f, self.0),
        }
    }
}

fn in_english(f: &mut Formatter<'_>, said: &Autostart) -> fmt::Result {
    match said {
        Autostart::On => f.write_str("The agent starts when you log in."),
        Autostart::Off => f.write_str("The agent does not start when you log in. `sharelock autostart on` changes that."),
        Autostart::TurnedOff => f.write_str(
            "The agent does not start when you log in: that was turned off in the settings of the desktop. `sharelock autostart on` \
             turns it on again.",
        ),
        Autostart::Entry(place, None) => write!(f, "Entry: {place}"),
        Autostart::Entry(place, Some(program)) => write!(f, "Entry: {place} (starts {program})"),
        Autostart::Other => f.write_str("That is not this program. `sharelock autostart on` makes it this one."),
        Autostart::Failed(why) => write!(f, "The start at log-in cannot be looked at or changed{}.", because(why)),
    }
}

fn in_french(f: &mut Formatter<'_>, said: &Autostart) -> fmt::Result {
    match said {
        Autostart::On => f.write_str("L'agent démarre à l'ouverture de votre session."),
        Autostart::Off => {
            f.write_str("L'agent ne démarre pas à l'ouverture de votre session. « sharelock autostart on » change cela.")
        }
        Autostart::TurnedOff => f.write_str(
            "L'agent ne démarre pas à l'ouverture de votre session : cela a été désactivé dans les réglages du bureau. \
             « sharelock autostart on » le réactive.",
        ),
        Autostart::Entry(place, None) => write!(f, "Entrée : {place}"),
        Autostart::Entry(place, Some(program)) => write!(f, "Entrée : {place} (démarre {program})"),
        Autostart::Other => f.write_str("Ce n'est pas ce programme-ci. « sharelock autostart on » met celui-ci à sa place."),
        Autostart::Failed(why) => {
            write!(f, "Le démarrage à l'ouverture de session ne peut être ni consulté ni modifié{}.", because(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_said_in_both_languages() {
        let entry = |program: Option<&str>| Autostart::Entry("/e".into(), program.map(str::to_owned));
        let all = [Autostart::On, Autostart::Off, Autostart::TurnedOff, entry(None), entry(Some("/p")), Autostart::Other];
        for said in all.into_iter().chain([Autostart::Failed("no".into()), Autostart::Failed(String::new())]) {
            let (english, french) = (In(&said, Language::English).to_string(), In(&said, Language::French).to_string());
            assert_ne!(english, french);
            assert!(![" :", " »", "« "].iter().any(|part| french.contains(part)), "{french}");
        }
    }
}
