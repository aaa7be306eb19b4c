"""The bad days that part the peers: each one executed, step by step, with real processes.

Nothing here depends on luck: processes are stopped by name of the step (shim.c) or by SIGSTOP, clocks are set ahead by the shim, and
"two holders" is said only where two running programs each did a piece of work, believing, after both had been told "it is yours".
A machine that is slower than the waits below can hide two holders of somebody, never invent them.
"""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from players import SCRATCH, TRIED, Player, new_folder, remove_folder

#: How many times two holders look whether they still believe, 1 ms and a little apart.
WATCHED = 6000
#: Longer than every hasty staleness; flufl.lock adds 10 s of its own.
TAKEOVER = 25
#: How long somebody is waited for who needs no staleness to pass.
SOON = 4
#: The same where a hasty staleness may have to pass; file times are set back instead of waiting for flufl.lock.
LAPSE = 8
#: How long a dead holder is waited for.
DEAD = 35
#: By how much Sharelock's durations are divided where a holder dies on another machine; the answer is multiplied by it.
SCALE = 30
#: A dead holder is looked for at intervals: the moments of death, in seconds after B began to wait.
DEATHS = [1.1, 1.43, 1.77]

NO, TWO, WEDGED = "no", "**two holders**", "**wedged**"


class Scene:
    """A folder of its own with one database, and the players on it."""

    def __init__(self, peer):
        self.peer = peer
        self.folder = new_folder(SCRATCH)
        self.database = self.folder / "share" / "turn.db"
        self.database.parent.mkdir()
        self.database.touch()
        self.players = []

    def player(self, **settings):
        self.players.append(Player(self.peer, self.database, **settings))
        return self.players[-1]

    def end(self, player):
        """Kills it and all that it started, as a power cut would."""
        player.kill()
        self.players.remove(player)

    def backdate(self):
        """An hour passes, as far as file times tell."""
        then = time.time() - 3600
        for path in self.locks():
            os.utime(path, (then, then), follow_symlinks=False)

    def locks(self):
        return [path for path in self.database.parent.rglob("*") if path != self.database]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for player in self.players:
            player.kill()
        remove_folder(self.folder)


def both(holder, holder_took, newcomer, newcomer_took, watched=WATCHED):
    """Both were told "yours": how long did both work on? Returns the verdict and the evidence."""
    for player in (holder, newcomer):
        player.say(f"work {watched}")
    return overlap(holder, newcomer, max(int(holder_took), int(newcomer_took)))


def overlap(holder, newcomer, since):
    """Both are working; reads how that ended."""
    (one, told), (other, told_too) = (player.hear(120).split() for player in (holder, newcomer))
    together = (min(int(one), int(other)) - since) / 1e6
    if together <= 0:
        return NO, "the holder was told before it worked on"
    together = f"{together:.0f} ms" if together < 999 else f"{together / 1000:.1f} s"
    if "told" in (told, told_too):
        return f"{TWO}, {together}", "then one was told"
    asked = [player.do("ask") for player in (holder, newcomer)]
    learns = "who asks is told" if "lost" in asked else "asking says held" if "held" in asked else "no way to ask"
    return f"{TWO}, not told", f"watched for {together}; {learns}"


def two_breakers(peer):
    """A holder died an hour ago. B is stopped before its n-th change and an hour passes, A takes, B goes on; for every n."""
    found = []
    with ThreadPoolExecutor(4) as pool:
        # Nobody knows how many steps there are before one run has passed without stopping.
        for first in range(1, 61, 4):
            batch = list(pool.map(lambda stop: one_stop(peer, stop), range(first, first + 4)))
            found += [result for result in batch if result]
            if len(found) < first + 3:
                break
    if not found:
        raise RuntimeError("B took without a step that was seen")
    if all(verdict is WEDGED for _, verdict, _ in found):
        return WEDGED, f"the dead holder's lock stays; nobody got it in {SOON} s"
    bad = [result for result in found if result[1] not in (NO, WEDGED)]
    if bad:
        step, verdict, evidence = bad[0]
        return verdict, f"B stopped before {step}, {evidence}; so at {len(bad)} of {len(found)} stops"
    first, second = (sum(who == name for _, _, who in found) for name in "AB")
    late = len(found) - first - second
    late = f", {late} times both, but B was told before it worked" if late else ""
    return NO, f"B stopped before each of its {len(found)} steps: {first} times A had it, {second} times B{late}"


def one_stop(peer, stop):
    """Returns the step, the verdict and the evidence; None if there is no such step."""
    with Scene(peer) as scene:
        dead = scene.player(hasty=True)
        dead.do("take")
        scene.end(dead)
        scene.backdate()
        report = scene.folder / "report"
        share = str(scene.database.parent)
        second = scene.player(hasty=True, SHIM_FOLDER=share, SHIM_STOP=str(stop), SHIM_REPORT=str(report))
        second.say("take")
        until = time.monotonic() + SOON
        while not (report.exists() and report.read_text().endswith("\n")):
            if second.hear(0.01):
                return None
            if time.monotonic() > until:
                # It tries and tries, without ever changing anything more.
                return (f"{stop}", WEDGED, "") if stop == 1 else None
        number, step = report.read_text().strip().split(" ", 1)
        scene.backdate()
        first = scene.player(hasty=True)
        first.say("take")
        first_took = first.hear(LAPSE)
        os.kill(int(number), signal.SIGCONT)
        second_took = second.hear(SOON)
        if first_took and second_took:
            return (f"`{step}`", *both(first, first_took, second, second_took))
        who = "A" if first_took else "B" if second_took else "nobody"
        return f"`{step}`", WEDGED if who == "nobody" else NO, who


