"""The bad days: what happens to machines, cables, servers and shares while somebody holds the lease and somebody waits for it.

Every case states its bound (`Site.measured`, `Bench.takeover`), and its history goes to the checker: no two holders by the holders'
own belief, and nobody waits for ever.
"""
import signal
import time

from bench import FENCE, HEARTBEAT, LAB, LONG, PATIENCE, POLL, LostToRival, Trouble
from lab import SHARES, in_parallel


def hold_and_wait(day, rival=True):
    """A holds everywhere; B waits, where there is a rival."""
    def one(site):
        site.lab.A.out(f"umask 0; touch {site.database}")
        site.a = site.hold("A")
        site.a.acquired(60)
        site.b = None
        if rival:
            site.b = site.hold("B")
            # A wait begins with a look; without one nothing has been observed yet.
            site.b.line("Waiting for it", 60)
    day.each(one)


def taken_over(site, since, bound):
    """B gets it within the bound."""
    site.b.since = since
    site.event("B", "due", at=since + bound)
    site.measured(site.b.acquired(bound + 30), bound)
    site.b.release()


def still_mine(site, timeout):
    """A goes on renewing, with the lease that it had."""
    _, doubted = site.a.goes_on(time.monotonic(), timeout)
    if doubted:
        raise Trouble("the holder came to doubt what nobody may take from it")


def free_again(site):
    """Whatever happened, somebody else gets it once it is given back."""
    if site.b is None:
        site.b = site.hold("C")
        site.b.who = "C"
    begun = time.monotonic()
    site.a.release()
    site.b.since = begun
    bound = site.bench.scaled(2 * POLL) + LAB
    site.event(site.b.who, "due", at=begun + bound)
    site.b.acquired(bound + 30)
    site.b.release()


def process_killed(day):
    hold_and_wait(day)
    day.each(lambda site: taken_over(site, site.a.kill(), day.bench.takeover(site.mount)))


def process_killed_same_machine(day):
    """A colleague's process on the same machine and of the same user sees the death itself, and need not wait."""
    hold_and_wait(day, rival=False)

    def one(site):
        site.b = site.hold("A", "B")
        site.b.line("Waiting for it", 60)
        taken_over(site, site.a.kill(), LAB)
    day.each(one)


def wrapper_killed(rival):
    """`sharelock run` is killed, its program lives on for longer than any time-out. The program is the one that writes."""
    def work(day):
        bench = day.bench

        def one(site):
            site.lab.A.out(f"umask 0; touch {site.database}; printf '%019d\\n' 0 > {site.database}.counter")
            seconds = bench.scaled(LONG + 2 * POLL) + LAB + 4
            job = site.lab.A.start(f"{bench.environment()} exec sharelock run -w 60 {site.database} -- "
                                   f"sh -c 'echo begun; turn {site.database}.counter {seconds * 1000:.0f} > /tmp/{site.name}; echo over'")
            begun, _ = job.line("begun", 60)
            site.event("program", "believes", at=begun, token=None)
            job.signal(signal.SIGKILL)
            killed = time.monotonic()
            site.b = site.hold(rival, "B")
            # The pipe outlives the wrapper, because the program has it.
            end = time.monotonic() + seconds + 60
            while True:
                code, text = site.lab.A.sh(f"cat /tmp/{site.name}")
                if code == 0 and text.startswith("turn "):
                    break
                if time.monotonic() > end:
                    raise Trouble("the program did not end")
                time.sleep(1)
            over = site.lab.A.host_time(int(text.split()[2]) / 1e9)
            site.event("program", "ends", at=over, why="ended")
            bound = LAB if rival == "A" else bench.takeover(site.mount)
            site.event("B", "due", at=over + bound)
            site.b.since = killed
            site.seconds = site.b.acquired(bound + 30)
            site.b.release()
        day.each(one)
    return work


