"""What the service takes: memory at rest, also after several sessions, the opening of a month's log, the answer to a status while a segmentation runs.

    service.py PROGRAMS [--days N] [--sessions N]

Exit status 1 if one of them is beyond its limit.
"""
import argparse
import contextlib
import datetime
import http.client
import json
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos-run"))
from programs import MODELS  # noqa: E402

LIMITS = {"memory at rest": (150, "MB"), "opening": (1, "s"), "status": (20, "ms")}
# A busy facility: sessions a day, and lines that each writes (12 grids of 60 lamellae write 2000).
SESSIONS_A_DAY, LINES_A_SESSION, STEPS_A_SESSION = 3, 2500, 700
SETTINGS = """\
session_dir: {folder}/sessions/session{number}
serialem_port: {port}
automation_level: 4
exclude_lamella_classes: [gone]
WG_detection_threshold: 0.5
WG_model: {models}/lamella-detector-sim
MM_model: {models}/lamella-segmenter-sim
"""


@contextlib.contextmanager
def service(programs, folder):
    """The service, its port, and how long it took until it answered."""
    os.makedirs(f"{folder}/sessions", exist_ok=True)
    begin = time.monotonic()
    process = subprocess.Popen(
        [f"{programs}/tomopilot", "serve", "--folder", folder, "--sessions", f"{folder}/sessions", "--models", os.path.abspath(MODELS),
         "--port", "0", "--infer", f"{programs}/tomopilot-infer"], stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if match := re.match(r"listening on .*:(\d+)", line):
                break
        else:
            sys.exit("the service did not start")
        connection = http.client.HTTPConnection("127.0.0.1", int(match.group(1)))
        ask(connection, "/v1/status")
        yield process, connection, time.monotonic() - begin
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def ask(connection, path, body=None):
    connection.request("GET" if body is None else "POST", path, body)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"{path}: {text.decode()}")
    return json.loads(text)


def resident_megabytes(process):
    with open(f"/proc/{process.pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


def fill(path, days):
    """So many days of sessions, as the service would have written them."""
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = 0
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        for number in range(1, days * SESSIONS_A_DAY + 1):
            begin = now - datetime.timedelta(hours=24 / SESSIONS_A_DAY * (days * SESSIONS_A_DAY - number + 1))
            text = begin.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            database.execute(
                "INSERT INTO session (id, position, name, folder, settings, base, state, added, started, ended) "
                "VALUES (?, ?, ?, '/data/s', 'automation_level: 4', '/data', 'done', ?, ?, ?)", (number, number, f"session {number}", text, text, text))
            database.executemany(
                "INSERT INTO event (session, time, level, kind, text) VALUES (?, ?, 'note', 'step', ?)",
                ((number, text, f"done: Map lamella {line} (3 min 20 s)") for line in range(LINES_A_SESSION)))
            database.executemany(
                "INSERT INTO stepTime (kind, seconds) VALUES (?, ?)",
                ((("medium-map", "segmentation", "targets", "recentring")[step % 4], 10.0 + step % 50) for step in range(STEPS_A_SESSION)))
            lines += LINES_A_SESSION
    return lines


def status_times(programs, folder, connection, number):
    """Milliseconds that a status took, each asked while a lamella of a session of level 4 was segmented; each session has other grids."""
    simulator = subprocess.Popen(
        [f"{programs}/serialem-sim", "--port", "0", "--seed", str(number), "--folder", folder, "--time-scale", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(simulator.stdout.readline().rsplit(":", 1)[1])
        session = ask(connection, f"/v1/queue?base={folder}", SETTINGS.format(folder=folder, number=number, port=port, models=os.path.abspath(MODELS)))
        times = []
        while True:
            begin = time.perf_counter()
            status = ask(connection, "/v1/status")
            taken = (time.perf_counter() - begin) * 1000
            if any(step["title"].startswith("Segment") for step in status["steps"]):
                times.append(taken)
            if status["state"] in ("idle", "held"):
                ended = next(one for one in ask(connection, "/v1/queue?all=true")["sessions"] if one["id"] == session["id"])
                if ended["state"] != "done" or ended.get("reason"):
                    sys.exit(f"the session did not reach level 4: {ended}")
                return times
            time.sleep(0.01)
    finally:
        simulator.terminate()
        simulator.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--sessions", type=int, default=10)
    options = parser.parse_args()
    holds = True

    def tell(what, value, words):
        nonlocal holds
        limit, unit = LIMITS[what]
        holds = holds and value < limit
        print(f"{words:62} {value:8.2f} {unit:2}  {'holds' if value < limit else 'FALLS SHORT'} (less than {limit} {unit})", flush=True)

    with tempfile.TemporaryDirectory(prefix="tomopilot-service-") as folder:
        with service(options.programs, folder) as (process, _, _):
            time.sleep(3)
            tell("memory at rest", resident_megabytes(process), "memory of the service at rest")
        lines = fill(f"{folder}/tomopilot.sqlite", options.days)
        with service(options.programs, folder) as (process, connection, seconds):
            tell("opening", seconds, f"from the start to the first answer, {lines} lines of log")
            begin = time.perf_counter()
            ask(connection, "/v1/queue?all=true")
            tell("opening", time.perf_counter() - begin, f"list of {options.days * SESSIONS_A_DAY} sessions")
            time.sleep(3)
            tell("memory at rest", resident_megabytes(process), "memory of the service at rest with them")
            times = []
            for number in range(1, options.sessions + 1):
                times += status_times(options.programs, folder, connection, number)
                print(f"memory of the service at the end of session {number}: {resident_megabytes(process):.0f} MB", flush=True)
            times.sort()
            if not times:
                sys.exit("no segmentation was seen")
            print(f"status while a lamella is segmented, asked {len(times)} times: median {statistics.median(times):.2f} ms, most {times[-1]:.2f} ms")
            tell("status", times[int(len(times) * 0.99)], "status while a lamella is segmented, 99 of 100")
            # What was still under way is over then, and its memory given back.
            time.sleep(20)
            tell("memory at rest", resident_megabytes(process), f"memory of the service at rest after {options.sessions} sessions of level 4")
    sys.exit(not holds)


if __name__ == "__main__":
    main()
