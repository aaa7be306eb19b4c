//! The corpus of the fuzz targets, and some thousands of mutations of it, through the same checks: what libFuzzer found once stays found
//! without libFuzzer. Deterministic, and short enough for every run.

#[expect(unreachable_pub, reason = "the fuzz targets use it as a library")]
#[path = "../fuzz/checks.rs"]
mod checks;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// How many mutations each check is tried on.
const MUTATIONS: u32 = 600;
/// Pieces that mean something to one parser or another.
const PIECES: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b",",
    b":",
    b"null",
    b"-1",
    b"0",
    b"9223372036854775808",
    b"18446744073709551615",
    b"1e999",
    b"\\u001b[2J",
    b"\x1b]0;x\x07",
    "\u{202e}".as_bytes(),
    "\u{200b}".as_bytes(),
    b"\0",
    b"../",
    b"\xff",
    b"\"min_reader\":2",
    b"\"v\":3,",
    b"ms",
    b".",
    b"9999-12-31T23:59:59Z",
];

/// A small generator (`SplitMix64`), so that every run tries the same cases.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    /// Changes some bytes as damage and malice do: flipped, cut, doubled, exchanged, replaced by something that means something.
    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let (place, length) = (self.below(bytes.len() + 1), 1 + self.below(12));
            let end = (place + length).min(bytes.len());
            match self.below(6) {
                0 if place < bytes.len() => bytes[place] ^= 1 << self.below(8),
                1 => drop(bytes.drain(place..end)),
                2 => {
                    let copied = bytes[place..end].to_vec();
                    drop(bytes.splice(place..place, copied));
                }
                3 => bytes.truncate(place),
                4 => {
                    let from = self.below(other.len() + 1);
                    bytes.truncate(place);
                    bytes.extend_from_slice(&other[from..]);
                }
                _ => drop(bytes.splice(place..end, PIECES[self.below(PIECES.len())].iter().copied())),
            }
        }
    }
}

/// Returns the corpus of a check, in the order of its names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn try_on(name: &str, check: checks::Check, bytes: &[u8]) {
    let held = catch_unwind(AssertUnwindSafe(|| check(bytes))).is_ok();
    assert!(held, "{name} fails on {}", bytes.escape_ascii());
}

#[test]
fn every_check_holds_for_its_corpus_and_for_that_of_the_others() {
    let all: Vec<_> = checks::CHECKS.iter().flat_map(|(name, _)| corpus(name)).collect();
    assert!(all.len() >= 4 * checks::CHECKS.len(), "the corpus is not there");
    for (name, check) in checks::CHECKS {
        for bytes in &all {
            try_on(name, check, bytes);
        }
    }
}

#[test]
fn every_check_holds_for_mutations_of_its_corpus() {
    for (number, (name, check)) in checks::CHECKS.into_iter().enumerate() {
        let corpus = corpus(name);
        let mut seeded = Seeded(u64::try_from(number).unwrap());
        for _ in 0..MUTATIONS {
            let mut bytes = corpus[seeded.below(corpus.len())].clone();
            let other = &corpus[seeded.below(corpus.len())];
            seeded.mutate(&mut bytes, other);
            try_on(name, check, &bytes);
        }
    }
}

/// A mutation loop that never gets past a checksum proves nothing.
#[test]
fn the_corpus_reaches_what_is_behind_the_checksums() {
    use sharelock::lease::codec::{decode_board, decode_lease, decode_ticket};
    use sharelock::lease::record::{Found, Number};
    use sharelock::store::history::read_line;
    let reached = |name: &str, good: fn(&[u8]) -> bool| corpus(name).iter().filter(|bytes| good(bytes)).count();
    assert!(reached("lease", |bytes| matches!(decode_lease(Number(1), bytes), Found::Record { .. })) >= 2);
    assert!(reached("lease", |bytes| matches!(decode_lease(Number(1), bytes), Found::Newer { .. })) >= 1);
    assert!(reached("board", |bytes| decode_board(bytes).is_some()) >= 2);
    assert!(reached("ticket", |bytes| decode_ticket(bytes).is_some_and(|ticket| ticket.ask.is_some())) >= 1);
    assert!(reached("ticket", |bytes| decode_ticket(bytes).is_some_and(|ticket| ticket.replies.len() == 3)) >= 1);
    let is_in_order = |bytes: &[u8]| {
        use sharelock::config::{Around, Author, Layer};
        let variable = |_: &str| None;
        let text = String::from_utf8_lossy(bytes).into_owned();
        let around = Around { variable: &variable, home: None };
        let layer = Layer::read(Path::new("x"), text, Author::System, around);
        layer.problems.is_empty() && layer.databases.iter().any(|entry| entry.fields.len() > 6)
    };
    // Whole paths are written otherwise there.
    assert!(std::path::MAIN_SEPARATOR == '\\' || reached("config", is_in_order) >= 1);
    let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().any(|line| read_line(line).is_some());
    assert!(reached("history", line) >= 2);
    assert!(reached("memory", |bytes| sharelock::session::parse_memory(bytes, "place", "boot").tail.is_some()) >= 1);
}
