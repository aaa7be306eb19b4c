//! `sharelock man` and `sharelock completions`: what packagers and shells want to know, made from the very definition that is parsed.

use super::exit::Exit;
use super::help::command;
use super::terminal::give;
use clap_complete::Shell;
use std::io;

const MAN_EXAMPLES: &str = "\
Examples:
  sharelock man | man -l -                             Read it now
  sharelock man > sharelock.1                          Install it
  sharelock man run > sharelock-run.1";

const COMPLETION_EXAMPLES: &str = "\
Examples:
  sharelock completions bash > ~/.local/share/bash-completion/completions/sharelock
  sharelock completions zsh > ~/.zfunc/_sharelock
  sharelock completions fish > ~/.config/fish/completions/sharelock.fish
  sharelock completions powershell >> $PROFILE";

/// What was typed about the manual.
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(super) struct ManArguments {
    /// The command to describe; without it, the whole program
    #[arg(value_name = "COMMAND")]
    verb: Option<String>,
}

/// What was typed about completions.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETION_EXAMPLES)]
pub(super) struct CompletionArguments {
    /// The shell to make them for
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints a manual page as roff.
pub(super) fn man(arguments: &ManArguments) -> Exit {
    let mut whole = command();
    whole.build();
    let page = match &arguments.verb {
        None => Some(whole.clone()),
        Some(name) => whole.find_subcommand(name).filter(|found| !found.is_hide_set()).cloned(),
    };
    let Some(page) = page else {
        let error = whole.error(clap::error::ErrorKind::InvalidSubcommand, "there is no such command");
        // There is nobody left to tell when this fails.
        drop(error.print());
        return Exit::Usage;
    };
    print(|text| clap_mangen::Man::new(page).render(text))
}

/// Prints completions.
pub(super) fn completions(arguments: &CompletionArguments) -> Exit {
    // The generators would show hidden commands too. What the parser adds by itself is added again.
    let typed = command();
    let shown = typed.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help").cloned();
    let options = typed.get_arguments().filter(|option| !["help", "version"].contains(&option.get_id().as_str())).cloned();
    let mut command = clap::Command::new("sharelock").version(env!("CARGO_PKG_VERSION")).args(options).subcommands(shown);
    print(|text| {
        clap_complete::generate(arguments.shell, &mut command, "sharelock", text);
        Ok(())
    })
}

/// Prints what is written; a reader that is gone has had enough.
fn print(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Exit {
    let mut text = Vec::new();
    if write(&mut text).is_err() {
        return Exit::System;
    }
    give(String::from_utf8_lossy(&text).trim_end());
    Exit::Done
}
