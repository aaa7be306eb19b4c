#!/usr/bin/env python3
"""The machines of the lab: a server and three clients, emulated by QEMU without hardware acceleration, on a network of their own.

    lab.py up                 boots all of them, starts Samba and the NFS server, mounts every share of the small set
    lab.py sh A 'command'     runs a command as A's user (as root: root@A); its exit code is the command's
    lab.py put A file /path   copies a file into a machine
    lab.py cable A off|on     pulls A's network cable, or plugs it in
    lab.py kill A             power loss;   lab.py boot A   power back, with its mounts
    lab.py down               ends all of them

SHARELOCK_NETSHARE_STATE names the folder of one lab (target/netshare/lab unless set): several labs run side by side in different
folders. SHARELOCK_NETSHARE_IMAGE names what image.sh built (target/netshare/image). One program may talk to a machine at a time.

Nothing of this touches the network of the host: a cable is a pair of local sockets, a command travels through a virtual serial port.
"""
import hashlib
import json
import os
import queue
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGE = os.path.abspath(os.environ.get("SHARELOCK_NETSHARE_IMAGE", ROOT + "/target/netshare/image"))
STATE = os.path.abspath(os.environ.get("SHARELOCK_NETSHARE_STATE", ROOT + "/target/netshare/lab"))
# A socket's path may have 107 bytes, and a clone may lie deep.
SOCKETS = os.path.join(tempfile.gettempdir(), "sharelock-lab-" + hashlib.sha256(STATE.encode()).hexdigest()[:12])

CLIENTS = ("A", "B", "C")
USERS = {"A": ("ana", 1001), "B": ("bob", 1002), "C": ("cyd", 1003)}
NUMBER = {"A": 1, "B": 2, "C": 3}
MEMORY = {"srv": 384, "A": 256, "B": 256, "C": 256}

CPU = "max"
MAGIC = 0x544E4C53
RUN, PUT, SIGNAL, CLOCK = 1, 2, 3, 4
OUTPUT, EXITED, CLOCKS = 1, 2, 4
GONE = -1000

# What can be mounted: file system, options beyond those that every mount of the kind has. In the order of the tables.
MOUNTS = {
    "nfs3": ("nfs", "vers=3"),
    "nfs40": ("nfs", "vers=4.0"),
    "nfs41": ("nfs", "vers=4.1"),
    "nfs42": ("nfs", "vers=4.2"),
    "nfs3-nolock": ("nfs", "vers=3,nolock"),
    "nfs42-actimeo0": ("nfs", "vers=4.2,actimeo=0"),
    "nfs42-noac": ("nfs", "vers=4.2,noac"),
    "nfs42-soft": ("nfs", "vers=4.2,soft"),
    "smb": ("cifs", "vers=3.1.1"),
    "smb-nobrl": ("cifs", "vers=3.1.1,nobrl"),
    "smb-cachenone": ("cifs", "vers=3.1.1,cache=none"),
    "smb-nolease": ("cifs", "vers=3.1.1,nolease"),
    "smb-actimeo0": ("cifs", "vers=3.1.1,actimeo=0"),
    # Other shares of the same server, see guest/smb.conf.
    "smb-leases": ("cifs", "vers=3.1.1"),
    "smb-defaults": ("cifs", "vers=3.1.1"),
}
SMALL_SET = ("nfs3", "nfs42", "smb", "smb-nobrl")
SHARES = {"smb-leases": "leases", "smb-defaults": "defaults"}
LONG_SET = tuple(name for name in MOUNTS if name != "smb-defaults")


