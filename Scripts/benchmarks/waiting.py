"""How long the microscope waits for the computer in a session of level 4, at the pace of a real microscope.

    waiting.py PROGRAMS [--seed N] [--slots LIST] [--pace N] [--folder FOLDER]

The simulated microscope takes as long as a real one for everything that it does (loads, moves, exposures, read-outs, state changes), so the
time that the session takes beyond that is what the computer took: programs that start, models that open, commands on their way, analysis
that nothing could be done beside. With --pace N the microscope works N times faster than life, which takes less time here; less analysis then
fits beside its work, so that the figure can only be too high. Exit status 1 if it is 2 % or more.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos-run"))
from programs import MODELS  # noqa: E402

LIMIT = 0.02
SETTINGS = """\
session_dir: {folder}
serialem_port: {port}
automation_level: 4
grid_list: [{slots}]
WG_detection_threshold: 0.5
WG_model: {models}/lamella-detector-sim
MM_model: {models}/lamella-segmenter-sim
"""


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def busy_seconds(path):
    """What the microscope did, by what it was, in its own seconds; what runs beside something else is not counted twice."""
    found, free = {}, 0.0
    with open(path) as file:
        for event in map(json.loads, file):
            end = event["start"] + event["seconds"]
            taken = max(0.0, end - max(free, event["start"]))
            free = max(free, end)
            if event["kind"] == "wait":
                kind = "waits that SerialEM asks for" if event["command"] in ("Delay", "LoadCartridge") else "states, valves, apertures"
            else:
                kind = {"exposure": "images", "move": "stage", "tilt": "stage", "load": "grids", "unload": "grids"}[event["kind"]]
            found[kind] = found.get(kind, 0.0) + taken
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slots", default="1")
    parser.add_argument("--pace", type=float, default=1)
    parser.add_argument("--folder")
    options = parser.parse_args()
    folder = os.path.abspath(options.folder or tempfile.mkdtemp(prefix="tomopilot-waiting-"))
    os.makedirs(folder, exist_ok=True)
    simulator = subprocess.Popen(
        [f"{options.programs}/serialem-sim", "--port", "0", "--seed", str(options.seed), "--folder", folder, "--time-scale", str(options.pace),
         "--event-log", f"{folder}/events.jsonl"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(simulator.stdout.readline().rsplit(":", 1)[1])
        with open(f"{folder}/session.yaml", "w") as file:
            file.write(SETTINGS.format(folder=folder, port=port, slots=options.slots, models=os.path.abspath(MODELS)))
        expected = 30 * len(options.slots.split(",")) / options.pace
        begin = time.monotonic()
        session = subprocess.Popen(
            [f"{options.programs}/tomopilot", "run", f"{folder}/session.yaml", "--infer", f"{options.programs}/tomopilot-infer"],
            stdout=subprocess.DEVNULL)
        while session.poll() is None:
            if sys.stdout.isatty():
                print(f"\r{clock(time.monotonic() - begin)} of about {expected:.0f} minutes", end="", flush=True)
            time.sleep(1 if time.monotonic() - begin > 1 else 0.1)
        whole = time.monotonic() - begin
    finally:
        simulator.terminate()
        simulator.wait()
    # With 3 it came to its end without something that was asked for.
    if session.returncode not in (0, 3):
        sys.exit("the session failed")
    parts = busy_seconds(f"{folder}/events.jsonl")
    busy = sum(parts.values())
    waited = whole - busy / options.pace
    whole = busy + waited
    with open(f"{folder}/session_report.json") as file:
        grids = json.load(file)["grids"]
    print(f"\r{len(grids)} grids, {sum(len(grid['lamellae']) for grid in grids)} lamellae, level 4, {clock(whole)}" + " " * 20)
    for kind, seconds in sorted(parts.items(), key=lambda part: -part[1]):
        print(f"  {kind:32} {clock(seconds):>7}  {seconds / whole:6.1%}")
    print(f"  {'waiting for the computer':32} {clock(waited):>7}  {waited / whole:6.1%}, {LIMIT:.0%} allowed")
    sys.exit(waited / whole >= LIMIT)


if __name__ == "__main__":
    main()
