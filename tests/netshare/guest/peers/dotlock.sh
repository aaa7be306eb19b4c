#!/bin/sh
# dotlockfile in the role of `sharelock hold`, and in a loop.    dotlock.sh hold|cycle FILE
if [ "$1" = cycle ]; then
    for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do
        begun=$(awk '{ print $1 }' /proc/uptime)
        dotlockfile -l -r 100 "$2" && dotlockfile -u "$2"
        awk -v begun="$begun" '{ print "cycle", $1 - begun }' /proc/uptime
    done
    exit
fi
dotlockfile -l -i 1 -r 1000 "$2" || exit
echo acquired
trap 'dotlockfile -u "$2"; echo released; exit' TERM
while :; do sleep 0.1; done
