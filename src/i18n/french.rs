//! The sentences in French.
//!
//! One kind of unbreakable space, U+00A0, stands before `: ; ! ?`, inside « », and between numbers and units: old consoles on Windows
//! have no narrow one (U+202F). A file's name is masculine (*le fichier*); no sentence needs to know the gender of a person, which
//! nobody tells us.

pub(super) mod doctor;
pub mod help;

use super::times::{self, Span, Style, decimal};
use super::{
    Cell, Duration, Ending, Formatter, Language, Order, Person, Place, Sentence, Takeable, Tale, Talk, Trouble, When, because,
    fmt, known,
};

fn span(span: Duration) -> Span {
    Span(span, Language::French)
}

fn time(when: When, style: Style) -> String {
    times::time(when, style, Language::French)
}

fn name(who: &Person) -> &str {
    if who.name.is_empty() { "quelqu'un" } else { &who.name }
}

/// `de Marie`, `d'Anna`, `d'Hélène`, `de Hassan`, `d'Yves`, `de Yann`.
pub(super) fn of(name: &str) -> String {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    let (first, second) = (letters.next().unwrap_or(' '), letters.next().unwrap_or(' '));
    let vowel = |letter| "aeiouàâäéèêëîïôöùûüœæ".contains(letter);
    let elided = vowel(first) || (first == 'h' && second != 'a' && vowel(second)) || (first == 'y' && !vowel(second));
    if elided { format!("d'{name}") } else { format!("de {name}") }
}

fn since(since: Option<When>) -> String {
    since.map_or_else(String::new, |when| format!(" depuis {}", time(when, Style::Since)))
}

pub(super) fn sentence(f: &mut Formatter<'_>, database: &str, what: &Sentence) -> fmt::Result {
    match what {
        Sentence::Free => write!(f, "{database} est libre."),
        Sentence::Mine { since: at, app, pid } => {
            let how = if app.is_empty() { "réservée pour vous" } else { "vous l'utilisez" };
            let process = pid.map(|pid| format!("processus {pid}"));
            write!(f, "{database} : {how}{}{}.", since(*at), known(app, process))
        }
        Sentence::MineElsewhere { machine, since: at } => {
            let at = at.map_or_else(String::new, |when| format!(" {}", time(when, Style::At)));
            write!(f, "{database} : vous l'avez laissé ouvert sur {machine}{at}.")
        }
        Sentence::Held { who, since: at, last_sign } => {
            write!(f, "{database} : {} l'utilise{}", name(who), since(*at))?;
            let sign = last_sign.map(|ago| format!("dernier signe de vie il y a {}", span(ago)));
            write!(f, "{}.", known(&who.machine, sign))
        }
        Sentence::HeldByUnknown { takeable: when } => {
            write!(f, "{database} : quelqu'un l'utilise peut-être, mais on ne peut pas voir qui.")?;
            takeable(f, *when)
        }
        Sentence::HeldByNewer { who } => {
            let who = name(who);
            write!(
                f,
                "{database} : {who} l'utilise avec une version plus récente de Sharelock. Mettez la vôtre à jour avant d'y travailler."
            )
        }
        Sentence::Stale { who, last_sign, place, takeable } => stale(f, database, who, *last_sign, *place, *takeable),
        Sentence::Unreachable { reason } => {
            let reason = because(reason);
            write!(f, "{database} : le dossier partagé n'est pas visible{reason}. Cela ne veut pas dire que la base est libre.")
        }
        Sentence::Denied { reason } => {
            let reason = because(reason);
            write!(
                f,
                "{database} : vous n'avez pas le droit de lire le dossier partagé{reason}. Cela ne veut pas dire que la base est libre."
            )
        }
        Sentence::Unusable { reason } => trouble(f, database, Trouble::Unusable, reason),
    }
}

