# Sourced by what tries the programs as people do, on Wine's own desktop, by mouse: tests/windows/agent and tests/windows/window.
#
# Its caller is given the folder of the programs. Screenshots go into target/windows, the last one named after the caller.
programs=$1
name=$(basename "$0")
pictures=$PWD/target/windows
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sharelock-$name.XXXXXXXX")
wine=/usr/lib/wine/wine64
export LC_ALL=C.UTF-8

started=()
end() {
    if [ -n "${DISPLAY:-}" ]; then import -window root "$pictures/$name-last.png" || true; fi
    /usr/lib/wine/wineserver64 -k 2>/dev/null || true
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$scratch"
}
trap end EXIT

windows_path() { printf 'Z:%s' "${1//\//\\}"; }
export SHARELOCK_CONFIG
SHARELOCK_CONFIG=$(windows_path "$scratch/sharelock.toml")
echo data >"$scratch/wems.db"
database=$(windows_path "$scratch/wems.db")

sharelock() { timeout 20 "$wine" "$programs/sharelock.exe" "$@" 2>"$scratch/talk" | tr -d '\r'; }
on_desktop() { "$wine" explorer "/desktop=lab,1000x650" "$@" >/dev/null 2>&1 & }
agent_says() { sharelock agent status --json; }
fail() {
    echo "FAILED: $1"
    agent_says || true
    cat "$scratch/talk" 2>/dev/null || true
    exit 1
}
steps=0
step() {
    echo "  $1"
    steps=$((steps + 1))
}
# wait_for WHAT COMMAND…: at most a minute, and more where everything is slow.
wait_for() {
    local what=$1 try
    shift
    for ((try = 0; try < 300; try++)); do
        if "$@"; then return 0; fi
        sleep 0.2
    done
    fail "waited in vain: $what"
}
says() { [[ $(agent_says || true) == *"$1"* ]]; }
answers() { agent_says >/dev/null; }
is_silent() { ! agent_says >/dev/null; }

# The notification area is at the right end of Wine's taskbar, at the bottom of its desktop; the pointer is elsewhere.
pixels() {
    xdotool mousemove 300 200
    import -window root -crop 24x18+974+631 +repage -depth 8 rgb:-
}
icon() { pixels | md5sum; }
# An icon has several shades; the panel has one, and Wine takes it off the desktop, which has one too, when no icon is left.
shades() { pixels | od -An -v -tx1 -w3 | sort -u; }
looks_like() { [ "$(icon)" = "$1" ]; }
looks_different() { [ "$(icon)" != "$1" ]; }
has_icon() { [ "$(shades | wc -l)" -ge 5 ]; }
has_none() { [ "$(shades | grep -v '00 00 00' | wc -l)" -eq 1 ]; }

# The menu is the one window of its size that is there only after the click. Prints left, top and height.
menu_place() {
    xwininfo -root -tree | sed -nE 's/^ *0x[0-9a-f]+ .* ([0-9]{2,3})x([0-9]{2,3})\+-?[0-9]+\+-?[0-9]+ +\+([0-9]+)\+([0-9]+)$/\1 \2 \3 \4/p' |
        awk '$1 > 80 && $1 < 700 && $2 > 100 && $2 < 400 && $3 > 300 && $4 > 200 { print $3, $4, $2; exit }'
}
menu_is_open() { [ -n "$(menu_place)" ]; }
menu_is_closed() { [ -z "$(menu_place)" ]; }
open_menu() {
    xdotool mousemove 988 640 sleep 0.2 click 3
    wait_for "the menu" menu_is_open
    sleep 0.3
}
# choose FROM_TOP | -FROM_BOTTOM: clicks that many pixels from an end of the menu; its lines are 19 high.
choose() {
    local left top height y
    open_menu
    [ -z "${2:-}" ] || import -window root "$pictures/$2.png"
    read -r left top height <<<"$(menu_place)"
    y=$(($1 < 0 ? top + height + $1 : top + $1))
    xdotool mousemove $((left + 40)) "$y" sleep 0.2 click 1
    wait_for "the menu to close" menu_is_closed
}
FIRST_VERB=32 DETAILS=51 QUIT=-12
# The menu of help opens beside the menu, and is as high as its three lines.
help_place() {
    xwininfo -root -tree | sed -nE 's/^.*\("sharelock-agent\.exe" .*\) +([0-9]+)x([0-9]+)\+-?[0-9]+\+-?[0-9]+ +\+([0-9]+)\+([0-9]+)$/\3 \4 \1 \2/p' |
        awk '$2 > 200 && $4 > 40 && $4 < 80 { print; exit }'
}
help_is_open() { [ -n "$(help_place)" ]; }
# choose_help FROM_TOP | -FROM_BOTTOM: the same in the menu of help.
choose_help() {
    local left top width height
    open_menu
    read -r left top height <<<"$(menu_place)"
    xdotool mousemove $((left + 40)) $((top + height - 59)) sleep 0.2 click 1
    wait_for "the menu of help" help_is_open
    sleep 0.3
    read -r left top width height <<<"$(help_place)"
    xdotool mousemove $((left + 40)) $(($1 < 0 ? top + height + $1 : top + $1)) sleep 0.2 click 1
    wait_for "the menu to close" menu_is_closed
}

# Begins with a screen, and Wine's desktop on it.
begin_desktop() {
    mkfifo "$scratch/display"
    Xvfb -displayfd 3 -screen 0 1024x700x24 -nolisten tcp -ac -noreset 3>"$scratch/display" >/dev/null 2>&1 &
    started+=($!)
    read -r number <"$scratch/display"
    export DISPLAY=:$number
    # Wine's desktop ends with the program that it was started with, and a second after the last one on it has ended: this one never does.
    echo 'void __stdcall Sleep(unsigned); int main(void) { for (;;) Sleep(60000); }' |
        x86_64-w64-mingw32-gcc -mwindows -xc - -o "$scratch/keeper.exe"
    on_desktop "$(windows_path "$scratch/keeper.exe")"
}