class Machine:
    """One emulated computer, and the agent inside it."""

    def __init__(self, name):
        self.name = name
        self.user = USERS.get(name, ("root", 0))
        self.socket = None
        self.jobs = {}
        self.sending = threading.Lock()
        # (from this boot-time clock on, host's clock minus the machine's), newest last: a pause or a boot begins another one.
        self.offsets = []
        self.process = None

    def path(self, suffix):
        return f"{STATE}/{self.name}.{suffix}"

    def cables(self):
        """The ends of this machine's cables: (mine, the other)."""
        if self.name == "srv":
            return [(f"srv-{client}", f"{client}-srv") for client in CLIENTS]
        return [(f"{self.name}-srv", f"srv-{self.name}")]

    def addresses(self):
        if self.name == "srv":
            return ",".join(f"10.0.{NUMBER[client]}.1/24" for client in CLIENTS)
        return f"10.0.{NUMBER[self.name]}.2/24"

    def arguments(self):
        khz = open(IMAGE + "/khz").read().strip()
        # The last two save the time that an emulated machine takes to find out about clocks; docs of the kernel's parameters.
        kernel = (f"console=ttyS0 quiet panic=-1 mitigations=off tsc_early_khz={khz} tsc=reliable random.trust_cpu=on no_timer_check"
                  f" lab.name={self.name} lab.addresses={self.addresses()}")
        words = ["qemu-system-x86_64", "-accel", "tcg,tb-size=128", "-cpu", CPU, "-smp", "1", "-m", str(MEMORY[self.name]),
                 "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-M", "q35,hpet=on",
                 "-kernel", IMAGE + "/vmlinuz", "-initrd", IMAGE + "/initrd", "-append", kernel,
                 "-chardev", f"file,id=console,path={self.path('console')},append=on", "-serial", "chardev:console",
                 "-qmp", f"unix:{SOCKETS}/{self.name}.qmp,server=on,wait=off",
                 "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={SOCKETS}/{self.name}.agent,server=on,wait=off",
                 "-device", "virtserialport,chardev=agent,name=agent"]
        disks = [(IMAGE + "/image", "on")]
        if self.name == "srv":
            disks += [(STATE + "/share.disk", "off"), (STATE + "/state.disk", "off")]
        for number, (disk, read_only) in enumerate(disks):
            words += ["-drive", f"file={disk},format=raw,if=none,id=disk{number},readonly={read_only},file.locking=off,cache=unsafe",
                      "-device", f"virtio-blk-pci,drive=disk{number}"]
        for number, (mine, other) in enumerate(self.cables()):
            words += ["-netdev", f"dgram,id=net{number},local.type=unix,local.path={SOCKETS}/{mine},"
                                 f"remote.type=unix,remote.path={SOCKETS}/{other}",
                      "-device", f"virtio-net-pci,netdev=net{number},id=card{number},romfile=,"
                                 f"mac=52:54:00:00:{NUMBER.get(self.name, 0):02x}:{number:02x}"]
        return words

    def boot(self):
        for name in [f"{self.name}.qmp", f"{self.name}.agent"] + [mine for mine, _ in self.cables()]:
            if os.path.exists(f"{SOCKETS}/{name}"):
                os.unlink(f"{SOCKETS}/{name}")
        with open(self.path("qemu"), "ab") as log:
            self.process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        with open(self.path("pid"), "w") as file:
            file.write(str(self.process.pid))

    def connect(self, timeout=90):
        """Waits until the agent answers."""
        end = time.monotonic() + timeout
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(f"{SOCKETS}/{self.name}.agent")
                break
            except OSError:
                connection.close()
                if time.monotonic() > end:
                    raise TimeoutError(f"{self.name} has no agent")
                time.sleep(0.02)
        self.socket = connection
        threading.Thread(target=self.read, args=(connection,), daemon=True).start()
        while time.monotonic() < end:
            try:
                self.clock(0.5)
                self.offsets = []
                self.synchronise()
                return self
            except TimeoutError:
                pass
        raise TimeoutError(f"{self.name} does not answer")

    def read(self, connection):
        magic, buffer = struct.pack("<I", MAGIC), b""
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                data = b""
            if not data:
                for job in list(self.jobs.values()):
                    job.ended(GONE, 0)
                return
            received = time.monotonic()
            buffer += data
            while (start := buffer.find(magic)) >= 0 and len(buffer) >= start + 16:
                _, number, kind, length = struct.unpack("<IIII", buffer[start:start + 16])
                if len(buffer) < start + 16 + length:
                    break
                body, buffer = buffer[start + 16:start + 16 + length], buffer[start + 16 + length:]
                job = self.jobs.get(number)
                if job is not None:
                    job.frame(kind, struct.unpack("<q", body[:8])[0], body[8:], received)

    def send(self, job, kind, body):
        self.jobs[job.number] = job
        with self.sending:
            self.socket.sendall(struct.pack("<IIII", MAGIC, job.number, kind, len(body)) + body)

    def start(self, command, root=False):
        """Starts a command as this machine's user."""
        job = Job(self, command)
        self.send(job, RUN, struct.pack("<I", 0 if root else self.user[1]) + command.encode())
        return job

    def sh(self, command, timeout=120, root=False):
        """Runs a command; returns its exit code and output."""
        job = self.start(command, root)
        return job.wait(timeout), job.text()

    def out(self, command, timeout=120, root=False):
        code, text = self.sh(command, timeout, root)
        if code != 0:
            raise RuntimeError(f"{self.name}: {command}: exit code {code}\n{text}")
        return text.strip()

    def root(self, command, timeout=120):
        return self.out(command, timeout, root=True)

    def put(self, local, path, mode=0o755):
        job = Job(self, f"put {path}")
        with open(local, "rb") as file:
            self.send(job, PUT, struct.pack("<I", mode) + path.encode() + b"\0" + file.read())
        if job.wait(120) != 0:
            raise RuntimeError(f"{self.name}: {path} cannot be written: error {job.code}")

    def clock(self, timeout=5):
        """Returns (offset, round trip, machine's boot-time clock, machine's wall clock), in seconds."""
        job = Job(self, "clock")
        begun = time.monotonic()
        self.send(job, CLOCK, b"")
        if not job.done.wait(timeout):
            raise TimeoutError(f"{self.name} does not answer")
        return (begun + job.received) / 2 - job.stamp, job.received - begun, job.stamp, job.wall

    def synchronise(self, since=None):
        """Measures the offset of this machine's clock, on it from `since` (the machine's clock) on."""
        best = min((self.clock() for _ in range(10)), key=lambda reading: reading[1])
        self.offsets.append((best[2] if since is None else since, best[0]))
        return best[1]

    def host_time(self, stamp):
        """Converts a stamp of this machine into the host's monotonic clock."""
        offset = self.offsets[0][1] if self.offsets else 0.0
        for since, candidate in self.offsets:
            if stamp >= since:
                offset = candidate
        return stamp + offset

    def machine_time(self, host):
        return host - self.offsets[-1][1]

    def command(self, *commands):
        """Asks QEMU itself."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(f"{SOCKETS}/{self.name}.qmp")
        stream = connection.makefile("rw")
        stream.readline()
        for name, arguments in (("qmp_capabilities", None),) + commands:
            stream.write(json.dumps({"execute": name} | ({"arguments": arguments} if arguments else {})) + "\n")
            stream.flush()
            while True:
                answer = json.loads(stream.readline())
                if "error" in answer:
                    raise RuntimeError(f"{self.name}: {name}: {answer['error']}")
                if "return" in answer:
                    break
        connection.close()
        return answer["return"]

    def cable(self, on):
        self.command(*[("set_link", {"name": f"card{number}", "up": on}) for number in range(len(self.cables()))])

    def pause(self):
        """The machine stands still, and its clocks with it; returns since when."""
        self.command(("stop", None))
        self.paused = time.monotonic()
        return self.paused

    def go_on(self):
        """Returns when it went on."""
        # What happens right afterwards must be on the host's clock as well, so the offset is known before it is measured.
        now = time.monotonic()
        self.offsets.append((self.machine_time(self.paused), self.offsets[-1][1] + now - self.paused))
        self.command(("cont", None))
        return now

    def kill(self):
        """Power loss. Ends only the process whose number was written down, and only if it is still this machine."""
        try:
            pid = int(open(self.path("pid")).read())
            if f"{self.name}.agent".encode() in open(f"/proc/{pid}/cmdline", "rb").read():
                os.kill(pid, signal.SIGKILL)
                if self.process is not None:
                    self.process.wait(20)
                while self.process is None and os.path.exists(f"/proc/{pid}") and "Z" not in open(f"/proc/{pid}/stat").read().rsplit(")")[1][:3]:
                    time.sleep(0.02)
            os.unlink(self.path("pid"))
        except (FileNotFoundError, ProcessLookupError):
            pass
        self.process = None


class Job:
    """A command in a machine. Every line it prints has a time on the host's clock, also its end."""

    def __init__(self, machine, command):
        self.machine, self.command_line = machine, command
        self.number = random.randrange(1, 1 << 31)
        self.output, self.rest = b"", b""
        self.code, self.at, self.stamp, self.received, self.wall = None, None, None, None, None
        self.lines = []
        self.news = queue.Queue()
        self.done = threading.Event()

    def frame(self, kind, stamp, body, received):
        stamp /= 1e9
        if kind == OUTPUT:
            self.output += body
            self.rest += body
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                # Converted now: the machine may be rebooted before anybody reads it.
                line = (self.machine.host_time(stamp), line.decode(errors="replace"))
                self.lines.append(line)
                self.news.put(line)
        elif kind == EXITED:
            self.ended(struct.unpack("<i", body)[0], stamp)
        elif kind == CLOCKS:
            self.wall, self.stamp, self.received = struct.unpack("<q", body)[0] / 1e9, stamp, received
            self.machine.jobs.pop(self.number, None)
            self.done.set()

    def ended(self, code, stamp):
        self.code = code
        self.at = time.monotonic() if code == GONE else self.machine.host_time(stamp)
        self.machine.jobs.pop(self.number, None)
        self.news.put(None)
        self.done.set()

    def wait(self, timeout=120):
        if not self.done.wait(timeout):
            raise TimeoutError(f"{self.machine.name}: {self.command_line}: not ended after {timeout} s\n{self.text()[-2000:]}")
        return self.code

    def text(self):
        return self.output.decode(errors="replace")

    def line(self, part, timeout=60, since=0.0):
        """Waits for the next line that contains `part` (one of several, as a tuple) and was printed after `since`.

        Returns its time on the host's clock, and the line.
        """
        parts = (part,) if isinstance(part, str) else part
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.news.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{self.machine.name}: {self.command_line}: no line with {part} in {timeout} s\n{self.text()[-2000:]}")
            if line is None:
                raise EOFError(f"{self.machine.name}: {self.command_line}: ended with {self.code} before {part}\n{self.text()[-2000:]}")
            if line[0] >= since and any(part in line[1] for part in parts):
                return line

    def signal(self, number, group=False):
        job = Job(self.machine, "signal")
        self.machine.send(job, SIGNAL, struct.pack("<III", self.number, number, int(group)))
        return job.wait(30)