fn stale(
    f: &mut Formatter<'_>,
    database: &str,
    who: &Person,
    last_sign: Option<When>,
    place: Place,
    when: Takeable,
) -> fmt::Result {
    write!(f, "{database} : aucun signe de vie{}. ", since(last_sign))?;
    match (place, who.name.is_empty(), who.machine.is_empty()) {
        (Place::MyselfHere, ..) => {
            f.write_str("Le programme avec lequel vous l'utilisiez sur cet ordinateur s'est peut-être terminé.")?;
        }
        (Place::Here, false, _) => {
            write!(f, "Le programme avec lequel {} l'utilisait sur cet ordinateur s'est peut-être terminé.", who.name)?;
        }
        (Place::Here, true, _) => f.write_str("Le programme qui l'utilisait sur cet ordinateur s'est peut-être terminé.")?,
        (Place::Elsewhere, false, false) => {
            write!(f, "L'ordinateur {} ({}) a peut-être été éteint.", of(&who.name), who.machine)?;
        }
        (Place::Elsewhere, false, true) => write!(f, "L'ordinateur {} a peut-être été éteint.", of(&who.name))?,
        (Place::Elsewhere, true, false) => write!(f, "L'ordinateur {} a peut-être été éteint.", who.machine)?,
        (Place::Elsewhere, true, true) => f.write_str("L'ordinateur qui l'utilisait a peut-être été éteint.")?,
    }
    takeable(f, when)
}

fn takeable(f: &mut Formatter<'_>, when: Takeable) -> fmt::Result {
    match when {
        Takeable::Now => f.write_str(" Vous pouvez prendre la relève dès maintenant."),
        Takeable::In(left) => write!(f, " Vous pourrez prendre la relève dans {} si rien ne change.", span(left)),
        Takeable::Unknown => Ok(()),
    }
}

fn trouble(f: &mut Formatter<'_>, database: &str, what: Trouble, detail: &str) -> fmt::Result {
    let detail = because(detail);
    match what {
        Trouble::Silent => {
            write!(f, "{database} : le dossier partagé est injoignable{detail}. Cela ne veut pas dire que la base est libre.")
        }
        Trouble::Denied => write!(f, "{database} : vous n'avez pas le droit d'écrire dans le dossier partagé{detail}."),
        Trouble::Full => write!(f, "{database} : il n'y a plus de place dans le dossier partagé{detail}."),
        Trouble::ReadOnly => write!(f, "{database} : le dossier partagé est en lecture seule{detail}."),
        Trouble::Gone => write!(f, "{database} : la réservation a disparu du dossier partagé{detail}."),
        Trouble::NoFolder => write!(f, "{database} : son dossier n'existe pas{detail}."),
        Trouble::Unusable => write!(f, "{database} : aucune réservation n'est possible à cet endroit{detail}."),
    }
}

/// `d'un programme`, `de 3 programmes`: what the end of is waited for.
fn of_programs(count: usize) -> String {
    if count == 1 { "d'un programme".into() } else { format!("de {count} programmes") }
}

fn still_giving_back(f: &mut Formatter<'_>, database: &str, left: Duration) -> fmt::Result {
    write!(
        f,
        "{database} n'est pas encore rendu : le dossier partagé ne répond pas, et l'essai continue. Ctrl-C l'abandonne : il se \
         libérera alors tout seul, au plus tard dans {}.",
        span(left)
    )
}

