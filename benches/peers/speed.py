"""Cycle and hand-off of every peer, in memory and on disk, in one run.

The candidates take turns in rounds, so that whatever else the machine does meanwhile hits all alike; every number is a median.
"""

import statistics
import sys
import time
from contextlib import contextmanager

from players import COMMANDS, LIBRARIES, MEMORY, OURS, OURS_RUN, SCRATCH, Player, new_folder, remove_folder

ROUNDS = 5
CYCLES = {False: 40, True: 8}
HAND_OFFS = 4
#: The golden ratio spreads the moments of giving back evenly over a poller's period, in every prefix of the sequence.
GOLDEN = 0.618034
GOALS = ["SoftFileLease", "proper-lockfile", "dotlockfile"]


class Candidate:
    """A peer at one place: two players, and what was measured."""

    def __init__(self, peer, folder):
        self.peer = peer
        folder.mkdir()
        (folder / "cycle.db").touch()
        (folder / "turn.db").touch()
        self.alone = Player(peer, folder / "cycle.db")
        self.players = [Player(peer, folder / "turn.db") for _ in range(2)]
        self.cycles, self.hand_offs = [], []
        self.turn = 0
        # Compilers, caches and first-time files are not what is measured.
        self.alone.do("cycle 5" if peer.wraps else "cycle 30")
        self.players[0].do("take")

    def round(self):
        answer = self.alone.do(f"cycle {CYCLES[self.peer.wraps]}")
        self.cycles += [int(took) for took in answer.split()]
        for _ in range(HAND_OFFS):
            self.hand_off()

    def hand_off(self):
        holder, waiter = self.players[self.turn % 2], self.players[(self.turn + 1) % 2]
        self.turn += 1
        waiter.say("take")
        # Long enough for the waiter to be waiting, whatever the machine does; then anywhere in its period.
        time.sleep(0.06 + self.peer.spread * (self.turn * GOLDEN % 1))
        released = int(holder.do("give"))
        acquired = int(waiter.hear(60))
        self.hand_offs.append(acquired - released)

    def close(self):
        for player in [self.alone, *self.players]:
            player.kill()


def measure(peers):
    """Returns {(peer's name, place): Candidate}, measured, and {peer's name: why it failed}."""
    candidates, failed, made = {}, {}, []
    try:
        for place, where in (("memory", MEMORY), ("disk", SCRATCH)):
            if where is None:
                continue
            made.append(new_folder(where))
            for number, peer in enumerate(peers):
                with told(peer, failed):
                    candidates[peer.name, place] = Candidate(peer, made[-1] / str(number))
        for turn in range(ROUNDS):
            print(f"speed: round {turn + 1} of {ROUNDS}", file=sys.stderr)
            for candidate in candidates.values():
                if candidate.peer.name not in failed:
                    with told(candidate.peer, failed):
                        candidate.round()
    finally:
        for candidate in candidates.values():
            candidate.close()
        for folder in made:
            remove_folder(folder)
    return candidates, failed


@contextmanager
def told(peer, failed):
    """One peer's failure is that peer's row."""
    try:
        yield
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        failed[peer.name] = str(error)


def show(nanos):
    micros = nanos / 1000
    return f"{micros:.0f} us" if micros < 1000 else f"{micros / 1000:.2f} ms" if micros < 1e5 else f"{micros / 1000:.0f} ms"


def show_ratio(ratio):
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"


def table():
    """Measures, and returns the table's lines and the goals'."""
    everybody = LIBRARIES + COMMANDS
    absent = {peer.name: f"not installed ({peer.missing()})" for peer in everybody if peer.missing()}
    measured, failed = measure([peer for peer in everybody if peer.name not in absent])
    absent |= failed
    columns = [(what, place) for what in ("cycles", "hand_offs") for place in ("memory", "disk")]

    def median(peer, column):
        candidate = None if peer.name in absent else measured.get((peer.name, column[1]))
        return statistics.median(getattr(candidate, column[0])) if candidate else None

    lines = [
        "| | in | cycle, memory | | cycle, disk | | hand-off, memory | | hand-off, disk | | flushes | waits by |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|",
    ]
    for peer in everybody:
        if peer.name in absent:
            lines.append(f"| {peer.name} | {peer.kind} | {absent[peer.name]} |" + " |" * 9)
            continue
        cells = []
        for column in columns:
            mine, theirs = median(ours(peer), column), median(peer, column)
            cells.append("-" if theirs is None else show(theirs))
            cells.append("-" if None in (mine, theirs) else show_ratio(theirs / mine))
        lines.append(f"| {peer.name} | {peer.kind} | {' | '.join(cells)} | {peer.flushes} | {peer.waits} |")
    goals = []
    for peer in (peer for peer in everybody if peer.name in GOALS):
        for column in columns:
            mine, theirs = median(ours(peer), column), median(peer, column)
            met = "not measured" if None in (mine, theirs) else "met" if mine < theirs else "**missed**"
            goals.append(f"{'cycle' if column[0] == 'cycles' else 'hand-off'} ahead of {peer.name}, {column[1]}: {met}")
    return lines, goals


def ours(peer):
    """Returns what a peer is measured against: the command where it is one, else the library."""
    return OURS_RUN if peer.wraps else OURS
