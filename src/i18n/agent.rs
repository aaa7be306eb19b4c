//! The words of the agent: menu, buttons, tooltips, notifications. Both languages stand side by side, so that whoever changes one sees
//! the other.
//!
//! Sentences about the state of a database are the command line's own; what is here is what only an icon or a notification says.

use super::times::{local, midnight};
use super::{Language, Person, because};
use std::fmt::{self, Display, Formatter};

/// Words of the agent, in a language.
#[derive(Debug, Clone, Copy)]
pub struct In<'a, T>(pub &'a T, pub Language);

/// What stands on a menu item or a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// Tell me when it is free.
    NotifyMe,
    /// Take it.
    Take,
    /// Give it back.
    Release,
    /// Give it back although a program has it open.
    ReleaseAnyway,
    /// Start the program that opens it.
    Open,
    /// Start the program that only reads it.
    OpenReadOnly,
    /// Ask whoever has it.
    Ask(Person),
    /// An answer: in ten minutes.
    InTenMinutes,
    /// An answer: not now.
    NotNow,
    /// An answer to somebody who asks: not now.
    Decline,
    /// Leave everything as it is.
    Cancel,
    /// Show all there is to know.
    Details,
    /// Show all databases.
    AllDatabases,
    /// Say why it cannot be opened.
    Why,
    /// The menu of silences.
    Mute,
    /// Say nothing for an hour.
    MuteHour,
    /// Say nothing until tomorrow.
    MuteUntilTomorrow,
    /// Say things again.
    Unmute,
    /// The menu of explanations.
    Help,
    /// What the icons mean.
    Legend,
    /// Collect what is needed to report a problem.
    Report,
    /// The log.
    Log,
    /// The configuration.
    Settings,
    /// Add a database.
    Add,
    /// End the agent.
    Quit,
    /// Watch what was typed.
    Watch,
    /// Save it.
    Save,
    /// Close the window.
    Close,
}

/// A name, or somebody.
pub(super) fn name<'a>(who: &'a Person, somebody: &'a str) -> &'a str {
    if who.name.is_empty() { somebody } else { &who.name }
}

impl Display for In<'_, Label> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (english, french) = match self.0 {
            Label::Ask(who) => {
                return match self.1 {
                    Language::English => write!(f, "Ask {}", name(who, "whoever has it")),
                    Language::French => write!(f, "Demander à {}", name(who, "la personne qui l'utilise")),
                };
            }
            Label::NotifyMe => ("Notify me when it is free", "Me prévenir quand elle est libre"),
            Label::Take => ("Reserve it for me", "La réserver pour moi"),
            Label::Release => ("Release", "Libérer"),
            Label::ReleaseAnyway => ("Release anyway", "Libérer quand même"),
            Label::Open => ("Open", "Ouvrir"),
            Label::OpenReadOnly => ("Open read-only", "Consulter"),
            Label::InTenMinutes => ("In 10 min", "Dans 10 min"),
            Label::NotNow => ("Not now", "Plus tard"),
            Label::Decline => ("Not now", "Pas maintenant"),
            Label::Cancel => ("Cancel", "Annuler"),
            Label::Details => ("Details…", "Détails…"),
            Label::AllDatabases => ("All databases…", "Toutes les bases…"),
            Label::Why => ("Why can't I open it?", "Pourquoi ne puis-je pas l'ouvrir ?"),
            Label::Mute => ("Mute", "Silence"),
            Label::MuteHour => ("For 1 hour", "Pendant 1 heure"),
            Label::MuteUntilTomorrow => ("Until tomorrow", "Jusqu'à demain"),
            Label::Unmute => ("Notify again", "Prévenir à nouveau"),
            Label::Help => ("Help", "Aide"),
            Label::Legend => ("What the icons mean", "Signification des icônes"),
            Label::Report => ("Report a problem…", "Signaler un problème…"),
            Label::Log => ("Show the log", "Afficher le journal"),
            Label::Settings => ("Settings…", "Réglages…"),
            Label::Add => ("Add a database…", "Ajouter une base…"),
            Label::Quit => ("Quit", "Quitter"),
            Label::Watch => ("Watch it", "La surveiller"),
            Label::Save => ("Save", "Enregistrer"),
            Label::Close => ("Close", "Fermer"),
        };
        f.write_str(match self.1 {
            Language::English => english,
            Language::French => french,
        })
    }
}

