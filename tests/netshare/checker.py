#!/usr/bin/env python3
"""Judges histories: who believed from when to when that the database was theirs, on one clock.

    checker.py HISTORY.jsonl …     prints what is wrong in each; exit code 1 if anything is
    checker.py --self-test         judges histories with planted violations: each must be found, and the sound ones must pass

A history is one JSON object a line, `at` in seconds on the host's clock, `who` a holder (a process that holds again is the same):

    {"at": 1.0, "who": "A", "what": "believes", "token": 7}       began to believe
    {"at": 2.0, "who": "A", "what": "ends", "why": "released"}    stopped believing: released, unsure, lost, killed, off, …
    {"at": 1.2, "who": "A", "what": "halted"}                     cannot act: its process or its machine stands still
    {"at": 1.9, "who": "A", "what": "goes on", "blind": 3.0}      acts again; `blind`: for so long docs/PROTOCOL.md lets it not know
    {"at": 3.0, "who": "B", "what": "due", "token": null}         by now B must have believed (at least once since the history began)
    {"at": 4.0, "who": "A", "what": "must end"}                   by now A must not believe
    {"at": 1.0, "until": 1.1, "who": "A", "what": "turn", "value": 3}    read 2 from the counter and wrote 3
    {"at": 9.0, "what": "counter", "value": 30}                   the counter at the end
    {"at": 0.0, "what": "clocks", "error": 0.003}                 no two machines' clocks are further apart than this

The hazard of a checker is that it passes what it did not see: a history without any belief or turn is itself a violation.
"""
import json
import sys

# Two processes of one machine, seen through pipes: an end is read a moment after it happened.
SLACK = 0.02


def spans(events, who):
    """Returns [begin, end, token] while `who` believes and can act; the end is infinite where the history leaves it open."""
    found, begun, token, halted = [], None, None, False

    def close(at):
        if begun is not None and not halted and at > begun:
            found.append([begun, at, token])

    for event in events:
        if event.get("who") != who:
            continue
        at, what = event["at"], event["what"]
        if what == "believes":
            begun, token = at, event.get("token")
        elif what == "ends":
            close(at)
            begun = None
        elif what == "halted":
            close(at)
            halted = True
        elif what == "goes on":
            halted = False
            if begun is not None:
                begun = at + event.get("blind", 0.0)
        elif what == "turn":
            found.append([at, event["until"], event.get("token")])
    close(float("inf"))
    return found


def judge(events):
    """Returns everything that is wrong, in words."""
    wrong = []
    slack = SLACK + sum(event.get("error", 0.0) for event in events if event["what"] == "clocks")
    holders = sorted({event["who"] for event in events if "who" in event})
    all_spans = [(begin, end, token, who) for who in holders for begin, end, token in spans(events, who)]
    all_spans.sort(key=lambda span: span[:2])
    if not all_spans:
        wrong.append("nobody ever believed anything")
    latest = None
    for span in all_spans:
        if latest is not None and span[0] < latest[1] - slack and span[3] != latest[3]:
            together = min(span[1], latest[1]) - span[0]
            wrong.append(f"two holders: {latest[3]} and {span[3]} for {together:.3f} s from {span[0]:.3f} on")
        if latest is None or span[1] > latest[1]:
            latest = span
    wrong += judge_form(events)
    wrong += judge_tokens(events)
    wrong += judge_bounds(events, slack)
    wrong += judge_counter(events)
    return wrong


def is_late(text):
    """Whether what `judge` found may come from a slow computer: somebody had to wait, and nobody believed too much."""
    return text.startswith("wedged: ") or text == "nobody ever believed anything"


def judge_form(events):
    wrong, state, last = [], {}, {}
    for event in events:
        who, what = event.get("who"), event["what"]
        if who is None or what in ("due", "must end"):
            continue
        if event["at"] < last.get(who, float("-inf")) - SLACK:
            wrong.append(f"{who} goes back in time at {event['at']:.3f}")
        last[who] = event["at"]
        if what == "believes":
            if state.get(who):
                wrong.append(f"{who} believes twice at {event['at']:.3f}")
            state[who] = True
        elif what == "ends":
            if not state.get(who):
                wrong.append(f"{who} ends what it did not have at {event['at']:.3f}")
            state[who] = False
    return wrong


def judge_tokens(events):
    wrong, before = [], None
    for event in sorted((event for event in events if event["what"] == "believes"), key=lambda event: event["at"]):
        token = event.get("token")
        if before is not None and token is not None and token <= before[0]:
            wrong.append(f"token {token} of {event['who']} does not exceed {before[0]} of {before[1]}")
        before = (token, event["who"]) if token is not None else before
    return wrong


def judge_bounds(events, slack):
    wrong = []
    for event in events:
        at, who = event["at"], event.get("who")
        believed = [other for other in events if other.get("who") == who and other["what"] in ("believes", "ends") and other["at"] <= at + slack]
        if event["what"] == "due" and not any(other["what"] == "believes" for other in believed):
            wrong.append(f"wedged: {who} does not have it at {at:.3f}")
        if event["what"] == "must end" and believed and believed[-1]["what"] == "believes":
            wrong.append(f"{who} still believes at {at:.3f}")
    return wrong


