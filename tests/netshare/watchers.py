"""What those who only look cost and are told: the holder's renewals beside a hundred of them, and how soon a release is on their screens."""
import signal
import statistics
import threading
import time

import trips
from bench import Trouble

# Half of them on each of the machines that do not hold. A watcher of SMB asks 325 commands a minute, and emulated machines answer a
# hundred in a second.
WATCHERS = {"nfs": 100, "smb": 16}
# What a renewal may cost more, in calls: that all of them together cost the holder one call a renewal is noticed.
TOLERANCE = 1.0
RENEWALS = 3

ROUNDS = 12
# Seconds from a release to the line: where the server tells of it, and where the board is read again and again.
TOLD, POLLED = 0.1, 2.0
POLLING = ("nfs40", "nfs3-nolock")
# A goal is missed beyond it, and the suite fails beyond that many times it: the median, because emulated machines on a busy computer
# stand still for seconds.
BEYOND = 10


def hundred(table):
    """The holder must not know of them; each of them must be told of its end. With the durations that users have: a watcher looks every 15 s."""
    def one(site):
        watchers = WATCHERS[trips.kind(site.mount)]
        site.lab.A.out(f"umask 0; touch {site.database}")
        holder = site.hold("A", scale=1)
        holder.acquired(60)
        alone = trips.a_renewal(site, holder, RENEWALS)
        # One after the other: an emulated machine that starts fifty at once sees none of them begin for minutes.
        loop = (f"i=0; while [ $i -lt {watchers // 2} ]; do sharelock watch --json {site.database} & "
                "i=$((i + 1)); sleep 1; done; wait")
        machines = [machine.start(loop) for machine in (site.lab.B, site.lab.C)]
        try:
            for machine in machines:
                for _ in range(watchers // 2):
                    machine.line('"state":"held"', 300)
            watched = trips.a_renewal(site, holder, RENEWALS)
            asked = time.monotonic()
            holder.release()
            told = [machine.line('"state":"free"', 120)[0] - asked for machine in machines for _ in range(watchers // 2)]
        finally:
            for machine in machines:
                machine.signal(signal.SIGTERM, group=True)
                machine.wait(60)
        table.append((site.mount, watchers, alone, watched, told))
        site.remark = f"ok, a renewal is {alone['all']} alone, {watched['all']} beside {watchers}, who knew of the end after {max(told):.1f} s"
        if watched["all"] - alone["all"] > TOLERANCE:
            raise Trouble(f"a renewal is {trips.told(alone)} alone and {trips.told(watched)} beside {watchers} watchers")

    # Mounts of SMB share their statistics, and a machine has memory for two hundred of them at once.
    turns = {"smb": threading.Lock(), "nfs": threading.Lock()}

    def in_turn(site):
        with turns[trips.kind(site.mount)]:
            one(site)
    return lambda day: day.each(in_turn)


def release(table):
    """How soon somebody who watches on another machine has the line, at the durations that users have.

    What counts is the time from the word to the holder, which has its work in it. The time from its own end ("released"), which it tells
    when everything is written and so later than it could be seen, is shown beside it.
    Divided durations would hide it if nobody told of the change: the next look would come soon enough.
    """
    def one(site):
        site.judged = False
        site.lab.A.out(f"umask 0; touch {site.database}")
        watch = site.lab.B.start(f"exec sharelock watch --json {site.database}")
        from_word, from_end = [], []
        try:
            watch.line('"state":"free"', 60)
            for number in range(ROUNDS):
                holder = site.lab.A.start(f"exec sharelock hold --json {site.database}")
                watch.line('"state":"held"', 60)
                # Until nothing is looked at quickly any more, and each time at another moment between two looks.
                time.sleep(8 + number % 4 * 1.1)
                word = time.monotonic()
                holder.signal(signal.SIGTERM)
                told, _ = watch.line('"state":"free"', 60)
                end, _ = holder.line('"released"', 60)
                from_word.append(told - word)
                from_end.append(told - end)
                holder.wait(30)
        finally:
            watch.signal(signal.SIGTERM)
            watch.wait(30)
        goal = POLLED if site.mount in POLLING else TOLD
        table.append((site.mount, from_word, from_end, goal))
        site.remark = f"ok, told {statistics.median(from_word):.2f} s after the word to the holder; the goal is {goal} s"
        site.measured(statistics.median(from_word), BEYOND * goal)
    return lambda day: day.each(one)


def rows(hundreds, releases):
    lines = []
    if hundreds:
        lines += ["", "| mount | watchers | a renewal, nobody watches | beside them | median of them told of the end | the last one |", "|---" * 6 + "|"]
        for mount, watchers, alone, watched, told in sorted(hundreds, key=lambda row: row[0]):
            lines.append(f"| {mount} | {watchers} | {trips.told(alone)} | {trips.told(watched)} | {statistics.median(told):.2f} s | {max(told):.2f} s |")
    if releases:
        lines += ["", "| mount | from the word to the line, median | worst | from the holder's own end, median | worst | goal |", "|---" * 6 + "|"]
        for mount, word, end, goal in sorted(releases, key=lambda row: row[0]):
            shown = " | ".join(f"{statistics.median(each) * 1000:.0f} ms | {max(each) * 1000:.0f} ms" for each in (word, end))
            lines.append(f"| {mount} | {shown} | {goal * 1000:.0f} ms |")
    return "\n".join(lines) + "\n" if lines else ""
