"""A facility's day: maps are analysed by the jobs of a Slurm cluster, one of whose two nodes is killed in the middle.

    day.py PROGRAMS [--maps N] [--folder F]
"""
import argparse
import collections
import filecmp
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from cluster import Cluster, NoCluster  # noqa: E402

MODEL = os.path.join(HERE, "..", "..", "Models", "lamella-segmenter-sim")
# A worker that says nothing for so long is dead; a killed node may meet a map more than once until Slurm knows of it.
SETTINGS = """\
analysis: slurm
analysis_host: 127.0.0.1
analysis_port: 0
analysis_token_file: token
analysis_lease: 5
analysis_attempts: 5
analysis_time_limit: 5
analysis_fallback: report
analysis_jobs: 6
slurm_partition: main
slurm_arguments: ['--mem=0']
slurm_worker: {worker}
"""
TOKEN = "a-word-that-nobody-may-read-in-a-job"
# A day that does not come forward for so long hangs.
LONGEST_SILENCE = 180


def write_png(path, width, height, grey):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + grey[row * width:(row + 1) * width] for row in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def make_maps(programs, folder, count):
    """Simulated lamella maps as the simulator draws them; a grid gives some twenty."""
    maps, seed = [], 70
    os.makedirs(f"{folder}/maps")
    while len(maps) < count:
        subprocess.run([f"{programs}/serialem-sim", "training-data", "--kind", "segmenter", "--seeds", str(seed), "--out", f"{folder}/drawn-{seed}"],
                       check=True, capture_output=True, timeout=300)
        images = f"{folder}/drawn-{seed}/images"
        for name in sorted(os.listdir(images))[:count - len(maps)]:
            data = open(f"{images}/{name}", "rb").read()
            width, height = map(int, data.split(b"\n", 2)[1].split())
            path = f"{folder}/maps/{name.removesuffix('.pgm')}.png"
            write_png(path, width, height, data[-width * height:])
            maps.append(path)
        seed += 1
    return maps