def powered_off(day):
    hold_and_wait(day)
    off = time.monotonic()
    day.lab.A.kill()
    for site in day.sites:
        if site.trouble is None:
            site.a.power_lost(off)
    day.each(lambda site: taken_over(site, off, day.bench.takeover(site.mount, cut_off=True)))
    day.lab.reboot(day.lab.A)

    def again(site):
        site.a = site.hold("A", "A again")
        bound = day.bench.scaled(2 * POLL) + LAB
        site.a.acquired(bound + 30)
        site.a.release()
    day.each(again)


def cable_out(seconds, rival):
    """For less than the fence the holder keeps it; for longer it stops believing before anybody else may begin."""
    def work(day):
        bench, longer = day.bench, seconds > FENCE
        hold_and_wait(day, rival)
        day.lab.A.cable(False)
        out = time.monotonic()

        def look(site):
            state, code = site.status("A")
            if state in ("free", "held", "mine") and code == 0 and time.monotonic() - out < bench.scaled(seconds):
                raise Trouble(f"without a cable, status said {state}")
        if bench.scaled(seconds) > PATIENCE + 5:
            day.each(look)
        if longer and rival:
            def over(site):
                site.event("A", "must end", at=out + bench.scaled(FENCE) + LAB)
                taken_over(site, out, bench.takeover(site.mount, cut_off=True))
            day.each(over)
        while time.monotonic() < out + bench.scaled(seconds):
            time.sleep(0.02)
        day.lab.A.cable(True)
        back = time.monotonic()

        def after(site):
            # What a cut-off client does next is the kernel's time-outs, which nobody divides.
            patience = 60 + LAB
            if longer and rival:
                site.a.line('"lost"', patience)
            else:
                try:
                    at, doubted = site.a.goes_on(back, patience)
                except LostToRival:
                    # What a client needs to find its server again is not divided. If that is longer than F, the rival may have it.
                    if site.b is None or site.b.acquired(LAB) + site.b.since < out + bench.scaled(FENCE):
                        raise
                    site.remark = "ok, the holder's machine was connected again too late, and the rival has it"
                    site.b.release()
                    return
                site.measured(at - back, patience)
                site.remark = "ok, with a new lease" if doubted else "ok, with the same lease"
                free_again(site)
        day.each(after)
    return work


def stopped(day):
    """SIGSTOP for longer than the time-out, then SIGCONT: the first thing it knows is that it does not know."""
    hold_and_wait(day)

    def one(site):
        site.a.signal(signal.SIGSTOP)
        at = time.monotonic()
        site.event("A", "halted", at=at)
        taken_over(site, at, day.bench.takeover(site.mount))
        site.event("A", "goes on", blind=1.0)
        on = site.a.signal(signal.SIGCONT)
        site.event("A", "must end", at=on + LAB)
        site.a.line('"lost"', 30 + LAB)
    day.each(one)


def stopped_without_rival(day):
    hold_and_wait(day, rival=False)

    def one(site):
        site.a.signal(signal.SIGSTOP)
        site.event("A", "halted")
        time.sleep(day.bench.scaled(LONG))
        site.event("A", "goes on", blind=1.0)
        on = site.a.signal(signal.SIGCONT)
        site.a.line('"acquired"', 30 + LAB)
        site.measured(time.monotonic() - on, 30)
        free_again(site)
    day.each(one)


def paused(rival):
    """Its host pauses the virtual machine: no clock of it runs, so it finds out at its next look at the ledger."""
    def work(day):
        bench = day.bench
        hold_and_wait(day, rival)
        at = day.lab.A.pause()
        for site in day.sites:
            site.event("A", "halted", at=at)
        if rival:
            day.each(lambda site: taken_over(site, at, bench.takeover(site.mount, cut_off=True)))
        else:
            time.sleep(bench.scaled(LONG))
        # A request that was lost in the pause is repeated by an NFS client after a minute, which nobody divides; until an answer
        # comes a holder believes to its fence at most.
        blind = {site: bench.scaled(FENCE if site.mount.startswith("nfs") else HEARTBEAT) + LAB for site in day.sites}
        on = day.lab.A.go_on()
        for site in day.sites:
            site.event("A", "goes on", at=on, blind=blind[site])
        day.lab.A.synchronise(since=day.lab.A.machine_time(on))

        def after(site):
            # The server may have forgotten the client meanwhile, which the kernel finds out first.
            if rival:
                site.event("A", "must end", at=on + blind[site])
                site.measured(site.a.line('"lost"', blind[site] + 60)[0] - on, blind[site])
            else:
                still_mine(site, 60 + LAB)
                free_again(site)
        day.each(after)
    return work