class Lab:
    """The server and its three clients."""

    def __init__(self):
        self.srv, self.A, self.B, self.C = (Machine(name) for name in ("srv",) + CLIENTS)
        self.clients = [self.A, self.B, self.C]
        self.all = [self.srv] + self.clients
        self.files = []
        self.mounts = ()
        self.lease = 90
        # Until then an NFS server that has just started opens no file for writing, on the host's clock.
        self.grace_over = 0.0

    def up(self, lease=10, files=(), mounts=SMALL_SET):
        """Boots everything anew. `lease`: seconds of NFS lease and grace; `files`: (local, path) for every client."""
        os.makedirs(STATE, exist_ok=True)
        os.makedirs(SOCKETS, mode=0o700, exist_ok=True)
        self.lease, self.files, self.mounts = lease, list(files), tuple(mounts)
        self.down()
        for disk, size in (("share", 128), ("state", 64)):
            with open(f"{STATE}/{disk}.disk", "wb") as file:
                file.truncate(size << 20)
            subprocess.run(["/sbin/mkfs.ext4", "-q", f"{STATE}/{disk}.disk"], check=True)
        for machine in self.all:
            machine.boot()
        self.srv.connect()
        self.serve()
        in_parallel(self.arrive, self.clients)
        return self

    def serve(self):
        self.srv.root("serve disks")
        in_parallel(self.srv.root, ["serve samba", f"serve nfs {self.lease}"])
        self.grace_over = time.monotonic() + self.lease

    def arrive(self, client):
        """What a client needs after it was booted."""
        client.connect()
        for local, path in self.files:
            client.put(local, path)
        for name in self.mounts:
            self.mount(client, name)

    def mount(self, client, name):
        kind, options = MOUNTS[name]
        address, folder = f"10.0.{NUMBER[client.name]}.1", f"/mnt/{name}"
        if kind == "nfs":
            if "vers=3" in options:
                client.root("pidof rpcbind >/dev/null || rpcbind -w; pidof rpc.statd >/dev/null || rpc.statd")
            source = address + (":/srv/share/nfs" if "vers=3" in options else ":/")
            command = f"mount.nfs {source} {folder} -o {options}"
        else:
            user, number = client.user
            command = f"modprobe cifs; mount.cifs //{address}/{SHARES.get(name, 'share')} {folder} -o {options},username={user},password=secret,uid={number},gid=2000"
        client.root(f"mkdir -p {folder}; {command}")

    def attach(self):
        """Talks to machines that run already."""
        in_parallel(lambda machine: machine.connect(10), [machine for machine in self.all if os.path.exists(machine.path("pid"))])
        if os.path.exists(STATE + "/lab.json"):
            known = json.load(open(STATE + "/lab.json"))
            self.lease, self.files, self.mounts = known["lease"], known["files"], tuple(known["mounts"])
        return self

    def remember(self):
        json.dump({"lease": self.lease, "files": self.files, "mounts": self.mounts}, open(STATE + "/lab.json", "w"))

    def reboot(self, machine):
        """Power back after Machine.kill."""
        machine.boot()
        if machine is self.srv:
            machine.connect()
            self.serve()
        else:
            self.arrive(machine)

    def down(self):
        for machine in self.all:
            machine.kill()


