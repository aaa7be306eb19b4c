//! What `doctor` says in French about two computers.

use super::super::super::doctor::Pair;
use super::{Duration, Said, bad, short, span, told};

pub(super) fn pair(what: &Pair) -> Said {
    match what {
        Pair::Met(machine) => told(format!("rencontré {machine} dans ce dossier"), "Les deux voient le même dossier."),
        Pair::SameComputer => told("rencontré ce même ordinateur ; ce qui suit ne dit rien sur deux", ""),
        Pair::Alone(code) => bad(
            format!("personne n'est venu avec le code {code}"),
            "Ou bien la commande n'y a pas été lancée à temps, ou bien les deux ne voient pas le même dossier : alors aucun ne voit les \
             verrous de l'autre.",
            "Lancez-la sur les deux à quelques minutes près. Comparez les deux lignes « type de dossier » : le serveur et le partage \
             doivent être les mêmes.",
        ),
        Pair::Crowded(code) => bad(
            format!("deux autres utilisent déjà le code {code}"),
            "Les mesures se gêneraient.",
            "Choisissez un autre code, le même sur les deux ordinateurs.",
        ),
        Pair::LostTouch => bad(
            "l'autre ordinateur a cessé de répondre en cours de route",
            "Ou bien il y a été arrêté, ou bien les changements ne passent pas de façon fiable.",
            "Recommencez sur les deux. Si cela se répète, regardez le réseau entre eux et le serveur.",
        ),
        Pair::LocksExclude(Some(woken)) => told(
            format!("chacun voit ceux de l'autre ; une libération réveille l'autre en {}", short(*woken)),
            "Un ordinateur qui attend est réveillé par le serveur au lieu de regarder sans cesse.",
        ),
        Pair::WokenTooSoon(woken) => told(
            format!(
                "chacun voit ceux de l'autre ; une libération réveille l'autre en {}, et devient lisible un peu plus tard",
                short(*woken)
            ),
            "Un ordinateur qui attend est réveillé par le serveur, et regarde encore une fois ou deux.",
        ),
        Pair::LocksExclude(None) => told(
            "chacun voit ceux de l'autre ; une libération ne réveille pas l'autre",
            "Les ordinateurs qui attendent regardent sans cesse ; passer la main prend une seconde ou deux.",
        ),
        Pair::LocksUnseen => bad(
            "le verrou de l'autre n'est pas vu",
            "Les libérations et les arrêts brutaux se remarquent plus tard. Les programmes qui comptent sur ces verrous (SQLite, \
             Access) peuvent y abîmer une base.",
            "Montez sans `nolock`, `nobrl` ni `local_lock` sur les deux ordinateurs.",
        ),
        Pair::ChangeSeen(usual, worst) => told(
            format!("après {} (au pire {})", short(*usual), short(*worst)),
            "C'est le retard avec lequel l'autre ordinateur voit que vous avez pris ou rendu une base.",
        ),
        Pair::ChangeLate(time) => bad(
            format!("seulement après {}", short(*time)),
            "L'autre ordinateur voit tard que vous avez pris ou rendu une base. Les réservations restent sûres : c'est la création de \
             la suivante qui décide.",
            "Montez sans les options qui prolongent les caches (`actimeo`, `acregmax`, `cache=loose`), ou utilisez un réseau plus \
             rapide.",
        ),
        Pair::NamesSeen(made, removed) => told(
            format!("un nouveau après {}, un supprimé après {}", short(*made), short(*removed)),
            "C'est ainsi que vont et viennent les fichiers de verrou d'autres programmes.",
        ),
        Pair::NamesLate(made, removed) => bad(
            format!("un nouveau après {}, un supprimé après {}", at_last(*made), at_last(*removed)),
            "C'est la raison habituelle pour laquelle les autres ne voient pas le fichier de verrou d'un programme. Sharelock n'en \
             dépend pas.",
            "Pour ces programmes, montez NFS avec `lookupcache=positive` ou `actimeo=1`, ou laissez Sharelock décider qui les ouvre.",
        ),
        Pair::ClocksAgree(within) => told(format!("d'accord à {} près", short(*within)), ""),
        Pair::ClocksDiffer(off) => bad(
            format!("s'écartent de {}", span(*off)),
            "Les réservations ne dépendent pas des horloges. Mais « depuis 9 h 12 » est dit d'après elles, et d'autres programmes \
             jugent les verrous à leur âge.",
            "Faites régler les deux horloges par le réseau.",
        ),
    }
}

fn at_last(time: Option<Duration>) -> String {
    time.map_or_else(|| "plus d'une demi-minute".to_owned(), short)
}