def suspended(rival):
    """The machine sleeps with a clock that counts sleep."""
    def work(day):
        bench = day.bench
        # Written before: nothing can be asked of a machine that sleeps. The device's clock counts whole seconds.
        hold_and_wait(day, rival)
        seconds = bench.scaled(LONG + 2 * POLL) + LAB
        for site in day.sites:
            site.event("", "clocks", error=1.0)
            site.events[-1].pop("who")
        begun = time.monotonic()
        job = day.lab.A.start("sleep 0.2; echo mem > /sys/power/state", root=True)
        while day.lab.A.command(("query-status", None))["status"] != "suspended":
            if time.monotonic() > begun + 20:
                raise Trouble("the machine does not go to sleep: " + job.text())
            time.sleep(0.05)
        at = time.monotonic()
        for site in day.sites:
            site.event("A", "halted", at=at)
        if rival:
            day.each(lambda site: taken_over(site, at, bench.takeover(site.mount, cut_off=True)))
        else:
            time.sleep(seconds)
        on = time.monotonic()
        before = day.lab.A.machine_time(at)
        day.lab.A.command(("system_wakeup", None))
        for site in day.sites:
            site.event("A", "goes on", at=on, blind=LAB)
        job.wait(60)
        day.lab.A.synchronise(since=before + 0.001)

        def after(site):
            if rival:
                site.event("A", "must end", at=on + LAB)
                site.a.line('"lost"', 60 + LAB)
            else:
                site.a.line('"acquired"', 60 + LAB)
                free_again(site)
        day.each(after)
    return work


def server_restarts(what):
    """Services or the whole server go away for some seconds; the holder keeps the lease, or has it again before anybody else."""
    def work(day):
        hold_and_wait(day)
        lab, begun = day.lab, time.monotonic()
        if what == "services":
            lab.srv.root("serve stop-samba; serve stop-nfs; sleep 1; rm -f /run/samba/*.pid; serve samba; "
                         f"serve nfs {lab.lease}")
        else:
            lab.srv.kill()
            lab.reboot(lab.srv)
        back = time.monotonic()

        def one(site):
            # NFS refuses new locks and opens for as long as old clients may claim theirs.
            bound = day.bench.scaled(FENCE) + 2 * lab.lease + 30
            try:
                at, doubted = site.a.goes_on(back, bound + 30)
            except LostToRival:
                # Its machine found the server again long after the rival's; with short durations that is longer than L.
                site.b.acquired(LAB)
                site.b.release()
                site.remark = "ok, the rival's machine was connected again first, and has it"
                return
            site.measured(at - begun, bound)
            site.remark = "ok, with a new lease" if doubted else "ok, with the same lease"
            # As long as old clients may claim their locks, nobody can open and so nobody can give back.
            time.sleep(max(0, back + 2 * lab.lease - time.monotonic()))
            site.a.goes_on(time.monotonic(), bound)
            free_again(site)
        day.each(one)
    return work


