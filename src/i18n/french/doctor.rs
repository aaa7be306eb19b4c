//! What `doctor` says in French: for every finding what was seen, why it matters, what to do.

mod pair;

use super::super::doctor::{
    Access, Aside, Clock, Configuration, Exclusive, Finding, Folder, Foreign, Leases, Locks, Maker, Setter, Skip, Space, Speed,
    Sync, System, Topic, Verdict, Waits, Who, Words, Writing,
};
use super::{Duration, Language, Person, because, decimal, name, span};
use pair::pair;

pub(in super::super) const fn title(topic: Topic) -> &'static str {
    match topic {
        Topic::Folder => "dossier",
        Topic::FileSystem => "type de dossier",
        Topic::Sync => "cloud et copies",
        Topic::Writing => "écriture",
        Topic::Exclusive => "un seul gagnant",
        Topic::RangeLocks => "verrous de plage",
        Topic::Clock => "horloge",
        Topic::Speed => "rapidité",
        Topic::Access => "droits",
        Topic::Space => "espace",
        Topic::ForeignLocks => "autres verrous",
        Topic::Leases => "qui l'utilise",
        Topic::Lapses => "passé",
        Topic::Versions => "versions",
        Topic::Waits => "attente",
        Topic::Pair => "deux ordinateurs",
        Topic::PairExclusive => "un sur deux gagne",
        Topic::PairLocks => "verrous de l'autre",
        Topic::PairChange => "changements vus",
        Topic::PairNames => "fichiers vus",
        Topic::PairClock => "deux horloges",
        Topic::Configuration => "réglages",
        Topic::Autostart => "ouverture session",
        Topic::Agent => "l'agent",
    }
}

pub(in super::super) fn words(finding: &Finding) -> Words {
    let (found, why, remedy) = match finding {
        Finding::Skipped(what) => skip(*what),
        Finding::Folder(what) => folder(what),
        Finding::FileSystem(what) => system(what),
        Finding::Sync(what) => sync(what),
        Finding::Writing(what) => writing(what),
        Finding::Exclusive(what) => exclusive(what),
        Finding::Locks(what) => locks(what),
        Finding::Clock(what) => clock(what),
        Finding::Speed(what) => speed(what),
        Finding::Access(what) => access(what),
        Finding::Space(what) => space(what),
        Finding::Foreign(what) => foreign(what),
        Finding::Leases(what) => leases(what),
        Finding::Waits(what) => waits(*what),
        Finding::Pair(what) => pair(what),
        Finding::Configuration(what) => configuration(what),
        // Said in i18n/here.rs.
        Finding::Agent(_) | Finding::Autostart(_) => told("", ""),
    };
    Words { found, why: why.into(), remedy }
}

