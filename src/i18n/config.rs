//! What is said about the configuration: everything that can be wrong with it, as a closed vocabulary, in both languages.
//!
//! A fault is told in one sentence, and what to do about it in a second one, because the line itself is shown between the two. The
//! hazard is a message that only its author understands: no sentence here names a type of the program.

use super::Language;

/// What a value should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A text in quotes.
    Text,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts,
    /// A program: a text, or a list of texts.
    Program,
    /// A time, as `"30s"`.
    Time,
    /// A table: `[name]`, or braces.
    Table,
    /// Tables with two brackets.
    Tables,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is no TOML; the parser's own words.
    Syntax(String),
    /// A text without quotes; as it should be written.
    NoQuotes(String),
    /// A backslash in double quotes; the value as it should be written.
    Backslash(String),
    /// No such key; the nearest one.
    UnknownKey(String, Option<String>),
    /// The key has another kind of value.
    WrongKind(String, Wanted),
    /// Not one of the words that this key may have: the key, what was written, the words, the nearest one.
    UnknownWord(String, String, Vec<&'static str>, Option<String>),
    /// A word stands there twice.
    WordTwice(String),
    /// Not a time.
    NotATime(String),
    /// The durations contradict each other: the rule, and both sides.
    Unsafe(String, String),
    /// Not a time, in an environment variable.
    VariableNotATime(&'static str, String),
    /// The scale in the environment is no number that can be used.
    BadScale(String),
    /// A database without a label.
    NoLabel,
    /// A database without a path: its label.
    NoPath(String),
    /// Two databases have this label; the line of the other one.
    LabelTwice(String, usize),
    /// A label that could be taken for a path or an option.
    LabelLikePath(String),
    /// A label that is empty, too long, or has characters that cannot be seen.
    LabelUnfit,
    /// A path that begins nowhere.
    NotWhole(String),
    /// An environment variable in a path is not set.
    NoVariable(String),
    /// There is no home folder for `~`.
    NoHome,
    /// A text with characters that cannot be seen.
    Unprintable(String),
    /// A program without a name.
    NoProgram(String),
    /// More databases than are looked after.
    TooMany(usize),
    /// The administrators decide this key; their file.
    Locked(String, String),
    /// `locked` in a file that has no say in it.
    LockedByUser,
    /// The file is longer than this many bytes.
    TooLong(u64),
    /// The file is not written in UTF-8.
    NotUtf8,
    /// The file cannot be read, and why.
    Unreadable(String),
    /// So many more faults.
    More(usize),
}

/// What the verb `config` says besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A file is in order: its path, and how many databases are configured altogether.
    Good(String, usize),
    /// There is no such file, and none is needed.
    NoFile(String),
    /// There is no such file, and it was asked for.
    Missing(String),
    /// The file cannot be used.
    Bad,
    /// A file was written.
    Written(String),
    /// There is a file already, which is not overwritten.
    AlreadyThere(String),
    /// A file could not be written, and why.
    NotWritten(String, String),
    /// A database was added: its label, and the file.
    Added(String, String),
    /// There is a database with that label already; where.
    LabelTaken(String, String),
    /// The administrators decide which databases there are; their file.
    ListLocked(String),
    /// The path has characters that no file of this kind can hold.
    PathNotText,
    /// Nobody knows where the user's files are.
    NoPlace,
    /// No editor could be started, and why.
    NoEditor(String),
    /// No database was named, and none is configured.
    NothingConfigured,
    /// No program was named, and none is configured for this database.
    NoProgramConfigured(String),
    /// A heading for the faults of a configuration that stops a verb.
    Stopped,
}

/// Returns what is wrong.
#[must_use]
pub fn fault(what: &Fault, language: Language) -> String {
    match language {
        Language::English => english_fault(what),
        Language::French => french_fault(what),
    }
}

/// Returns what to do about it; empty where the sentence says it all.
#[must_use]
pub fn advice(what: &Fault, language: Language) -> String {
    match language {
        Language::English => english_advice(what),
        Language::French => french_advice(what),
    }
}