/// What an icon means, in a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nobody has it.
    Free,
    /// This user has it.
    Mine,
    /// Somebody else has it.
    Held,
    /// Somebody else has it, and this user wants it.
    Waiting,
    /// No sign of life.
    Stale,
    /// The folder cannot be seen.
    Unreachable,
}

impl Display for In<'_, Meaning> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (english, french) = match self.0 {
            Meaning::Free => ("free", "libre"),
            Meaning::Mine => ("yours", "à vous"),
            Meaning::Held => ("in use", "occupée"),
            Meaning::Waiting => ("in use, and you are waiting", "occupée, et vous attendez"),
            Meaning::Stale => ("no sign of life", "sans signe de vie"),
            Meaning::Unreachable => ("cannot be seen", "hors de vue"),
        };
        f.write_str(match self.1 {
            Language::English => english,
            Language::French => french,
        })
    }
}

/// What a notification, a tooltip or a line of the menu says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Nobody has the database of this name.
    IsFree(String),
    /// Its last holder is gone, and it can be taken over.
    CanBeTakenOver(String),
    /// Somebody else was faster.
    TooLate(Person),
    /// It is being taken.
    Taking(String),
    /// It is being given back.
    Releasing(String),
    /// Its state is not known yet.
    NotLookedYet(String),
    /// These programs still have it open.
    StillOpen(Vec<String>),
    /// This database is this user's, and this program works with it.
    WorkingWith(String, String),
    /// This database is this user's until the programs that work with it have ended.
    UntilTheyEnd(String),
    /// The folder can be seen again.
    SeenAgain,
    /// No database is configured.
    NoDatabase,
    /// Nothing is said for a while.
    Muted,
    /// How many databases this user has, of how many.
    SomeMine(usize, usize),
    /// The agent was ended while it had the database of this name.
    EndedWhileHolding(String),
    /// Somebody has the database of this name.
    HasIt(String, Person),
}

impl Display for In<'_, Word> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Language::English => english(f, self.0),
            Language::French => french(f, self.0),
        }
    }
}

fn english(f: &mut Formatter<'_>, word: &Word) -> fmt::Result {
    match word {
        Word::IsFree(database) => write!(f, "{database} is free."),
        Word::CanBeTakenOver(database) => write!(f, "{database} can be taken over: whoever had it gives no sign of life."),
        Word::TooLate(who) => {
            write!(f, "Too late by a moment: {} has just taken it. You are still on the list.", name(who, "somebody"))
        }
        Word::Taking(database) => write!(f, "{database}: being reserved for you …"),
        Word::Releasing(database) => write!(f, "{database}: being released …"),
        Word::NotLookedYet(database) => write!(f, "{database}: not looked at yet."),
        Word::StillOpen(programs) if programs.len() == 1 => write!(f, "{} still has it open: release anyway?", programs.join("")),
        Word::StillOpen(programs) => write!(f, "{} still have it open: release anyway?", programs.join(", ")),
        Word::WorkingWith(database, program) => write!(f, "{database} is yours, and {program} is using it."),
        Word::UntilTheyEnd(database) => write!(f, "{database} is yours until the program that is using it has ended."),
        Word::SeenAgain => f.write_str("The shared folder can be seen again."),
        Word::NoDatabase => f.write_str("No database is configured yet."),
        Word::Muted => f.write_str("Notifications are muted."),
        Word::SomeMine(mine, all) => write!(f, "{mine} of {all} are yours."),
        Word::HasIt(database, who) => write!(f, "{database}: {} has it.", name(who, "somebody")),
        Word::EndedWhileHolding(database) => {
            write!(f, "Sharelock was ended while it kept {database} for you. Look whether everything was saved.")
        }
    }
}

