//! What is said about reports. Both languages stand side by side, so that whoever changes one sees the other.

use super::{Language, because};

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is being made.
    Collecting,
    /// The beginning of every report: what it is.
    Contents,
    /// It was saved, as this file.
    Saved(String),
    /// It could not be saved; why.
    NotSaved(String),
}

/// Returns it in words.
#[must_use]
pub fn said(what: &Said, language: Language) -> String {
    let (english, french) = match what {
        Said::Collecting => (
            "Collecting; every database is examined, which takes up to a minute.".to_owned(),
            "Collecte en cours ; chaque base est examinée, ce qui prend jusqu'à une minute.".to_owned(),
        ),
        Said::Contents => (
            "A report of Sharelock. Names of people, computers, databases and folders are replaced,\n\
             the same one always by the same word. Please read it through before you pass it on."
                .to_owned(),
            "Un rapport de Sharelock. Les noms de personnes, d'ordinateurs, de bases et de dossiers sont remplacés,\n\
             le même toujours par le même mot. Relisez-le avant de le transmettre ; la suite est en anglais."
                .to_owned(),
        ),
        Said::Saved(file) => (
            format!("The report is saved: {file}\nIt was sent nowhere. Read it through before you pass it on."),
            format!("Le rapport est enregistré : {file}\nIl n'a été envoyé nulle part. Relisez-le avant de le transmettre."),
        ),
        Said::NotSaved(why) => (
            format!("The report could not be saved{}. `-o FILE` saves it elsewhere.", because(why)),
            format!("Le rapport n'a pas pu être enregistré{}. « -o FICHIER » l'enregistre ailleurs.", because(why)),
        ),
    };
    match language {
        Language::English => english,
        Language::French => french,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_said_in_both_languages() {
        let all = [Said::Collecting, Said::Contents, Said::Saved("/f.zip".into()), Said::NotSaved("no".into())];
        for what in all {
            let (english, french) = (said(&what, Language::English), said(&what, Language::French));
            assert_ne!(english, french);
            assert!(![" :", " ;", " »", "« "].iter().any(|part| french.contains(part)), "{french}");
        }
    }
}
