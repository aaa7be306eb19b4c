#!/usr/bin/env python3
"""A presentation: a window in full screen, as the window manager makes it. `leave` makes it an ordinary one, the end of input ends it."""

import sys

from Xlib import X, display, protocol

screen = display.Display()
root = screen.screen().root
window = root.create_window(0, 0, 400, 300, 0, screen.screen().root_depth, X.InputOutput, X.CopyFromParent,
                            background_pixel=screen.screen().black_pixel)
window.set_wm_name("presentation")
window.set_wm_class("presentation", "Presentation")
state, full = screen.get_atom("_NET_WM_STATE"), screen.get_atom("_NET_WM_STATE_FULLSCREEN")
window.change_property(state, screen.get_atom("ATOM"), 32, [full])
window.map()
screen.sync()
print("there", flush=True)
for line in sys.stdin:
    # 0 takes the state away; 1 at the end: an ordinary program asks.
    message = protocol.event.ClientMessage(window=window, client_type=state, data=(32, [0, full, 0, 1, 0]))
    root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
    screen.sync()
    print("left", flush=True)