/// Returns a remark.
#[must_use]
pub fn remark(what: &Remark, language: Language) -> String {
    match language {
        Language::English => english_remark(what),
        Language::French => french_remark(what),
    }
}

/// Returns the word in front of a warning.
#[must_use]
pub const fn warning(language: Language) -> &'static str {
    match language {
        Language::English => "warning: ",
        Language::French => "avertissement\u{a0}: ",
    }
}

fn listed(words: &[&str]) -> String {
    words.join(", ")
}

fn english_wanted(what: Wanted) -> &'static str {
    match what {
        Wanted::Text => "a text in quotes",
        Wanted::Flag => "true or false",
        Wanted::Texts => "a list of texts, [\"…\", \"…\"]",
        Wanted::Program => "a program, or a list of a program and its arguments",
        Wanted::Time => "a time in quotes, such as \"30s\" or \"5m\"",
        Wanted::Table => "a table, such as [notify]",
        Wanted::Tables => "written with two brackets: [[database]]",
    }
}

fn english_fault(what: &Fault) -> String {
    match what {
        Fault::Syntax(text) => text.clone(),
        Fault::NoQuotes(_) => "a text needs quotes".into(),
        Fault::Backslash(_) => "a backslash means something else between double quotes".into(),
        Fault::UnknownKey(key, None) => format!("unknown key `{key}`, passed over"),
        Fault::UnknownKey(key, Some(near)) => format!("unknown key `{key}`, passed over; did you mean `{near}`?"),
        Fault::WrongKind(key, wanted) => format!("`{key}` must be {}", english_wanted(*wanted)),
        Fault::UnknownWord(key, word, _, None) => format!("\"{word}\" is no value of `{key}`"),
        Fault::UnknownWord(key, word, _, Some(near)) => format!("\"{word}\" is no value of `{key}`; did you mean \"{near}\"?"),
        Fault::WordTwice(word) => format!("\"{word}\" stands here twice"),
        Fault::NotATime(text) => format!("\"{text}\" is not a time"),
        Fault::Unsafe(rule, detail) => format!("these durations are not safe together: {rule} does not hold ({detail})"),
        Fault::VariableNotATime(variable, text) => format!("{variable}={text}: not a time"),
        Fault::BadScale(text) => format!("SHARELOCK_TIME_SCALE={text}: not a number from 1 to 1000"),
        Fault::NoLabel => "this database has no label".into(),
        Fault::NoPath(label) => format!("the database \"{label}\" has no path"),
        Fault::LabelTwice(label, line) => format!("there is a database \"{label}\" already, in line {line}"),
        Fault::LabelLikePath(label) => format!("the label \"{label}\" looks like a path or an option"),
        Fault::LabelUnfit => "this label cannot be used".into(),
        Fault::NotWhole(path) => format!("\"{path}\" is not a whole path on this computer"),
        Fault::NoVariable(name) => format!("the environment variable {name} is not set"),
        Fault::NoHome => "the home folder that `~` stands for is not known".into(),
        Fault::Unprintable(key) => format!("`{key}` has characters that cannot be seen"),
        Fault::NoProgram(key) => format!("`{key}` names no program"),
        Fault::TooMany(most) => format!("more than {most} databases"),
        Fault::Locked(key, file) => format!("`{key}` is decided by your administrators, so this is passed over ({file})"),
        Fault::LockedByUser => "`locked` counts in the administrators' file alone, so this is passed over".into(),
        Fault::TooLong(most) => format!("the file is longer than {most} bytes"),
        Fault::NotUtf8 => "the file is not written in UTF-8".into(),
        Fault::Unreadable(why) => format!("the file cannot be read: {why}"),
        Fault::More(count) => format!("and {count} more"),
    }
}

