"""Chooses targets on fixed-seed maps with TomoPilot and with SPACEtomo's own code, in turn in one run. See Scripts/benchmark.

Seconds are those of the processor: both work on one core, and the figure is the same on a machine that does other things too.
"""

import argparse
import collections
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

import targeting_maps as maps
from targeting_pictures import draw
from targeting_reference import Reference, covered

WANTED = {"lamella": 4, "cells": 10, "sparse": 60}  # per cent of summed score above the reference, in the median
GAP = 5  # per cent, in the median
SECONDS = {12e6: 1.0, 42.1e6: 3.0}  # by pixels of the map: 4000 x 3000 and 7008 x 6001


class Program:
    """Our entry point, which answers a line for a line."""

    def __init__(self, path: str):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def choose(self, case: maps.Case, labels: Path) -> dict:
        settings = case.settings | {"IS_limit": 30, "extra_tracking": False, "beam_margin": 0, "clear_centre": False}
        if case.pretilt:
            settings["pretilt"] = case.pretilt
        width, height = (side * maps.RECORD_PIXEL / 1000 for side in maps.CAMERA)
        self.process.stdin.write(json.dumps({
            "labels": str(labels), "classes": maps.CLASSES, "pixel": case.pixel, "axis": case.axis, "beam": maps.BEAM,
            "fieldWidth": width, "fieldHeight": height, "settings": settings}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{case.name}: the program ended with status {self.process.wait()}")
        return json.loads(line)


def closest(case: maps.Case, points: list[list[float]]) -> float:
    """The least distance of two targets in the squeezed plane, in beams."""
    t = math.radians(case.axis)
    factor = math.cos(math.radians(case.reference_tilt))
    places = [(math.cos(t) * r - math.sin(t) * c, factor * (math.sin(t) * r + math.cos(t) * c)) for r, c in points]
    found = [math.dist(a, b) for i, a in enumerate(places) for b in places[:i]]
    return min(found, default=math.inf) * case.pixel / 1000 / maps.BEAM


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--pixels", type=float, nargs="*", help="map pixel sizes in nm (all)")
    parser.add_argument("--kinds", nargs="*", help="lamella, cells, sparse, edge (all)")
    parser.add_argument("--maps", nargs="*", help="names of maps (all)")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of what both chose")
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    program = Program(options.program)
    rows = collections.defaultdict(list)
    broken = []
    print("map            axis pixel pretilt |  reference n  sum    cover  s     |  ours n  sum    cover  s     | gain   bound  gap     s", flush=True)
    for case in maps.cases(options.repetitions):
        if (options.pixels and case.pixel not in options.pixels) or (options.kinds and case.kind not in options.kinds):
            continue
        if options.maps and case.name not in options.maps:
            continue
        labels = maps.labels(case)
        reference = Reference(case, labels, options.work / case.name)
        theirs, reference_seconds = reference.choose()
        answer = program.choose(case, options.work / case.name / "map_seg.png")
        # One scorer for both: the reference's own.
        scores = {name: reference.scores(labels, points) for name, points in (("reference", theirs), ("ours", answer["points"]))}
        field = tuple(reference.model.cam_dims)
        target = [maps.CLASSES.index(name) for name in reference.parameters.target_list]
        cover = {name: covered(labels, points, field, target) for name, points in (("reference", theirs), ("ours", answer["points"]))}
        total = {name: float(found.sum()) for name, found in scores.items()}
        gain = 100 * (total["ours"] / total["reference"] - 1) if total["reference"] > 0 else math.inf
        gap = 100 * (answer["bound"] / answer["score"] - 1) if answer["score"] > 0 else 0.0
        if len(answer["points"]) > 1 and closest(case, answer["points"]) < 1:
            broken.append(f"{case.name}: two beams overlap")
        if case.kind != "edge" and any(score < case.settings["target_score_threshold"] - 0.01 for score in scores["ours"]):
            broken.append(f"{case.name}: a target below the threshold")
        rows[case.kind].append((total["reference"], total["ours"], gain, gap, answer["seconds"], reference_seconds, labels.size))
        print(
            f"{case.name:14} {case.axis:4.0f} {case.pixel:5.3g} {case.pretilt:7.0f} | {len(theirs):12} {total['reference']:6.2f} {cover['reference']:6.3f}"
            f" {reference_seconds:6.2f} | {len(answer['points']):6} {total['ours']:6.2f} {cover['ours']:6.3f} {answer['seconds']:6.3f} | {gain:5.1f}%"
            f" {answer['bound']:6.2f} {gap:5.1f}% {answer['boundSeconds']:5.2f} s", flush=True)
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            chosen = {"SPACEtomo": theirs, "TomoPilot": answer["points"]}
            draw(case, labels, chosen, {"SPACEtomo": total["reference"], "TomoPilot": total["ours"]}, options.pictures / f"{case.name}.png")
        for file in (options.work / case.name).glob("map*.png"):
            file.unlink()
    print("\nkind     maps   gain median, least    gap median, most    seconds ours, reference    share of its time")
    shortfalls = broken
    everything = [row for kind in rows.values() for row in kind]
    for kind, found in rows.items():
        gains, gaps, ours, theirs = ([row[i] for row in found] for i in (2, 3, 4, 5))
        print(
            f"{kind:8} {len(found):4} {statistics.median(gains):10.1f}% {min(gains):7.1f}% {statistics.median(gaps):11.1f}% {max(gaps):6.1f}%"
            f" {statistics.median(ours):12.2f} {statistics.median(theirs):10.2f} {sum(ours) / sum(theirs):20.2f}")
        if statistics.median(gains) < WANTED.get(kind, 0):
            shortfalls.append(f"median gain of {kind} below {WANTED[kind]} %")
    if any(row[1] < row[0] for row in everything):
        shortfalls.append("a sum below the reference's")
    if statistics.median(row[3] for row in everything) >= GAP:
        shortfalls.append(f"median gap not below {GAP} % ({statistics.median(row[3] for row in everything):.1f} %)")
    for pixels, seconds in SECONDS.items():
        slow = [row[4] for row in everything if row[6] <= pixels and row[4] > seconds]
        if slow:
            shortfalls.append(f"{len(slow)} maps of at most {pixels / 1e6:.0f} megapixels took more than {seconds:.0f} s ({max(slow):.1f} s)")
    share = statistics.median(row[4] / row[5] for row in everything)
    if share > 0.1:
        shortfalls.append(f"{share:.2f} of the reference's time in the median, not a tenth")
    print("holds" if not shortfalls else "falls short: " + "; ".join(shortfalls))
    sys.exit(1 if shortfalls else 0)


if __name__ == "__main__":
    main()
