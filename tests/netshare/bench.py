"""What all cases are made of: a site per mount, holders on it, and the history that is judged.

A case does the same on all mounts at once, because what it costs is waiting. What fails on one mount leaves the others alone.
"""
import json
import os
import signal
import sys
import threading
import time

import checker
from lab import in_parallel

# The durations that the bounds are made of (docs/PROTOCOL.md, "Time"), in seconds, before they are divided.
HEARTBEAT, FENCE, SHORT, LONG, POLL, PATIENCE = 30, 150, 180, 300, 15, 10
# What emulated machines on a busy computer may add to anything.
LAB = 6.0


class Trouble(Exception):
    """Something that a case expected did not happen."""


class LostToRival(Trouble):
    """The holder was too late."""


class OutOfTime(BaseException):
    """The suite's time is over, or the case's; no case may catch it."""


OUT_OF_TIME = "not run: out of time"


class Bench:
    """The lab with its settings, and everything that came out."""

    def __init__(self, lab, scale, mounts, folder):
        self.lab, self.scale, self.mounts, self.folder = lab, scale, tuple(mounts), folder
        self.rows = []
        # More tables for the report.
        self.notes = []
        self.only = None
        # (case, seconds), and when everything must be over.
        self.took = []
        self.end, self.case_limit = None, None
        os.makedirs(folder, exist_ok=True)

    def scaled(self, seconds):
        return seconds / self.scale

    def takeover(self, mount, cut_off=False):
        """The bound: without evidence L + 2 x poll, and what an NFS 4 server takes to give up a client that it does not hear."""
        server = 1.8 * self.lab.lease if cut_off and mount.startswith("nfs4") else 0
        return self.scaled(LONG + 2 * POLL) + server + LAB

    def environment(self, scale=None):
        return f"SHARELOCK_TIME_SCALE={scale or self.scale:g}"

    def row(self, mount, case, result, seconds=None, bound=None):
        result = " ".join(result.replace("|", "/").split())
        self.rows.append((mount, case, result, seconds, bound))
        sys.stdout.write(f"{mount:15} {case:42} {'' if seconds is None else f'{seconds:7.1f} s':9} {result}\n")
        sys.stdout.flush()

    def failed(self):
        return any(row[2].startswith("FAILED") for row in self.rows)

    def ends_at(self, end, case_limit):
        """From now on no case runs beyond `end`, or for longer than `case_limit` seconds."""
        self.end, self.case_limit = end, case_limit

        def over(number, frame):
            raise OutOfTime
        signal.signal(signal.SIGALRM, over)
        signal.setitimer(signal.ITIMER_REAL, max(1, end - time.monotonic()))

    def time_left(self):
        return self.end - time.monotonic()

    def run(self, name, work, mounts, known=None):
        """Runs one case on some mounts, judges its histories, and writes a row for each.

        `known`: (what the checker is expected to say, why): a weakness that is stated and not hidden; anything else still fails.
        """
        if self.only and not any(part in name for part in self.only):
            return
        if self.time_left() < 30:
            for mount in mounts:
                self.row(mount, name, OUT_OF_TIME)
            return
        begun = time.monotonic()
        late = self.attempt(name, work, mounts, known)
        # A busy computer makes emulated machines late for anything. Whoever was only that gets a second try, and the row says so.
        if late and self.time_left() > time.monotonic() - begun + 30:
            at_first = {row[0]: row[2] for row in self.rows if row[1] == name and row[0] in late}
            self.rows = [row for row in self.rows if row[1] != name or row[0] not in late]
            ran = len(self.rows)
            self.attempt(name + " again", work, late, known)
            self.rows[ran:] = [(mount, name, self.both(at_first[mount], result), *rest) for mount, _, result, *rest in self.rows[ran:]]
        self.took.append((name, time.monotonic() - begun))
        sys.stdout.write(f"{'':15} {name:42} {(time.monotonic() - begun) / 60:7.1f} min\n")
        sys.stdout.flush()

    @staticmethod
    def both(first, second):
        """A second try that did not come to its end mends nothing."""
        return first if second.startswith(OUT_OF_TIME) else f"{second} (second try; the first: {first.removeprefix('FAILED: ')})"

    def attempt(self, name, work, mounts, known):
        """Runs a case once; returns the mounts on which something was late, and nothing worse."""
        begun, day = time.monotonic(), None
        signal.setitimer(signal.ITIMER_REAL, min(self.time_left() - 20, self.case_limit or self.time_left()))
        try:
            day = Day(self, name, mounts, known)
            work(day)
            day.close()
        except OutOfTime:
            # Said of the case only if it had all the time that a case gets.
            hung = self.case_limit is not None and time.monotonic() - begun >= self.case_limit
            if day is None:
                for mount in mounts:
                    self.row(mount, name, f"FAILED: longer than {self.case_limit} s" if hung else OUT_OF_TIME)
            else:
                day.cut_off(f"longer than {self.case_limit} s" if hung else None)
        except Exception as error:  # noqa: BLE001 - a case that breaks must not hide the others
            if day is None:
                for mount in mounts:
                    self.row(mount, name, f"FAILED: {type(error).__name__}: {error}")
            else:
                for site in day.sites:
                    site.trouble = site.trouble or f"{type(error).__name__}: {error}"
                day.close()
        signal.setitimer(signal.ITIMER_REAL, max(1, self.time_left()))
        return [site.mount for site in day.sites if site.late] if day else []