fn french(f: &mut Formatter<'_>, word: &Word) -> fmt::Result {
    match word {
        Word::IsFree(database) => write!(f, "La base {database} est libre."),
        Word::CanBeTakenOver(database) => {
            write!(f, "La base {database} peut être reprise : plus aucun signe de vie de la personne qui l'utilisait.")
        }
        Word::TooLate(who) => {
            write!(f, "Trop tard d'un instant : {} vient de la prendre. Vous restez sur la liste.", name(who, "quelqu'un"))
        }
        Word::Taking(database) => write!(f, "{database} : réservation en cours…"),
        Word::Releasing(database) => write!(f, "{database} : libération en cours…"),
        Word::NotLookedYet(database) => write!(f, "{database} : pas encore consultée."),
        Word::StillOpen(programs) if programs.len() == 1 => {
            write!(f, "{} l'a encore ouverte : libérer quand même ?", programs.join(""))
        }
        Word::StillOpen(programs) => write!(f, "{} l'ont encore ouverte : libérer quand même ?", programs.join(", ")),
        Word::WorkingWith(database, program) => write!(f, "{database} est à vous, et {program} l'utilise."),
        Word::UntilTheyEnd(database) => write!(f, "{database} est à vous jusqu'à la fin du programme qui l'utilise."),
        Word::SeenAgain => f.write_str("Le dossier partagé est de nouveau visible."),
        Word::NoDatabase => f.write_str("Aucune base n'est encore configurée."),
        Word::Muted => f.write_str("Les notifications sont coupées."),
        Word::SomeMine(mine, all) => write!(f, "Vous en utilisez {mine} sur {all}."),
        Word::HasIt(database, who) => write!(f, "{database} : {} l'utilise.", name(who, "quelqu'un")),
        Word::EndedWhileHolding(database) => write!(
            f,
            "Sharelock a été arrêté alors qu'il gardait la base {database} pour vous. Vérifiez que tout est enregistré."
        ),
    }
}

/// What a window says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// The heading of all databases.
    Databases,
    /// The heading of the legend.
    Legend,
    /// The heading of the first start.
    Welcome,
    /// What to do at the first start.
    WelcomeText,
    /// What to type there.
    Path,
    /// What could not be added.
    NotAdded,
    /// The heading of a report.
    Report,
    /// That a report stays here.
    NothingIsSent,
    /// What the timeline shows.
    Past,
    /// What program this is.
    About,
    /// The question of a taken database.
    InUse,
    /// Nothing can be shown yet.
    Wait,
    /// There is more than a window shows.
    More,
}

impl Display for In<'_, Pages> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (english, french) = match self.0 {
            Pages::Databases => ("Databases", "Bases de données"),
            Pages::Legend => ("What the icons mean", "Signification des icônes"),
            Pages::Welcome => ("Welcome to Sharelock", "Bienvenue dans Sharelock"),
            Pages::WelcomeText => (
                "Which database do you share? Sharelock shows whether it is free, who has it, and tells you when it becomes free. \
                 It never opens the database itself.",
                "Quelle base partagez-vous ? Sharelock montre si elle est libre, qui l'utilise, et vous prévient quand elle se \
                 libère. Il n'ouvre jamais la base elle-même.",
            ),
            Pages::Path => ("Path of the database file, typed or pasted", "Chemin du fichier de la base, saisi ou collé"),
            Pages::NotAdded => ("It could not be added", "Elle n'a pas pu être ajoutée"),
            Pages::Report => ("Report a problem", "Signaler un problème"),
            Pages::NothingIsSent => (
                "This is what the report contains. Names and paths are replaced. It is only saved, and sent nowhere.",
                "Voici le contenu du rapport. Les noms et les chemins sont remplacés. Il est seulement enregistré, jamais envoyé.",
            ),
            Pages::Past => ("Who had it", "Qui l'a utilisée"),
            Pages::About => (
                concat!("Sharelock ", env!("CARGO_PKG_VERSION"), " takes turns on shared databases."),
                concat!("Sharelock ", env!("CARGO_PKG_VERSION"), " partage des bases à tour de rôle."),
            ),
            Pages::InUse => ("It is in use", "Elle est occupée"),
            Pages::Wait => ("One moment …", "Un instant…"),
            Pages::More => (
                "… and more than a window shows: `sharelock report --show` prints all of it.",
                "… et davantage qu'une fenêtre n'en montre : « sharelock report --show » affiche tout.",
            ),
        };
        f.write_str(match self.1 {
            Language::English => english,
            Language::French => french,
        })
    }
}

/// What the command line says of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It runs, as this process.
    Runs(u32),
    /// There is no place for its icon.
    NoTray,
    /// Notifications cannot be shown.
    NoNotifier,
    /// It watches nothing.
    WatchesNothing,
    /// It watches this database, which is in this state, there.
    Watches(String, Option<Meaning>, String),
    /// There is none.
    NoAgent,
    /// None could be started.
    CannotStart,
    /// It cannot run; why.
    CannotRun(String),
    /// It cannot write this log; why.
    NoLog(String, String),
    /// It does not answer; why, or nothing.
    Silent(String),
    /// It keeps this database, under this token.
    Kept(String, u64),
    /// It does not have this database.
    NotKept(String),
    /// These programs still have this database open.
    StillOpen(String, Vec<String>),
    /// Another program works under the agent's lease of this database.
    LentAlready(String),
}

