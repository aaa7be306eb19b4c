//! What is to be said about the settings: whether they can be used, and what of them is passed over.
//!
//! They were read before the examination began; the doctor goes on without them where they are broken, because that is when it is asked.

use crate::config::{Broken, Loaded, Severity};
use crate::i18n::Language;
use crate::i18n::doctor::{Configuration, Finding, Topic};

/// Returns what is found about the settings.
pub fn configuration(read: &Result<Loaded, Broken>, language: Language) -> impl Iterator<Item = (Topic, Finding)> {
    let (problems, rest) = match read {
        Err(Broken(problems)) => (problems, None),
        Ok(loaded) if loaded.files.is_empty() => (&loaded.warnings, Some(Configuration::Nothing)),
        Ok(loaded) => (&loaded.warnings, Some(Configuration::Good(loaded.config.databases.len()))),
    };
    let told = problems.iter().map(move |problem| {
        let line = problem.plain_line(language);
        match problem.severity {
            Severity::Warning => Configuration::PassedOver(line),
            Severity::Error => Configuration::Broken(line),
        }
    });
    let rest = rest.filter(|_| problems.is_empty());
    told.chain(rest).map(|what| (Topic::Configuration, Finding::Configuration(what)))
}