class Day:
    """One case on all its mounts."""

    def __init__(self, bench, name, mounts, known):
        self.bench, self.lab, self.name, self.known = bench, bench.lab, name, known
        self.begun = time.monotonic()
        self.clock_error = max(in_parallel(lambda machine: machine.synchronise(), self.lab.all)) / 2
        self.sites = [Site(self, mount) for mount in mounts]

    def each(self, work):
        """Does something on every mount at once; a mount that failed is left out from then on."""
        def guarded(site):
            try:
                work(site)
            except Exception as error:  # noqa: BLE001
                site.trouble = f"{type(error).__name__}: {error}"
        in_parallel(guarded, [site for site in self.sites if site.trouble is None])

    def close(self):
        in_parallel(lambda site: site.close(), self.sites)

    def cut_off(self, trouble):
        """Judges what happened until now, and asks nobody anything: a machine that does not answer may be why there is no time left."""
        for site in self.sites:
            if not site.closed:
                site.trouble = site.trouble or trouble
                site.judge(site.gathered(until=time.monotonic()), OUT_OF_TIME)


class Site:
    """One database on one mount, and what happened to it."""

    def __init__(self, day, mount):
        self.day, self.bench, self.lab, self.mount = day, day.bench, day.lab, mount
        self.folder = f"/mnt/{mount}"
        self.name = f"{day.name.replace(' ', '-').replace(',', '')}-{mount}.db"
        self.database = f"{self.folder}/{self.name}"
        self.store = f"{self.folder}/.sharelock/{self.name.lower()}"
        self.events = [{"at": time.monotonic(), "what": "clocks", "error": day.clock_error}]
        self.holders = []
        self.trouble = None
        # What is not about belief has a history that is not judged.
        self.judged = True
        self.closed = False
        # It failed, and by nothing that more time might not have mended.
        self.late = False
        self.remark = "ok"
        self.seconds = None
        self.bound = None
        self.lock = threading.Lock()

    def event(self, who, what, at=None, **more):
        with self.lock:
            self.events.append({"at": time.monotonic() if at is None else at, "who": who, "what": what, **more})

    def hold(self, client, who=None, wait=1200, scale=None):
        """Starts somebody who waits for the lease and then holds it."""
        holder = Holder(self, getattr(self.lab, client), who or client, wait, scale)
        self.holders.append(holder)
        return holder

    def status(self, client, timeout=60):
        """Returns the state that `status --json` reports, and its exit code."""
        code, text = getattr(self.lab, client).sh(f"{self.bench.environment()} sharelock status --json {self.database}", timeout)
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        if not lines:
            raise Trouble(f"status said nothing: {text}")
        return lines[0]["state"], code

    def measured(self, seconds, bound):
        # Of several, the row shows what came nearest to its own bound.
        if self.seconds is None or seconds / bound > self.seconds / self.bound:
            self.seconds, self.bound = seconds, bound
        if seconds > bound:
            raise Trouble(f"took {seconds:.1f} s, the bound is {bound:.1f} s")

    def close(self):
        for holder in self.holders:
            holder.end()
        self.judge(self.gathered(), self.remark)

    def gathered(self, until=float("inf")):
        """Returns the history; bounds that lie beyond `until` were not waited for."""
        with self.lock:
            events = [event for event in self.events if event["what"] not in ("due", "must end") or event["at"] <= until]
        for holder in list(self.holders):
            events += holder.history()
        return sorted(events, key=lambda event: event["at"])

    def judge(self, events, sound):
        """Writes the history down, and the row: `sound` unless something is wrong."""
        self.closed = True
        believed = any(event["what"] in ("believes", "turn") for event in events)
        # Cut off before anybody could believe anything is no violation.
        wrong = checker.judge(events) if self.judged and (believed or sound != OUT_OF_TIME) else []
        path = f"{self.bench.folder}/{self.name}.jsonl"
        with open(path, "w") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
        known = self.day.known
        if known and wrong and not self.trouble and all(text.startswith(known[0]) for text in wrong):
            result = f"KNOWN: {wrong[0].split(' from ')[0]}: {known[1]}"
        elif wrong or self.trouble:
            result = "FAILED: " + "; ".join(([self.trouble] if self.trouble else []) + wrong)
            self.late = all(checker.is_late(text) for text in wrong)
            with open(f"{self.bench.folder}/{self.name}.log", "w") as file:
                for holder in self.holders:
                    file.write(f"--- {holder.who} on {holder.machine.name}, ended with {holder.job.code}\n")
                    file.writelines(f"{at:.3f} {line}\n" for at, line in list(holder.job.lines))
        else:
            result = sound
        self.bench.row(self.mount, self.day.name, result, self.seconds, self.bound)


