//! The help texts in French, by the name of the command and of the argument.
//!
//! The English ones stand where the command line is defined. Hazard: a new command or argument that nobody translates; a test walks the
//! whole command line and names it.

use std::fmt::{self, Display, Formatter};

/// What a command is for.
#[must_use]
pub fn about(command: &str) -> Option<&'static str> {
    Some(match command {
        "sharelock" => "Utiliser à tour de rôle un fichier de base de données partagé.",
        "status" => "Montrer qui l'utilise ; ne touche à rien",
        "run" => "Attendre son tour, lancer un programme, rendre la base",
        "hold" => "Garder la base jusqu'à Ctrl+C",
        "wait" => "Attendre qu'elle soit libre, et la laisser aux autres",
        "watch" => "Montrer qui les utilise, puis chaque changement, jusqu'à Ctrl+C",
        "force-release" => "Ordonner à la personne qui l'utilise de la libérer ; l'ordre est conservé",
        "history" => "Montrer qui l'a utilisé, de quand à quand, et comment cela s'est terminé",
        "take" => "Laisser l'agent la garder pour vous, jusqu'à ce que vous la libériez",
        "release" => "Laisser l'agent la rendre",
        "ask" => "Demander à la personne qui l'utilise de la libérer",
        "agent" => "Faire tourner l'agent en arrière-plan, voir ce qu'il fait, l'arrêter",
        "agent run" => "Tourner en arrière-plan, avec une icône dans le panneau",
        "agent status" => "Dire ce que fait l'agent en marche",
        "agent stop" => "Arrêter l'agent en marche",
        "autostart" => "Démarrer l'agent à l'ouverture de votre session, ou non",
        "autostart on" => "Démarrer l'agent à chaque ouverture de votre session",
        "autostart off" => "Ne plus le démarrer",
        "autostart status" => "Dire s'il démarre, et ce que dit l'entrée",
        "shortcut" => "Créer une icône à cliquer qui ouvre une base configurée",
        "config" => "Montrer, vérifier et modifier la configuration",
        "config path" => "Afficher où est votre fichier, qu'il existe ou non",
        "config show" => "Afficher ce qui vaut, comme cela pourrait être écrit dans un fichier",
        "config check" => "Dire ce qui ne va pas : dans tous les fichiers, ou dans un qui pourrait être le vôtre",
        "config init" => "Créer votre fichier, avec chaque réglage en commentaire ; un fichier existant reste tel quel",
        "config add" => "Ajouter une base à votre fichier",
        "config edit" => "Ouvrir votre fichier dans un éditeur, et le vérifier ensuite",
        "config schema" => "Afficher le schéma JSON du fichier, pour les éditeurs",
        "completions" => "Afficher les complétions pour un shell",
        "man" => "Afficher la page de manuel",
        "doctor" => "Trouver ce qui ne va pas dans un dossier partagé",
        "report" => "Rassembler de quoi signaler un problème, sans les noms ; n'envoie rien",
        "demo" => "Voir comment cela marche, avec deux vrais programmes dans un dossier temporaire",
        "help" => "Afficher cette aide, ou celle d'une commande",
        _ => return None,
    })
}

/// What the whole program is for, at more length.
pub const LONG_ABOUT: &str = "Utiliser à tour de rôle un fichier de base de données partagé.\n\n\
    Une réservation à côté du fichier, dans n'importe quel dossier partagé, sans serveur : deux personnes n'écrivent jamais en même \
    temps.";

