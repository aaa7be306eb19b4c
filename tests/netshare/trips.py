"""How often the share is asked: NFS counts its calls per mount, SMB its commands per share, and nobody else uses them meanwhile.

Asserted against ceilings, so that a change which asks more than it did is noticed. SMB counts commands: an open, a question and a
close that travel together are three. NFS does not count its lock service: on NFS 3 a cycle makes two calls more than is shown.
"""
import re
import signal
import time

from bench import Trouble
from lab import SHARES

# Per cycle until the program begins, per cycle in all, per heartbeat: the most that was measured, and a fifth.
CEILINGS = {"nfs": (45, 62, 11), "smb": (85, 107, 33)}
# A deferred close of SMB comes after a second.
SETTLE = 2.5


def kind(mount):
    return "nfs" if mount.startswith("nfs") else "smb"


def calls_in(text, mount):
    """Counts the calls of one mount in what the system counts; by operation."""
    if kind(mount) == "smb":
        share = re.search(rf"\\\\[^\n]*\\{SHARES.get(mount, 'share')}\n.*?SMBs: (\d+)(.*?)(?=\n\d+\) |\Z)", text, re.S)
        if not share:
            raise Trouble("no statistics of the share")
        found = {name: int(number) for name, number in re.findall(r"(\w+): (\d+) total", share[2])}
        return found | {"all": int(share[1])}
    section = re.search(rf"device [^\n]* mounted on /mnt/{mount} with.*?per-op statistics\n(.*?)(?=\ndevice |\Z)", text, re.S)
    if not section:
        raise Trouble("no statistics of the mount")
    found = {name: int(number) for name, number in re.findall(r"^\s+(\w+): \d+ (\d+)", section[1], re.M)}
    return found | {"all": sum(found.values())}


def calls(machine, mount):
    return calls_in(machine.root("cat /proc/fs/cifs/Stats" if kind(mount) == "smb" else "cat /proc/self/mountstats"), mount)


def difference(later, earlier):
    return {name: count - earlier.get(name, 0) for name, count in later.items() if count > earlier.get(name, 0)}


def told(counts):
    return str(counts.get("all", 0)) + " (" + ", ".join(f"{name.lower()} {count}" for name, count in sorted(counts.items()) if name != "all") + ")"


def cycle(site):
    """One uncontended take and give back of a database that was used before."""
    machine = site.lab.C
    statistics = "/proc/fs/cifs/Stats" if kind(site.mount) == "smb" else "/proc/self/mountstats"
    run = f"sharelock run -w 60 {site.database} -- "
    machine.out(f"umask 0; touch {site.database}; {run} true; {run} true")
    time.sleep(SETTLE)
    before = calls(machine, site.mount)
    during = calls_in(machine.out(f"{run} cat {statistics}"), site.mount)
    time.sleep(SETTLE)
    return difference(during, before), difference(calls(machine, site.mount), before)


def a_renewal(site, holder, count):
    """The calls of one renewal, over `count` of them; those that were told already do not count."""
    holder.line('"renewed"', 120, since=time.monotonic())
    before = calls(holder.machine, site.mount)
    for _ in range(count):
        holder.line('"renewed"', 120)
    counted = difference(calls(holder.machine, site.mount), before)
    return {name: round(number / count, 1) for name, number in counted.items()}


def heartbeats(site):
    """The cost of one renewal."""
    holder = site.hold("C")
    holder.acquired(60)
    counted = a_renewal(site, holder, 8)
    holder.release()
    return counted


def a_minute(site, command, held):
    """A minute of somebody on C, at the durations that users have, while A holds or nobody does."""
    site.lab.A.out(f"umask 0; touch {site.database}")
    jobs = [site.lab.A.start(f"exec sharelock hold {site.database}")] if held else []
    time.sleep(8)
    jobs.insert(0, site.lab.C.start(f"exec {command} {site.database}"))
    # Until the pauses between looks have grown to what they stay at.
    time.sleep(20)
    before = calls(site.lab.C, site.mount)
    time.sleep(60)
    counted = difference(calls(site.lab.C, site.mount), before)
    for job in jobs:
        job.signal(signal.SIGTERM)
        job.wait(30)
    return counted


def minutes(site):
    return (a_minute(site, "sharelock hold -w 200", True), a_minute(site, "sharelock watch", True), a_minute(site, "sharelock watch", False))


def measure(table, idle):
    """One after the other where mounts share a server connection, which counts for all of them."""
    def work(day):
        smb = [site for site in day.sites if kind(site.mount) == "smb"]

        def one(site):
            if kind(site.mount) == "smb" and site is not smb[0]:
                return
            for each in smb if kind(site.mount) == "smb" else [site]:
                begin, everything = cycle(each)
                beat = heartbeats(each)
                rest = minutes(each) if idle else ()
                table.append((each.mount, begin, everything, beat, *rest))
                limits = CEILINGS[kind(each.mount)]
                each.remark = f"ok, {begin['all']} until it begins, {everything['all']} in all, {beat['all']} a heartbeat"
                if any(count > limit for count, limit in zip((begin["all"], everything["all"], beat["all"]), limits)):
                    each.trouble = f"{each.remark.removeprefix('ok, ')}; the ceilings are {limits}"
        day.each(one)
    return work


def rows(table):
    lines = ["", "| mount | until the program begins | take and give back | a heartbeat | a minute of waiting | of watching, held | of watching, free |",
             "|---" * 7 + "|"]
    for mount, *counts in sorted(table, key=lambda row: row[0]):
        lines.append(f"| {mount} | " + " | ".join(told(count) for count in counts) + " |" * (7 - len(counts)))
    return "\n".join(lines) + "\n"