fn english_advice(what: &Fault) -> String {
    match what {
        Fault::NoQuotes(value) => format!("write {value}"),
        Fault::Backslash(value) => format!("use single quotes: {value}"),
        Fault::UnknownWord(_, _, words, _) => format!("possible: {}", listed(words)),
        Fault::NotATime(_) | Fault::VariableNotATime(..) => "write seconds, or a number with ms, s, m or h, e.g. \"5m\"".into(),
        Fault::Unsafe(..) => "docs/PROTOCOL.md, \"Time\", has all rules; without a reason leave the durations as they are".into(),
        Fault::NoLabel => "give it a short name that people know: label = \"RH\"".into(),
        Fault::NoPath(_) => "say where it is: path = 'S:\\RH\\base.db'".into(),
        Fault::LabelTwice(..) => "capitals make no difference; choose another name for one of them".into(),
        Fault::LabelLikePath(_) => "use words without / and \\ that begin with a letter or a digit".into(),
        Fault::LabelUnfit => "1 to 60 characters, no blanks around them, none that cannot be seen".into(),
        Fault::NotWhole(_) => "begin at the root, the drive or the server; ~ and variables may stand in front".into(),
        Fault::NoVariable(_) => "where the sign itself is meant, write it twice: $$ or %%".into(),
        Fault::NotUtf8 => "save it as \"UTF-8\" in the editor".into(),
        Fault::Syntax(_)
        | Fault::UnknownKey(..)
        | Fault::WrongKind(..)
        | Fault::WordTwice(_)
        | Fault::BadScale(_)
        | Fault::NoHome
        | Fault::Unprintable(_)
        | Fault::NoProgram(_)
        | Fault::TooMany(_)
        | Fault::Locked(..)
        | Fault::LockedByUser
        | Fault::TooLong(_)
        | Fault::Unreadable(_)
        | Fault::More(_) => String::new(),
    }
}

fn english_remark(what: &Remark) -> String {
    match what {
        Remark::Good(file, 1) => format!("{file}: in order, 1 database configured"),
        Remark::Good(file, count) => format!("{file}: in order, {count} databases configured"),
        Remark::NoFile(file) => format!("{file}: no such file, and none is needed"),
        Remark::Missing(file) => format!("{file}: there is no such file"),
        Remark::Bad => "The configuration cannot be used like this; nothing of it is.".into(),
        Remark::Written(file) => format!("{file} was written. Every line in it is a comment until you remove the #."),
        Remark::AlreadyThere(file) => {
            format!("{file} is there already and stays as it is. Change it with: sharelock config edit")
        }
        Remark::NotWritten(file, why) => format!("{file} cannot be written: {why}"),
        Remark::Added(label, file) => format!("{label} was added to {file}. Try: sharelock status {}", shell(label)),
        Remark::LabelTaken(label, place) => format!("There is a database \"{label}\" already, in {place}. Choose another label."),
        Remark::ListLocked(file) => format!("Your administrators decide which databases are configured ({file}). Ask them."),
        Remark::PathNotText => "This path has characters that cannot be written into the configuration.".into(),
        Remark::NoPlace => {
            "Nobody knows where your settings are: there is no home folder. Set SHARELOCK_CONFIG to a file.".into()
        }
        Remark::NoEditor(why) => format!("No editor could be started: {why}. Set EDITOR to one."),
        Remark::NothingConfigured => {
            "No database is configured. Name one, or add it to the configuration: sharelock config add LABEL PATH".into()
        }
        Remark::NoProgramConfigured(label) => {
            format!("No program is configured for {label}. Name one: sharelock run {} -- CMD ARGS", shell(label))
        }
        Remark::Stopped => "The configuration cannot be used. Correct this first:".into(),
    }
}

/// Returns a label as it can be typed.
fn shell(label: &str) -> String {
    let plain = label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if plain { label.to_owned() } else { format!("\"{label}\"") }
}

fn french_wanted(what: Wanted) -> &'static str {
    match what {
        Wanted::Text => "un texte entre guillemets",
        Wanted::Flag => "true ou false",
        Wanted::Texts => "une liste de textes, [\"…\", \"…\"]",
        Wanted::Program => "un programme, ou la liste d'un programme et de ses arguments",
        Wanted::Time => "une durée entre guillemets, comme \"30s\" ou \"5m\"",
        Wanted::Table => "une table, comme [notify]",
        Wanted::Tables => "écrit avec deux crochets\u{a0}: [[database]]",
    }
}