/// What an argument of a command means.
#[must_use]
pub fn argument(command: &str, argument: &str) -> Option<&'static str> {
    Some(match (command, argument) {
        (_, "help") => "Afficher cette aide",
        ("sharelock", "version") => "Afficher la version",
        (_, "lang") => "Parler anglais ou français : en, fr ; à défaut, SHARELOCK_LANG puis la langue du système décident",
        ("report", "show") => "Afficher ce qui serait enregistré, et ne rien enregistrer",
        ("report", "output") => "L'enregistrer dans ce fichier",
        ("release", "database") => "La base à rendre",
        ("ask", "database") => "La base à demander",
        ("ask", "note") => "Quelques mots pour la personne qui l'utilise ; environ 75 lettres arrivent",
        ("release", "anyway") => "Même si un programme de cet ordinateur l'a encore ouverte",
        ("agent run", "databases") => "D'autres bases à surveiller, en plus de celles qui sont configurées",
        ("agent status" | "autostart status", "json") => "Afficher un objet JSON",
        ("shortcut", "database") => "La base configurée",
        ("shortcut", "to") => "La mettre là, et non sur votre bureau",
        ("config path", "system") => "Afficher où est le fichier des administrateurs",
        ("config show", "origin") => "Dire pour chaque valeur d'où elle vient",
        ("config show", "json") => "Afficher un objet JSON par ligne et par valeur, avec son origine",
        ("config check", "file") => "Le fichier à regarder à la place du vôtre",
        ("config add", "label") => "Comment elle doit s'appeler",
        ("config add", "path") => "Où elle se trouve",
        ("config add", "program") => "Le programme qui l'ouvre, et ses arguments ; {database} est remplacé par le chemin",
        ("status", "databases") => "Les bases à regarder",
        ("watch", "databases") => "Les bases à surveiller",
        ("run" | "hold" | "take", "database") => "La base à prendre",
        ("wait", "database") => "La base à attendre",
        ("history" | "force-release", "database") => "La base",
        ("status", "json") => "Afficher un objet JSON par ligne et par base",
        ("hold", "json") => "Afficher un objet JSON par ligne et par événement",
        ("watch", "json") => "Afficher ce qu'affiche `status --json`, une ligne par changement",
        ("history", "json") => "Afficher un objet JSON par ligne et par réservation",
        ("doctor", "json") => "Afficher un objet JSON par ligne et par constat",
        ("run" | "hold", "nonblock") => "Ne pas attendre : terminer avec 75 si quelqu'un d'autre l'utilise",
        ("doctor", "timeout") => {
            "Combien de temps attendre l'autre ordinateur : des secondes, ou un nombre suivi de ms, s, m ou h"
        }
        ("run" | "hold" | "wait" | "take", "timeout") => {
            "Attendre au plus aussi longtemps : des secondes, ou un nombre suivi de ms, s, m ou h"
        }
        ("run" | "hold", "note") => "Quelques mots pour ceux qui attendent",
        ("run" | "hold", "accept_sync_folder") => {
            "Prendre la base bien qu'un programme de cloud copie le dossier : quelqu'un d'autre peut l'obtenir aussi"
        }
        ("run", "conflict_exit_code") => "Terminer avec ce code au lieu de 75",
        ("run", "on_lost") => {
            "Que faire du programme quand la réservation est perdue, ou va l'être : warn (le dire, et le laisser continuer), stop \
             (l'arrêter)"
        }
        ("run", "gui") => "Demander dans une fenêtre que faire quand quelqu'un l'utilise, au lieu d'attendre ; pour les icônes",
        ("run", "grace") => "Combien de temps le programme peut mettre à se terminer avant d'être arrêté de force",
        ("run", "command") => "Le programme et ses arguments",
        ("hold", "until_eof") => "Rendre la base à la fin de l'entrée standard",
        ("history", "since") => "Omettre ce qui s'est terminé avant : 7d (jours), 12h, 2w (semaines)",
        ("history", "csv") => "Afficher un tableau pour tableurs",
        ("force-release", "confirm") => "Qui l'utilise, tapé pour montrer que vous savez qui vous interrompez",
        ("force-release", "reason") => "Pourquoi ; la personne et l'historique l'apprennent",
        ("force-release", "now") => "Ne pas attendre cette personne : deux personnes peuvent alors écrire en même temps",
        ("completions", "shell") => "Le shell en question : bash, elvish, fish, powershell, zsh",
        ("man", "verb") => "La commande à décrire ; sans elle, tout le programme",
        ("doctor", "path") => "La base, ou le dossier, à examiner",
        ("status", "verbose") => "Montrer aussi comment un changement serait remarqué",
        ("doctor", "verbose") => "Montrer ce qui n'a pas été examiné, et pourquoi chaque examen compte",
        ("doctor", "pair") => "Examiner avec un autre ordinateur : lancez-y la même commande, avec le même mot",
        ("help", "subcommand") => "La commande dont afficher l'aide",
        _ => return None,
    })
}