pub(super) fn talk(f: &mut Formatter<'_>, database: &str, what: &Talk) -> fmt::Result {
    match what {
        Talk::Waiting => f.write_str("En attente."),
        Talk::StillWaiting(time) => write!(f, "Toujours en attente, depuis {}.", span(*time)),
        Talk::InLine(people) => {
            let people: Vec<String> = people.iter().map(|who| format!("{}{}", name(who), because(&who.machine))).collect();
            write!(f, "En attente : {}.", people.join(", "))
        }
        Talk::Order(order) => ordered(f, database, order),
        Talk::WaitingLine(time) => write!(f, "En attente depuis {} (Ctrl+C pour arrêter).", span(*time)),
        Talk::NoAnswerYet => write!(f, "{database} : le dossier partagé ne répond pas ; nouvel essai en cours."),
        Talk::Yours(token) => write!(f, "{database} est à vous maintenant (jeton {token})."),
        Talk::Holding(token) => write!(f, "{database} est à vous (jeton {token}). Ctrl+C pour le rendre."),
        Talk::GivenBack => write!(f, "{database} est rendu."),
        Talk::StoppedWaiting => write!(f, "{database} : l'attente est arrêtée."),
        Talk::GaveUp => f.write_str("Abandon sans attendre davantage."),
        Talk::Failed(why, detail) => trouble(f, database, *why, detail),
        Talk::Synchronised(program) => write!(
            f,
            "{database} : {program} synchronise ce dossier, et alors personne ne décide qui était là en premier. Aucune réservation n'y \
             est possible ; déplacez la base dans un dossier partagé sur un serveur. (--accept-sync-folder passe outre.)"
        ),
        Talk::SynchronisedAccepted(program) => write!(
            f,
            "{database} : {program} synchronise ce dossier. Quelqu'un sur un autre ordinateur peut l'obtenir en même temps, et l'un de \
             vous perdra son travail."
        ),
        Talk::System(detail) => write!(f, "{database} : cet ordinateur ne peut pas faire cela pour l'instant ({detail})."),
        Talk::NoSuchProgram(program) => write!(f, "{program} : ce programme n'existe pas."),
        Talk::CannotStart(program, detail) => write!(f, "{program} : impossible à lancer{}.", because(detail)),
        Talk::LostBeforeStart(program) => {
            write!(f, "{database} n'est déjà plus à vous : {program} n'a donc pas été lancé.")
        }
        Talk::StillRunning(count) => {
            write!(f, "{database} sera rendu dès la fin {} que le programme a {}.", of_programs(*count), launched(*count))
        }
        Talk::WaitingForProgram(program, pid) => {
            write!(f, "{database} sera rendu dès la fin {} (processus {pid}).", of(program))
        }
        Talk::WaitingForRest(count) => write!(f, "{database} sera rendu dès la fin {}.", of_programs(*count)),
        Talk::Expiring(left) => write!(
            f,
            "{database} : le dossier partagé ne répond pas. Enregistrez maintenant : dans {}, quelqu'un d'autre pourra y accéder.",
            span(*left)
        ),
        Talk::Renewed => write!(f, "{database} : le dossier partagé répond de nouveau. Le fichier est toujours à vous."),
        Talk::Unsure => write!(
            f,
            "{database} n'est peut-être plus à vous : le dossier partagé n'a pas répondu à temps, et rien n'est sûr pour l'instant."
        ),
        Talk::UnsureAfterSleep => write!(
            f,
            "{database} n'est peut-être plus à vous : l'ordinateur était en veille, ou son horloge a été réglée, et rien n'est sûr \
             pour l'instant."
        ),
        Talk::Recovered(token) => {
            write!(f, "{database} est de nouveau à vous, et personne ne l'a eu entre-temps (jeton {token}).")
        }
        Talk::LostTo(who) => {
            write!(f, "{database} n'est plus à vous : {}{} l'a maintenant.", name(who), because(&who.machine))
        }
        Talk::LostRecord => write!(f, "{database} n'est plus à vous : votre réservation n'est plus dans le dossier."),
        Talk::Revoked(who, reason) => write!(
            f,
            "{database} : {}{} vous demande de le libérer maintenant : « {reason} ». Enregistrez et fermez ; bientôt, il ne sera \
             plus à vous.",
            name(who),
            because(&who.machine)
        ),
        Talk::LostRevoked(who, reason) => {
            write!(f, "{database} n'est plus à vous : {}{} l'a libéré : « {reason} ».", name(who), because(&who.machine))
        }
        Talk::MayCollide(program) => write!(
            f,
            "{database} : n'y écrivez plus rien avec {program} ; quelqu'un d'autre y écrit peut-être déjà. Fermez sans enregistrer."
        ),
        Talk::TakenOver(token) => write!(f, "L'agent s'est arrêté ; {database} reste à ce programme (jeton {token})."),
        Talk::TakenBack => write!(f, "{database} a été libérée depuis l'agent Sharelock, alors qu'elle est encore utilisée ici."),
        Talk::Stopping(program, grace) => write!(f, "Arrêt {} demandé ; arrêt forcé dans {}.", of(program), span(*grace)),
        Talk::Forcing(program) => write!(f, "Arrêt forcé {}.", of(program)),
        Talk::StillGivingBack(left) => still_giving_back(f, database, *left),
        Talk::LapsesIn(left, when) => {
            let at = when.map_or_else(String::new, |when| format!(" ({})", time(when, Style::At)));
            write!(
                f,
                "{database} n'a pas pu être rendu : le dossier partagé ne répond pas. Il se libérera tout seul, au plus tard dans \
                 {}{at}.",
                span(*left)
            )
        }
        Talk::NothingOnRecord => write!(f, "{database} : personne ne figure dans l'historique."),
        Talk::Unreadable(1) => write!(f, "{database} : un enregistrement de l'historique est illisible et n'est pas affiché."),
        Talk::Unreadable(count) => {
            write!(f, "{database} : {count} enregistrements de l'historique sont illisibles et ne sont pas affichés.")
        }
        Talk::HistoryCut => {
            write!(f, "{database} : l'historique est trop long pour être lu en une fois ; le plus ancien n'est pas affiché.")
        }
        Talk::LostAtRelease => write!(f, "{database} n'était déjà plus à vous au moment d'être rendu."),
    }
}