def clock_steps(day):
    """The holder's clock is a day ahead, the rival's a day behind, and the holder's is set while it holds."""
    lab, beat = day.lab, day.bench.scaled(HEARTBEAT) + 30
    wall = {client: client.clock()[3] for client in (lab.A, lab.B)}
    lab.A.root(f"date -s @{int(wall[lab.A]) + 86400}")
    lab.B.root(f"date -s @{int(wall[lab.B]) - 86400}")
    try:
        hold_and_wait(day)
        day.each(lambda site: still_mine(site, 60))
        for jump in (-2 * 86400, 3600):
            lab.A.root(f"date -s @{int(lab.A.clock()[3]) + jump}")

            def one(site):
                site.a.line('"unsure"', beat)
                site.a.line('"acquired"', beat)
            day.each(one)
        lab.B.root(f"date -s @{int(lab.B.clock()[3]) + 7 * 86400}")
        time.sleep(day.bench.scaled(LONG) + 2)
        day.each(lambda site: site.a.line('"renewed"', beat))
        # Killed under wrong clocks: neither too early (the checker) nor never.
        day.each(lambda site: taken_over(site, site.a.kill(), day.bench.takeover(site.mount)))
    finally:
        for client in (lab.A, lab.B):
            client.root(f"date -s @{int(lab.C.clock()[3])}")


def expect_exit(site, client, command, codes, words):
    code, text = getattr(site.lab, client).sh(f"{site.bench.environment()} {command}", 120)
    if code not in codes or not any(word in text.lower() for word in words):
        raise Trouble(f"{command.split()[1]} said {text.strip()[:200]!r} and ended with {code}, expected {codes} and one of {words}")


def share_full(day):
    """Nobody can begin on a full share, and is told so; who holds keeps it."""
    hold_and_wait(day, rival=False)
    lab = day.lab
    day.each(lambda site: site.lab.A.out(f"umask 0; touch {site.folder}/other-{site.name}"))
    lab.srv.root("dd if=/dev/zero of=/srv/share/filler bs=1M 2>/dev/null; dd if=/dev/zero of=/srv/share/filler2 bs=1k 2>/dev/null; sync; true")
    try:
        def one(site):
            expect_exit(site, "B", f"sharelock run -n {site.folder}/other-{site.name} -- true", (73,), ("full", "space"))
            still_mine(site, 60)
        day.each(one)
    finally:
        lab.srv.root("rm -f /srv/share/filler /srv/share/filler2")
    day.each(free_again)


def read_only(day):
    """The server's disk becomes read-only under a holder, as after an error, and writable again.

    An NFS server refuses every write then. Samba goes on writing through what is open, so that the holder's renewals arrive: it stays.
    """
    hold_and_wait(day, rival=False)
    lab = day.lab
    lab.srv.root("echo u > /proc/sysrq-trigger; for i in 1 2 3 4 5 6 7 8 9; do grep -q '/srv/share ext4 ro' /proc/mounts && break; sleep 0.3; done; "
                 "grep -q '/srv/share ext4 ro' /proc/mounts")
    begun = time.monotonic()
    try:
        def one(site):
            expect_exit(site, "B", f"sharelock run -n {site.folder}/never-{site.name} -- true", (73,), ("read-only", "read only"))
            state, _ = site.status("C")
            if state == "free":
                raise Trouble("status said free")
            if site.mount.startswith("nfs"):
                site.event("A", "must end", at=begun + day.bench.scaled(FENCE) + LAB)
        day.each(one)
        time.sleep(max(0, begun + day.bench.scaled(FENCE) + LAB + 1 - time.monotonic()))
    finally:
        lab.srv.root("mount -o remount,rw /srv/state; mount -o remount,rw /srv/share")
    back = time.monotonic()

    def after(site):
        _, doubted = site.a.goes_on(back, 60)
        site.remark = "ok, with a new lease" if doubted else "ok, with the same lease"
        free_again(site)
    day.each(after)


def on_server(mount):
    """Returns the server's folder behind a mount."""
    return "/srv/share/" + ("nfs" if mount.startswith("nfs") else SHARES.get(mount, "smb"))