/// What stands for a value that is to be typed.
#[must_use]
pub fn value(name: &str) -> Option<&'static str> {
    Some(match name {
        "DB" => "BASE",
        "DB|FOLDER" => "BASE|DOSSIER",
        "TIME" => "DURÉE",
        "TEXT" => "TEXTE",
        "WHAT" => "QUOI",
        "HOLDER" => "QUI",
        "FOLDER" => "DOSSIER",
        "FILE" => "FICHIER",
        "LABEL" => "NOM",
        "PATH" => "CHEMIN",
        "LANG" => "LANGUE",
        "COMMAND" | "CMD" => "COMMANDE",
        _ => return None,
    })
}

/// What stands behind the help of a command: examples, and what else has to be known.
#[must_use]
pub fn after(command: &str) -> Option<&'static str> {
    Some(match command {
        "sharelock" => SHARELOCK,
        "status" => STATUS,
        "run" => RUN,
        "hold" => HOLD,
        "ask" => ASK,
        "wait" => WAIT,
        "watch" => WATCH,
        "force-release" => FORCE_RELEASE,
        "history" => HISTORY,
        "take" => TAKE,
        "release" => RELEASE,
        "agent" => AGENT,
        "autostart" => AUTOSTART,
        "shortcut" => SHORTCUT,
        "config" => CONFIG,
        "config add" => CONFIG_ADD,
        "completions" => COMPLETIONS,
        "man" => MAN,
        "report" => REPORT,
        "demo" => "Exemples :\n  sharelock demo      Prend dix secondes et ne laisse rien derrière elle",
        _ => return None,
    })
}

const REPORT: &str = "\
Exemples :
  sharelock report --show             Lire ce qu'il dirait
  sharelock report                    L'enregistrer sur le bureau
  sharelock report -o probleme.zip    L'enregistrer là

Il contient ce que dit `sharelock doctor` de chaque base configurée, les réglages, le journal de l'agent et les versions en marche. Les \
noms de personnes, d'ordinateurs, de bases et de dossiers sont remplacés, le même toujours par le même mot. Rien n'est envoyé.

Codes de sortie : 0 fait, 73 impossible à enregistrer ou fichier existant, 130 interrompu.";

const SHARELOCK: &str = "\
Exemples :
  sharelock status wems.db                     Qui l'utilise ?
  sharelock run wems.db -- sqlite3 wems.db     Attendre son tour, lancer un programme, rendre
  sharelock run -n wems.db -- ./import.sh      Ne pas attendre : 75 si quelqu'un d'autre l'utilise
  sharelock hold wems.db --note \"retour 10 h\"  Garder jusqu'à Ctrl+C
  sharelock ask wems.db                        Demander à la personne qui l'utilise de la libérer
  sharelock wait wems.db && echo libre         Attendre seulement qu'elle soit libre
  sharelock watch wems.db                      Qui l'utilise, et chaque changement
  sharelock history --since 7d wems.db         Qui l'a utilisé cette semaine
  sharelock doctor wems.db                     Pourquoi cela ne marche-t-il pas ?
  sharelock config add RH /srv/rh/base.db      Désormais, elle s'appelle RH
  sharelock demo                               Voir comment cela marche

Un nom configuré (`sharelock config`) peut remplacer une base partout. Ce qui contient un séparateur de chemin, ou désigne un fichier \
existant, est un chemin ; le reste est un nom, en majuscules ou en minuscules, et un chemin s'il n'y a pas de tel nom.

Codes de sortie :
  0    fait
  1    `doctor` a trouvé ce qui empêche de travailler à tour de rôle
  64   la ligne de commande n'est pas comprise
  69   le dossier partagé est injoignable
  71   cet ordinateur manque de quelque chose
  73   aucune réservation n'y est possible (plein, lecture seule, synchronisé, pas un fichier)
  75   quelqu'un d'autre l'utilise, ou la réservation a été perdue
  77   droits insuffisants
  78   la configuration est inutilisable
  130  interrompu
  Sinon, `run` renvoie le code du programme lui-même ; 126, 127 et 128+n comme sh.";