fn french_fault(what: &Fault) -> String {
    match what {
        Fault::Syntax(text) => format!("ce n'est pas du TOML («\u{a0}{text}\u{a0}»)"),
        Fault::NoQuotes(_) => "un texte doit être entre guillemets".into(),
        Fault::Backslash(_) => "la barre oblique inverse a un autre sens entre guillemets doubles".into(),
        Fault::UnknownKey(key, None) => format!("clé inconnue `{key}`, ignorée"),
        Fault::UnknownKey(key, Some(near)) => {
            format!("clé inconnue `{key}`, ignorée\u{a0}; vouliez-vous dire `{near}`\u{a0}?")
        }
        Fault::WrongKind(key, wanted) => format!("`{key}` doit être {}", french_wanted(*wanted)),
        Fault::UnknownWord(key, word, _, None) => format!("«\u{a0}{word}\u{a0}» n'est pas une valeur de `{key}`"),
        Fault::UnknownWord(key, word, _, Some(near)) => {
            format!("«\u{a0}{word}\u{a0}» n'est pas une valeur de `{key}`\u{a0}; vouliez-vous dire «\u{a0}{near}\u{a0}»\u{a0}?")
        }
        Fault::WordTwice(word) => format!("«\u{a0}{word}\u{a0}» figure deux fois ici"),
        Fault::NotATime(text) => format!("«\u{a0}{text}\u{a0}» n'est pas une durée"),
        Fault::Unsafe(rule, detail) => {
            format!("ces durées ne sont pas sûres ensemble\u{a0}: {rule} n'est pas respecté ({detail})")
        }
        Fault::VariableNotATime(variable, text) => format!("{variable}={text}\u{a0}: ce n'est pas une durée"),
        Fault::BadScale(text) => format!("SHARELOCK_TIME_SCALE={text}\u{a0}: ce n'est pas un nombre de 1 à 1000"),
        Fault::NoLabel => "cette base n'a pas de nom (label)".into(),
        Fault::NoPath(label) => format!("la base «\u{a0}{label}\u{a0}» n'a pas de chemin (path)"),
        Fault::LabelTwice(label, line) => format!("il y a déjà une base «\u{a0}{label}\u{a0}», à la ligne {line}"),
        Fault::LabelLikePath(label) => format!("le nom «\u{a0}{label}\u{a0}» ressemble à un chemin ou à une option"),
        Fault::LabelUnfit => "ce nom ne peut pas être utilisé".into(),
        Fault::NotWhole(path) => format!("«\u{a0}{path}\u{a0}» n'est pas un chemin complet sur cet ordinateur"),
        Fault::NoVariable(name) => format!("la variable d'environnement {name} n'est pas définie"),
        Fault::NoHome => "le dossier personnel que `~` désigne est inconnu".into(),
        Fault::Unprintable(key) => format!("`{key}` contient des caractères invisibles"),
        Fault::NoProgram(key) => format!("`{key}` ne nomme aucun programme"),
        Fault::TooMany(most) => format!("plus de {most} bases"),
        Fault::Locked(key, file) => format!("`{key}` est fixé par vos administrateurs, cette ligne est donc ignorée ({file})"),
        Fault::LockedByUser => "`locked` ne compte que dans le fichier des administrateurs, cette ligne est donc ignorée".into(),
        Fault::TooLong(most) => format!("le fichier dépasse {most} octets"),
        Fault::NotUtf8 => "le fichier n'est pas écrit en UTF-8".into(),
        Fault::Unreadable(why) => format!("le fichier est illisible\u{a0}: {why}"),
        Fault::More(count) => format!("et {count} de plus"),
    }
}

