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
# Asked before a montage.
ROOM = "ReportFreeDiskSpace"
# One in a hundred points cannot be settled, of the first hundred and of the second by turns: SerialEM ends in the middle of a
# lamella's map, or its disk is full there. Both lose an image that was exposed.
ENDED, FULL = 53, 47
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
    points = [one(course, k, entry, source, is_unprovable(k, count)) for k, entry in enumerate(wanted)]
    points.sort(key=lambda entry: entry[0])
    for number, (_, point) in enumerate(points, 1):
        point.number = number
    return [point for _, point in points]


def is_unprovable(k, count):
    return k // 100 < count // 100 and k % 100 == (FULL if k // 100 % 2 else ENDED)


def one(course, k, entry, source, unprovable):
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
    elif unprovable:
        target, command = last(course, target, lambda place, name: name in ("M", "Montage") and is_dear(place))
        order, request, moment = course.order[target[:2]], target[2], "inside"
    elif kind == "disk of SerialEM":
        # Full when it is asked whether a lamella's map has room; elsewhere for an image that may be taken again, and not in a
        # tilt series, where PACEtomo would ask a person.
        target, command = last(course, target, lambda place, name: name == ROOM if is_dear(place) else name in WRITING)
        order, request, moment = course.order[target[:2]], target[2], "before" if command == ROOM else "inside"
    elif k % 8 == 5:
        target, moment = ("", "", 1 + int(chance * 14)), "resume"
    return (order, request, k), Point(kind, target, moment, command, chance)


def is_dear(place):
    """Whether the images of a step may not be taken again."""
    return place[1].startswith("Map lamella")


def last(course, target, is_wanted):
    """The last request up to a target of a kind, or the first after it."""
    place = course.places.index(target)
    wanted = [index for index, entry in enumerate(zip(course.places, course.names)) if is_wanted(*entry)]
    index = max((index for index in wanted if index <= place), default=wanted[0])
    return course.places[index], course.names[index]