const STATUS: &str = "\
Exemples :
  sharelock status wems.db
  sharelock status --json //serveur/rh/*.db | jq -r 'select(.state == \"held\").holder.name'

Codes de sortie : 0 libre ou à vous, 75 quelqu'un d'autre l'utilise, 69 le dossier partagé est injoignable, 77 droits \
insuffisants (le pire de tous).";

const RUN: &str = "\
Exemples :
  sharelock run wems.db -- sqlite3 wems.db             Attendre aussi longtemps qu'il faut
  sharelock run -w 5m wems.db -- ./import.sh           75 si elle est toujours prise après 5 minutes
  sharelock run -n -E 1 wems.db -- ./import.sh         Ne pas attendre, et terminer alors avec 1
  sharelock run --on-lost stop wems.db -- ./batch.sh   L'arrêter plutôt que d'écrire sans réservation

Le programme trouve dans son environnement SHARELOCK_TOKEN (croît à chaque réservation), SHARELOCK_DATABASE et SHARELOCK_STORE.

Codes de sortie : celui du programme, 126, 127 et 128+n comme sh ; 75 quelqu'un d'autre l'utilise, 69 le dossier partagé est \
injoignable, 73 aucune réservation n'y est possible, 77 droits insuffisants, 130 interrompu.";

const HOLD: &str = "\
Exemples :
  sharelock hold wems.db --note \"retour à 10 h\"
  sharelock hold -w 10 --json wems.db | while read event; do echo \"$event\"; done
  un-programme | sharelock hold --until-eof wems.db    Jusqu'à la fin de ce programme

Codes de sortie : 0 rendue, 75 quelqu'un d'autre l'utilise ou la réservation a été perdue, 69 le dossier partagé est \
injoignable, 73 aucune réservation n'y est possible, 77 droits insuffisants, 130 interrompu pendant l'attente.";

const ASK: &str = "\
Exemples :
  sharelock ask wems.db
  sharelock ask --note \"juste deux factures\" wems.db

L'agent de la personne qui l'utilise affiche la question ; le vôtre affiche la réponse, et vous prévient quand la base est libre. Il est \
démarré s'il n'est pas en marche. `sharelock status` dit si la question a été vue.

Codes de sortie : 0 question posée, ou base libre, ou à vous ; 75 on ne peut rien demander à la personne qui l'utilise, 69 le dossier \
partagé ou l'agent est injoignable.";

const WAIT: &str = "\
Exemples :
  sharelock wait wems.db && echo \"wems.db est libre\"   Dites-moi quand elle est libre
  sharelock wait -w 5m wems.db                         75 si elle est toujours prise après 5 minutes

La base n'est pas prise : à la fin de l'attente, quelqu'un d'autre l'a peut-être déjà. Pour y travailler, utilisez `sharelock run`. \
Si la personne qui l'utilisait n'est plus là, elle compte comme libre dès que la relève peut être prise ; sur un dossier réseau, \
seuls `run` et `hold` peuvent le découvrir.

Codes de sortie : 0 libre, 75 toujours prise après ce délai, 69 le dossier partagé est injoignable, 77 droits insuffisants, \
73 aucune réservation n'y est possible, 130 interrompu.";

const WATCH: &str = "\
Exemples :
  sharelock watch wems.db
  sharelock watch --json //serveur/rh/*.db | jq -r 'select(.state == \"free\").database'

Une ligne est affichée quand changent l'état, la personne qui l'utilise ou la file d'attente, quand la relève peut être prise, et \
quand le dossier n'est plus visible ; pas pour les signes de vie. Se termine avec 0 après Ctrl+C, ou quand plus personne ne lit.";

const FORCE_RELEASE: &str = "\
Exemples :
  sharelock force-release wems.db --confirm \"Marie Dupont\" --reason \"malade, inventaire ce jour\"
  sharelock force-release wems.db --confirm unknown --reason \"laissé par l'ancien programme\" --now