/// What was seen, why it matters, what to do.
type Said = (String, &'static str, String);

fn told(found: impl Into<String>, why: &'static str) -> Said {
    (found.into(), why, String::new())
}

fn bad(found: impl Into<String>, why: &'static str, remedy: impl Into<String>) -> Said {
    (found.into(), why, remedy.into())
}

/// `0,4 ms`, `12 ms`, `3,2 s`, `2 min 5 s`.
fn short(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    match millis {
        ..0.1 => "moins de 0,1 ms".to_owned(),
        ..10.0 => format!("{millis:.1} ms").replace('.', ","),
        ..1000.0 => format!("{millis:.0} ms"),
        ..60_000.0 => decimal(time, Language::French),
        _ => span(time).to_string(),
    }
}

/// `512 ko`, `3,2 Go`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn size(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64 / 1000.0, "ko");
    for next in ["Mo", "Go", "To"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    if value < 10.0 { format!("{value:.1} {unit}").replace('.', ",") } else { format!("{value:.0} {unit}") }
}

fn skip(what: Skip) -> Said {
    let text = match what {
        Skip::NeedsWriting => "non examiné, car rien ne peut y être écrit",
        Skip::NoAnswer => "non examiné, car le dossier ne répond pas",
        Skip::NeedsPair => "non examiné : il faut deux ordinateurs, voir `--pair`",
        Skip::NotTold => "non examiné : ce système ne le dit pas",
    };
    told(text, "")
}

fn folder(what: &Folder) -> Said {
    match what {
        Folder::Answers(took) => told(format!("répond ({})", short(*took)), "Tout le reste en dépend."),
        Folder::Missing(path) => bad(
            format!("{path} n'existe pas"),
            "Sans son dossier, on ne peut rien dire d'une base. Cela ne veut pas dire qu'elle est libre.",
            "Vérifiez l'orthographe, et si le lecteur réseau est connecté.",
        ),
        Folder::Silent(waited) => bad(
            format!("pas de réponse en {}", short(*waited)),
            "Le partage est bloqué : les programmes qui ouvrent la base maintenant le seront aussi. Cela ne veut pas dire qu'elle est \
             libre.",
            "Vérifiez le câble réseau, le Wi-Fi ou le VPN, et que le serveur est allumé ; puis recommencez.",
        ),
        Folder::Denied(detail) => bad(
            "vous n'avez pas le droit de voir ce dossier".to_owned() + &because(detail),
            "Qui ne peut pas lire le dossier ne peut pas voir qui utilise la base.",
            "Demandez au responsable du serveur un accès en lecture et en écriture à ce dossier.",
        ),
        Folder::NoDatabase(reason) => bad(
            reason.text(Language::French),
            "Une réservation doit se trouver à côté du seul fichier que tout le monde ouvre.",
            "Indiquez le chemin de la base elle-même, ou de son dossier.",
        ),
        Folder::Failed(detail) => bad(
            format!("le système répond : {detail}"),
            "Cet examen n'a pas pu être mené à son terme.",
            "Recommencez ; si cela persiste, montrez cette ligne au responsable du serveur.",
        ),
    }
}

fn system(what: &System) -> Said {
    match what {
        System::Local(name, source) => told(
            format!("{name} sur cet ordinateur{}", from(source)),
            "Les autres ordinateurs n'y accèdent que si celui-ci le partage ; examinez-le aussi depuis l'un d'eux.",
        ),
        System::Share(name, source, options) => told(
            format!("{name}{}{}", from(source), mounted(options)),
            "C'est ce que dit la table de montage ; cela décide de ce qu'on peut croire des verrous, des caches et des horloges.",
        ),
        System::Virtual(name) => bad(
            format!("un dossier de l'hôte de cette machine virtuelle ({name})"),
            "Rien ne prouve qu'il départage plusieurs machines qui arrivent en même temps.",
            "Utilisez plutôt SMB ou NFS, ou essayez avec deux machines et `--pair`.",
        ),
        System::UserSpace(name) => bad(
            format!("un système de fichiers fourni par un programme ({name})"),
            "C'est de ce programme qu'il dépend que plusieurs ordinateurs soient départagés.",
            "Essayez avec deux ordinateurs et `--pair` ; mieux, montez le dossier avec SMB ou NFS.",
        ),
        System::Cloud(name) => bad(
            format!("un cloud présenté comme un dossier ({name})"),
            "Personne n'y décide qui était là en premier : deux personnes peuvent croire en même temps avoir la base.",
            "Déplacez la base dans un dossier partagé sur un serveur de fichiers.",
        ),
        System::Other(name) => bad(
            if name.is_empty() {
                "un système de fichiers inconnu ici".to_owned()
            } else {
                format!("un système de fichiers qui n'a pas été essayé ({name})")
            },
            "On ne sait pas s'il départage plusieurs ordinateurs qui arrivent en même temps.",
            "Essayez avec deux ordinateurs et `--pair` avant de vous y fier.",
        ),
    }
}

fn from(source: &str) -> String {
    if source.is_empty() { String::new() } else { format!(", {source}") }
}

fn mounted(options: &str) -> String {
    if options.is_empty() { String::new() } else { format!(" ({options})") }
}

fn sync(what: &Sync) -> Said {
    match what {
        Sync::Nothing => told(
            "aucune trace d'un programme qui le copie",
            "Dans un dossier copié d'un ordinateur à l'autre, chacun a ses propres fichiers de verrou et voit trop tard ceux des autres.",
        ),
        Sync::By(program) => bad(
            format!("{program} copie ce dossier d'un ordinateur à l'autre"),
            "Chaque ordinateur a sa propre copie, et personne ne décide qui était là en premier : deux personnes peuvent obtenir la \
             base, et l'une perd son travail.",
            "Déplacez la base dans un dossier partagé sur un serveur de fichiers, hors de ce qui est synchronisé.",
        ),
        Sync::OfflineFiles => bad(
            "les fichiers hors connexion de Windows sont activés sur cet ordinateur",
            "Si le partage est aussi conservé hors connexion, cet ordinateur peut continuer sur sa propre copie en l'absence du serveur.",
            "Dans les propriétés du dossier, décochez « Toujours disponible hors connexion », ou faites exclure ce partage.",
        ),
    }
}

fn writing(what: &Writing) -> Said {
    const WHY: &str = "Prendre une base, c'est créer un petit fichier à côté d'elle.";
    const ASK: &str =
        "Demandez au responsable du serveur le droit de créer, de modifier et de supprimer des fichiers dans ce dossier.";
    match what {
        Writing::Works => told("on peut y créer, modifier, lire et supprimer des fichiers", WHY),
        Writing::MayNotCreate(detail) => {
            bad("vous n'avez pas le droit d'y créer des fichiers".to_owned() + &because(detail), WHY, ASK)
        }
        Writing::ReadOnly => bad(
            "le dossier est monté ou partagé en lecture seule",
            WHY,
            "Connectez-le avec un accès en écriture. S'il était modifiable auparavant, le disque du serveur est peut-être en panne.",
        ),
        Writing::Full => bad(
            "il n'y a pas la place d'un seul petit fichier",
            WHY,
            "Libérez de l'espace sur le serveur, ou faites augmenter votre quota.",
        ),
        Writing::MayNotRemove(detail) => bad(
            "vous pouvez y créer des fichiers, mais pas en supprimer".to_owned() + &because(detail),
            "Un verrou qu'on ne peut pas supprimer reste pour toujours : voilà d'où viennent les verrous oubliés que personne ne peut \
             lever.",
            ASK,
        ),
        Writing::Garbled => bad(
            "ce qu'on relit n'est pas ce qui a été écrit",
            "Les enregistrements seraient abîmés de la même façon, et personne ne pourrait dire qui utilise la base.",
            "N'utilisez pas ce dossier. Vérifiez le disque du serveur, et tout programme placé entre vous et lui.",
        ),
    }
}

fn exclusive(what: &Exclusive) -> Said {
    const WHY: &str = "Quand deux personnes veulent la base en même temps, c'est la création d'un fichier qui ne doit pas exister qui \
                       les départage. Une seule doit gagner.";
    const MOVE: &str = "N'y gardez pas de base partagée. Utilisez SMB ou NFS sur un serveur de fichiers.";
    match what {
        Exclusive::OneWinner(rounds) => told(format!("un seul gagnant à chacune des {rounds} courses"), WHY),
        Exclusive::Several(rounds, doubled) => bad(format!("deux gagnants dans {doubled} courses sur {rounds}"), WHY, MOVE),
        Exclusive::Nobody(rounds, none) => bad(format!("aucun gagnant dans {none} courses sur {rounds}"), WHY, MOVE),
    }
}

fn locks(what: &Locks) -> Said {
    const WHY: &str = "Ils font savoir aussitôt qu'une base a été rendue ou que le programme qui l'utilisait est mort ; sans eux, les \
                       autres ne le découvrent que plus tard, en regardant sans cesse. Des programmes comme SQLite et Access en \
                       dépendent entièrement.";
    match what {
        Locks::Between(kind) => told(format!("fonctionnent, et {kind} les transmet aux autres ordinateurs"), WHY),
        Locks::Here => told("fonctionnent sur cet ordinateur", WHY),
        Locks::Local(option) => bad(
            format!("vus de cet ordinateur seulement (monté avec `{option}`)"),
            WHY,
            format!("Montez le partage sans `{option}`."),
        ),
        Locks::Missing => bad(
            "le partage n'en propose pas",
            WHY,
            "Activez le verrouillage sur le serveur (NFS 3 : son service de verrous), ou montez avec une autre version du protocole.",
        ),
        Locks::Ignored => bad(
            "accordés à deux programmes en même temps",
            WHY,
            "N'y ouvrez pas de bases qui comptent sur les verrous (SQLite, Access). Utilisez SMB ou NFS sur un serveur de fichiers.",
        ),
        Locks::Unproven => bad(
            "fonctionnent ici ; on ne sait pas si les autres ordinateurs les voient",
            WHY,
            "Essayez avec deux ordinateurs et `--pair`.",
        ),
    }
}

fn clock(what: &Clock) -> Said {
    const WHY: &str = "Les réservations ne dépendent pas des horloges. Mais « depuis 9 h 12 » est dit d'après elles, et les programmes \
                       qui jugent les verrous à leur âge prennent les vivants pour des morts, ou l'inverse.";
    const REMEDY: &str = "Faites régler les deux horloges par le réseau (Windows : « Régler l'heure automatiquement » ; Linux : \
                          `timedatectl set-ntp true`).";
    match what {
        Clock::Agree(within, setter) => {
            told(format!("serveur et ordinateur d'accord à {} près{}", short(*within), by(*setter)), WHY)
        }
        Clock::Same => told("le dossier est sur cet ordinateur et a la même horloge", WHY),
        Clock::ServerAhead(off, setter) => {
            bad(format!("l'horloge du serveur avance de {} sur celle de cet ordinateur{}", span(*off), by(*setter)), WHY, REMEDY)
        }
        Clock::ServerBehind(off, setter) => {
            bad(format!("l'horloge du serveur retarde de {} sur celle de cet ordinateur{}", span(*off), by(*setter)), WHY, REMEDY)
        }
        Clock::Unknown => told("les dates des fichiers ne disent rien ici de l'horloge du serveur", WHY),
    }
}

const fn by(setter: Setter) -> &'static str {
    match setter {
        Setter::Server => " ; les fichiers sont datés par le serveur",
        Setter::Client => " ; les fichiers sont datés par cet ordinateur",
        Setter::ServerUsually => " ; sur ce type de partage, les fichiers sont datés par le serveur",
        Setter::ClientUsually => " ; sur ce type de partage, les fichiers sont datés par cet ordinateur",
        Setter::Unknown => "",
    }
}