def sleeper(peer):
    """The holder is suspended in its work for longer than its lock lives, B takes, the holder wakes up and works on."""
    with Scene(peer) as scene:
        holder = scene.player(hasty=True, PEER_HOST="elsewhere")
        holder.do("take")
        holder.say(f"work {WATCHED}")
        time.sleep(0.3)
        holder.signal(signal.SIGSTOP)
        began = time.monotonic()
        if not peer.stale and not peer.hasty:
            # Where no duration can be set, the file times tell that it is an hour later.
            scene.backdate()
        newcomer = scene.player(hasty=True)
        newcomer.say("take")
        took = newcomer.hear(TAKEOVER)
        if took is None:
            holder.signal(signal.SIGCONT)
            return f"{NO}, B waits", f"B did not get it in {TAKEOVER} s"
        waited = time.monotonic() - began
        newcomer.say(f"work {WATCHED * 2}")
        holder.signal(signal.SIGCONT)
        verdict, evidence = overlap(holder, newcomer, int(took))
        return verdict, f"B got it after {waited:.1f} s; {evidence}"


def clock_ahead(peer):
    """The holder lives and renews on another machine; B's wall clock is an hour ahead. Everybody's own durations."""
    with Scene(peer) as scene:
        holder = scene.player(PEER_HOST="elsewhere")
        holder_took = holder.do("take")
        newcomer = scene.player(SHIM_AHEAD="3600")
        began = time.monotonic()
        newcomer.say("take")
        took = newcomer.hear(2 * SOON)
        if took is None:
            return NO, f"B waited {2 * SOON} s in vain"
        waited = time.monotonic() - began
        # The wall clocks differ, the clock that the answers come from does not.
        verdict, evidence = both(holder, holder_took, newcomer, took)
        return verdict, f"B stole it in {waited:.1f} s; {evidence}"


def swept(peer):
    """Somebody deletes every lock file beside the database while the holder works, and B takes."""
    verdict, evidence = one_sweep(peer, lambda holder, *took: both(holder, *took))
    asked, _ = one_sweep(peer, lambda holder, *_: (holder.do("ask"), ""))
    return verdict, f"{evidence}; asked at once, the holder's lock says: {asked}"


def one_sweep(peer, judge):
    with Scene(peer) as scene:
        holder = scene.player(hasty=True)
        holder_took = holder.do("take")
        for path in sorted(scene.locks(), key=lambda path: len(path.parts), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        newcomer = scene.player(hasty=True)
        newcomer.say("take")
        took = newcomer.hear(SOON)
        if took is None:
            return NO, f"B waited {SOON} s in vain"
        return judge(holder, holder_took, newcomer, took)


def killed_here(peer):
    """The holder is killed while B waits, with everybody's own durations: when does B have it?"""
    took = []
    for moment in DEATHS:
        took.append(one_death(peer, moment, {}))
        if took[-1] is None or took[-1] > SOON:
            break
    return told_time(took)


def killed_elsewhere(peer):
    """The same, with a holder that says it is on another machine."""
    if peer.kernel:
        return "-", "the file server decides; not measured"
    scale = SCALE if peer.hasty else 1
    took = one_death(peer, DEATHS[0], {"PEER_HOST": "elsewhere", "SHARELOCK_TIME_SCALE": str(scale)})
    why = f"{took:.1f} s with all durations divided by {scale}" if scale > 1 and took else ""
    return told_time([took and took * scale])[0], why


def told_time(took):
    if took[-1] is None:
        return f"> {DEAD} s", ""
    median = sorted(took)[len(took) // 2]
    return f"{median:.2f} s" if median < 1 else f"{median:.0f} s", ""


def one_death(peer, moment, settings):
    with Scene(peer) as scene:
        holder = scene.player(**settings)
        holder.do("take")
        newcomer = scene.player(**(settings | {"PEER_HOST": ""}))
        newcomer.say("take")
        time.sleep(moment)
        scene.end(holder)
        began = time.monotonic()
        return None if newcomer.hear(DEAD) is None else time.monotonic() - began


SCHEDULES = [
    ("two breakers", two_breakers),
    ("holder suspended", sleeper),
    ("B's clock 1 h ahead", clock_ahead),
    ("lock files deleted", swept),
    ("killed, same machine", killed_here),
    ("killed, other machine", killed_elsewhere),
]


def attempt(schedule, peer):
    try:
        return schedule(peer)
    except (OSError, RuntimeError, ValueError) as error:
        return "failed", str(error)


def table():
    """Executes everything; returns the table's lines and the evidence's."""
    present = [peer for peer in TRIED if not peer.missing()]
    results = {}
    # They mostly wait. The longest begin first.
    with ThreadPoolExecutor(24) as pool:
        for name, schedule in sorted(SCHEDULES, key=lambda pair: pair[1] in (clock_ahead, swept)):
            for peer in present:
                results[peer.name, name] = pool.submit(attempt, schedule, peer)
        print(f"schedules: {len(results)} to execute", file=sys.stderr)
    lines = ["| | " + " | ".join(name for name, _ in SCHEDULES) + " |", "|---" * (len(SCHEDULES) + 1) + "|"]
    evidence = []
    for peer in TRIED:
        if missing := peer.missing():
            lines.append(f"| {peer.name} | not installed ({missing}) " + "| " * (len(SCHEDULES) - 1) + "|")
            continue
        found = [(name, *results[peer.name, name].result()) for name, _ in SCHEDULES]
        lines.append(f"| {peer.name} | " + " | ".join(verdict for _, verdict, _ in found) + " |")
        evidence += [f"- {peer.name}, {name}: {why}." for name, _, why in found if why]
    return lines, evidence