--confirm est le nom qu'affiche `sharelock status --json` dans holder.name (le nom de connexion s'il est null), ou `unknown` quand \
on ne peut nommer personne. La personne apprend qui donne l'ordre, pourquoi, et que c'est le moment d'enregistrer. Dès lors, la \
réservation n'est plus renouvelée, et les autres sont admis dès que la base est rendue, ou quand on ne peut plus croire à la \
réservation (3 minutes avec les durées habituelles). Les ordres restent dans l'historique.

--now n'attend pas cela : DEUX PERSONNES PEUVENT ALORS ÉCRIRE EN MÊME TEMPS, sauf si vous savez que l'autre programme est terminé.

Codes de sortie : 0 ordonné, ou déjà libre ; 64 quelqu'un d'autre l'utilise que la personne nommée ; 69, 73 et 77 comme partout ; \
75 quand seule une version plus récente de Sharelock peut l'ordonner.";

const HISTORY: &str = "\
Exemples :
  sharelock history wems.db
  sharelock history --since 7d --csv wems.db > semaine.csv
  sharelock history --json wems.db | jq -r 'select(.how == \"lapsed\").holder.name'

Comment une réservation s'est terminée, autant que les enregistrements le disent :
  released     elle a été rendue
  lapsed       aucun signe de vie pendant son propre délai (3 min), puis quelqu'un est venu
  taken_over   quelqu'un est venu plus tôt : ses programmes étaient certainement terminés
  forced       quelqu'un a ordonné de la libérer, et la relève a été prise sur cet ordre
  held         elle n'est pas terminée

`lapsed` et `taken_over` ne laissent pas de trace qui leur soit propre : on les distingue par la durée du silence avant l'arrivée \
de quelqu'un d'autre, d'après les horloges des deux ordinateurs. La fin d'une réservation qui n'a pas été rendue est son dernier \
signe de vie. L'historique garde jusqu'à 10 Mo ; ensuite la moitié la plus ancienne s'en va.

Le CSV suit la RFC 4180. Une cellule qu'un tableur pourrait prendre pour une formule commence par une apostrophe.

Codes de sortie : 0, même quand l'historique est vide ; 69 le dossier partagé est injoignable, 77 droits insuffisants.";

const TAKE: &str = "\
Exemples :
  sharelock take wems.db              L'agent la garde pour vous, jusqu'à ce que vous la libériez
  sharelock take -w 10m wems.db       Attendre si quelqu'un l'utilise
  sharelock release wems.db

L'agent est démarré s'il n'est pas en marche. Sans agent, `sharelock hold` garde une base aussi longtemps qu'il est en marche.

Codes de sortie : 0 prise, 75 quelqu'un d'autre l'utilise, 69 le dossier partagé ou l'agent est injoignable, 73 aucune réservation \
n'y est possible, 77 droits insuffisants.";

const RELEASE: &str = "\
Exemples :
  sharelock release wems.db
  sharelock release --anyway wems.db  Même si un programme de cet ordinateur l'a encore ouverte

Ce que gardent vos propres `run` ou `hold` leur est redemandé.

Codes de sortie : 0 rendue, 75 un programme l'a encore ouverte, 69 l'agent est injoignable.";

const AGENT: &str = "\
Exemples :
  sharelock agent run                 Surveiller tout ce qui est configuré, avec une icône dans le panneau
  sharelock agent run wems.db         Surveiller cette base aussi
  sharelock agent status              Que fait-il ?
  sharelock agent stop                L'arrêter ; ce qu'il garde est rendu";

const AUTOSTART: &str = "\
Exemples :
  sharelock autostart on              Démarrer l'agent à chaque ouverture de votre session
  sharelock autostart status          Le fait-il ?
  sharelock autostart off             Ne plus le faire

Cela ne concerne que vous, sur cet ordinateur, et prend effet à la prochaine ouverture de session ; `sharelock agent run` démarre \
l'agent tout de suite.

Codes de sortie : 0 fait, 71 le système a refusé.";