const fn launched(count: usize) -> &'static str {
    if count == 1 { "lancé" } else { "lancés" }
}

pub(super) fn cell(f: &mut Formatter<'_>, what: &Cell) -> fmt::Result {
    match what {
        Cell::Time(from, None) => write!(f, "depuis {}", time(*from, Style::Since)),
        Cell::Time(from, Some(until)) => f.write_str(&times::period(*from, *until, Language::French)),
        Cell::Who(who) => write!(f, "{}{}", name(who), because(&who.machine)),
        Cell::Ending(Ending::Held(silent)) => write!(f, "l'utilise, dernier signe de vie il y a {}", span(*silent)),
        Cell::Ending(Ending::Released) => f.write_str("l'a rendu"),
        Cell::Ending(Ending::Lapsed) => f.write_str("plus aucun signe de vie ensuite, réservation expirée"),
        Cell::Ending(Ending::Forced(_, None)) => f.write_str("libéré sur ordre de quelqu'un"),
        Cell::Ending(Ending::Forced(who, Some(reason))) => write!(f, "libéré par {} : « {reason} »", name(who)),
        Cell::Ending(Ending::TakenOver) => f.write_str("terminé sans l'avoir rendu, la relève a été prise aussitôt"),
    }
}

fn ordered(f: &mut Formatter<'_>, database: &str, what: &Order) -> fmt::Result {
    match what {
        Order::By(who, reason) => {
            write!(f, "{}{} a ordonné de le libérer : « {reason} ».", name(who), because(&who.machine))
        }
        Order::NothingToRelease => write!(f, "{database} est libre. Il n'y a rien à libérer."),
        Order::NotConfirmed(who, typed) if who.name.is_empty() => write!(
            f,
            "{database} : on ne peut pas voir qui l'utilise ; tapez donc --confirm unknown au lieu de « {typed} ». Rien n'a été fait."
        ),
        Order::NotConfirmed(who, typed) => write!(
            f,
            "{database} : c'est {}{} qui l'utilise, et non « {typed} ». Rien n'a été fait.",
            name(who),
            because(&who.machine)
        ),
        Order::MayLoseChanges(who) => {
            write!(f, "{database} : le libérer pendant que {} y travaille encore peut faire perdre des modifications.", name(who))
        }
        Order::TwoMayWrite(who) if who.name.is_empty() => write!(
            f,
            "{database} : on n'attend pas la personne qui l'utilise. Si elle écrit encore, deux personnes écriront en même temps."
        ),
        Order::TwoMayWrite(who) => write!(
            f,
            "{database} : on n'attend pas {}. Si son programme écrit encore, deux personnes écriront en même temps.",
            name(who)
        ),
        Order::Given(who, left) => {
            let whom = if who.name.is_empty() { "la personne qui l'utilise" } else { name(who) };
            write!(f, "{database} : ordre est donné à {whom} de le libérer. ")?;
            match left {
                Some(left) => write!(f, "La relève pourra être prise au plus tard dans {}.", span(*left)),
                None => f.write_str("La relève pourra être prise dès que ce sera fait."),
            }
        }
        Order::LetIn => write!(f, "{database} peut être pris maintenant."),
    }
}