impl Display for In<'_, Said> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Language::English => said_in_english(f, self.0),
            Language::French => said_in_french(f, self.0),
        }
    }
}

fn said_in_english(f: &mut Formatter<'_>, said: &Said) -> fmt::Result {
    match said {
        Said::Runs(pid) => write!(f, "The agent is running (process {pid})."),
        Said::NoTray => f.write_str(
            "There is no place for its icon: no panel shows status icons. On GNOME the extension AppIndicator does. \
             Notifications and the command line work all the same.",
        ),
        Said::NoNotifier => f.write_str("Notifications cannot be shown: no notification service runs."),
        Said::WatchesNothing => f.write_str("It watches no database yet; add one with `sharelock config add`."),
        Said::Watches(label, meaning, path) => {
            let meaning =
                meaning.map_or_else(|| "not looked at yet".into(), |meaning| In(&meaning, Language::English).to_string());
            write!(f, "{label}: {meaning} ({path})")
        }
        Said::NoAgent => f.write_str("No agent is running. `sharelock agent run` starts one."),
        Said::CannotStart => {
            f.write_str("The agent could not be started. `sharelock hold` keeps a database for as long as it runs.")
        }
        Said::CannotRun(why) => write!(f, "The agent cannot run ({why})."),
        Said::NoLog(file, why) => write!(f, "The log {file} cannot be written ({why}). The agent goes on without it."),
        Said::Silent(why) => write!(f, "The agent does not answer{}.", because(why)),
        Said::Kept(database, token) => {
            write!(f, "{database} is reserved for you (token {token}). `sharelock release` gives it back.")
        }
        Said::NotKept(database) => write!(f, "{database}: the agent does not have it. There is nothing to release."),
        Said::LentAlready(database) => write!(f, "{database}: another program of yours is using it on this computer."),
        Said::StillOpen(database, programs) => write!(
            f,
            "{database}: {} still {} it open. Close it there, or use `sharelock release --anyway`.",
            programs.join(", "),
            if programs.len() == 1 { "has" } else { "have" }
        ),
    }
}

fn said_in_french(f: &mut Formatter<'_>, said: &Said) -> fmt::Result {
    match said {
        Said::Runs(pid) => write!(f, "L'agent est en marche (processus {pid})."),
        Said::NoTray => f.write_str(
            "Aucune place pour son icône : aucun panneau n'affiche d'icônes d'état. Sous GNOME, l'extension AppIndicator le \
             fait. Les notifications et la ligne de commande fonctionnent tout de même.",
        ),
        Said::NoNotifier => f.write_str("Les notifications ne peuvent pas s'afficher : aucun service de notification."),
        Said::WatchesNothing => f.write_str("Il ne surveille encore aucune base ; ajoutez-en une avec « sharelock config add »."),
        Said::Watches(label, meaning, path) => {
            let meaning =
                meaning.map_or_else(|| "pas encore consultée".into(), |meaning| In(&meaning, Language::French).to_string());
            write!(f, "{label} : {meaning} ({path})")
        }
        Said::NoAgent => f.write_str("Aucun agent n'est en marche. « sharelock agent run » en démarre un."),
        Said::CannotStart => {
            f.write_str("L'agent n'a pas pu démarrer. « sharelock hold » garde une base aussi longtemps qu'il est en marche.")
        }
        Said::CannotRun(why) => write!(f, "L'agent ne peut pas fonctionner ({why})."),
        Said::NoLog(file, why) => write!(f, "Le journal {file} ne peut pas être écrit ({why}). L'agent continue sans lui."),
        Said::Silent(why) => write!(f, "L'agent ne répond pas{}.", because(why)),
        Said::Kept(database, token) => {
            write!(f, "{database} vous est réservée (jeton {token}). « sharelock release » la libère.")
        }
        Said::NotKept(database) => write!(f, "{database} : l'agent ne l'a pas. Il n'y a rien à libérer."),
        Said::LentAlready(database) => write!(f, "{database} : un autre de vos programmes l'utilise sur cet ordinateur."),
        Said::StillOpen(database, programs) => write!(
            f,
            "{database} : {} {} encore ouverte. Fermez-la d'abord, ou utilisez « sharelock release --anyway ».",
            programs.join(", "),
            if programs.len() == 1 { "l'a" } else { "l'ont" }
        ),
    }
}

/// Returns when tomorrow begins here, both in milliseconds since 1970 (UTC); `None` at the ends of time.
#[must_use]
pub fn tomorrow(now: i64) -> Option<i64> {
    midnight(local(now)?.date_naive().succ_opt()?)
}
