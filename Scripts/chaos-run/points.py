"""Where a session is hit and with what: drawn from a seed and the requests of a run without faults."""
import dataclasses
import random

# Killed every other time, as a service is whose machine ends; what goes wrong with SerialEM, the network and the disk takes
# turns in between.
KINDS = ["kill", "drop", "kill", "SerialEM crash", "kill", "drop", "kill", "disk of SerialEM", "kill", "disk of TomoPilot"]
# Commands that take long enough to be hit while they run.
LONG = {"M", "Montage", "LoadCartridge", "Eucentricity", "R", "SetupPolygonMontage", "MoveStageTo", "NewMap", "S", "TiltTo"}
EXPOSING = {"M", "Montage", "R", "Eucentricity", "LoadCartridge"}
WRITING = ("M", "Montage", "S", "Save")
ACQUISITION = "AcquireAtItems"


@dataclasses.dataclass
class Point:
    kind: str
    # Grid, step, and the number of the request within the step; for an acquisition the number of exposures since it began.
    target: tuple
    # before the request reaches SerialEM; after it is done and before the reply; inside; later, a moment after the reply;
    # resume: while the session is taken up again after the point before.
    moment: str
    command: str
    # Decides how long "later" is, and how many pieces of a montage the disk still takes.
    chance: float
    number: int = 0
    outcome: str = "not reached"
    place: tuple | None = None
    error: str = ""

    @property
    def is_in_exposure(self):
        """Whether it hit, as far as the driver can tell, what exposes the sample or moves a grid."""
        return self.place is not None and self.command in EXPOSING | {ACQUISITION}


def draw(course, acquisitions, count, seed):
    """Points in the order in which the session comes to them.

    One from each stretch of equally many requests, so that no step is left out; one in three of them hits an exposure, of which
    there are few among the requests; one in ten an acquisition, which runs without requests, and one in eight the resume after
    the point before.
    """
    source = random.Random(seed)
    exposing = [index for index, name in enumerate(course.names) if name in EXPOSING]
    by_itself = min(count // 10, 9) if acquisitions else 0
    wanted = []
    for k in range(count - by_itself):
        index = int((k + source.random()) * len(course.places) / (count - by_itself))
        if k % 3 == 1 and exposing:
            # One of the next few, so that not all hit the same.
            nearest = sorted(exposing, key=lambda other: abs(other - index))[:3]
            index = source.choice(nearest)
        place = course.places[index]
        wanted.append((course.order[place[:2]], place[2], place, course.names[index]))
    for k in range(by_itself):
        step, exposures = acquisitions[k % len(acquisitions)]
        number = max(1, int(source.random() * exposures))
        # After the requests of its step.
        wanted.append((course.order[step], 10 ** 6 + number, (*step, number), ACQUISITION))
    wanted.sort(key=lambda entry: entry[:2])
    points = [one(course, k, entry, source) for k, entry in enumerate(wanted)]
    points.sort(key=lambda entry: entry[0])
    for number, (_, point) in enumerate(points, 1):
        point.number = number
    return [point for _, point in points]


def one(course, k, entry, source):
    order, request, target, command = entry
    kind, chance = KINDS[k % len(KINDS)], source.random()
    moment = source.choice(["before", "after", "after", "later"])
    if command in EXPOSING and chance < 0.7:
        moment = "after"
    if command in LONG and kind in ("kill", "drop") and chance < 0.4:
        moment = "inside"
    if moment == "later" and kind != "kill":
        moment = "before"
    if command == ACQUISITION:
        # Nobody is connected then, so only TomoPilot can be hit.
        kind, moment = "kill", "inside"
    elif kind == "disk of SerialEM":
        target, command = before_image(course, target)
        order, request, moment = course.order[target[:2]], target[2], "inside"
    elif kind == "SerialEM crash" and k % 100 == 53:
        # One in a hundred points cannot be settled: SerialEM ends in the middle of a montage.
        target, command = before_image(course, target, ("M", "Montage"))
        order, request, moment = course.order[target[:2]], target[2], "inside"
    elif k % 8 == 5:
        target, moment = ("", "", 1 + int(chance * 14)), "resume"
    return (order, request, k), Point(kind, target, moment, command, chance)


def before_image(course, target, commands=WRITING):
    """The last request up to a target that writes an image. A disk is full for the image that comes next, and in a tilt
    series PACEtomo would ask a person."""
    place = course.places.index(target)
    writing = [index for index, name in enumerate(course.names) if name in commands]
    index = max((index for index in writing if index <= place), default=writing[0])
    return course.places[index], course.names[index]
