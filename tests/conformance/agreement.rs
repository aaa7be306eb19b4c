//! The folder and the memory, given the same random calls: neither may know anything that the other does not.

use super::*;

/// A small generator (`SplitMix64`), so that a failing seed can be run again.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn op(&mut self) -> Op {
        let (number, nonce) = (1 + self.below(4), u128::from(1 + self.below(3)));
        let record = body(number, nonce);
        let state = [State::Live, State::Ended, State::Void][usize::try_from(self.below(3)).unwrap()];
        let head = head(state, u32::try_from(self.below(1000)).unwrap());
        // A removed lease that its owner has open stays in limbo on Windows, and memory knows no such thing.
        let removing = std::path::MAIN_SEPARATOR == '/' && self.below(2) == 0;
        let keep = if removing { Duration::ZERO } else { Duration::from_secs(86_400 * 365) };
        match self.below(16) {
            0 | 1 => create(&record),
            2 => Op::WriteHead(record.id.number, head),
            3 => Op::WriteRecord(record, head),
            4 => Op::Void(record.id, THEN),
            5 => Op::Lock(record.id.number),
            6 => Op::Close(record.id.number),
            7 => Op::CreateNotice(record, THEN),
            8 => Op::WriteNotice(record, THEN, Over::Mine),
            9 => Op::RemoveNotice(record.id),
            10 => Op::WriteBoard(board(&record, state)),
            11 => Op::ReadBoard,
            12 => Op::List,
            13 => Op::ReadLease(record.id.number),
            14 => Op::ReadNotice,
            _ => Op::CleanUp { number: record.id.number, own: Number(1 + self.below(4)), keep },
        }
    }
}

/// The same calls in the same order have the same results and leave the same bytes, in memory and in a folder.
#[test]
fn a_folder_and_the_memory_agree() {
    for seed in 1..=40 {
        let mut seeded = Seeded(seed);
        let (memory, folder) = (InMemory::new(), InFolder::local());
        let pairs: Vec<_> = (1..=3).map(|nonce| (memory.client(identity(nonce)), folder.client(identity(nonce)))).collect();
        let mut outcomes = [0; 2];
        for step in 0..150 {
            let (op, client) = (seeded.op(), usize::try_from(seeded.below(3)).unwrap());
            let expected = pairs[client].0.perform(&op).map_err(|error| error.failure);
            let actual = pairs[client].1.perform(&op).map_err(|error| error.failure);
            let unnumbered = |result: Result<Reply, Failure>| match result {
                Ok(Reply::Lease(found)) => Ok(Reply::Lease(found.in_file(0))),
                other => other,
            };
            let (actual, expected) = (unnumbered(actual), unnumbered(expected));
            assert_eq!(actual, expected, "seed {seed}, step {step}, client {client}: {op:?}");
            outcomes[usize::from(actual.is_ok())] += 1;
        }
        assert!(outcomes.iter().all(|&count| count > 5), "both ends were tried: {outcomes:?}");
        for name in (1..=4).map(|number| Name::Lease(Number(number))).chain([Name::Board, Name::Notice]) {
            assert_eq!(folder.bytes(name), memory.bytes(name), "seed {seed}: {name:?}");
        }
    }
}
