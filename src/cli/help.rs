//! What can be typed, explained in the language that was decided on.
//!
//! The definition that is parsed is explained in English where it stands; for another language every text is replaced by its name. The
//! hazard is a help that is half of each language, so nothing is left of the English one that has no replacement, and a test names it.

use super::Typed;
use super::language::{self, language};
use crate::i18n::french_help::{self as french, Mistake};
use crate::i18n::{Language, printable};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

/// The whole command line.
pub(super) fn command() -> Command {
    in_language(language())
}

fn in_language(language: Language) -> Command {
    let lang = Arg::new(language::OPTION)
        .long(language::OPTION)
        .global(true)
        .value_name("LANG")
        .value_parser(language::NAMES)
        .help("Speak English or French; SHARELOCK_LANG and the system's language are asked otherwise");
    let mut command = Typed::command().arg(lang);
    match language {
        Language::English => command,
        Language::French => {
            // What clap adds by itself is there to be replaced only when the command is built.
            command.build();
            in_french(command, "")
        }
    }
}

/// Replaces the texts of a command and of what is below it, which is called by all its words (`agent run`), but for the program's own
/// name; what explains a command stands under that command's name.
fn in_french(command: Command, above: &str) -> Command {
    const TEMPLATE: &str = "{about-with-newline}\nUtilisation\u{a0}: {usage}\n\n{all-args}{after-help}";
    let own = command.get_name();
    let name = if above.is_empty() || own == "help" { own.to_owned() } else { format!("{above} {own}") };
    let below = if own == "help" || own == "sharelock" { above.to_owned() } else { name.clone() };
    let command = command
        .about(french::about(&name))
        .after_help(french::after(&name))
        .help_template(TEMPLATE)
        .subcommand_help_heading("Commandes\u{a0}")
        .subcommand_value_name("COMMANDE")
        .mut_args(|argument| argument_in_french(&name, argument))
        .mut_subcommands(|command| in_french(command, &below));
    if command.get_long_about().is_some() { command.long_about(french::LONG_ABOUT) } else { command }
}

fn argument_in_french(command: &str, argument: Arg) -> Arg {
    let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let default = default.join(" ");
    let takes_value = argument.get_action().takes_values();
    let shown = takes_value && !default.is_empty() && !argument.is_hide_default_value_set();
    let name = argument.get_value_names().and_then(<[_]>::first).and_then(|name| french::value(name));
    let heading = if argument.is_positional() { "Arguments\u{a0}" } else { "Options\u{a0}" };
    let text = french::argument(command, argument.get_id().as_str());
    // Under a heading of one's own, arguments are not in their order by themselves.
    let order = argument.get_index();
    let argument = argument.long_help(None::<&str>).help_heading(heading);
    // What takes no value has none that could be hidden, and the parser minds.
    let argument = if takes_value { argument.hide_default_value(true).hide_possible_values(true) } else { argument };
    let argument = match text {
        Some(text) if shown => argument.help(format!("{text} [par défaut\u{a0}: {default}]")),
        Some(text) => argument.help(text),
        None => argument.help(None::<&str>),
    };
    let argument = match order {
        Some(order) => argument.display_order(order),
        None => argument,
    };
    match name {
        Some(name) if takes_value => argument.value_name(name),
        Some(_) | None => argument,
    }
}

/// Returns what is wrong with what was typed, where the parser's own English is not wanted; `None` where that has to do.
pub(super) fn complaint(error: &clap::Error) -> Option<String> {
    match language() {
        Language::English => None,
        Language::French => {
            let usage = error.get(ContextKind::Usage).map(ToString::to_string);
            let usage = usage.as_deref().map(|usage| usage.trim().trim_start_matches("Usage: "));
            Some(french::complaint(&mistake(error)?, usage))
        }
    }
}

fn mistake(error: &clap::Error) -> Option<Mistake> {
    let all = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![printable(text)],
        Some(ContextValue::Strings(texts)) => texts.iter().map(|text| printable(text)).collect(),
        _ => Vec::new(),
    };
    let one = |kind| all(kind).into_iter().next();
    let argument = || one(ContextKind::InvalidArg);
    let value = || one(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => argument().map(Mistake::Unknown),
        ErrorKind::InvalidSubcommand => one(ContextKind::InvalidSubcommand).map(Mistake::NoSuchCommand),
        ErrorKind::MissingSubcommand => Some(Mistake::NoCommand),
        ErrorKind::InvalidValue => match value()? {
            value if value.is_empty() => argument().map(Mistake::NoValue),
            value => Some(Mistake::Impossible(value, argument()?, all(ContextKind::ValidValue))),
        },
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(|why| printable(&why.to_string())).unwrap_or_default();
            Some(Mistake::Unfit(value()?, argument()?, why))
        }
        ErrorKind::MissingRequiredArgument => Some(Mistake::Missing(all(ContextKind::InvalidArg))),
        ErrorKind::ArgumentConflict => {
            let (one, others) = (argument()?, all(ContextKind::PriorArg));
            if others.contains(&one) { Some(Mistake::Twice(one)) } else { Some(Mistake::Exclusive(one, others)) }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text could break before one of these.
    fn is_broken(text: &str) -> bool {
        [" : ", " :\n", " ;", " ?", " !"].iter().any(|part| text.contains(part))
    }

    fn walk(english: &Command, french: &Command, missing: &mut Vec<String>) {
        let name = english.get_name();
        let about = |command: &Command| command.get_about().map(ToString::to_string);
        if about(english) == about(french) || about(french).is_none_or(|text| is_broken(&text)) {
            missing.push(name.to_owned());
        }
        let behind = |command: &Command| command.get_after_help().map(ToString::to_string);
        if behind(english).is_some() != behind(french).is_some() || behind(french).is_some_and(|text| is_broken(&text)) {
            missing.push(format!("{name}: what stands behind"));
        }
        for (one, other) in english.get_arguments().zip(french.get_arguments()).filter(|(one, _)| !one.is_hide_set()) {
            let help = |argument: &Arg| argument.get_help().map(ToString::to_string);
            if help(one) == help(other) || help(other).is_none_or(|text| is_broken(&text)) {
                missing.push(format!("{name} {}", one.get_id()));
            }
        }
        for (one, other) in english.get_subcommands().zip(french.get_subcommands()) {
            // The subcommands of `help` are the commands once more.
            if !one.is_hide_set() && name != "help" {
                walk(one, other, missing);
            }
        }
    }

    #[test]
    fn every_command_and_argument_is_explained_in_french() {
        let mut english = in_language(Language::English);
        english.build();
        let mut missing = Vec::new();
        walk(&english, &in_language(Language::French), &mut missing);
        assert!(missing.is_empty(), "no French in src/i18n/french/help.rs for {missing:?}");
    }

    #[test]
    fn both_languages_understand_the_same() {
        let line = ["sharelock", "run", "-w", "5m", "--lang", "fr", "--on-lost", "stop", "wems.db", "--", "ls"];
        for language in [Language::English, Language::French] {
            assert!(in_language(language).try_get_matches_from(line).is_ok(), "{language:?}");
            assert!(in_language(language).try_get_matches_from(["sharelock", "run", "--lang", "de"]).is_err());
        }
    }
}
