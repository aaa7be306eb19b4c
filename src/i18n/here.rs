//! What `doctor` can find about this computer's own part: the agent, and whether it starts by itself. Both languages stand side by side, so
//! that whoever changes one sees the other.

use super::Language;
use super::doctor::Words;

/// About the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// None runs.
    Absent,
    /// It runs: its process, and where its log is.
    Runs(u32, String),
    /// It runs, and does not answer.
    Silent,
    /// It is of another version than this program: its own, and this one's.
    OtherVersion(String, String),
    /// No panel shows its icon.
    NoIcon,
    /// No service shows its notifications.
    NoNotifications,
    /// It writes no log there.
    NoLog(String),
}

/// About starting at log-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Starts {
    /// It starts this program.
    Yes(String),
    /// It does not.
    No,
    /// It does not, because that was turned off in the settings of the desktop.
    TurnedOff,
    /// It would start this program, which is gone.
    ProgramGone(String),
    /// It cannot be found out; why.
    Unknown(String),
}

/// What is said, in English and in French: what was seen, why it matters, what to do.
type Said = (String, String, &'static str, &'static str, &'static str, &'static str);

/// Returns what is said about the agent.
#[must_use]
pub fn agent(what: &Agent, language: Language) -> Words {
    in_language(
        match what {
            Agent::Absent => {
                told("not running; `sharelock agent run` starts it", "à l'arrêt ; « sharelock agent run » le démarre")
            }
            Agent::Runs(process, log) => told(
                format!("running (process {process}); its log: {log}"),
                format!("en marche (processus {process}) ; son journal : {log}"),
            ),
            Agent::Silent => bad(
                ("does not answer", "ne répond pas"),
                ("What its icon shows may be old.", "Ce que montre son icône peut être périmé."),
                (
                    "Log out and in again, or end the process and start it with `sharelock agent run`.",
                    "Fermez et rouvrez votre session, ou terminez le processus et démarrez-le avec « sharelock agent run ».",
                ),
            ),
            Agent::OtherVersion(its, own) => bad(
                (
                    format!("runs version {its}; this program is {own}"),
                    format!("tourne en version {its} ; ce programme est en {own}"),
                ),
                ("After an update the old one goes on running.", "Après une mise à jour, l'ancien continue de tourner."),
                (
                    "End it with `sharelock agent stop`, which gives back what it holds, and start it with `sharelock agent run`.",
                    "Arrêtez-le avec « sharelock agent stop », qui rend ce qu'il tient, et démarrez-le avec « sharelock agent run ».",
                ),
            ),
            Agent::NoIcon => bad(
                ("no panel shows its icon", "aucun panneau n'affiche son icône"),
                (
                    "Nobody sees who has a database, or reaches the menu.",
                    "Personne ne voit qui utilise une base, ni n'atteint le menu.",
                ),
                (
                    "On GNOME, add the extension AppIndicator; elsewhere, a panel with status icons.",
                    "Sous GNOME, ajoutez l'extension AppIndicator ; ailleurs, un panneau avec des icônes d'état.",
                ),
            ),
            Agent::NoNotifications => bad(
                ("no service shows its notifications", "aucun service n'affiche ses notifications"),
                ("Nobody is told that a database is free.", "Personne n'apprend qu'une base est libre."),
                (
                    "Start the notification service of the desktop; until then `sharelock wait` waits on the command line.",
                    "Démarrez le service de notification du bureau ; d'ici là, « sharelock wait » attend en ligne de commande.",
                ),
            ),
            Agent::NoLog(place) => bad(
                (format!("writes no log: {place} is not there"), format!("n'écrit aucun journal : {place} n'existe pas")),
                ("What happened cannot be looked up.", "Ce qui s'est passé ne peut pas être consulté."),
                (
                    "See whether that folder can be written and is not full, then start the agent anew.",
                    "Vérifiez que ce dossier est accessible en écriture et n'est pas plein, puis redémarrez l'agent.",
                ),
            ),
        },
        language,
    )
}

/// Returns what is said about starting at log-in.
#[must_use]
pub fn starts(what: &Starts, language: Language) -> Words {
    in_language(
        match what {
            Starts::Yes(program) => told(
                format!("the agent starts at log-in ({program})"),
                format!("l'agent démarre à l'ouverture de session ({program})"),
            ),
            Starts::No => told(
                "the agent does not start by itself; `sharelock autostart on` changes that",
                "l'agent ne démarre pas tout seul ; « sharelock autostart on » change cela",
            ),
            Starts::TurnedOff => told(
                "turned off in the settings of the desktop; `sharelock autostart on` turns it on again",
                "désactivé dans les réglages du bureau ; « sharelock autostart on » le réactive",
            ),
            Starts::ProgramGone(program) => bad(
                (format!("{program} is to start, and is not there"), format!("{program} doit démarrer, et n'existe pas")),
                (
                    "At the next log-in there is no icon, and nobody says why.",
                    "À la prochaine ouverture de session, pas d'icône, et personne ne dit pourquoi.",
                ),
                (
                    "Put this program there instead: `sharelock autostart on`.",
                    "Mettez ce programme-ci à sa place : « sharelock autostart on ».",
                ),
            ),
            Starts::Unknown(why) => told(format!("cannot be found out ({why})"), format!("impossible à savoir ({why})")),
        },
        language,
    )
}

fn told(english: impl Into<String>, french: impl Into<String>) -> Said {
    (english.into(), french.into(), "", "", "", "")
}

fn bad(
    found: (impl Into<String>, impl Into<String>),
    why: (&'static str, &'static str),
    remedy: (&'static str, &'static str),
) -> Said {
    (found.0.into(), found.1.into(), why.0, why.1, remedy.0, remedy.1)
}

fn in_language(said: Said, language: Language) -> Words {
    let (found, found_in_french, why, why_in_french, remedy, remedy_in_french) = said;
    match language {
        Language::English => Words { found, why: why.into(), remedy: remedy.into() },
        Language::French => Words { found: found_in_french, why: why_in_french.into(), remedy: remedy_in_french.into() },
    }
}
