//! `sharelock status`: who has it, without touching anything.
//!
//! Nothing is written to the share, and where this user's agent watches the database, it looks. The hazard is a share that hangs: every
//! database is looked at on a thread of its own, with a time-out, and what could not be seen is *unreachable*, never *free*.

use super::exit::Exit;
use super::open::{options, targets};
use super::seen::Seen;
use super::view;
use crate::config::{Config, Target};
use crate::session::{NotOpened, PATIENCE, in_time};
use crate::watch::Means;
use std::path::PathBuf;
use std::time::Duration;

/// How many databases are looked at at once.
const AT_ONCE: usize = 16;
/// How long one database may take altogether: opening, looking, and reading the queue.
const LONGEST: Duration = Duration::from_secs(2 * PATIENCE.as_secs() + 2);

const EXAMPLES: &str = "\
Examples:
  sharelock status wems.db
  sharelock status                 All databases that are configured
  sharelock status --json //server/hr/*.db | jq -r 'select(.state == \"held\").holder.name'

Exit codes: 0 free or mine, 75 somebody else has it, 69 the shared folder cannot be reached, 77 no permission (the worst of all).";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StatusArguments {
    /// The databases to look at; without any, all that are configured
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    databases: Vec<PathBuf>,
    /// Print one JSON object per line and database
    #[arg(long)]
    json: bool,
    /// Show as well how a change would be noticed
    #[arg(short, long)]
    verbose: bool,
}

/// Looks at the databases and tells.
pub(super) fn status(arguments: &StatusArguments, config: &Config) -> Exit {
    let databases = match targets(&arguments.databases, config) {
        Ok(databases) => databases,
        Err(exit) => return exit,
    };
    let (mut worst, verbose) = (Exit::Done, arguments.verbose);
    for some in databases.chunks(AT_ONCE) {
        // How a change would be noticed is asked about this process, not about the agent.
        let agents = if verbose { some.iter().map(|_| None).collect() } else { view::look(some) };
        let looks: Vec<_> = some
            .iter()
            .zip(agents)
            .map(|(database, seen)| {
                let database = database.clone();
                std::thread::spawn(move || seen.unwrap_or_else(|| look_in_time(&database, verbose)))
            })
            .collect();
        for (database, look) in some.iter().zip(looks) {
            let seen = look.join().unwrap_or_else(|_| Seen::not_opened(database, &NotOpened::Silent));
            worst = worse(worst, seen.exit());
            let told = seen.give(arguments.json, "");
            if !told {
                return worst;
            }
        }
    }
    worst
}

/// Returns the worse of two: 77 > 69 > 73 > 75 > 0.
fn worse(one: Exit, other: Exit) -> Exit {
    let rank = |exit| {
        [Exit::Done, Exit::Held, Exit::CannotCreate, Exit::Unreachable, Exit::Denied].iter().position(|known| *known == exit)
    };
    if rank(other) > rank(one) { other } else { one }
}

/// Looks at a database, for a bounded time.
pub(super) fn look_in_time(target: &Target, verbose: bool) -> Seen {
    let there = target.clone();
    match in_time(LONGEST, move || look(&there, verbose)) {
        Ok(Some(seen)) => seen,
        Ok(None) => Seen::not_opened(target, &NotOpened::Silent),
        Err(error) => Seen::not_opened(target, &NotOpened::System(error)),
    }
}

fn look(target: &Target, verbose: bool) -> Seen {
    match options(target).open(&target.path) {
        Ok(database) if verbose => Seen::look(&database).labelled(target).noticed_by(Means::of(database.capabilities())),
        Ok(database) => Seen::look(&database).labelled(target),
        Err(error) => Seen::not_opened(target, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_decides() {
        let all = [Exit::Done, Exit::Held, Exit::CannotCreate, Exit::Unreachable, Exit::Denied];
        for (a, one) in all.iter().enumerate() {
            for (b, other) in all.iter().enumerate() {
                assert_eq!(worse(*one, *other), all[a.max(b)]);
            }
        }
    }
}
