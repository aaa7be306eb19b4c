"""A real desktop on a screen that nobody sees: X server, session bus, Xfce's panel, its notification service, and one program.

What it starts it ends, by process id. Nothing of the user's own session is touched: bus, display, home and configuration are its own.
Hazard: waits that never end, and screenshots taken too early. Every wait has an end, and pictures are taken when two agree.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket as sockets
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "target/desktop"
LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu/xfce4")
WIDTH, HEIGHT, BAR = 800, 480, 30
LIGHT, DARK = (0.965, 0.961, 0.957), (0.169, 0.169, 0.169)

PANEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="{bar}"/>
      <property name="background-style" type="uint" value="1"/>
      <property name="background-rgba" type="array">
        <value type="double" value="{red}"/><value type="double" value="{green}"/>
        <value type="double" value="{blue}"/><value type="double" value="1.0"/>
      </property>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="icon-size" type="int" value="{icon}"/>
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""

# The notification service is not among what this bus starts by itself: whether it is there is the test's business.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""


class Failed(AssertionError):
    """What was waited for has not come."""


def wait_for(what, question, seconds=30.0):
    """Asks until the answer is something, and returns it."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s in vain: {what}")
        time.sleep(0.03)


class Picture:
    """Pixels of the screen, as rows of red, green, blue."""

    def __init__(self, data):
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+(\d+)\s", data)
        self.width, self.height, depth = (int(number) for number in header.groups())
        assert depth == 255, "8 bits a colour"
        self.pixels = data[header.end():]

    def at(self, x, y):
        start = (y * self.width + x) * 3
        return tuple(self.pixels[start:start + 3])

    def region(self, x, y, width, height):
        return [self.at(column, row) for row in range(y, y + height) for column in range(x, x + width)]

    def box_of_change(self, background, x, y, width, height):
        """The smallest box in the region that holds everything unlike the background, or nothing."""
        inked = [(column, row) for row in range(y, y + height) for column in range(x, x + width)
                 if far(self.at(column, row), background)]
        if not inked:
            return None
        columns, rows = [c for c, _ in inked], [r for _, r in inked]
        return min(columns), min(rows), max(columns) - min(columns) + 1, max(rows) - min(rows) + 1


def far(one, other, limit=40):
    return sum(abs(a - b) for a, b in zip(one, other)) > limit


def differing(one, other):
    return sum(far(a, b) for a, b in zip(one, other))


def bands(lines, gap):
    """Groups the numbers of inked lines into bands that at least `gap` bare lines part: (first, last)."""
    found = []
    for line in lines:
        if found and line - found[-1][1] <= gap:
            found[-1][1] = line
        else:
            found.append([line, line])
    return found


