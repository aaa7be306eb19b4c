"""The conformance suite on every mount, and the counter: three machines, three processes each, one unprotected number on the share."""
import time

from bench import Trouble

PROCESSES = 3
# How long one turn reads, waits and writes, in milliseconds: long enough that two at once collide.
TURN = 20
# What the durations are divided by here, at most: nine programs that look at one file keep emulated machines so busy that a claim
# needs longer than a twentieth, and now and then longer than a fifth, of its time. Nothing is waited for in this case but the others.
SCALE = 2


def conformance(day):
    """One suite of facts on the mount, as an ordinary user; the mounts are spread over the clients."""
    clients = day.lab.clients

    def one(site):
        client = clients[[other.mount for other in day.sites].index(site.mount) % len(clients)]
        begun = time.monotonic()
        site.judged = False
        code, text = client.sh(f"SHARELOCK_TEST_FOLDER={site.folder} RUST_BACKTRACE=0 conformance --test-threads 1 the_named_folder 2>&1", 600)
        site.seconds = time.monotonic() - begun
        if code != 0 or "1 passed" not in text:
            facts = [line for line in text.splitlines() if line.startswith("fact:")]
            panic = next((number for number, line in enumerate(text.splitlines()) if "panicked" in line), 0)
            raise Trouble(f"{facts[-1] if facts else 'no facts'}: {' '.join(text.splitlines()[panic:panic + 3])[:400]}")

    day.each(one)


def prepare(site):
    """A number of fixed length that every colleague may write."""
    counter = f"{site.folder}/{site.name}.counter"
    site.lab.A.out(f"umask 0; touch {site.database}; printf '%019d\\n' 0 > {counter}")
    return counter


def collect(site, jobs, counter, limit):
    """Turns into events; returns the number in the end."""
    end, trouble = time.monotonic() + limit, None
    for who, machine, job in jobs:
        code = job.wait(max(1, end - time.monotonic()))
        for _, line in job.lines:
            if line.startswith("turn "):
                _, begin, until, value = line.split()
                site.event(who, "turn", at=machine.host_time(int(begin) / 1e9), until=machine.host_time(int(until) / 1e9), value=int(value))
        if code != 0:
            trouble = trouble or f"{who} ended with {code}: {job.text()[-300:]}"
    value = int(site.lab.C.out(f"cat {counter}"))
    site.events.append({"at": time.monotonic(), "what": "counter", "value": value})
    # Said once all turns are known: what the others wrote is judged as well.
    if trouble:
        raise Trouble(trouble)
    return value


def with_lease(holds, first=False):
    """`first`: nobody has used the database before, so that all of them make its store at once."""
    def work(day):
        def one(site):
            counter = prepare(site)
            if not first:
                site.lab.A.out(f"sharelock run -w 60 {site.database} -- true")
            begun = time.monotonic()
            loop = (f"i=0; while [ $i -lt {holds} ]; do SHARELOCK_TIME_SCALE={min(SCALE, site.bench.scale):g} sharelock run -w 1500 {site.database} "
                    f"-- turn {counter} {TURN} || exit $?; i=$((i + 1)); done")
            jobs = [(f"{client.name}{number}", client, client.start(loop)) for client in site.lab.clients for number in range(PROCESSES)]
            collect(site, jobs, counter, 1500)
            site.seconds = time.monotonic() - begun
            site.remark = f"ok, {site.seconds / (holds * len(jobs)):.2f} s per hold"
        day.each(one)
    return work


def without_lease(holds):
    """The same without a lease must go wrong, or the counter proves nothing. Judged here: the checker has to find it."""
    import checker

    def work(day):
        def one(site):
            site.judged = False
            counter = prepare(site)
            jobs = [(f"{client.name}{number}", client, client.start(f"turn {counter} {TURN} {holds}"))
                    for client in site.lab.clients for number in range(PROCESSES)]
            value = collect(site, jobs, counter, 300)
            wrong = checker.judge(sorted(site.events, key=lambda event: event["at"]))
            if not any("two holders" in text for text in wrong) or not any("lost" in text for text in wrong):
                raise Trouble(f"not noticed: {wrong}")
            site.remark = f"ok: {value} of {holds * len(jobs)} updates are left, and the checker says so"
        day.each(one)
    return work
