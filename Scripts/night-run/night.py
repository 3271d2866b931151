"""A night of twelve grids under the service, with everything that goes wrong at night, and the account of it in the morning.

    night.py PROGRAMS [--seed S] [--folder F] [--grids N]
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "chaos-run"))
from programs import MODELS  # noqa: E402
from verdict import exposures_twice  # noqa: E402

SETTINGS = """\
session_dir: {folder}/sessions/night
serialem_port: {port}
automation_level: {level}
grid_list: [{grids}]
on_grid_failure: retry
uncertain_steps: skip
exclude_lamella_classes: [gone, broken, wedge]
WG_detection_threshold: 0.5
target_score_threshold: 0.3
WG_model: {models}/lamella-detector-sim
MM_model: {models}/lamella-segmenter-sim
"""
# What the service waits for before it says that a step is overdue, and how long the two stalls last.
OVERDUE_MINUTES, STALL_SECONDS = 0.25, 25
# A night with less is no night.
LAMELLAE_PER_GRID = 5
# A session that does not come forward for so long hangs.
LONGEST_SILENCE = 900


class Trouble:
    """Something that goes wrong when the log of the service has a line, the n-th time that it has it."""

    def __init__(self, name, line, strike, after=0, session=None):
        self.name, self.line, self.strike, self.after, self.session = name, re.compile(line), strike, after, session
        self.struck = False

    def sees(self, text, session):
        if self.struck or (self.session is not None and session != self.session) or not self.line.search(text):
            return False
        self.after -= 1
        self.struck = self.after < 0
        return self.struck


class Night:
    def __init__(self, programs, folder, seed, grids):
        self.programs, self.folder, self.seed, self.grids = programs, folder, seed, grids
        self.begin = time.monotonic()
        self.service = None
        self.restarts = 0
        os.makedirs(f"{folder}/sessions", exist_ok=True)
        # A hook as a facility writes one: it gets each alarm as JSON.
        self.alarms = f"{folder}/alarms.jsonl"
        with open(f"{folder}/alarm-hook", "w") as file:
            file.write(f"#!/bin/sh\ntr '\\n' ' ' >> {self.alarms}\necho >> {self.alarms}\n")
        os.chmod(f"{folder}/alarm-hook", 0o755)
        lost = grids[4 % len(grids)]
        self.troubles = [
            Trouble("a refill begins", r"begin: Map lamella 2", self.fault(kind="refill", seconds=4000, when={"command": "MoveStageTo"}), session=1),
            Trouble("SerialEM ends in the middle of a map", r"begin: Map lamella 3", self.crash, after=1, session=1),
            Trouble("SerialEM stalls in an image", r"begin: Recentre lamella 2",
                    self.fault(kind="delayReply", seconds=STALL_SECONDS, when={"command": "Record"}), after=2, session=1),
            Trouble("the service is killed", r"begin: Segment lamella 4", self.kill_service, after=1, session=1),
            Trouble("SerialEM stalls in a montage", r"begin: Map lamella 1",
                    self.fault(kind="delayReply", seconds=STALL_SECONDS, when={"command": "Montage"}), after=3, session=1),
            Trouble("a grid comes back far from where it was, twice", rf"^grid \S+ \(slot {lost}\)",
                    self.fault(kind="displaced", micrometers=900, degrees=25, when={"times": 2}), session=2),
        ]

    # MARK: what happens

    def say(self, text):
        minutes, seconds = divmod(int(time.monotonic() - self.begin), 60)
        print(f"{minutes:3d}:{seconds:02d}  {text}", flush=True)

    def fault(self, **fields):
        return lambda: ask(self.control + "/faults", fields)

    def crash(self):
        # Once some of its pieces are taken.
        time.sleep(0.3)
        ask(self.control + "/crash", {"seconds": 3})

    def kill_service(self):
        self.service.kill()

    # MARK: programs

    def start_simulator(self):
        self.simulator = subprocess.Popen(
            [f"{self.programs}/serialem-sim", "--port", "0", "--control-port", "0", "--seed", str(self.seed), "--folder", self.folder,
             "--time-scale", "0", "--full-cassette", "--truth", f"{self.folder}/truth.json",
             "--exposure-log", f"{self.folder}/exposures.jsonl", "--event-log", f"{self.folder}/events.jsonl"],
            stdout=subprocess.PIPE, stderr=open(f"{self.folder}/simulator.log", "w"), text=True)
        self.control = self.simulator.stdout.readline().split()[-1]
        self.port = int(self.simulator.stdout.readline().rsplit(":", 1)[1])

    def start_service(self):
        """Starts the service, as systemd does whenever it has ended; the first start finds a free port."""
        self.service = subprocess.Popen(
            [f"{self.programs}/tomopilot", "serve", "--folder", f"{self.folder}/service", "--sessions", f"{self.folder}/sessions",
             "--models", os.path.abspath(MODELS), "--port", "0", "--overdue", str(OVERDUE_MINUTES),
             "--alarm-command", f"{self.folder}/alarm-hook", "--infer", f"{self.programs}/tomopilot-infer"],
            stdout=subprocess.PIPE, stderr=open(f"{self.folder}/service.log", "a"), text=True)
        for line in self.service.stdout:
            if match := re.match(r"listening on (\S+)", line):
                self.api = match.group(1)
                break
        else:
            sys.exit(f"the service did not start; see {self.folder}/service.log")
        threading.Thread(target=self.service.stdout.read, daemon=True).start()

    def queue(self, level):
        text = SETTINGS.format(folder=self.folder, port=self.port, level=level, grids=", ".join(map(str, self.grids)), models=os.path.abspath(MODELS))
        ask(f"{self.api}/v1/queue?base={self.folder}&name=level-{level}", text)

    # MARK: the night

    def pass_night(self):
        self.start_simulator()
        self.start_service()
        try:
            for level in (4, 5):
                self.queue(level)
            self.say("two sessions are queued: level 4 and then level 5 of " + f"{len(self.grids)} grids; everybody goes home")
            self.watch()
        finally:
            for process in (self.service, self.simulator):
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()

    def watch(self):
        """Reads the log as it grows, lets things go wrong, and does what systemd would do."""
        last, heard = 0, time.monotonic()
        while True:
            if self.service.poll() is not None:
                self.restarts += 1
                self.say("systemd starts the service again")
                self.start_service()
            try:
                events = ask(f"{self.api}/v1/log?after={last}&limit=1000")["events"]
                state = ask(f"{self.api}/v1/status")["state"] if not events else "running"
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
                continue
            for event in events:
                last, heard = event["id"], time.monotonic()
                self.take(event)
            if state in ("idle", "held"):
                if state == "held":
                    raise Morning("the queue is held: somebody has to help")
                return
            if time.monotonic() - heard > LONGEST_SILENCE:
                raise Morning(f"nothing was heard for {LONGEST_SILENCE} s")
            time.sleep(0.05)

    def take(self, event):
        session = event.get("session")
        text = event["text"]
        if event["level"] == "alarm":
            self.say("ALARM  " + text)
        elif event["kind"] in ("grid", "session", "skip"):
            self.say(text)
        for trouble in self.troubles:
            if trouble.sees(text, session):
                self.say("   >>  " + trouble.name)
                trouble.strike()

    # MARK: the morning

    def account(self):
        """A line for each lamella, and what is left unexplained."""
        with open(f"{self.folder}/sessions/night/session_report.json") as file:
            grids = json.load(file)["grids"]
        unexplained, lamellae, acquired, series = [], 0, 0, 0
        print()
        for grid in grids:
            why = grid.get("skipped") or grid.get("failed")
            print(f"{grid['name']} (slot {grid['slot']}): " + (why or f"{len(grid['lamellae'])} lamellae"))
            if not grid["lamellae"] and not why:
                unexplained.append(grid["name"])
            for lamella in grid["lamellae"]:
                lamellae += 1
                acquired += lamella["acquired"] > 0
                series += lamella["acquired"]
                note = lamella["note"] or ("" if lamella["acquired"] or not why else "with the grid")
                what = f"{lamella['acquired']} of {lamella['targets']} tilt series" if lamella["targets"] else f"level {lamella['level_reached']}, no targets"
                print(f"  L{lamella['number']:02d}  {lamella['class']:12} {what}" + (f"; {note}" if note else ""))
                # Nothing acquired, or less than was planned, wants a reason.
                if lamella["acquired"] < max(1, lamella["targets"]) and not note:
                    unexplained.append(f"{grid['name']} L{lamella['number']:02d}")
        return grids, unexplained, lamellae, acquired, series


class Morning(Exception):
    """The night did not come to its end."""


def ask(address, body=None):
    data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data), timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{address}: {error.read().decode()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--folder")
    parser.add_argument("--grids", type=int, default=12)
    options = parser.parse_args()
    folder = os.path.abspath(options.folder or tempfile.mkdtemp(prefix="tomopilot-night-"))
    os.makedirs(folder, exist_ok=True)
    night = Night(options.programs, folder, options.seed, list(range(1, 13))[-options.grids:])
    failure = None
    try:
        night.pass_night()
    except Morning as reason:
        failure = str(reason)
    grids, unexplained, lamellae, acquired, series = night.account()
    alarms = sum(1 for _ in open(night.alarms)) if os.path.exists(night.alarms) else 0
    twice = exposures_twice(folder)
    for words in twice:
        print("  exposed twice: " + words)
    for words in unexplained:
        print("  nobody can say what became of " + words)
    for trouble in night.troubles:
        if not trouble.struck:
            print("  did not happen: " + trouble.name)
    missed = sum(not trouble.struck for trouble in night.troubles)
    # One fails to load, and one is lost when it comes back.
    idle = [grid["name"] for grid in grids if not any(lamella["acquired"] for lamella in grid["lamellae"])]
    if len(idle) > 2:
        print(f"  too many grids without a tilt series: {', '.join(idle)}")
    wanted = LAMELLAE_PER_GRID * len(grids)
    if lamellae < wanted:
        print(f"  too few lamellae for a night: {lamellae} of {wanted}")
    holds = failure is None and not twice and not unexplained and not missed and lamellae >= wanted and len(idle) <= 2
    minutes, seconds = divmod(int(time.monotonic() - night.begin), 60)
    print(f"night: {len(grids)} grids, {lamellae} lamellae, {acquired} acquired with {series} tilt series; {alarms} alarms, "
          f"{night.restarts} restarts of the service, {len(twice)} areas exposed twice, {len(unexplained)} unexplained, {minutes}:{seconds:02d}: "
          + ("holds" if holds else f"FALLS SHORT{': ' + failure if failure else ''}") + f" ({folder})")
    sys.exit(not holds)


if __name__ == "__main__":
    main()