fn speed(what: &Speed) -> Said {
    const WHY: &str = "Prendre une base et la rendre demande une dizaine de réponses du serveur, et tous les programmes du partage \
                       paient le même prix.";
    match what {
        Speed::Fine(answer, cycle) => {
            told(format!("{} pour une réponse, {} pour créer et supprimer un fichier", short(*answer), short(*cycle)), WHY)
        }
        Speed::Slow(answer, cycle) => bad(
            format!("lent : {} pour une réponse, {} pour créer et supprimer un fichier", short(*answer), short(*cycle)),
            WHY,
            "Préférez un câble au Wi-Fi ; à travers un VPN, travaillez sur un bureau à distance proche du serveur. Si les autres sont \
             rapides, regardez l'antivirus de cet ordinateur ; si tous sont lents, le disque du serveur.",
        ),
    }
}

fn access(what: &Access) -> Said {
    const WHY: &str = "Chacun doit pouvoir lire, modifier et supprimer les réservations de ses collègues. Sinon, on ne voit pas un \
                       verrou, ou on ne peut pas lever un verrou oublié.";
    const TYPE: &str = "Son propriétaire ou un administrateur tape";
    match what {
        Access::Shared(Who::Owner) => told("seul son propriétaire peut y écrire, sur cet ordinateur", WHY),
        Access::Shared(Who::Everybody) => told("tout le monde peut y écrire sur cet ordinateur", WHY),
        Access::Shared(Who::Group(group)) => told(format!("le groupe {group} peut y écrire"), WHY),
        Access::ServerDecides => told("fixés par les listes d'accès du serveur, invisibles d'ici", WHY),
        Access::Private(folder, command) => bad(
            format!("seul son propriétaire peut écrire dans {folder}"),
            WHY,
            format!("Si des collègues l'utilisent, ouvrez-le à leur groupe : {command}"),
        ),
        Access::NoSetGroup(folder, command) => bad(
            format!("les nouveaux fichiers de {folder} prennent le groupe de qui les crée"),
            "Un collègue dont le groupe principal est différent crée alors des fichiers (y compris les journaux de la base) que les \
             autres ne peuvent pas modifier.",
            format!("Faites hériter le groupe aux nouveaux fichiers : {command}"),
        ),
        Access::Sticky(folder, command) => bad(
            format!("dans {folder}, seul son propriétaire peut supprimer un fichier (« sticky »)"),
            "Un avis laissé par un ordinateur éteint ne peut pas être supprimé par les collègues.",
            format!("Retirez cette marque : {command}"),
        ),
        Access::Narrow(path, command) => {
            bad(format!("{path} a des droits plus étroits que son dossier"), WHY, format!("{TYPE} : {command}"))
        }
        Access::DatabaseNarrow(path, command) => bad(
            format!("{path} ne peut pas être modifié par tous ceux qui peuvent écrire dans son dossier"),
            "Ils peuvent prendre la base, et ne peuvent alors pas s'en servir.",
            format!("{TYPE} : {command}"),
        ),
        Access::StoreDenied(path, detail) => bad(
            format!("vous n'avez pas le droit d'écrire dans {path}") + &because(detail),
            WHY,
            "Faites-lui donner les mêmes droits qu'au dossier de la base. C'est un collègue qui l'a créé.",
        ),
    }
}

