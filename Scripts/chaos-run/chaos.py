"""Hits a session at many points, takes it up again each time, and holds the end against a run without faults.

    chaos.py PROGRAMS --points N --seed S [--folder F]

Exit status 1 if anything falls short.
"""
import argparse
import asyncio
import os
import sys
import tempfile
import time

from points import ACQUISITION, draw
from programs import Service, TomoPilot
from session import ChaosSession, Hung
from session_log import Course
from verdict import differences, doubts, exposures_twice

GRIDS = [1, 2, 6]
SIMULATOR_SEED = 1
SETTINGS = """\
target_score_threshold: 0.5
uncertain_steps: repeat
"""


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Table:
    """A line for each point as soon as its resume is known, and the time left on a terminal."""

    def __init__(self, count):
        self.count, self.done, self.began = count, 0, time.monotonic()
        print(f"{'':>4}  {'fault':<18} {'moment':<7} {'step':<44} {'request':<20} what the resume did", flush=True)

    def add(self, point):
        self.done += 1
        place = point.place or point.target
        step = f"{place[0]}: {place[1]}" if place[0] else place[1]
        passed = time.monotonic() - self.began
        left = passed / self.done * (self.count - self.done)
        print(f"{point.number:>4}  {point.kind:<18} {point.moment:<7} {step[:44]:<44} {point.command[:20]:<20} {point.outcome}"
              + (f"   [{clock(left)} left]" if self.done % 5 == 0 else ""), flush=True)


async def main():
    parser = argparse.ArgumentParser(prog="Scripts/chaos")
    parser.add_argument("programs")
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder")
    parser.add_argument("--service", action="store_true")
    options = parser.parse_args()
    if not 1 <= options.points <= 2000:
        parser.error("--points has to be 1 to 2000")
    folder = os.path.abspath(options.folder or tempfile.mkdtemp(prefix="tomopilot-chaos-"))
    os.makedirs(folder, exist_ok=True)
    began = time.monotonic()
    reference = ChaosSession(options.programs, os.path.join(folder, "without-faults"), SIMULATOR_SEED, GRIDS, SETTINGS)
    course = os.path.join(reference.folder, "course.jsonl")
    known = Course.load(course)
    if known:
        reference.course, reference.acquisitions = known
        print(f"the session without faults in {reference.folder} is there", flush=True)
    else:
        print(f"a session without faults, in {reference.folder}", flush=True)
        await reference.perform(print)
        reference.course.save(course, reference.acquisitions)
    print(f"{len(reference.course.places)} requests in {len(reference.course.order)} steps, {clock(time.monotonic() - began)}", flush=True)
    twice = exposures_twice(reference.folder)
    if twice:
        raise Hung(f"the run without faults exposed something twice, so that the count means nothing: {next(iter(twice))}")
    points = draw(reference.course, reference.acquisitions, options.points, options.seed)
    name = f"{options.points}-points-seed-{options.seed}" + ("-service" if options.service else "")
    if os.path.exists(os.path.join(folder, name)):
        raise Hung(f"{folder} holds a session with {options.points} points of seed {options.seed} already; name another folder")
    chaos = ChaosSession(options.programs, os.path.join(folder, name), SIMULATOR_SEED, GRIDS, SETTINGS, points, Service if options.service else TomoPilot)
    chaos.reference = reference.course
    table = Table(len(points))
    await chaos.perform(table.add)
    return conclude(reference, chaos, began)


def conclude(reference, chaos, began):
    missed = [point for point in chaos.points if point.place is None]
    twice = exposures_twice(chaos.folder)
    doubtful = doubts(chaos.folder)
    different = differences(reference.folder, chaos.folder)
    for point in missed:
        print(f"  point {point.number} ({point.kind} at {point.target}) was never reached")
    for words, times in twice.items():
        print(f"  exposed twice: {words}, {times} images")
    for step, reason in doubtful:
        print(f"  not provable: {step}: {reason}")
    for words in different:
        print("  " + words)
    areas = len(twice)
    allowed = min(len(doubtful), len(chaos.points) // 100)
    exposures = [point.command for point in chaos.points if point.is_in_exposure]
    # One in five, or the name of this program would promise too much; of a few points chance decides.
    too_few = len(chaos.points) >= 60 and (
        len(exposures) < len(chaos.points) // 5 or bool(reference.acquisitions) and ACQUISITION not in exposures)
    if too_few:
        print(f"  too few exposures were hit: {', '.join(sorted(set(exposures))) or 'none'}")
    holds = not missed and not different and areas <= allowed and not too_few
    print(f"chaos: {len(chaos.points) - len(missed)} of {len(chaos.points)} points hit, {len(exposures)} of them exposures, loads and acquisitions, {chaos.runs} runs, {areas} areas exposed twice "
          f"({len(doubtful)} steps not provable, {allowed} allowed), {len(different)} files differ, "
          f"{clock(time.monotonic() - began)}: {'holds' if holds else 'FALLS SHORT'}")
    return holds


if __name__ == "__main__":
    try:
        sys.exit(0 if asyncio.run(main()) else 1)
    except (Hung, OSError, RuntimeError) as error:
        print(f"chaos: {error}", file=sys.stderr)
        sys.exit(1)