const SHORTCUT: &str = "\
Exemples :
  sharelock shortcut RH               Sur votre bureau
  sharelock shortcut RH --to ~/bin    Ailleurs

Un clic demande dans une fenêtre que faire quand quelqu'un d'autre l'utilise. La base doit être configurée, avec son programme \
(`sharelock config add`).

Codes de sortie : 0 créée, 64 elle n'est pas configurée ou n'a pas de programme, 73 impossible à cet endroit ou sur ce système, \
77 droits insuffisants.";

const CONFIG: &str = "\
Exemples :
  sharelock config add RH /srv/rh/base.db    Désormais : sharelock status RH
  sharelock config show --origin             Ce qui vaut, et quelle ligne le dit
  sharelock config check                     Ce qui ne va pas
  sharelock config init                      Un fichier avec chaque réglage, en commentaire
  sharelock config edit                      L'ouvrir, et le vérifier ensuite

Les options passent avant les variables d'environnement, celles-ci avant votre fichier, et votre fichier avant celui des \
administrateurs, qui peut verrouiller des réglages ; `sharelock config init` et un regard dans le nouveau fichier disent comment.

Codes de sortie : 0 fait, 78 la configuration est inutilisable, 73 un fichier ne peut pas être écrit ou existe déjà.";

const CONFIG_ADD: &str = "\
Exemples :
  sharelock config add RH 'S:\\RH\\base.db'
  sharelock config add RH /srv/rh/base.db --program wems {database}
  sharelock run RH                           Lance ce programme dès que RH est libre";

const COMPLETIONS: &str = "\
Exemples :
  sharelock completions bash > ~/.local/share/bash-completion/completions/sharelock
  sharelock completions zsh > ~/.zfunc/_sharelock
  sharelock completions fish > ~/.config/fish/completions/sharelock.fish
  sharelock completions powershell >> $PROFILE";

const MAN: &str = "\
Exemples :
  sharelock man | man -l -                             La lire maintenant
  sharelock man > sharelock.1                          L'installer
  sharelock man run > sharelock-run.1";

/// What is wrong with what was typed, quoted as it was typed. (In English the parser itself says it.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// There is no such argument.
    Unknown(String),
    /// There is no such command.
    NoSuchCommand(String),
    /// No command was typed.
    NoCommand,
    /// This value does not belong to this argument, which can have those.
    Impossible(String, String, Vec<String>),
    /// This value does not fit this argument; why not.
    Unfit(String, String, String),
    /// This argument needs a value.
    NoValue(String),
    /// These have to be typed as well.
    Missing(Vec<String>),
    /// This argument and those exclude each other.
    Exclusive(String, Vec<String>),
    /// This argument was typed twice.
    Twice(String),
}

impl Display for Mistake {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(argument) => write!(f, "argument inattendu : « {argument} »"),
            Self::NoSuchCommand(command) => write!(f, "commande inconnue : « {command} »"),
            Self::NoCommand => f.write_str("il manque une commande"),
            Self::Impossible(value, argument, all) => {
                write!(f, "« {value} » n'est pas une valeur possible pour « {argument} »")?;
                if all.is_empty() { Ok(()) } else { write!(f, " (valeurs possibles : {})", all.join(", ")) }
            }
            Self::Unfit(value, argument, why) => write!(f, "« {value} » ne convient pas à « {argument} » : {why}"),
            Self::NoValue(argument) => write!(f, "il manque une valeur à « {argument} »"),
            Self::Missing(arguments) => write!(f, "il manque : {}", arguments.join(" ")),
            Self::Exclusive(argument, others) => write!(f, "« {argument} » ne va pas avec « {} »", others.join(" ")),
            Self::Twice(argument) => write!(f, "« {argument} » ne peut être donné qu'une fois"),
        }
    }
}

/// Returns the whole of what is said about a mistake.
#[must_use]
pub fn complaint(mistake: &Mistake, usage: Option<&str>) -> String {
    let usage = usage.map_or_else(String::new, |usage| format!("\n\nUtilisation : {usage}"));
    format!("erreur : {mistake}{usage}\n\nPour en savoir plus, essayez « --help ».")
}
