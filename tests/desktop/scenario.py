#!/usr/bin/env python3
"""What draws on the desktop, on a real one: tests/desktop/run starts this with the planted agent's path."""

import os
import pathlib
import re
import signal
import sys
import time

from desktop import ARTEFACTS, BAR, DARK, HEIGHT, LIGHT, WIDTH, Desktop, Failed, Program, differing, wait_for

FACES = ("free", "mine", "held", "waiting", "stale", "unreachable")
# Of a panel icon's 22 by 22 pixels, how many must be another colour in every other state.
DIFFERENCE = 40
INHIBITED = "inhibited sleep:shutdown delay: Sharelock: Looking after what is held"
FULL_SCREEN = pathlib.Path(__file__).with_name("full_screen.py")
NOTICE_PATH = "/org/freedesktop/Notifications"


def step(name):
    print(f"  {name}", flush=True)


def check(fact, what):
    if not fact:
        raise Failed(what)


def icon(desktop):
    """The pixels where the icon is, at the panel's left end."""
    return desktop.look().region(0, 0, BAR + 6, BAR)


def show_faces(desktop, agent, shade):
    desktop.park()
    seen = {}
    for face in FACES:
        before = icon(desktop)
        agent.tell(f"show {face} calm take")
        wait_for(f"the icon of {face}", lambda: face == FACES[0] or differing(icon(desktop), before) > DIFFERENCE)
        seen[face] = icon(desktop)
        desktop.save(f"{face}-{shade}", 0, 0, BAR + 6, BAR, zoom=4)
    for one in FACES:
        for other in FACES:
            count = differing(seen[one], seen[other])
            check(one == other or count >= DIFFERENCE, f"{one} and {other} differ in {count} pixels on a {shade} panel")
    row = [ARTEFACTS / f"{face}-{shade}.png" for face in FACES]
    desktop.call("convert", *row, "+append", ARTEFACTS / f"faces-{shade}.png")


def notices_connection(desktop, agent):
    """The unique name under which the agent hears of notifications: its one name that shows no icon."""
    names = [name.strip(" '") for name in desktop.bus("org.freedesktop.DBus.ListNames").strip("([]),").split(",")]
    items = {desktop.bus("org.freedesktop.DBus.GetNameOwner", item) for item in desktop.items()}
    def is_ours(name):
        try:
            answer = desktop.bus("org.freedesktop.DBus.GetConnectionUnixProcessID", name)
        except Failed:
            return False  # It has gone meanwhile, as whoever listed the names has.
        return answer == f"(uint32 {agent.process.pid},)"
    (ours,) = [name for name in names if name.startswith(":") and f"('{name}',)" not in items and is_ours(name)]
    return ours


def open_notice(desktop, agent, order):
    before = desktop.windows()
    agent.tell(order)
    return desktop.new_window(before, "a notification")


def without_anybody(desktop, agent):
    step("nobody is there: said, and no more")
    agent.tell("show free calm take")
    for line in ("Tray(false)", "Notifier(false)"):
        wait_for(line, lambda: line in agent.lines)
    agent.unread = len(agent.lines)
    check(sorted(agent.lines) == ["Notifier(false)", "Tray(false)"], agent.lines)
    agent.tell("notify 1 open calm")
    agent.expect("Dismissed(NoticeKey(Key(1), Free))")
    agent.silent()


def icons(desktop, agent):
    step("a panel comes, and all six icons are told apart on it")
    desktop.start_panel(LIGHT)
    agent.expect("Tray(true)")
    show_faces(desktop, agent, "light")
    check(desktop.property("Title") == "'Sharelock & R_D'", desktop.property("Title"))
    check(desktop.property("Status") == "'Active'", desktop.property("Status"))
    tip = desktop.property("ToolTip")
    check("R&amp;D_1.db: &lt;b&gt;Marie Dupont&lt;/b&gt;" in tip, tip)

    step("attention is a mark and a status")
    calm = icon(desktop)
    agent.tell("show held attention take")
    wait_for("the mark", lambda: differing(icon(desktop), calm) > 15)
    check(desktop.property("Status") == "'NeedsAttention'", desktop.property("Status"))
    desktop.save("attention-light", 0, 0, BAR + 6, BAR, zoom=4)
    agent.tell("show held calm take")