def in_parallel(work, items):
    """Does the same with every item at once; raises the first error after all have ended."""
    errors, results = [], {}

    def one(number, item):
        try:
            results[number] = work(item)
        except BaseException as error:  # noqa: BLE001 - carried to the caller
            errors.append(error)

    threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in enumerate(items)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(threads))]


def main(words):
    if not words or words[0] not in ("up", "down", "sh", "put", "cable", "kill", "boot"):
        sys.exit(__doc__)
    lab = Lab()
    if words[0] == "up":
        begun = time.monotonic()
        binary = os.environ.get("SHARELOCK_NETSHARE_BINARY", ROOT + "/target/netshare/sharelock")
        lab.up(files=[(binary, "/usr/bin/sharelock")] if os.path.exists(binary) else []).remember()
        print(f"up in {time.monotonic() - begun:.1f} s; mounts {', '.join('/mnt/' + name for name in lab.mounts)}")
    elif words[0] == "down":
        lab.down()
    else:
        user, _, name = words[1].rpartition("@")
        machine = {machine.name: machine for machine in lab.all}[name]
        if words[0] == "kill":
            machine.kill()
        elif words[0] == "cable":
            machine.cable(words[2] == "on")
        elif words[0] == "boot":
            lab.attach()
            lab.reboot(machine)
        else:
            machine.connect(10)
            if words[0] == "put":
                machine.put(words[2], words[3])
                return
            code, text = machine.sh(words[2], float(os.environ.get("SECONDS", 600)), root=user == "root")
            sys.stdout.write(text)
            sys.exit(code if 0 <= code < 256 else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
