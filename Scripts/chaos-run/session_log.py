"""Where a session is, read from its log: which request belongs to which step, in the order of a run without faults."""
import json
import re

# The computer's own work runs beside the microscope's; requests belong to the microscope's.
BESIDE = ("Segment lamella", "Choose targets", "Draw the overview", "Note the exposure times")
LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  (.*)$")
BEGUN = "begin      "
ENDED = re.compile(r"^(?:done       |was done   |had happened  |FAILED     )(.*?)(?: \([^()]*\))?(?:: .*)?$")
GRID = re.compile(r"^GRID       (\S+)")


class SessionLog:
    """Follows a session's log through all runs of the session."""

    def __init__(self, path):
        self.path = path
        self.position = 0
        self.rest = ""
        self.lines = []
        self.grid, self.phase, self.count = "", "start", 0

    def begin_run(self):
        """TomoPilot is started: what it does is counted anew."""
        self.read()
        self.enter("", "start")

    def read(self):
        """Takes up what was written meanwhile."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                file.seek(self.position)
                text = self.rest + file.read()
                self.position = file.tell()
        except FileNotFoundError:
            return
        *lines, self.rest = text.split("\n")
        for line in lines:
            match = LINE.match(line)
            if match:
                self.take(match.group(1))

    def take(self, text):
        self.lines.append(text)
        if match := GRID.match(text):
            self.enter(match.group(1), "GRID")
        elif text.startswith(BEGUN):
            title = text[len(BEGUN):]
            if not title.startswith(BESIDE):
                self.enter(self.grid, title)
        elif match := ENDED.match(text):
            title = match.group(1)
            if not title.startswith(BESIDE):
                self.enter(self.grid, "after " + title)

    def enter(self, grid, phase):
        self.grid, self.phase, self.count = grid, phase, 0

    def next_request(self):
        """The place of a request that is being sent: grid, step, and its number within the step."""
        self.read()
        self.count += 1
        return (self.grid, self.phase, self.count)

    def taken_up(self, start):
        """What was done first after the line at which the session was hit, in a few words."""
        failed = ""
        lines = self.lines[start:]
        again = next((k for k, text in enumerate(lines) if text.startswith("SESSION") or "connected to SerialEM again" in text), None)
        for text in lines[:again]:
            if text.startswith(("FAILED", "WARNING", "WAITS")) and not failed:
                failed = text.split(None, 1)[1]
        if again is None:
            return f"went on; {failed[:100]}" if failed else "went on"
        for text in lines[again:]:
            if text.startswith("had happened"):
                return "found done: " + text[len("had happened  "):]
            if "pieces were taken" in text or "areas are finished" in text or "is done again" in text:
                return text.removeprefix("WARNING").strip()[:110]
            if text.startswith(BEGUN) and not text[len(BEGUN):].startswith(BESIDE):
                return "did: " + text[len(BEGUN):]
        return "nothing was left to do"


class Course:
    """The requests of a run without faults, in order."""

    def __init__(self):
        self.places = []
        self.names = []
        self.order = {}

    def note(self, place, name):
        self.order.setdefault(place[:2], len(self.order))
        self.places.append(place)
        self.names.append(name)

    def save(self, path, acquisitions):
        with open(path, "w") as file:
            json.dump({"places": self.places, "names": self.names, "acquisitions": acquisitions}, file)

    @classmethod
    def load(cls, path):
        """The course of an earlier run and its acquisitions; None if there is none."""
        try:
            with open(path) as file:
                value = json.load(file)
        except FileNotFoundError:
            return None
        course = cls()
        for place, name in zip(value["places"], value["names"]):
            course.note(tuple(place), name)
        return course, [(tuple(step), count) for step, count in value["acquisitions"]]

    def is_beyond(self, target, place):
        """Whether a place of another run is in a later step than the target."""
        return self.order.get(place[:2], -1) > self.order[target[:2]]

    def is_reached(self, target, place):
        """Whether a place of another run is the target, or beyond it because its step is over there."""
        return self.is_beyond(target, place) or place[:2] == target[:2] and place[2] >= target[2]