class Holder:
    """A `sharelock hold --json` on a machine."""

    def __init__(self, site, machine, who, wait, scale):
        self.site, self.machine, self.who = site, machine, who
        self.asked = None
        self.died = None
        self.since = time.monotonic()
        self.job = machine.start(f"{site.bench.environment(scale)} exec sharelock hold --json -w {wait} {site.database}")

    def acquired(self, timeout):
        """Waits until it holds; returns how long that took since `self.since`."""
        at, _ = self.job.line('"acquired"', timeout)
        return at - self.since

    def line(self, part, timeout, since=0.0):
        return self.job.line(part, timeout, since)

    def goes_on(self, since, timeout):
        """Waits until it renews, or has the lease again after a doubt; returns when, and whether there was a doubt."""
        at, line = self.job.line(('"renewed"', '"acquired"', '"lost"'), timeout, since)
        if '"lost"' in line:
            raise LostToRival(f"{self.who} lost it")
        return at, any('"unsure"' in line for _, line in self.job.lines)

    def signal(self, number):
        self.job.signal(number)
        return time.monotonic()

    def kill(self):
        """As when a process crashes."""
        self.signal(signal.SIGKILL)
        self.job.wait(30)
        self.died = self.job.at
        return self.died

    def power_lost(self, at):
        self.died = at

    def ask_to_end(self):
        """Asks it to give back. It stops believing before it writes the end mark, so no later than it can have heard."""
        if self.asked is None and self.job.code is None:
            self.asked = time.monotonic()
            self.job.signal(signal.SIGTERM)

    def release(self, timeout=60):
        self.ask_to_end()
        if self.job.wait(timeout) != 0:
            raise Trouble(f"{self.who} could not give back: exit code {self.job.code}: {self.job.text()[-300:]}")

    def end(self):
        """At the end of a case, whatever happened."""
        try:
            if self.died is None:
                self.ask_to_end()
                self.job.wait(20)
        except Exception:  # noqa: BLE001 - the case has its verdict already
            try:
                self.job.signal(signal.SIGKILL, group=True)
            except Exception:  # noqa: BLE001
                pass

    def history(self):
        events, believing, begun = [], False, 0.0
        for at, line in list(self.job.lines):
            if not line.startswith("{"):
                continue
            event = json.loads(line)
            what = event["event"]
            if what == "acquired" and not believing:
                believing, begun = True, at
                events.append({"at": at, "who": self.who, "what": "believes", "token": event["token"]})
            elif what in ("unsure", "lost", "released") and believing:
                believing = False
                asked = self.asked if self.asked is not None and what == "released" else at
                events.append({"at": max(begun, min(at, asked)), "who": self.who, "what": "ends", "why": what})
        if believing and (self.died or self.job.code is not None):
            # Whoever was asked to give back and could not had stopped believing all the same.
            at = max(begun, self.died or min(self.job.at, self.asked or self.job.at))
            events.append({"at": at, "who": self.who, "what": "ends", "why": "killed" if self.died else f"exit {self.job.code}"})
        return events