fn space(what: &Space) -> Said {
    const WHY: &str =
        "Sur un partage plein, personne ne peut prendre une base, et un programme peut l'abîmer au milieu d'une modification.";
    const FREE: &str = "Libérez de l'espace sur le serveur, ou faites augmenter votre quota.";
    match what {
        Space::Enough(bytes) => told(format!("{} libres", size(*bytes)), WHY),
        Space::Little(bytes) => bad(format!("seulement {} libres", size(*bytes)), WHY, FREE),
        Space::Nothing(bytes) => bad(format!("plein : {} libres", size(*bytes)), WHY, FREE),
        Space::FewFiles(count) => bad(
            format!("de la place pour {count} fichiers de plus seulement"),
            WHY,
            "Supprimez sur le serveur des fichiers inutiles (il y en a beaucoup de petits).",
        ),
    }
}

const fn maker(maker: Maker) -> &'static str {
    match maker {
        Maker::Office => "Word, Excel ou PowerPoint",
        Maker::LibreOffice => "LibreOffice",
        Maker::Access => "Access",
        Maker::Journal => "SQLite au milieu d'une modification",
        Maker::WriteAhead => "SQLite avec un journal anticipé (WAL)",
        Maker::Notice => "un programme qui écrit son propre fichier de verrou",
    }
}