def judge_counter(events):
    wrong = []
    turns = sorted((event for event in events if event["what"] == "turn"), key=lambda event: event["at"])
    for number, turn in enumerate(turns, 1):
        if turn["value"] != number:
            wrong.append(f"turn {number} ({turn['who']} at {turn['at']:.3f}) wrote {turn['value']}: an earlier one was not seen")
            break
    for event in events:
        if event["what"] == "counter" and event["value"] != len(turns):
            wrong.append(f"the counter says {event['value']} after {len(turns)} turns: updates were lost")
    return wrong


def believes(at, who, token):
    return {"at": at, "who": who, "what": "believes", "token": token}


def ends(at, who, why="released"):
    return {"at": at, "who": who, "what": "ends", "why": why}


def event(at, who, what, **more):
    return {"at": at, "who": who, "what": what, **more}


SOUND = {
    "one after the other": [believes(1, "A", 1), ends(2, "A"), believes(2.1, "B", 2), ends(3, "B"), event(2.5, "B", "due")],
    "fenced, then taken over": [believes(1, "A", 1), ends(8, "A", "unsure"), believes(9, "B", 2)],
    "halted while another one has it": [believes(1, "A", 1), event(2, "A", "halted"), believes(9, "B", 2), ends(10, "B"),
                                        event(12, "A", "goes on"), ends(12.01, "A", "lost")],
    "blind for as long as is said": [believes(1, "A", 1), event(2, "A", "halted"), believes(9, "B", 2),
                                     event(12, "A", "goes on", blind=3), ends(14, "A", "lost"), event(15, "A", "must end")],
    "recovered with a larger token": [believes(1, "A", 1), ends(8, "A", "unsure"), believes(8.5, "A", 2), ends(9, "A")],
    "turns": [event(1, "A", "turn", until=2, value=1), event(3, "B", "turn", until=4, value=2), {"at": 5, "what": "counter", "value": 2}],
    "within the error of the clocks": [{"at": 0, "what": "clocks", "error": 0.1}, believes(1, "A", 1), ends(2.05, "A"), believes(2, "B", 2)],
}
PLANTED = {
    "two holders": [believes(1, "A", 1), believes(2, "B", 2), ends(3, "A"), ends(4, "B")],
    "two holders: one never ends": [believes(1, "A", 1), believes(900, "B", 2), ends(901, "B")],
    "two holders: inside a long hold, after a short one": [believes(1, "A", 1), ends(9, "A"), believes(2, "B", 2), ends(3, "B"),
                                                           believes(5, "C", 3), ends(6, "C")],
    "two holders: three at once": [believes(1, "A", 1), believes(2, "B", 2), believes(3, "C", 3)],
    "two holders: acts after it went on": [believes(1, "A", 1), event(2, "A", "halted"), believes(9, "B", 2), event(12, "A", "goes on"),
                                           ends(13, "A", "lost")],
    "two holders: longer than its blind time": [believes(1, "A", 1), event(2, "A", "halted"), believes(9, "B", 2),
                                                event(12, "A", "goes on", blind=3), ends(16, "A", "lost")],
    "two holders: more than the clocks' error": [{"at": 0, "what": "clocks", "error": 0.1}, believes(1, "A", 1), ends(2.2, "A"),
                                                 believes(2, "B", 2)],
    "two holders: turns": [event(1, "A", "turn", until=2, value=1), event(1.5, "B", "turn", until=3, value=2)],
    "does not exceed": [believes(1, "A", 5), ends(2, "A"), believes(3, "B", 5), ends(4, "B")],
    "does not exceed: goes back later": [believes(1, "A", 5), ends(2, "A"), believes(3, "B", 9), ends(4, "B"), believes(5, "A", 6)],
    "wedged": [believes(1, "A", 1), ends(2, "A", "killed"), event(20, "B", "due"), believes(25, "B", 2)],
    "still believes": [believes(1, "A", 1), event(9, "A", "must end"), ends(10, "A")],
    "believes twice": [believes(1, "A", 1), believes(2, "A", 2)],
    "ends what it did not have": [ends(1, "A")],
    "goes back in time": [believes(2, "A", 1), ends(1, "A")],
    "nobody ever believed": [event(1, "A", "halted")],
    "updates were lost": [event(1, "A", "turn", until=2, value=1), event(3, "B", "turn", until=4, value=2), {"at": 5, "what": "counter", "value": 1}],
    "was not seen": [event(1, "A", "turn", until=2, value=1), event(3, "B", "turn", until=4, value=1), {"at": 5, "what": "counter", "value": 2}],
}


def self_test():
    failed = 0
    for name, events in SOUND.items():
        wrong = judge(events)
        if wrong:
            failed += 1
            print(f"sound, but refused: {name}: {wrong}")
    for name, events in PLANTED.items():
        expected = name.split(":")[0]
        if not any(expected in text for text in judge(events)):
            failed += 1
            print(f"planted, and not found: {name}: {judge(events)}")
        if all(is_late(text) for text in judge(events)) != (expected in ("wedged", "nobody ever believed")):
            failed += 1
            print(f"wrongly told from what is only late: {name}: {judge(events)}")
    print(f"checker: {len(SOUND)} sound histories, {len(PLANTED)} planted violations, {failed} misjudged")
    return 1 if failed else 0


def main(words):
    if words == ["--self-test"]:
        return self_test()
    code = 0
    for path in words:
        with open(path) as file:
            wrong = judge([json.loads(line) for line in file])
        print(f"{path}: {'; '.join(wrong) or 'sound'}")
        code = code or (1 if wrong else 0)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