fn french_advice(what: &Fault) -> String {
    match what {
        Fault::NoQuotes(value) => format!("écrivez {value}"),
        Fault::Backslash(value) => format!("utilisez des guillemets simples\u{a0}: {value}"),
        Fault::UnknownWord(_, _, words, _) => format!("possibles\u{a0}: {}", listed(words)),
        Fault::NotATime(_) | Fault::VariableNotATime(..) => {
            "écrivez des secondes, ou un nombre avec ms, s, m ou h, p.\u{a0}ex. \"5m\"".into()
        }
        Fault::Unsafe(..) => {
            "docs/PROTOCOL.md, «\u{a0}Time\u{a0}», donne toutes les règles\u{a0}; sans raison, laissez les durées telles quelles"
                .into()
        }
        Fault::NoLabel => "donnez-lui un nom court que chacun connaît\u{a0}: label = \"RH\"".into(),
        Fault::NoPath(_) => "dites où elle se trouve\u{a0}: path = 'S:\\RH\\base.db'".into(),
        Fault::LabelTwice(..) => "les majuscules ne comptent pas\u{a0}; choisissez un autre nom pour l'une des deux".into(),
        Fault::LabelLikePath(_) => "utilisez des mots sans / ni \\, commençant par une lettre ou un chiffre".into(),
        Fault::LabelUnfit => "1 à 60 caractères, sans espace autour, tous visibles".into(),
        Fault::NotWhole(_) => "partez de la racine, du lecteur ou du serveur\u{a0}; ~ et des variables peuvent précéder".into(),
        Fault::NoVariable(_) => "si le signe lui-même est voulu, doublez-le\u{a0}: $$ ou %%".into(),
        Fault::NotUtf8 => "enregistrez-le en «\u{a0}UTF-8\u{a0}» dans l'éditeur".into(),
        Fault::Syntax(_)
        | Fault::UnknownKey(..)
        | Fault::WrongKind(..)
        | Fault::WordTwice(_)
        | Fault::BadScale(_)
        | Fault::NoHome
        | Fault::Unprintable(_)
        | Fault::NoProgram(_)
        | Fault::TooMany(_)
        | Fault::Locked(..)
        | Fault::LockedByUser
        | Fault::TooLong(_)
        | Fault::Unreadable(_)
        | Fault::More(_) => String::new(),
    }
}