fn foreign(what: &Foreign) -> Said {
    const WHY: &str = "Un tel fichier existe tant que le document ou la base est ouvert, et reste après une panne. C'est d'après lui seul \
                       que son programme écarte les autres, ou se contente de lire.";
    match what {
        Foreign::Nothing => told("aucun", WHY),
        Foreign::InUse(file, by, unchanged) => {
            let age = unchanged.map_or_else(String::new, |age| format!(", il y a {}", span(age)));
            told(format!("{file} : ouvert avec {}{age}", maker(*by)), WHY)
        }
        Foreign::LeftBehind(file, Maker::Journal, age) => bad(
            format!("{file} : une modification que SQLite n'a pas achevée, il y a {}", span(*age)),
            "Grâce à lui, le prochain programme qui ouvre la base annule la modification inachevée. Sans lui, la base est abîmée.",
            "Ne le supprimez pas. Ouvrez une fois la base avec son programme, sans personne d'autre, et vérifiez les dernières saisies.",
        ),
        Foreign::LeftBehind(file, by, age) => bad(
            format!("{file} : probablement laissé par {}, inchangé depuis {}", maker(*by), span(*age)),
            WHY,
            "Assurez-vous que personne ne l'a ouvert ; puis supprimez ce fichier. Une réservation de Sharelock n'en est pas touchée.",
        ),
        Foreign::WriteAheadOnShare(file) => bad(
            format!("{file} : SQLite utilise son journal anticipé (WAL) sur un partage réseau"),
            "Ce mode exige une mémoire commune à tous ses programmes. Si des programmes de deux ordinateurs ont la base ouverte en même \
             temps, même en lecture seule, elle est abîmée.",
            "Tous les programmes étant fermés : sqlite3 BASE \"PRAGMA journal_mode=DELETE\".",
        ),
        Foreign::TooMany(looked) => told(format!("aucun parmi les {looked} premiers fichiers ; le dossier en a davantage"), WHY),
    }
}