pub(super) fn tale(f: &mut Formatter<'_>, database: &str, what: &Tale) -> fmt::Result {
    match what {
        Tale::Beginning(path) => write!(
            f,
            "Deux postes écrivent à tour de rôle dans un même fichier, {path}.\n\
             À chaque tour, un poste le lit, prend son temps et le réécrit avec une ligne de plus : sans tour de rôle,\n\
             chacun effacerait les lignes de l'autre. Chaque poste est un vrai programme, lancé par `sharelock run`.\n"
        ),
        Tale::Shown(true) => f.write_str("Regardez le cadenas dans la barre : il se ferme et s'ouvre à chaque tour."),
        Tale::Shown(false) => {
            f.write_str("Aucune barre n'affiche d'icônes ici ; sinon, un cadenas se fermerait et s'ouvrirait à chaque tour.")
        }
        Tale::Notified => f.write_str("Une notification dit qu'il est libre."),
        Tale::Has(desk, token) => write!(f, "Le poste {desk} a {database} (jeton {token})."),
        Tale::HasAfter(desk, token, after) => {
            write!(f, "Le poste {desk} a {database} (jeton {token}), {} ms plus tard.", after.as_millis())
        }
        Tale::TookOverAfter(desk, token, after) => write!(
            f,
            "Le poste {desk} a {database} (jeton {token}), {} ms plus tard : rien n'a dû être réparé.",
            after.as_millis()
        ),
        Tale::Reads(desk, line) => write!(f, "Le poste {desk} attend, et lit : {line}"),
        Tale::Wrote(desk, line) => write!(f, "Le poste {desk} a écrit la ligne {line} et rend le fichier."),
        Tale::Killed(desk, pid) => write!(
            f,
            "Le poste {desk} est tué au milieu de son tour (processus {pid}, sans un adieu). Son programme écrit encore : personne \
             n'est admis."
        ),
        Tale::MustLapse(here, usually) => write!(
            f,
            "Ce système ne montre pas si tous ses programmes sont terminés ; sa réservation doit donc expirer : {} ici, {} d'ordinaire.",
            span(*here),
            span(*usually)
        ),
        Tale::OrphanWrote(desk, line) => {
            write!(f, "Le programme du poste {desk} a écrit la ligne {line} et s'est terminé.")
        }
        Tale::Contents => write!(f, "À la fin, {database} contient :"),
        Tale::Sound(turns) => {
            write!(f, "{turns} tours, {turns} lignes, aucune perdue et aucune en double, bien qu'un poste ait été tué en chemin.")
        }
        Tale::Unsound => f.write_str("Des lignes sont perdues ou en double. Cela ne doit jamais arriver : merci de le signaler."),
        Tale::Broken(detail) => write!(f, "La démonstration n'a pas pu continuer : {detail}"),
    }
}