def store_moved(day):
    """Somebody moves the store away and back, below the file server: whoever holds is not overtaken, and nobody is wedged."""
    hold_and_wait(day)

    def one(site):
        folder = on_server(site.mount)
        store = f"{folder}/.sharelock/{site.name.lower()}"
        site.lab.srv.root(f"mv {store} {store}.away")
        time.sleep(day.bench.scaled(2 * HEARTBEAT))
        code, text = site.lab.srv.sh(f"[ ! -e {store} ] && mv {store}.away {store}", root=True)
        site.remark = "ok" if code == 0 else "ok, a new store was begun meanwhile"
        if code != 0:
            site.lab.srv.root(f"rm -rf {store}.new; mv {store} {store}.new; mv {store}.away {store}")
        begun = time.monotonic()
        time.sleep(day.bench.scaled(2 * HEARTBEAT))
        site.a.ask_to_end()
        site.a.job.wait(60)
        taken_over(site, begun, day.bench.takeover(site.mount) + day.bench.scaled(LONG))
    day.each(one)


def store_restored(day):
    """An administrator puts the store back from a copy that is some leases old, while somebody holds."""
    def before(site):
        site.lab.A.out(f"umask 0; touch {site.database}")
        for _ in range(3):
            site.lab.A.out(f"{site.bench.environment()} sharelock run -w 60 {site.database} -- true")
        site.on_server = on_server(site.mount) + f"/.sharelock/{site.name.lower()}"
        site.lab.srv.root(f"cp -a {site.on_server} {site.on_server}.copy")
        for _ in range(3):
            site.lab.B.out(f"{site.bench.environment()} sharelock run -w 60 {site.database} -- true")
    day.each(before)
    hold_and_wait(day)

    def one(site):
        site.lab.srv.root(f"mv {site.on_server} {site.on_server}.old; mv {site.on_server}.copy {site.on_server}")
        at = time.monotonic()
        # An NFS client looks for a folder at its old place for as long as it caches that: a minute. What docs/PROTOCOL.md says is
        # not promised: such a holder finds out late. The time-outs that users have are longer than that.
        hidden = 60 if site.mount.startswith("nfs") else 0
        site.event("A", "must end", at=at + hidden + day.bench.scaled(FENCE) + LAB)
        # The old holder may have believed until its fence, and an unknown one is waited for besides.
        taken_over(site, at, day.bench.takeover(site.mount) + day.bench.scaled(LONG + FENCE) + hidden)
    day.each(one)


def rights(day):
    """On a server that hands out files which colleagues cannot write, the second user is told so, and not that it is locked."""
    in_parallel(lambda client: day.lab.mount(client, "smb-defaults"), day.lab.clients[:2])

    def one(site):
        site.judged = False
        database = "/mnt/smb-defaults/rights.db"
        site.lab.A.out(f"touch {database}; {site.bench.environment()} sharelock run {database} -- true")
        expect_exit(site, "B", f"sharelock run -w 60 {database} -- true", (77,), ("permission", "allowed", "rights"))
    day.each(one)


def slow_share(day):
    """100 ms of delay and 5 % of loss each way: slower, and nothing else."""
    import counter
    lab = day.lab
    shape = "/usr/sbin/tc qdisc replace dev eth0 root netem delay 50ms loss 5%"
    try:
        for client in lab.clients:
            client.root(shape)
        for number in range(3):
            lab.srv.root(f"/usr/sbin/tc qdisc replace dev eth{number} root netem delay 50ms loss 5%")

        def one(site):
            number = counter.prepare(site)
            begun = time.monotonic()
            # The delay is not divided, so the durations must not be divided by much: a claim has only so much time.
            loop = (f"i=0; while [ $i -lt 2 ]; do SHARELOCK_TIME_SCALE={min(2, site.bench.scale):g} sharelock run -w 600 {site.database} "
                    f"-- turn {number} 20 || exit $?; i=$((i + 1)); done")
            jobs = [(client.name, client, client.start(loop)) for client in site.lab.clients]
            counter.collect(site, jobs, number, 600)
            site.measured(time.monotonic() - begun, 480)
        day.each(one)
    finally:
        for client in lab.clients:
            client.root("/usr/sbin/tc qdisc del dev eth0 root; true")
        for number in range(3):
            lab.srv.root(f"/usr/sbin/tc qdisc del dev eth{number} root; true")