fn leases(what: &Leases) -> Said {
    match what {
        Leases::Nothing => told("personne ne l'a encore utilisé avec Sharelock", ""),
        Leases::Free(1) => told("libre", ""),
        Leases::Free(count) => told(format!("{count} bases, toutes libres"), ""),
        Leases::Held(database, who) => told(format!("{database} : {}", whom(who)), ""),
        Leases::Stale(database, who, silent, takeable) => bad(
            format!(
                "{database} : {}, mais aucun signe de vie{}",
                whom(who),
                silent.map_or_else(String::new, |time| format!(" depuis {}", span(time)))
            ),
            "L'ordinateur a peut-être été éteint ou coupé du réseau, ou son programme s'est terminé sans rendre la base.",
            match takeable {
                Some(Duration::ZERO) => "Rien : qui la veut maintenant l'obtient, et rien n'est à supprimer.".to_owned(),
                Some(time) => format!(
                    "Attendez : la relève pourra être prise dans {} si rien ne change. Rien n'est à supprimer.",
                    span(*time)
                ),
                None => "Regardez cet ordinateur. Ne supprimez rien à la main.".to_owned(),
            },
        ),
        Leases::Unreadable(database, detail) => bad(
            format!("{database} : impossible de lire qui l'utilise") + &because(detail),
            "La base compte alors comme occupée, jamais comme libre.",
            "Recommencez ; si cela persiste, regardez les droits du dossier .sharelock voisin.",
        ),
        Leases::Orderly(_, 0) => told("aucune réservation encore", ""),
        Leases::Orderly(1, 1) => told("la dernière réservation a été rendue en ordre", ""),
        Leases::Orderly(ended, all) if ended == all => {
            told(format!("les {all} dernières réservations ont été rendues en ordre"), "")
        }
        Leases::Orderly(ended, all) => told(format!("rendues en ordre : {ended} des {all} dernières réservations"), ""),
        Leases::OftenLapsed(lapsed, all, machine) => bad(
            if machine.is_empty() {
                format!("jamais rendues : {lapsed} des {all} dernières réservations")
            } else {
                format!("jamais rendues : {lapsed} des {all} dernières réservations, la plupart par {machine}")
            },
            "Les autres ont dû attendre chaque fois jusqu'à ce qu'il soit certain que plus personne n'écrivait.",
            "Sur cet ordinateur : fermez le programme avant d'éteindre ou de partir, et empêchez la mise en veille tant que la base \
             est ouverte. Un mauvais câble ou un mauvais Wi-Fi a le même effet.",
        ),
        Leases::VersionsFit => told("cette version peut lire tous les enregistrements", ""),
        Leases::Newer(database, version) => bad(
            format!("{database} a été utilisé en dernier par un Sharelock plus récent (format {version})"),
            "Cette version montre qui l'utilise, et refuse de le prendre.",
            "Mettez Sharelock à jour sur cet ordinateur.",
        ),
    }
}