class Command:
    """`tomopilot segment` with the maps of the day; what it says is read line by line."""

    def __init__(self, programs, folder, cluster, maps, out):
        self.lines, self.new = [], threading.Condition()
        self.process = subprocess.Popen(
            [f"{programs}/tomopilot", "segment", *maps, "--model", MODEL, "--pixel-size", "20", "--out", out, "--analysis", f"{folder}/analysis.yaml"],
            env=cluster.environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.new:
                self.lines.append(line.rstrip())
                self.new.notify_all()
        with self.new:
            self.lines.append(None)
            self.new.notify_all()

    def follow(self):
        """Each line as it comes."""
        place = 0
        while True:
            with self.new:
                if not self.new.wait_for(lambda: place < len(self.lines), LONGEST_SILENCE):
                    raise NoCluster(f"nothing happened for {LONGEST_SILENCE} s")
                line = self.lines[place]
            if line is None:
                return
            place += 1
            yield line

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Day:
    def __init__(self, programs, folder, count):
        self.programs, self.folder, self.count = programs, folder, count
        self.begin = time.monotonic()
        self.takers = collections.defaultdict(list)   # map: nodes, in order
        self.done = collections.defaultdict(list)     # map: (node, seconds)
        self.problems = []
        self.killed = None

    def prepare(self):
        worker = f"{self.folder}/worker"
        # What a facility would install on its nodes; all models and maps come over HTTP.
        with open(os.open(worker, os.O_WRONLY | os.O_CREAT, 0o755), "w") as file:
            file.write(f"#!/bin/sh\n[ \"$1\" = worker ] && shift\nexec '{self.programs}/tomopilot' worker --folder '{self.folder}/models' --threads 1 \"$@\"\n")
        with open(f"{self.folder}/analysis.yaml", "w") as file:
            file.write(SETTINGS.format(worker=worker))
        with open(os.open(f"{self.folder}/token", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(TOKEN + "\n")
        self.maps = make_maps(self.programs, self.folder, self.count)

    def take(self, line):
        if match := re.match(r"(?:WARNING)? *(\S+): taken by Slurm's job (\d+) on (\S+)$", line):
            self.takers[match[1]].append(match[3])
            return "taken", match[1], match[3]
        if match := re.match(r"(?:WARNING)? *(\S+): done by Slurm's job (\d+) on (\S+) in (.+)$", line):
            self.done[match[1]].append((match[3], match[4]))
            return "done", match[1], match[3]
        return None

    def pass_day(self, cluster):
        """All maps, with node b killed while it works once a third is done."""
        command = Command(self.programs, self.folder, cluster, self.maps, f"{self.folder}/results")
        working = set()   # maps on node b
        try:
            for line in command.follow():
                known = self.take(line)
                if line.startswith(("WARNING", "tomopilot:")) or " earlier run " in line:
                    print("  " + " ".join(line.split()), flush=True)
                if known and known[2] == "b":
                    (working.add if known[0] == "taken" else working.discard)(known[1])
                if self.killed is None and working and len(self.done) >= self.count // 3:
                    self.look_for_token(cluster)
                    processes = cluster.kill_node("b")
                    self.killed = next(iter(working))
                    print(f"  node b killed with {processes} processes, while it works on {self.killed}; {len(self.done)} maps done", flush=True)
        finally:
            command.end()
        if command.process.returncode != 0:
            self.problems.append(f"tomopilot ended with status {command.process.returncode}")
        if self.killed is None:
            self.problems.append("node b was never killed while it worked")
        left = cluster.ask("squeue", "--noheader", "--states=PENDING,RUNNING,COMPLETING", "--format=%i %T %N").splitlines()
        # Of a node that is gone Slurm cannot hear that its job has ended.
        alive = [line for line in left if not line.endswith(" b")]
        if alive:
            self.problems.append(f"Slurm still has {len(alive)} jobs: {alive[0]}")

    def look_for_token(self, cluster):
        """Others on the cluster read the scripts, the arguments and the descriptions of jobs."""
        numbers = cluster.ask("squeue", "--noheader", "--format=%i").split()
        seen = [cluster.ask("scontrol", "show", "job", "--details")] + [cluster.ask("scontrol", "write", "batch_script", number, "-") for number in numbers]
        seen += [cluster.command(name) for name in os.listdir("/proc") if name.isdigit()]
        if not any("worker --url" in text for text in seen):
            self.problems.append("no job was there to look at")
        if any(TOKEN in text for text in seen):
            self.problems.append("the token can be read by others")

    def pass_evening(self, cluster):
        """The session's side is killed with jobs at Slurm, and started again."""
        maps, out = self.maps[:2], f"{self.folder}/evening"
        first = Command(self.programs, self.folder, cluster, maps, out)
        for line in first.follow():
            if re.search(r": taken by ", line):
                break
        first.process.kill()
        first.process.wait()
        self.evening = collections.defaultdict(int)
        second = Command(self.programs, self.folder, cluster, maps, out)
        cancelled = False
        try:
            for line in second.follow():
                cancelled = cancelled or "of an earlier run cancelled at Slurm" in line
                if match := re.match(r" *(\S+): done by ", line):
                    self.evening[match[1]] += 1
        finally:
            second.end()
        if not cancelled:
            self.problems.append("no job of the killed run was found and cancelled")
        if second.process.returncode != 0 or sorted(self.evening.values()) != [1] * len(maps):
            self.problems.append(f"after the session's side was killed: status {second.process.returncode}, results {dict(self.evening)}")

    def account(self):
        names = [os.path.basename(path).removesuffix(".png") for path in self.maps]
        print("\n  map          nodes  result from        time")
        for name in names:
            results = self.done[name]
            print(f"  {name:<12} {' '.join(self.takers[name]):<6} {', '.join(node for node, _ in results) or 'NOBODY':<18} {', '.join(time for _, time in results)}")
        missing = [name for name in names if not self.done[name] or not all(os.path.exists(f"{self.folder}/results/{name}{ending}") for ending in ("_seg.png", "_areas.json"))]
        twice = [name for name in names if len(self.done[name]) > 1]
        self.problems += [f"no result of {name}" for name in missing] + [f"two results of {name}" for name in twice]
        if self.killed and len(self.takers[self.killed]) < 2:
            self.problems.append(f"{self.killed}, which the killed node worked on, was not given to another")
        # The same as in this program, byte by byte: what the killed node worked on among them.
        sample = list(dict.fromkeys([self.killed or names[0], names[0], names[-1]]))
        subprocess.run(
            [f"{self.programs}/tomopilot", "segment", *(f"{self.folder}/maps/{name}.png" for name in sample), "--model", MODEL, "--pixel-size", "20", "--out", f"{self.folder}/here"],
            check=True, capture_output=True, timeout=600)
        self.problems += [f"{name} is another than without the cluster" for name in sample
                          if name not in missing and not filecmp.cmp(f"{self.folder}/here/{name}_seg.png", f"{self.folder}/results/{name}_seg.png", shallow=False)]
        return len(names) - len(missing), len(twice)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--maps", type=int, default=60)
    parser.add_argument("--folder")
    options = parser.parse_args()
    folder = os.path.abspath(options.folder or tempfile.mkdtemp(prefix="tomopilot-day-"))
    os.makedirs(folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    day = Day(os.path.abspath(options.programs), folder, max(3, options.maps))
    day.prepare()
    print(f"{len(day.maps)} maps, two nodes, in {folder}", flush=True)
    with Cluster(f"{folder}/slurm") as cluster:
        day.pass_day(cluster)
        day.pass_evening(cluster)
    found, twice = day.account()
    for problem in day.problems:
        print("  " + problem)
    lost = sum(len(nodes) - 1 for nodes in day.takers.values() if nodes)
    seconds = int(time.monotonic() - day.begin)
    print(f"facility day: {found} of {len(day.maps)} maps have their result, {twice} of them twice; node b killed at work, maps done again on a: {lost}; "
          f"the session's side killed once, {seconds // 60}:{seconds % 60:02d}: {'FALLS SHORT' if day.problems else 'holds'} ({folder})")
    return not day.problems


if __name__ == "__main__":
    try:
        sys.exit(0 if main() else 1)
    except (NoCluster, OSError, subprocess.SubprocessError) as error:
        print(f"facility day: {error}", file=sys.stderr)
        sys.exit(1)
