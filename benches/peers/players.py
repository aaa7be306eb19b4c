"""The peers, and how to drive one: a process that reads orders and answers each with one line.

    take     wait until the lock is mine; answers when that was          (nanoseconds of a clock that the peer's players share)
    give     give it back; answers when that began
    cycle N  N times take and give; answers how long each took
    work N   N times, 1 ms apart: do I still believe? answers when I last did, and `told` or `untold`
    ask      is it still mine, asked as the documentation says: `held`, `lost`, or `none` where there is no way to ask
"""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCRATCH = ROOT / "target" / "peers"
NATIVE = SCRATCH / "native" / "target" / "release" / "peers"
SHARELOCK = ROOT / "target" / "release" / "sharelock"
PYTHON = SCRATCH / "python" / "bin" / "python"
NODE_MODULE = SCRATCH / "node" / "node_modules" / "proper-lockfile"
DOTLOCKFILE = SCRATCH / "debian" / "usr" / "bin" / "dotlockfile"
SHIM = SCRATCH / "shim.so"
#: In memory, where there is such a folder.
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None

living, folders = set(), set()


def new_folder(where):
    folder = Path(tempfile.mkdtemp(prefix="sharelock-peers-", dir=where))
    folders.add(folder)
    return folder


def remove_folder(folder):
    shutil.rmtree(folder)
    folders.discard(folder)


def leave_nothing_behind():
    """Ends every player, also the stopped ones, and removes every folder."""
    for player in list(living):
        player.signal(signal.SIGKILL)
    for folder in list(folders):
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Peer:
    """One candidate. `stale` is what makes its locks lapse soon, in its own terms; None where nothing does."""

    name: str
    kind: str
    waits: str
    argv: list
    #: Without one of these files it is not installed.
    needs: list
    stale: list = field(default_factory=list)
    hasty: dict = field(default_factory=dict)
    #: Seconds over which the moment of giving back is spread: the period with which it polls.
    spread: float = 0.25
    #: Flushes to the disk in one cycle.
    flushes: str = "none"
    #: A whole process is started for each turn.
    wraps: bool = False
    #: The system's own locks: what happens between machines is the file server's doing.
    kernel: bool = False

    def missing(self):
        """Returns what is not there, or None."""
        return next((str(Path(need).name) for need in self.needs if not Path(need).exists()), None)


def python(name, waits, module, **more):
    """A peer from PyPI."""
    package = next(iter(sorted(SCRATCH.glob(f"python/lib/*/site-packages/{module}"))), SCRATCH / "python" / module)
    return Peer(name, "Python", waits, [PYTHON, HERE / "player_python.py", name], [PYTHON, package], **more)


def wrapped(name, waits, command, needs, **more):
    """A peer that runs a command under its lock."""
    return Peer(name, "command", waits, [NATIVE, "command", *command], [NATIVE, *needs], wraps=True, **more)


OURS = Peer(
    "Sharelock", "Rust", "change events", [NATIVE, "sharelock"], [NATIVE], hasty={"SHARELOCK_TIME_SCALE": "60"}, flushes="2"
)
FILE_LOCK = python("FileLock", "polls 50 ms", "filelock", kernel=True)
SOFT_LEASE = python("SoftFileLease", "polls 50 ms", "filelock", stale=["2"])
PORTALOCKER = python("portalocker", "polls 250 ms", "portalocker", kernel=True)
FLUFL = python("flufl.lock", "polls 0-2 s", "flufl", stale=["1"])
PROPER = Peer(
    "proper-lockfile",
    "Node",
    "polls 50 ms (chosen here)",
    ["node", HERE / "player_node.js", NODE_MODULE],
    [NODE_MODULE],
    stale=["2000"],
)
GIX = Peer("gix-lock", "Rust", "polls, longer and longer", [NATIVE, "gix-lock"], [NATIVE])
OURS_RUN = wrapped("`sharelock run`", "change events", [SHARELOCK, "run", "FILE", "--"], [SHARELOCK], flushes="2")
FLOCK = wrapped("flock(1)", "kernel queue", ["flock", "FILE.lock"], ["/usr/bin/flock"], kernel=True)
DOT = wrapped(
    "dotlockfile",
    "polls 1 s (default 5 s)",
    [DOTLOCKFILE, "-l", "-r", "-1", "-i", "1", "FILE.lock"],
    [DOTLOCKFILE],
    spread=1.0,
)

LIBRARIES = [OURS, FILE_LOCK, SOFT_LEASE, PORTALOCKER, PROPER, GIX]
COMMANDS = [OURS_RUN, FLOCK, DOT]
#: Who is tried in the schedules of holders that die, sleep and are broken.
TRIED = [OURS, SOFT_LEASE, PROPER, FLUFL, DOT, GIX, FILE_LOCK, PORTALOCKER, FLOCK]


class Player:
    """One process of a peer, working on one database."""

    def __init__(self, peer, database, hasty=False, **shim):
        # The path stands where a wrapper says FILE, and else after the player's name.
        argv = [str(part).replace("FILE", str(database)) if peer.wraps else str(part) for part in peer.argv]
        if not peer.wraps:
            argv += [str(database)] + (peer.stale if hasty else [])
        state = str(SCRATCH / "state")
        environment = os.environ | {"XDG_STATE_HOME": state, "PYTHONDONTWRITEBYTECODE": "1"} | (peer.hasty if hasty else {})
        if any(name.startswith("SHIM") for name in shim):
            environment["LD_PRELOAD"] = str(SHIM)
        environment |= shim
        self.name = peer.name
        with open(SCRATCH / "players.log", "a") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True, bufsize=0
            )
        self.heard = b""
        living.add(self)

    def say(self, order):
        self.process.stdin.write(order.encode() + b"\n")

    def hear(self, seconds):
        """Returns the next answer, or None if there is none in time."""
        until = time.monotonic() + seconds
        while b"\n" not in self.heard:
            if not select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
                return None
            more = os.read(self.process.stdout.fileno(), 1 << 20)
            if not more:
                raise RuntimeError(f"the player of {self.name} ended")
            self.heard += more
        line, _, self.heard = self.heard.partition(b"\n")
        return line.decode()

    def do(self, order, seconds=60):
        self.say(order)
        answer = self.hear(seconds)
        if answer is None:
            raise RuntimeError(f"{self.name} did not answer to '{order}' within {seconds} s")
        return answer

    def signal(self, number):
        """Sends it to the player and all that it started."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        living.discard(self)
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