fn whom(who: &Person) -> String {
    if who.machine.is_empty() { format!("{} l'utilise", name(who)) } else { format!("{} l'utilise ({})", name(who), who.machine) }
}

fn waits(what: Waits) -> Said {
    const WHY: &str = "C'est le temps qu'il faut à qui attend pour apprendre que la base a été rendue, ou que le programme qui \
                       l'utilisait est mort.";
    told(
        match what {
            Waits::Told => "ce système signale aussitôt chaque changement",
            Waits::Woken => "le serveur réveille qui attend, par le verrou de plage",
            Waits::Notified => "le serveur signale les changements ; en plus, un coup d'œil chaque seconde",
            Waits::Ask => "un coup d'œil chaque seconde, car rien de mieux ne fonctionne sur ce montage",
        },
        WHY,
    )
}

pub(in super::super) fn aside(what: &Aside) -> String {
    match what {
        Aside::Examining(folder, None) => folder.clone(),
        Aside::Examining(folder, Some(database)) => format!("{folder}, le dossier de {database}"),
        Aside::WaitingForPair(code, path) => {
            format!("Maintenant sur l'autre ordinateur, dans le même dossier : sharelock doctor --pair {code} {path}")
        }
        Aside::Stopped => "Arrêté.".to_owned(),
        Aside::Verdict(verdict) => ending(*verdict),
        Aside::Why => "Pourquoi".to_owned(),
        Aside::Remedy => "À faire".to_owned(),
        Aside::Fine => "ok".to_owned(),
        Aside::Warning => "alerte".to_owned(),
        Aside::Failure => "échec".to_owned(),
        Aside::Skipped => "omis".to_owned(),
        Aside::BadCode => "un code est fait de 1 à 20 lettres ou chiffres, sans accents".to_owned(),
    }
}

fn ending(Verdict { failures, warnings }: Verdict) -> String {
    let count = |number: usize, what: &str| if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") };
    match (failures, warnings) {
        (0, 0) => "Tout va bien : on peut travailler ici à tour de rôle.".to_owned(),
        (0, warnings) => format!("On peut travailler ici à tour de rôle ; {} ci-dessus.", count(warnings, "alerte")),
        (failures, 0) => format!("Pas encore utilisable : {} ci-dessus.", count(failures, "échec")),
        (failures, warnings) => {
            format!("Pas encore utilisable : {} et {} ci-dessus.", count(failures, "échec"), count(warnings, "alerte"))
        }
    }
}

fn configuration(what: &Configuration) -> Said {
    const REMEDY: &str = "Corrigez avec « sharelock config edit » ; « sharelock config check » montre la ligne.";
    match what {
        Configuration::Nothing => told("aucun, et rien ne l'exige", ""),
        Configuration::Good(1) => told("en ordre ; 1 base est configurée", ""),
        Configuration::Good(count) => told(format!("en ordre ; {count} bases sont configurées"), ""),
        Configuration::PassedOver(line) => bad(line, "Ce qui y est écrit reste sans effet.", REMEDY),
        Configuration::Broken(line) => {
            bad(line, "Aucun réglage n'est utilisable, et les autres commandes refusent de travailler sans eux.", REMEDY)
        }
    }
}