class Desktop:
    """Start it with `with`; it ends what it started."""

    def __init__(self):
        self.home = ARTEFACTS / "home"
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in ("config/xfce4/xfconf/xfce-perchannel-xml", "cache", "data", "services", "no-services"):
            (self.home / folder).mkdir(parents=True)
        # The path of a socket has 108 characters at most, and the tree may lie deep.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="sharelock-"))
        shutil.copy("/usr/share/dbus-1/services/org.xfce.Xfconf.service", self.home / "services")
        self.processes = {}
        keep = ("PATH", "LD_LIBRARY_PATH", "RUST_BACKTRACE")
        self.environment = {name: os.environ[name] for name in keep if name in os.environ} | {
            "HOME": str(self.home), "LANG": "C.UTF-8", "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11",
            "XDG_CONFIG_HOME": str(self.home / "config"), "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_DATA_HOME": str(self.home / "data"), "XDG_RUNTIME_DIR": str(self.sockets),
        }

    def __enter__(self):
        try:
            self.start_screen()
            self.environment["DBUS_SESSION_BUS_ADDRESS"] = self.start_bus("session")
            self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = self.start_bus("system")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in reversed(list(self.processes)):
            self.stop(name)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def start(self, name, *command, **options):
        log = open(ARTEFACTS / f"{name}.log", "ab")
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "env": self.environment} | options
        process = subprocess.Popen([str(part) for part in command], start_new_session=True, **options)
        self.processes[name] = process
        return process

    def stop(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        return process.returncode

    def call(self, *command, seconds=10):
        done = subprocess.run([str(part) for part in command], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=seconds)
        if done.returncode != 0:
            raise Failed(f"{command}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    # The screen, the bus, the panel, the notification service.

    def start_screen(self):
        reading, writing = os.pipe()
        self.start("screen", "Xvfb", "-displayfd", writing, "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp",
                   "-noreset", pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise Failed("no X server")
        self.environment["DISPLAY"] = f":{number}"

    def start_bus(self, kind, at=None):
        socket = self.sockets / (at or kind)
        config = self.home / f"{kind}.conf"
        services = self.home / ("services" if kind == "session" else "no-services")
        config.write_text(BUS.format(kind=kind, socket=socket, services=services))
        self.start(f"{kind}-bus", "dbus-daemon", "--nofork", "--nopidfile", f"--config-file={config}")
        def answers():
            # The file may be left of one that was killed.
            with contextlib.closing(sockets.socket(sockets.AF_UNIX)) as door:
                return door.connect_ex(str(socket)) == 0
        wait_for(f"the {kind} bus", answers)
        return f"unix:path={socket}"

    def kill_bus(self):
        """Takes the session bus away, and with it whoever shows things: they end with it, or cannot show anything any more."""
        self.stop("session-bus", signal.SIGKILL)
        for name in ("panel", "notifier"):
            if name in self.processes:
                self.stop(name)

    def start_panel(self, colour=LIGHT, icon=22):
        red, green, blue = colour
        channel = self.home / "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        if "panel" not in self.processes and not channel.exists():
            channel.write_text(PANEL.format(red=red, green=green, blue=blue, icon=icon, bar=BAR))
        else:
            self.call("xfconf-query", "-c", "xfce4-panel", "-p", "/panels/panel-1/background-rgba",
                      *(word for part in (red, green, blue, 1.0) for word in ("-t", "double", "-s", part)))
            self.call("xfconf-query", "-c", "xfce4-panel", "-p", "/plugins/plugin-1/icon-size", "-s", icon)
        self.background = tuple(round(part * 255) for part in colour)
        self.start("panel", "xfce4-panel", "--disable-wm-check")
        wait_for("a panel that shows icons", lambda: self.owner("org.kde.StatusNotifierWatcher"), 60)

    def start_notifier(self):
        self.start("notifier", LIBRARIES / "notifyd/xfce4-notifyd")
        wait_for("a notification service", lambda: self.owner("org.freedesktop.Notifications"), 60)

    def start_window_manager(self):
        self.start("wm", "xfwm4", "--compositor=off")
        wait_for("a window manager", lambda: b"window id" in self.call("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"), 30)

    # The bus.

    def bus(self, method, *arguments, destination="org.freedesktop.DBus", path="/org/freedesktop/DBus"):
        return self.call("gdbus", "call", "--session", "--timeout", 5, "--dest", destination, "--object-path", path,
                         "--method", method, *arguments).decode().strip()

    def owner(self, name):
        answer = self.bus("org.freedesktop.DBus.NameHasOwner", name)
        return "true" in answer

    def items(self):
        """The names under which icons are shown."""
        names = self.bus("org.freedesktop.DBus.ListNames")
        return re.findall(r"'(org\.kde\.StatusNotifierItem-[^']*)'", names)

    def property(self, name):
        """One property of the one icon, as gdbus writes it."""
        (item,) = self.items()
        answer = self.bus("org.freedesktop.DBus.Properties.Get", "org.kde.StatusNotifierItem", name, destination=item,
                          path="/StatusNotifierItem")
        return answer[2:-3] if answer.startswith("(<") else answer

    def menu(self):
        """The labels of the menu's lines by their numbers; a line without a label is a separator."""
        (item,) = self.items()
        answer = self.bus("com.canonical.dbusmenu.GetLayout", 0, "--", -1, "[]", destination=item, path="/MenuBar")
        found = {}
        for number, properties in re.findall(r"\((\d+), (?:@a\{sv\} )?\{([^}]*)\}", answer):
            label = re.search(r"'label': <(?:'([^']*)'|\"([^\"]*)\")>", properties)
            found[int(number)] = (label.group(1) or label.group(2)) if label else None
        return found

    # The screen as people see and use it.

    def look(self):
        """The screen, once it has stopped changing."""
        last = None
        def same():
            nonlocal last
            now = self.call("import", "-silent", "-window", "root", "-depth", 8, "ppm:-")
            same, last = now == last, now
            return same
        wait_for("a screen that stands still", same, 15)
        return Picture(last)

    def save(self, name, x=0, y=0, width=WIDTH, height=HEIGHT, zoom=1):
        path = ARTEFACTS / f"{name}.png"
        self.call("import", "-silent", "-window", "root", "-crop", f"{width}x{height}+{x}+{y}", "+repage", "-filter", "point",
                  "-resize", f"{zoom * 100}%", path)
        return path

    def icon_box(self, picture=None):
        return (picture or self.look()).box_of_change(self.background, 0, 2, WIDTH // 2, BAR - 4)

    def click(self, x, y, button=1):
        self.call("xdotool", "mousemove", x, y)
        self.call("xdotool", "click", button)

    def click_icon(self, button=1):
        x, y, width, height = wait_for("an icon", self.icon_box)
        self.click(x + width // 2, y + height // 2, button)

    def park(self):
        """Takes the mouse away from everything."""
        self.call("xdotool", "mousemove", WIDTH - 2, HEIGHT - 2)

    def windows(self):
        """The visible windows below the panel's row or over it, as boxes by number, without the panel's own."""
        def tree():
            try:
                return self.call("xwininfo", "-root", "-tree").decode()
            except Failed:
                return None  # A window has gone while it was looked at.
        answer = wait_for("the tree of windows", tree)
        found = {}
        for number in re.findall(r"^     (0x[0-9a-f]+) ", answer, re.M):
            try:
                facts = self.call("xwininfo", "-id", number).decode()
            except Failed:
                continue  # It has gone meanwhile.
            if "IsViewable" in facts:
                box = [int(re.search(rf"{what}:\s+(-?\d+)", facts).group(1))
                       for what in ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")]
                if box[2] > 40 and box[3] > 20 and not (box[2] == WIDTH and box[3] == BAR):
                    found[number] = box
        return found

    def new_window(self, before, what):
        def fresh():
            boxes = [box for number, box in self.windows().items() if number not in before]
            return boxes[0] if len(boxes) == 1 else None
        def settled():
            # Notifications are shown first and moved into their corner afterwards.
            box = fresh()
            time.sleep(0.2)
            return box if box == fresh() else None
        return wait_for(what, settled)

    def text_rows(self, box, gap=1):
        """The rows of text in a box, from its top, as middles; thin lines are no text."""
        picture, (x, y, width, height) = self.look(), box
        paper = picture.at(x + width - 6, y + height - 4)
        inked = [row for row in range(y + 2, y + height - 2)
                 if any(far(picture.at(column, row), paper, 90) for column in range(x + 4, x + width - 4))]
        return [(first + last) // 2 for first, last in bands(inked, gap) if last - first >= 5]

    def click_menu(self, label, shot=None):
        """Opens the icon's menu and clicks the line with that label; only lines of the first level can be named."""
        labels = self.visible_labels()
        before = self.windows()
        self.click_icon(3)
        box = self.new_window(before, "a menu")
        self.park()
        if shot:
            self.look()
            self.save(shot, box[0], 0, box[2] + 8, box[1] + box[3] + 8)
        rows = self.text_rows(box)
        if len(rows) != len(labels):
            raise Failed(f"{len(rows)} rows are drawn for {labels}")
        self.click(box[0] + box[2] // 2, rows[labels.index(label)])

    def visible_labels(self):
        """The labels of the first level, as they are drawn."""
        (item,) = self.items()
        answer = self.bus("com.canonical.dbusmenu.GetLayout", 0, 1, "['label', 'visible']", destination=item, path="/MenuBar")
        labels = re.findall(r"'label': <(?:'([^']*)'|\"([^\"]*)\")>", answer)
        return [(one or other).replace("__", "_") for one, other in labels]

    def click_button(self, number, box):
        """Clicks a button of a notification, counted from the left."""
        picture, (x, y, width, height) = self.look(), box
        row = self.text_rows(box)[-1]
        paper = picture.at(x + 8, row)
        inked = [column for column in range(x + 6, x + width - 6)
                 if any(far(picture.at(column, line), paper, 150) for line in range(row - 4, row + 5))]
        # Frames and letters are parted by little, labels by much.
        labels = [(first, last) for first, last in bands(inked, 14) if last - first > 8]
        first, last = labels[number]
        self.click((first + last) // 2, row)


class Program:
    """The program under test: lines in, lines out."""

    def __init__(self, desktop, *command, name="program", **environment):
        self.desktop, self.name = desktop, name
        self.process = desktop.start(name, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                     env=desktop.environment | environment)
        self.lines, self.unread = [], 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def expect(self, line, seconds=30):
        """Waits for that line after those that were expected before; others between are kept for `silent`."""
        def found():
            if line in self.lines[self.unread:]:
                self.unread = self.lines.index(line, self.unread) + 1
                return True
            return False
        try:
            wait_for(line, found, seconds)
        except Failed as failed:
            raise Failed(f"{failed}; since the last one it said {self.lines[self.unread:]}") from None

    def silent(self, seconds=0.5):
        """Fails if anything was said after the last line that was expected."""
        time.sleep(seconds)
        if self.lines[self.unread:]:
            raise Failed(f"unexpected: {self.lines[self.unread:]}")

    def switches(self):
        """How often each of its threads was woken since it began."""
        counts = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                status = (task / "status").read_text()
            except OSError:
                continue  # It has just ended.
            counts[task.name] = int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", status).group(1))
        return counts

    def woken_since(self, before):
        """How often its threads were woken since `before`; one that has ended meanwhile takes its count along."""
        return sum(count - before.get(name, 0) for name, count in self.switches().items())

    def resident_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1))
