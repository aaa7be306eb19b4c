//! Who has the databases now, how leases ended in the past, and whether a newer version has been here.
//!
//! Read in the way of `status`, which takes nothing and locks nothing exclusively. A lease that was superseded while it was live is
//! one whose holder went without giving back; when that happens often, the same computer is usually behind it.

use super::scratch::ENTRIES;
use super::{BUDGET, Subject, is_folder, now};
use crate::i18n::doctor::{Finding, Leases, Topic};
use crate::i18n::{Person, printable};
use crate::lease::State as Shown;
use crate::lease::record::{Found, Holder, Host, Nonce, Number, State};
use crate::lease::wire::{Op, Reply};
use crate::platform::files;
use crate::session::Snapshot;
use crate::store::naming::{STORES, store_name};
use crate::store::{FolderStore, Identity, Store, StoreError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many databases of a folder are looked at.
const MOST_DATABASES: usize = 50;
/// How many leases of one database are read.
const MOST_LEASES: usize = 32;
/// How many lapsed leases of all that were read are often.
const OFTEN: usize = 3;
/// One of so many is often.
const ONE_OF: usize = 8;

type Tell<'a> = &'a mut dyn FnMut(Topic, Finding);

/// Returns the stores that are there, of the database or of the whole folder.
pub(super) fn stores(subject: &Subject) -> Vec<PathBuf> {
    let stores = match &subject.location {
        Some(location) => vec![location.store.clone()],
        None => entries(&subject.folder.join(STORES)),
    };
    stores.into_iter().filter(|store| is_folder(store)).take(MOST_DATABASES).collect()
}

/// Returns the databases that have a store.
fn databases(subject: &Subject) -> Vec<PathBuf> {
    let stores = stores(subject);
    if let Some(location) = &subject.location {
        return stores.iter().map(|_| location.database.clone()).collect();
    }
    let entries = if stores.is_empty() { Vec::new() } else { entries(&subject.folder) };
    let database_of = |store: &PathBuf| {
        let store = store.file_name()?;
        let has_store = |path: &&PathBuf| path.file_name().is_some_and(|name| store_name(name).as_str() == store);
        // A lease can be had before there is a database; most names are those of their stores.
        let as_store = || Some(subject.folder.join(store)).filter(|path| has_store(&path));
        entries.iter().find(has_store).cloned().or_else(as_store)
    };
    stores.iter().filter_map(database_of).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.take(ENTRIES).flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

pub(super) fn holders(subject: &Subject, tell: Tell<'_>) {
    // A database that was never taken here can still be in use with a program that leaves a notice.
    let mut databases = databases(subject);
    if databases.is_empty()
        && let Some(location) = &subject.location
        && files::entry_facts(&location.notice).is_ok()
    {
        databases.push(location.database.clone());
    }
    let mut free = 0;
    let all = databases.len();
    for path in databases {
        let name = path.file_name().map(|name| printable(&name.to_string_lossy())).unwrap_or_default();
        match (subject.look)(&path) {
            Ok(seen) => match seen_as(name, &seen) {
                Some(finding) => tell(Topic::Leases, Finding::Leases(finding)),
                None => free += 1,
            },
            Err(text) => tell(Topic::Leases, Finding::Leases(Leases::Unreadable(name, printable(&text)))),
        }
    }
    if all == 0 {
        tell(Topic::Leases, Finding::Leases(Leases::Nothing));
    } else if free > 0 {
        tell(Topic::Leases, Finding::Leases(Leases::Free(free)));
    }
}

/// `None` where it is free.
fn seen_as(name: String, seen: &Snapshot) -> Option<Leases> {
    let status = &seen.status;
    let who = person(status.holder.as_deref());
    match status.state {
        Shown::Free => None,
        Shown::Mine | Shown::Held => Some(Leases::Held(name, who)),
        Shown::Stale => Some(Leases::Stale(name, who, status.last_seen, status.takeable_in)),
        Shown::Unreachable | Shown::Denied => {
            let detail = seen.failure.as_ref().map(|error| printable(&error.to_string())).unwrap_or_default();
            Some(Leases::Unreadable(name, detail))
        }
    }
}

fn person(holder: Option<&Holder>) -> Person {
    let Some(holder) = holder else { return Person::default() };
    let name = if holder.name.is_empty() { &holder.user } else { &holder.name };
    Person { name: printable(name), machine: printable(&holder.machine) }
}

/// What the ledgers tell, summed up.
#[derive(Debug, Default)]
struct Past {
    ended: usize,
    /// By machine.
    lapsed: BTreeMap<String, usize>,
    newer: Vec<(String, u32)>,
}

pub(super) fn ledgers(subject: &Subject, tell: Tell<'_>) {
    let mut past = Past::default();
    let began = now();
    for path in databases(subject) {
        if now().since(began) >= BUDGET {
            break;
        }
        let name = path.file_name().map(|name| printable(&name.to_string_lossy())).unwrap_or_default();
        // What cannot be read was told of by whoever looked for the holder.
        let _told = read(&path, &mut past, &name, || now().since(began) < BUDGET);
    }
    tell(Topic::Lapses, Finding::Leases(judge(&past)));
    if past.newer.is_empty() {
        tell(Topic::Versions, Finding::Leases(Leases::VersionsFit));
    }
    for (name, version) in past.newer {
        tell(Topic::Versions, Finding::Leases(Leases::Newer(name, version)));
    }
}

/// Reads the last leases of one database.
fn read(path: &Path, past: &mut Past, name: &str, mut in_time: impl FnMut() -> bool) -> Result<(), StoreError> {
    // Whoever only reads needs no identity.
    let nobody = Identity { holder: Holder::default(), host: Host::default(), nonce: Nonce(0) };
    let Ok(store) = FolderStore::open(path, nobody) else { return Ok(()) };
    let Reply::Numbers(numbers) = store.perform(&Op::List)? else { return Ok(()) };
    let tail = numbers.last().copied().unwrap_or(Number(0));
    for number in numbers.into_iter().rev().take(MOST_LEASES) {
        if !in_time() {
            break;
        }
        if let Reply::Lease(found) = store.perform(&Op::ReadLease(number))? {
            past.count(number == tail, found, name);
        }
    }
    Ok(())
}

impl Past {
    fn count(&mut self, is_tail: bool, found: Found, name: &str) {
        match found {
            Found::Record { head, body, .. } => match head.state {
                State::Ended => self.ended += 1,
                // Superseded without having been given back.
                State::Live if !is_tail => *self.lapsed.entry(printable(&body.holder.machine)).or_default() += 1,
                State::Live | State::Void => {}
            },
            Found::Newer { min_reader, .. } if is_tail => self.newer.push((name.to_owned(), min_reader)),
            Found::Newer { .. } | Found::Missing | Found::Blank { .. } => {}
        }
    }
}

fn judge(past: &Past) -> Leases {
    let lapsed: usize = past.lapsed.values().sum();
    let all = past.ended + lapsed;
    if lapsed < OFTEN || lapsed * ONE_OF < all {
        return Leases::Orderly(past.ended, all);
    }
    let most = past.lapsed.iter().max_by_key(|(_, count)| **count);
    let machine = most.filter(|(_, count)| **count * 2 > lapsed).map(|(machine, _)| machine.clone()).unwrap_or_default();
    Leases::OftenLapsed(lapsed, all, machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_that_often_lapse_point_at_a_machine() {
        let past = |ended, lapsed: &[(&str, usize)]| Past {
            ended,
            lapsed: lapsed.iter().map(|(machine, count)| ((*machine).to_owned(), *count)).collect(),
            newer: Vec::new(),
        };
        assert_eq!(judge(&past(0, &[])), Leases::Orderly(0, 0));
        assert_eq!(judge(&past(30, &[("PC-1", 2)])), Leases::Orderly(30, 32));
        assert_eq!(judge(&past(28, &[("PC-1", 1), ("PC-2", 3)])), Leases::OftenLapsed(4, 32, "PC-2".into()));
        assert_eq!(judge(&past(10, &[("PC-1", 2), ("PC-2", 2)])), Leases::OftenLapsed(4, 14, String::new()));
    }
}