fn french_remark(what: &Remark) -> String {
    match what {
        Remark::Good(file, 0) => format!("{file}\u{a0}: en ordre, aucune base configurée"),
        Remark::Good(file, 1) => format!("{file}\u{a0}: en ordre, 1 base configurée"),
        Remark::Good(file, count) => format!("{file}\u{a0}: en ordre, {count} bases configurées"),
        Remark::NoFile(file) => format!("{file}\u{a0}: pas de fichier, et il n'en faut pas"),
        Remark::Missing(file) => format!("{file}\u{a0}: ce fichier n'existe pas"),
        Remark::Bad => "La configuration est inutilisable ainsi\u{a0}; rien n'en est appliqué.".into(),
        Remark::Written(file) => {
            format!("{file} a été écrit. Chaque ligne y est un commentaire tant que vous n'enlevez pas le #.")
        }
        Remark::AlreadyThere(file) => {
            format!("{file} existe déjà et reste tel quel. Pour le modifier\u{a0}: sharelock config edit")
        }
        Remark::NotWritten(file, why) => format!("Impossible d'écrire {file}\u{a0}: {why}"),
        Remark::Added(label, file) => format!("{label} a été ajouté à {file}. Essayez\u{a0}: sharelock status {}", shell(label)),
        Remark::LabelTaken(label, place) => {
            format!("Il y a déjà une base «\u{a0}{label}\u{a0}», dans {place}. Choisissez un autre nom.")
        }
        Remark::ListLocked(file) => {
            format!("Vos administrateurs décident quelles bases sont configurées ({file}). Adressez-vous à eux.")
        }
        Remark::PathNotText => "Ce chemin contient des caractères qui ne peuvent pas figurer dans la configuration.".into(),
        Remark::NoPlace => {
            "On ignore où sont vos réglages\u{a0}: il n'y a pas de dossier personnel. Donnez un fichier à SHARELOCK_CONFIG."
                .into()
        }
        Remark::NoEditor(why) => format!("Aucun éditeur n'a pu être lancé\u{a0}: {why}. Indiquez-en un dans EDITOR."),
        Remark::NothingConfigured => {
            "Aucune base n'est configurée. Nommez-en une, ou ajoutez-la\u{a0}: sharelock config add NOM CHEMIN".into()
        }
        Remark::NoProgramConfigured(label) => {
            format!(
                "Aucun programme n'est configuré pour {label}. Nommez-en un\u{a0}: sharelock run {} -- CMD ARGS",
                shell(label)
            )
        }
        Remark::Stopped => "La configuration est inutilisable. Corrigez d'abord ceci\u{a0}:".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Vec<Fault> {
        let text = || "x".to_owned();
        vec![
            Fault::Syntax(text()),
            Fault::NoQuotes(text()),
            Fault::Backslash(text()),
            Fault::UnknownKey(text(), None),
            Fault::UnknownKey(text(), Some(text())),
            Fault::WrongKind(text(), Wanted::Tables),
            Fault::UnknownWord(text(), text(), vec!["a", "b"], None),
            Fault::UnknownWord(text(), text(), vec!["a"], Some(text())),
            Fault::WordTwice(text()),
            Fault::NotATime(text()),
            Fault::Unsafe(text(), text()),
            Fault::VariableNotATime("SHARELOCK_POLL", text()),
            Fault::BadScale(text()),
            Fault::NoLabel,
            Fault::NoPath(text()),
            Fault::LabelTwice(text(), 3),
            Fault::LabelLikePath(text()),
            Fault::LabelUnfit,
            Fault::NotWhole(text()),
            Fault::NoVariable(text()),
            Fault::NoHome,
            Fault::Unprintable(text()),
            Fault::NoProgram(text()),
            Fault::TooMany(3),
            Fault::Locked(text(), text()),
            Fault::LockedByUser,
            Fault::TooLong(3),
            Fault::NotUtf8,
            Fault::Unreadable(text()),
            Fault::More(3),
        ]
    }

    fn remarks() -> Vec<Remark> {
        let text = || "x".to_owned();
        vec![
            Remark::Good(text(), 0),
            Remark::Good(text(), 1),
            Remark::Good(text(), 2),
            Remark::NoFile(text()),
            Remark::Missing(text()),
            Remark::Bad,
            Remark::Written(text()),
            Remark::AlreadyThere(text()),
            Remark::NotWritten(text(), text()),
            Remark::Added(text(), text()),
            Remark::LabelTaken(text(), text()),
            Remark::ListLocked(text()),
            Remark::PathNotText,
            Remark::NoPlace,
            Remark::NoEditor(text()),
            Remark::NothingConfigured,
            Remark::NoProgramConfigured(text()),
            Remark::Stopped,
        ]
    }

    /// Everything that is said, in one language.
    fn all(language: Language) -> Vec<String> {
        let faults = faults();
        let told = faults.iter().flat_map(|what| [fault(what, language), advice(what, language)]);
        told.chain(remarks().iter().map(|what| remark(what, language))).collect()
    }

    #[test]
    fn french_is_set_as_french_is() {
        for text in all(Language::French) {
            for wrong in [" :", " ;", " !", " ?"] {
                assert!(!text.contains(wrong), "a breaking blank in {text}");
            }
            let after = |mark: char| text.match_indices(mark).all(|(at, _)| text[..at].ends_with('\u{a0}'));
            assert!(after('\u{bb}') && after('?') && after('!'), "{text}");
            assert!(!text.contains('\u{ab}') || text.contains("\u{ab}\u{a0}"), "{text}");
        }
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for (english, french) in all(Language::English).iter().zip(all(Language::French)) {
            assert_eq!(english.is_empty(), french.is_empty(), "{english:?} {french:?}");
            assert!(english.is_empty() || *english != french || english == "x", "{english}");
        }
    }
}
