//! What is said about the line of those who wait, and between somebody who asks and whoever has it. Both languages stand side by side,
//! so that whoever changes one sees the other.

use super::agent::{In, name};
use super::times::{Span, Style, time};
use super::{Language, Person, When};
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// The reader's place in line, and those who stand there before, or the first two of them.
    Place(usize, Vec<Person>),
    /// Somebody, and so many others, ask whether it can be given back.
    Asks(Person, usize),
    /// Somebody, and so many others, wait after the time that they were told.
    StillWaits(Person, usize),
    /// Somebody asks, in these words, which may be missing.
    Asker(Person, String),
    /// What somebody wrote.
    Words(String),
    /// The reader asked somebody then, and nothing tells that it was seen.
    Unconfirmed(Person, When),
    /// The reader asked somebody then, and it was shown there.
    Seen(Person, When),
    /// Somebody gives it back in about so many minutes, at about that time.
    Later(Person, u8, When),
    /// As before, told later.
    Minutes(Person, u8, Option<When>),
    /// Somebody needs it.
    No(Person),
    /// Somebody is about to give it back.
    Releasing(Person),
    /// Somebody is asked for the database of this name.
    Asked(String, Person),
    /// Nobody can be asked for the database of this name.
    Nobody(String),
}

impl Display for In<'_, Asking> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Language::English => in_english(f, self.0),
            Language::French => in_french(f, self.0),
        }
    }
}

fn in_english(f: &mut Formatter<'_>, said: &Asking) -> fmt::Result {
    let at = |when: &When| time(*when, Style::At, Language::English);
    let who = |who| name(who, "Somebody");
    let whom = |who| name(who, "whoever has it");
    match said {
        Asking::Place(1, _) => f.write_str("You are first in line."),
        Asking::Place(place @ (2 | 3), before) => {
            let place = if *place == 2 { "second" } else { "third" };
            let before: Vec<&str> = before.iter().map(|who| name(who, "somebody")).collect();
            write!(f, "You are {place} in line, after {}.", before.join(" and "))
        }
        Asking::Place(place, before) => {
            let first = before.first().map_or("somebody", |who| name(who, "somebody"));
            write!(f, "You are number {place} in line, after {first} and {} others.", place - 2)
        }
        Asking::Asks(one, 0) => write!(f, "{} asks whether you can release it.", who(one)),
        Asking::Asks(one, 1) => write!(f, "{} and another person ask whether you can release it.", who(one)),
        Asking::Asks(one, more) => write!(f, "{} and {more} others ask whether you can release it.", who(one)),
        Asking::StillWaits(one, 0) => write!(f, "{} is still waiting for it.", who(one)),
        Asking::StillWaits(one, 1) => write!(f, "{} and another person are still waiting for it.", who(one)),
        Asking::StillWaits(one, more) => write!(f, "{} and {more} others are still waiting for it.", who(one)),
        Asking::Asker(one, note) if note.is_empty() => write!(f, "{} asks for it.", who(one)),
        Asking::Asker(one, note) => write!(f, "{} asks for it: “{note}”", who(one)),
        Asking::Words(note) => write!(f, "“{note}”"),
        Asking::Unconfirmed(one, when) => {
            write!(f, "You asked {} {}. Nothing tells yet that the question was seen.", whom(one), at(when))
        }
        Asking::Seen(one, when) => {
            write!(f, "You asked {} {}. The question was shown on that computer; no answer yet.", whom(one), at(when))
        }
        Asking::Later(one, minutes, when) => {
            let clock = time(*when, Style::Since, Language::English);
            write!(f, "{} will release it in about {minutes} minutes (by {clock}).", who(one))
        }
        Asking::Minutes(one, _, Some(when)) => {
            write!(f, "{} answered: by about {}.", who(one), time(*when, Style::Since, Language::English))
        }
        Asking::Minutes(one, minutes, None) => write!(f, "{} answered: in about {minutes} minutes.", who(one)),
        Asking::No(one) => write!(f, "{} still needs it.", who(one)),
        Asking::Releasing(one) => write!(f, "{} is about to release it.", who(one)),
        Asking::Asked(database, one) => {
            write!(f, "{database}: {} is asked. The answer comes as a notification; `sharelock status` shows it too.", whom(one))
        }
        Asking::Nobody(database) => write!(f, "{database}: whoever has it cannot be asked."),
    }
}