def clicks(desktop, agent):
    step("a click on the icon")
    desktop.click_icon()
    agent.expect("Wish(Details(None))")
    step("the tooltip is text")
    desktop.park()
    before = desktop.windows()
    x, y, width, height = desktop.icon_box()
    desktop.call("xdotool", "mousemove", x + width // 2, y + height // 2)
    box = desktop.new_window(before, "a tooltip")
    desktop.look()
    desktop.save("tooltip", 0, 0, box[0] + box[2] + 8, box[1] + box[3] + 8)
    check(len(desktop.text_rows(box)) >= 3, "the tooltip's three lines are not drawn")
    desktop.park()
    wait_for("the tooltip to go", lambda: desktop.windows().keys() == before.keys())

    step("the menu, line by line")
    desktop.click_menu("Take R&D_1.db", shot="menu")
    agent.expect("Wish(Take(Key(1)))")
    desktop.click_menu("Tell me when it is free")
    agent.expect("Wish(ForgetMe(Key(1)))")
    desktop.click_menu("Quit")
    agent.expect("Wish(Quit)")

    step("a line that meant something else when it was shown is not obeyed")
    (number,) = [number for number, label in desktop.menu().items() if label == "Take R&D__1.db"]
    agent.tell("show held calm release")
    wait_for("the other menu", lambda: "Release R&D__1.db" in desktop.menu().values())
    (item,) = desktop.items()
    try:
        desktop.bus("com.canonical.dbusmenu.Event", number, "clicked", "<0>", 0, destination=item, path="/MenuBar")
        raise SystemExit("the old number was obeyed")
    except Failed as failed:
        check("id not found" in str(failed), failed)
    agent.silent()
    desktop.click_menu("Release R&D_1.db")
    agent.expect("Wish(Release(Key(1)))")


def notices(desktop, agent):
    step("a notification service comes, and a button is its own wish")
    desktop.start_notifier()
    agent.expect("Notifier(true)")
    desktop.park()
    box = open_notice(desktop, agent, "notify 1 open calm")
    desktop.look()
    desktop.save("notice", box[0] - 8, max(box[1] - 8, 0), box[2] + 8, box[3] + 16)
    desktop.click_button(0, box)
    agent.expect("Wish(Open(Key(1)))")
    agent.silent()

    step("a notice is replaced in its place, and a late answer to the first is dropped")
    before = desktop.windows()
    agent.tell("notify 1 open calm")
    box = desktop.new_window(before, "a notification")
    agent.tell("notify 1 tell calm")
    desktop.look()
    check(len(desktop.windows()) == len(before) + 1, "two notices are shown for one")
    desktop.click_button(0, box)
    agent.expect("Wish(NotifyMe(Key(1)))")

    step("withdrawn ones go, and are not dismissed")
    before = desktop.windows()
    open_notice(desktop, agent, "notify 1 open urgent")
    agent.tell("withdraw 1")
    wait_for("the notice to go", lambda: desktop.windows().keys() == before.keys())
    agent.silent()

    step("one that is clicked away is dismissed, not answered")
    box = open_notice(desktop, agent, "notify 1 open urgent")
    desktop.click(box[0] + box[2] - 30, box[1] + 20)
    agent.expect("Dismissed(NoticeKey(Key(1), Free))")
    agent.silent()

    step("what another program says in the service's name is not believed")
    open_notice(desktop, agent, "notify 1 open urgent")
    ours = notices_connection(desktop, agent)
    def forge(member, number, what):
        desktop.call("gdbus", "emit", "--session", "--dest", ours, "--object-path", NOTICE_PATH,
                     "--signal", f"org.freedesktop.Notifications.{member}", f"uint32 {number}", what)
    # The service counts from 1, and the showings are counted from 1.
    for number in range(1, 8):
        for serial in range(number, 8):
            forge("ActionInvoked", number, f"'{serial}.0'")
        forge("NotificationClosed", number, "uint32 2")
    agent.silent()

    step("the service dies: said, what it showed is gone, and the next one is used")
    desktop.stop("notifier")
    agent.expect("Dismissed(NoticeKey(Key(1), Free))")
    agent.expect("Notifier(false)")
    desktop.start_notifier()
    agent.expect("Notifier(true)")
    desktop.park()
    box = open_notice(desktop, agent, "notify 2 open calm")
    desktop.click_button(1, box)
    agent.expect("Wish(AnswerNo(Key(2)))")


def panel_again(desktop, agent):
    step("the panel dies and comes back dark: said, and the icons are told apart on it too")
    desktop.stop("panel")
    agent.expect("Tray(false)")
    desktop.start_panel(DARK)
    agent.expect("Tray(true)")
    show_faces(desktop, agent, "dark")


def hung(desktop, agent):
    step("a service that hangs keeps nobody waiting, and hears the last word when it wakes up")
    before = desktop.windows()
    desktop.processes["notifier"].send_signal(signal.SIGSTOP)
    agent.tell("notify 7 open urgent")
    agent.tell("notify 7 tell urgent")
    agent.tell("notify 8 open urgent")
    agent.tell("withdraw 8")
    calm = icon(desktop)
    agent.tell("show mine calm take")
    wait_for("the icon to change", lambda: differing(icon(desktop), calm) > DIFFERENCE, 3)
    desktop.processes["notifier"].send_signal(signal.SIGCONT)
    box = desktop.new_window(before, "one notification, of two")
    desktop.click_button(0, box)
    agent.expect("Wish(NotifyMe(Key(7)))")
    wait_for("the notice to go", lambda: desktop.windows().keys() == before.keys())
    agent.silent()
    agent.tell("show held calm take")


def modest_service(desktop, agent):
    step("a service that can do little is promised little")
    desktop.stop("notifier")
    agent.expect("Notifier(false)")
    service = Program(desktop, sys.argv[1], "notifier", name="modest", SHARELOCK_DESKTOP="1")
    agent.expect("Notifier(true)")
    agent.tell("notify 3 open calm")
    body = "Sharelock: R&D_1.db is free: Marie Dupont <PC-ACCUEIL> gave it back & you are next. []"
    service.expect(f"shown 1: {body} urgency Some(1) expires -1")
    agent.tell("notify 3 open urgent")
    service.expect(f"shown 1: {body} urgency Some(2) expires 0")

    step("while it must not disturb, only what is urgent is shown; the rest is when it may, if it is still true")
    service.tell("inhibit true")
    service.expect("asked whether it must not disturb: true")
    agent.tell("notify 4 open calm")
    agent.tell("notify 5 open calm")
    agent.tell("notify 6 open urgent")
    service.expect(f"shown 3: {body} urgency Some(2) expires 0")
    service.silent()
    agent.tell("withdraw 4")
    service.tell("inhibit false")
    service.expect("asked whether it must not disturb: false")
    service.expect(f"shown 4: {body} urgency Some(1) expires -1")
    service.silent()
    agent.silent()
    desktop.stop("modest")
    for key in (3, 5, 6):
        agent.expect(f"Dismissed(NoticeKey(Key({key}), Free))")
    agent.expect("Notifier(false)")
    desktop.start_notifier()
    agent.expect("Notifier(true)")


def bus_again(desktop, agent):
    step("the bus is killed: said, what was shown is gone, and nobody asks for it again and again")
    open_notice(desktop, agent, "notify 1 open urgent")
    agent.tell("show mine calm take")
    desktop.kill_bus()
    agent.expect("Dismissed(NoticeKey(Key(1), Free))")
    wait_for("Tray(false)", lambda: "Tray(false)" in agent.lines[agent.unread:])
    wait_for("Notifier(false)", lambda: "Notifier(false)" in agent.lines[agent.unread:])
    # It looks a few times whether it is back already.
    time.sleep(5)
    agent.unread = len(agent.lines)
    before = agent.switches()
    agent.tell("show held calm take")
    agent.tell("notify 2 open calm")
    agent.tell("notify 3 open calm")
    agent.tell("withdraw 3")
    agent.silent(10)
    woken = agent.woken_since(before)
    check(woken <= 20, f"woken {woken} times in 10 s by 4 orders")

    step("the bus is back at its address, with a panel and a notification service: so are the icon and what is still true")
    windows = desktop.windows()
    address = desktop.environment["DBUS_SESSION_BUS_ADDRESS"]
    desktop.environment["DBUS_SESSION_BUS_ADDRESS"] = desktop.start_bus("session", "made-elsewhere")
    desktop.start_panel(LIGHT)
    desktop.start_notifier()
    agent.silent(2)
    (desktop.sockets / "made-elsewhere").rename(desktop.sockets / "session")
    desktop.environment["DBUS_SESSION_BUS_ADDRESS"] = address
    wait_for("Tray(true)", lambda: "Tray(true)" in agent.lines[agent.unread:], 30)
    wait_for("Notifier(true)", lambda: "Notifier(true)" in agent.lines[agent.unread:], 30)
    box = desktop.new_window(windows, "one notification, of two")
    desktop.click_button(0, box)
    agent.expect("Wish(Open(Key(2)))")
    wait_for("an icon", desktop.icon_box)
    check(desktop.property("Title") == "'Sharelock & R_D'", desktop.property("Title"))
    agent.unread = len(agent.lines)


def full_screen(desktop, agent):
    desktop.stop("notifier")
    agent.expect("Notifier(false)")
    service = Program(desktop, sys.argv[1], "notifier", name="modest", SHARELOCK_DESKTOP="1")
    agent.expect("Notifier(true)")
    desktop.start_window_manager()
    body = "Sharelock: R&D_1.db is free: Marie Dupont <PC-ACCUEIL> gave it back & you are next. []"

    def covered():
        active = re.search(rb"0x[0-9a-f]+", desktop.call("xprop", "-root", "_NET_ACTIVE_WINDOW"))
        return active and b"FULLSCREEN" in desktop.call("xprop", "-id", active.group().decode(), "_NET_WM_STATE")

    def files():
        return len(os.listdir(f"/proc/{agent.process.pid}/fd"))

    number = 0
    for how in ("left", "closed"):
        step(f"over a window in full screen only what is urgent is shown; the rest when it is {how}, if it is still true")
        before = files()
        presentation = Program(desktop, "/usr/bin/python3", FULL_SCREEN, name="presentation")
        presentation.expect("there")
        wait_for("full screen", covered)
        agent.tell("notify 4 open calm")
        agent.tell("notify 5 open calm")
        agent.tell("notify 6 open urgent")
        number += 1
        service.expect(f"shown {number}: {body} urgency Some(2) expires 0")
        agent.tell("withdraw 6")
        service.expect(f"closed {number}")
        agent.tell("withdraw 4")
        service.silent(2)
        desktop.look()
        desktop.save("full-screen")
        counts = agent.switches()
        service.silent(5)
        # A thread that was asked something has ended, or ends now.
        woken = agent.woken_since(counts)
        check(woken <= 3, f"woken {woken} times in 5 s of full screen")
        if how == "left":
            presentation.tell("leave")
        else:
            desktop.stop("presentation")
        number += 1
        service.expect(f"shown {number}: {body} urgency Some(1) expires -1")
        service.silent()
        agent.tell("withdraw 5")
        service.expect(f"closed {number}")
        if how == "left":
            desktop.stop("presentation")
        wait_for("no connection to be left", lambda: files() <= before)

    step("what is withdrawn in full screen is not shown afterwards, and nothing is kept for it")
    presentation = Program(desktop, "/usr/bin/python3", FULL_SCREEN, name="presentation")
    presentation.expect("there")
    wait_for("full screen", covered)
    agent.tell("notify 4 open calm")
    wait_for("a connection to the screen", lambda: files() > before)
    agent.tell("withdraw 4")
    wait_for("no connection to be left", lambda: files() <= before)
    desktop.stop("presentation")
    service.silent(2)
    agent.silent()
    desktop.stop("wm")
    desktop.stop("modest")
    agent.expect("Notifier(false)")
    desktop.start_notifier()
    agent.expect("Notifier(true)")


def sleep(desktop, agent, logind):
    step("the computer sleeps when the agent is done, and later than that if it says nothing")
    logind.tell("sleep true")
    agent.expect("Sleep")
    logind.silent()
    agent.tell("sleep")
    logind.expect("released")
    logind.tell("sleep false")
    agent.expect("Wake")
    logind.expect(INHIBITED)
    logind.tell("sleep true")
    agent.expect("Sleep")
    logind.expect("released", 5)
    logind.tell("sleep false")
    agent.expect("Wake")
    logind.expect(INHIBITED)


def idle(desktop, agent):
    step("nothing happens, and nothing is done")
    desktop.look()
    before = agent.switches()
    agent.silent(10)
    woken = agent.woken_since(before)
    threads = len(os.listdir(f"/proc/{agent.process.pid}/task"))
    print(f"    woken {woken} times in 10 s, {threads} threads, {agent.resident_kib()} KiB resident")
    check(woken <= 1, f"woken {woken} times in 10 s")
    check(threads <= 3, f"{threads} threads")


def end(desktop, agent, logind):
    step("the computer shuts down, the session ends, and the agent with all that it showed")
    before = desktop.windows()
    open_notice(desktop, agent, "notify 1 open urgent")
    logind.tell("shutdown true")
    agent.expect("SessionEnds")
    logind.silent()
    agent.process.terminate()
    agent.expect("SessionEnds")
    check(agent.process.poll() is None, "the signal ended it")
    agent.tell("end")
    agent.expect("over")
    wait_for("the notice to go", lambda: desktop.windows().keys() == before.keys())
    check(agent.process.wait(5) == 0, "it failed")
    logind.expect("released")
    wait_for("the icon to go", lambda: not desktop.icon_box())


def main():
    with Desktop() as desktop:
        logind = Program(desktop, sys.argv[1], "logind", name="logind", SHARELOCK_DESKTOP="1")
        logind.expect("there")
        agent = Program(desktop, sys.argv[1], SHARELOCK_DESKTOP="1")
        try:
            logind.expect(INHIBITED)
            for scene in (without_anybody, icons, clicks, notices, hung, modest_service, panel_again, bus_again, full_screen, idle):
                scene(desktop, agent)
            sleep(desktop, agent, logind)
            end(desktop, agent, logind)
        except BaseException:
            desktop.save("failed", 0, 0, WIDTH, HEIGHT)
            print(f"the agent said {agent.lines}; see {ARTEFACTS}/failed.png", flush=True)
            raise


if __name__ == "__main__":
    main()
