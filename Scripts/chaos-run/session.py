"""One session from its beginning to its end, through as many runs of TomoPilot as it takes."""
import asyncio
import os

from between import Between, Fate
from points import ACQUISITION, EXPOSING, ROOM, WRITING
from programs import Simulator, TomoPilot, write_settings
from session_log import Course, SessionLog

# A run that does nothing for so long hangs.
LONGEST_RUN = 900
MONTAGE = ("M", "Montage")
# Runs in a row that may fail without a new fault: SerialEM may still be acquiring, or be away.
MOST_FAILURES = 60


class Hung(Exception):
    """The session did not come to its end."""


class ChaosSession:
    def __init__(self, programs, folder, seed, grids, settings, points=(), pilot=TomoPilot):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.grids, self.settings = grids, settings
        self.simulator = Simulator(programs, folder, seed)
        self.pilot = pilot(programs, f"{folder}/session.yaml")
        self.log = SessionLog(f"{folder}/{os.path.basename(folder)}.log")
        self.points = list(points)
        # What a run without faults asks, to draw points from; or the one that the points were drawn from.
        self.course = Course()
        self.reference = None
        self.acquisitions = []
        self.waiting = list(points)
        # The next point, and the one that was hit last.
        self.armed = None
        self.hit = None
        self.tell = None
        self.late = None
        self.runs = 0

    # MARK: what happens at a request

    async def on_request(self, name):
        place = self.log.next_request()
        if self.reference is None:
            self.course.note(place, name)
            return Fate.PASS
        point = self.armed
        if point is None or not self.is_reached(point, place, name):
            return Fate.PASS
        await self.simulator.clear_faults()
        self.take_down(point, place)
        point.command = name
        return await self.strike(point)

    def take_down(self, point, place):
        """A point is hit: what came of the one before is known, as far as it ever will be."""
        self.conclude_hit()
        self.waiting.remove(point)
        self.armed, self.hit, self.was_hit = None, point, True
        self.requests_since = 0
        point.place, self.hit_line = place, len(self.log.lines)

    def conclude_hit(self):
        if self.hit is not None:
            self.hit.outcome = self.log.taken_up(self.hit_line)
            self.tell(self.hit)
        self.hit = None

    def arm(self):
        self.armed = self.waiting[0] if self.waiting else None
        self.requests_since = 0

    def is_reached(self, point, place, name):
        if point.moment == "resume":
            self.requests_since += 1
            return self.requests_since >= point.target[2]
        if point.command == ACQUISITION:
            # Only when the acquisition is over already.
            return self.reference.is_beyond(point.target, place)
        if point.kind == "disk of SerialEM" and self.reference.is_beyond(point.target, place):
            # Its image is taken already; the next one may be far away.
            point.kind = "disk of TomoPilot"
        if point.kind == "disk of SerialEM" and not (name == ROOM if point.command == ROOM else name in WRITING):
            return False
        if point.command in EXPOSING and point.kind != "disk of SerialEM":
            # After a resume its number is another: any exposure of its step or of a later one is as good.
            return name in EXPOSING and self.reference.is_reached((*point.target[:2], 0), place)
        return self.reference.is_reached(point.target, place)

    async def strike(self, point):
        if point.kind == "disk of TomoPilot":
            self.pilot.fill_disk()
            self.go_on_after_disk()
            return Fate.PASS
        if point.kind == "disk of SerialEM" and point.command == ROOM:
            # TomoPilot waits until there is room.
            await self.simulator.be_full(seconds=60 + 600 * point.chance)
            self.arm()
            return Fate.PASS
        if point.kind == "disk of SerialEM":
            await self.simulator.fill_disk(after=int(point.chance * 3) if point.command in MONTAGE else 0)
            self.go_on_after_disk()
            return Fate.PASS
        if point.moment == "later":
            self.late = asyncio.create_task(self.kill_later(0.05 + 0.6 * point.chance))
            return Fate.PASS
        if point.moment in ("before", "resume"):
            if point.kind == "kill":
                self.pilot.kill()
            return Fate.LOSE
        return Fate.LOSE_REPLY if point.moment == "after" else Fate.LOSE_WHILE_RUNNING

    def go_on_after_disk(self):
        """A service lives on, and takes the session up again by itself."""
        if self.pilot.outlives_full_disk:
            self.arm()

    async def kill_later(self, seconds):
        await asyncio.sleep(seconds)
        self.pilot.kill()

    async def on_fate(self, fate):
        if self.hit.kind == "kill":
            self.pilot.kill()
        if self.hit.kind == "SerialEM crash":
            await self.simulator.crash()
        if self.hit.kind in ("SerialEM crash", "drop"):
            # TomoPilot lives on.
            self.arm()

    # MARK: an acquisition, which runs without requests

    async def watch_acquisitions(self):
        """Counts the exposures of each acquisition, and kills TomoPilot in the middle of one if a point says so."""
        base, key = {}, None
        while True:
            await asyncio.sleep(0.02)
            self.log.read()
            if self.log.phase.startswith("Acquire "):
                key = (self.log.grid, self.log.phase)
            elif self.log.phase != "start":
                # A TomoPilot that was killed waits, in its next run, for SerialEM to end what it had begun.
                key = None
            if key is None:
                continue
            try:
                exposures = (await self.simulator.ask("/status"))["exposures"]
            except OSError:
                continue
            base.setdefault(key, exposures)
            if self.reference is None:
                self.acquisitions = [entry for entry in self.acquisitions if entry[0] != key] + [(key, exposures - base[key])]
            # Points before it may still wait for a request, of which there is none now.
            due = (point for point in self.waiting
                   if point.command == ACQUISITION and point.target[:2] == key and exposures - base[key] >= point.target[2])
            # Between two runs there is nobody to kill, and the next run would go on unharmed.
            point = next(due, None) if self.armed and self.pilot.runs else None
            if point:
                self.take_down(point, (*key, exposures - base[key]))
                self.pilot.kill()

    def hit_finished_session(self):
        """What is left is hit when the finished session is taken up once more, which has to find nothing to do."""
        for point in self.waiting:
            point.kind = point.kind if point.kind in ("kill", "drop") else "kill"
            point.target, point.moment = ("", "", 1 + int(point.chance * 5)), "resume"

    # MARK: runs

    async def perform(self, tell):
        await self.simulator.start()
        between = Between(self.simulator.port, self.on_request, self.on_fate)
        watch = asyncio.create_task(self.watch_acquisitions())
        try:
            await between.start()
            write_settings(f"{self.folder}/session.yaml", self.folder, between.port, self.grids, self.settings)
            await self.run_to_end(tell)
        finally:
            watch.cancel()
            self.pilot.kill()
            await self.simulator.stop()

    async def run_to_end(self, tell):
        self.tell = tell
        failures = 0
        while True:
            self.was_hit = False
            self.arm()
            self.log.begin_run()
            self.runs += 1
            await self.pilot.start()
            status, error = await self.pilot.ending(LONGEST_RUN)
            if self.late is not None:
                self.late.cancel()
                self.late = None
            self.log.read()
            if len(error.splitlines()) > 1:
                raise Hung(f"run {self.runs} ended with {len(error.splitlines())} lines instead of one sentence: {error}")
            if status == 0 and not self.waiting:
                self.conclude_hit()
                return
            if status == 0:
                self.hit_finished_session()
                continue
            if self.reference is None:
                raise Hung(f"the run without faults ended with status {status}: {error}")
            failures = 0 if self.was_hit else failures + 1
            if failures > MOST_FAILURES:
                raise Hung(f"the session does not come to its end: {error}")
            if failures:
                await asyncio.sleep(min(2, 0.3 * failures))