fn in_french(f: &mut Formatter<'_>, said: &Asking) -> fmt::Result {
    let at = |when: &When| time(*when, Style::At, Language::French);
    let who = |who| name(who, "Quelqu'un");
    let whom = |who| name(who, "la personne qui l'utilise");
    match said {
        Asking::Place(1, _) => f.write_str("Vous êtes en tête de la file."),
        Asking::Place(place @ (2 | 3), before) => {
            let place = if *place == 2 { "deuxième" } else { "troisième" };
            let before: Vec<&str> = before.iter().map(|who| name(who, "quelqu'un")).collect();
            write!(f, "Vous êtes en {place} position dans la file, après {}.", before.join(" et "))
        }
        Asking::Place(place, before) => {
            let first = before.first().map_or("quelqu'un", |who| name(who, "quelqu'un"));
            write!(f, "Vous êtes en position {place} dans la file, après {first} et {} autres personnes.", place - 2)
        }
        Asking::Asks(one, 0) => write!(f, "{} demande si vous pouvez la libérer.", who(one)),
        Asking::Asks(one, 1) => write!(f, "{} et une autre personne demandent si vous pouvez la libérer.", who(one)),
        Asking::Asks(one, more) => write!(f, "{} et {more} autres personnes demandent si vous pouvez la libérer.", who(one)),
        Asking::StillWaits(one, 0) => write!(f, "{} l'attend toujours.", who(one)),
        Asking::StillWaits(one, 1) => write!(f, "{} et une autre personne l'attendent toujours.", who(one)),
        Asking::StillWaits(one, more) => write!(f, "{} et {more} autres personnes l'attendent toujours.", who(one)),
        Asking::Asker(one, note) if note.is_empty() => write!(f, "{} la demande.", who(one)),
        Asking::Asker(one, note) => write!(f, "{} la demande : « {note} »", who(one)),
        Asking::Words(note) => write!(f, "« {note} »"),
        Asking::Unconfirmed(one, when) => {
            write!(f, "Vous avez demandé à {} {}. Rien n'indique encore que la question a été vue.", whom(one), at(when))
        }
        Asking::Seen(one, when) => {
            write!(
                f,
                "Vous avez demandé à {} {}. La question a été affichée sur son écran ; pas encore de réponse.",
                whom(one),
                at(when)
            )
        }
        Asking::Later(one, minutes, when) => {
            let clock = time(*when, Style::Since, Language::French);
            let span = Span(Duration::from_secs(60 * u64::from(*minutes)), Language::French);
            write!(f, "{} libérera la base dans environ {span} (vers {clock}).", who(one))
        }
        Asking::Minutes(one, _, Some(when)) => {
            write!(
                f,
                "Réponse de {} : vers {}.",
                name(one, "la personne qui l'utilise"),
                time(*when, Style::Since, Language::French)
            )
        }
        Asking::Minutes(one, minutes, None) => {
            write!(f, "Réponse de {} : dans environ {minutes} min.", name(one, "la personne qui l'utilise"))
        }
        Asking::No(one) => write!(f, "{} en a encore besoin.", who(one)),
        Asking::Releasing(one) => write!(f, "{} va libérer la base.", who(one)),
        Asking::Asked(database, one) => write!(
            f,
            "{database} : la question est posée à {}. La réponse arrivera en notification ; « sharelock status » la montre aussi.",
            whom(one)
        ),
        Asking::Nobody(database) => write!(f, "{database} : on ne peut rien demander à la personne qui l'utilise."),
    }
}
