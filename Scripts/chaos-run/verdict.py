"""What a session left behind held against the session without faults, and against the simulator's own log of exposures."""
import collections
import contextlib
import json
import math
import os
import re
import sqlite3
import struct

import values

# How near two exposures are to each other that are of the same place, in micrometres: the stage is never exact, and pieces
# of a montage and targets of an area are several micrometres apart.
SAME_PIECE, SAME_TARGET, SAME_FOCUS = 0.5, 0.4, 1.0
BY_ITSELF = "AcquireAtItems"
# What tells of the run and not of the sample.
NOT_PRODUCTS = re.compile(r"(^|/)(session\.sqlite.*|session\.yaml|.*\.jsonl|truth\.json|[^/]*\.log)$")
# A map of the whole grid that was cut short is kept aside: the dose at that magnification is negligible.
SET_ASIDE = re.compile(r"(_old\d+\.mrc(\.mdoc)?|\.nav~|\.nav\.bak|~)$")


def lines_of(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def exposures_twice(folder):
    """Places of View montages, focus areas and tilt images that were exposed more than once: how often, by words."""
    events = [event for event in lines_of(f"{folder}/events.jsonl") if event["kind"] == "exposure"]
    places = lines_of(f"{folder}/exposures.jsonl")
    pieces, focused, tilted, found = {}, {}, {}, collections.Counter()
    last = None
    for event, place in zip(events, places):
        by_itself = event["command"] == BY_ITSELF
        here = (place["trueX"], place["trueY"])
        if event["set"] == "V" and not by_itself and event["command"] in ("M", "Montage"):
            kind, known, near, what = "View montage", pieces.setdefault(event["slot"], []), SAME_PIECE, os.path.basename(place["file"])
            here = (event["stageX"], event["stageY"])
        elif event["set"] == "F":
            kind, known, near, what = "focus", focused.setdefault(event["slot"], []), SAME_FOCUS, ""
        elif event["set"] == "R" and by_itself:
            key = (event["slot"], round(event["tilt"]))
            kind, known, near, what = "tilt series", tilted.setdefault(key, []), SAME_TARGET, ""
        else:
            last = event["set"]
            continue
        # The images of one focusing belong together.
        continues = kind == "focus" and last == "F"
        if not continues:
            if any(math.dist(here, other) < near for other in known):
                cell = (round(here[0] / 10), round(here[1] / 10))
                where = what or "about %d, %d um" % (10 * cell[0], 10 * cell[1])
                found[f"{kind} on grid {event['slot']}, {where}"] += 1
            known.append(here)
        last = event["set"]
    return found


def doubts(folder):
    """Steps that the journal names as not provable and that were done again because the settings said so."""
    with contextlib.closing(sqlite3.connect(f"{folder}/session.sqlite")) as journal:
        return journal.execute("SELECT step, reason FROM doubt WHERE decision = 'repeat' ORDER BY id").fetchall()


def products(folder):
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            relative = os.path.relpath(os.path.join(path, name), folder)
            if not NOT_PRODUCTS.search(relative) and not SET_ASIDE.search(relative):
                found[relative] = os.path.join(path, name)
    return found


def compared(path, other):
    before, after = values.read(path), values.read(other)
    if before is None:
        before, after = shape(path), shape(other)
    kind = re.search(r"[a-z]*", os.path.basename(path).rpartition("_")[2]).group()
    return values.first_difference(before, after, (kind,))


def shape(path):
    """What has to be the same of a file that holds the same of a sample that was imaged a second time."""
    if path.endswith(".mrc"):
        return stack(path)
    if path.endswith(".mdoc"):
        return f"as many sections as its images: {sections(path) == images(path[:-len('.mdoc')])[2]}"
    return "there"


# A lamella's map that was set up anew, after another image of the lamella, may have a row of pieces more or less.
MAP = re.compile(r"_L\d+\.mrc$")


def images(path):
    """Columns, rows, sections and mode of an MRC file."""
    with open(path, "rb") as file:
        return struct.unpack("<4i", file.read(16))


def sections(path):
    with open(path) as file:
        return sum(line.startswith("[ZValue") for line in file)


def stack(path):
    columns, rows, count, mode = images(path)
    if MAP.search(path):
        count = "all" if count == sections(path + ".mdoc") else f"{count} of {sections(path + '.mdoc')}"
    return f"{columns} x {rows}, {count} images, mode {mode}"


def differences(reference, other):
    """In words, what is not the same in two session folders."""
    wanted, found = products(reference), products(other)
    words = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    words += [f"{name} is too much" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        try:
            difference = compared(wanted[name], found[name])
        except (OSError, ValueError, struct.error) as error:
            words.append(f"{name} cannot be read: {error}")
            continue
        if difference:
            words.append(f"{name} differs: {difference}")
    return words
