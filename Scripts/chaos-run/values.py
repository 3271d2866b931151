"""Two versions of a sidecar, a target file or a navigator file held against each other, value by value."""
import json
import math
import os
import re

# By how much numbers may differ between two sessions whose microscope does the same at the same place: it comes there by another
# way, and a lamella that was looked at once more has got a little more dose. Micrometres, degrees, scores and shares of an area;
# for the keys below in their own unit.
USUAL = 0.1
WITHIN = {
    # Pixels of the map.
    "points": 10, "boxes": 10, "img_size": 4, "geo_points": 50, "PtsX": 2, "PtsY": 2,
    # Micrometres: one place beside the lamella is as good as the next.
    "geo": 1, "image_shift_path": 2,
    # Degrees: it goes with them.
    "plane_error": 0.5,
    # Percent of a map.
    "areas": 2,
    # Grey levels, and the size of a map.
    "MapMinMaxScale": math.inf, "MapWidthHeight": 4,
}
# What was done again after a fault was done twice: the dose is higher then, never lower, but by little before the acquisition.
DOSE = {"dose_before_acquisition", "dose_at_centre", "sum_of_images", "total"}
MORE_DOSE = 1.0
# Tells of the run and not of the sample.
OF_THE_RUN = {"datetime", "certain", "dose_is_certain"}
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?\Z")


def read(path):
    """A file as objects, lists and scalars; None if it is of no kind that is known here."""
    if path.endswith(".json"):
        with open(path) as file:
            return json.load(file)
    if path.endswith(".nav"):
        return sections(path)
    if path.endswith("_tgts.txt"):
        return sections(path)
    return None


def sections(path):
    """Keys and values by the line that begins a section, whatever the order of sections; what precedes the first is one too."""
    found, section = {}, {}
    with open(path) as file:
        lines = file.read().splitlines()
    found[""] = section
    for line in lines:
        if line.startswith(("[Item = geo", "_geo")):
            section = found.setdefault("geo", {}).setdefault(line, {})
        elif line.startswith(("[Item", "_")):
            section = found.setdefault(line, {})
        elif " = " in line:
            key, value = line.split(" = ", 1)
            # The detector is as sure of another image of a lamella, give or take a few percent.
            value = re.sub(r"\(\d+ %\)", "", value)
            section[key] = [scalar(word) for word in value.split()]
    return found


def scalar(word):
    return float(word) if NUMBER.match(word) else word


def first_difference(before, after, path=()):
    """In words, or None."""
    key = path[-1] if path else ""
    if isinstance(before, str) and isinstance(after, str):
        before, after = scalar(before), scalar(after)
    if is_number(before) and is_number(after):
        return None if is_near(path, before, after) else told(path, before, after)
    if type(before) is not type(after):
        return told(path, before, after)
    if isinstance(before, dict):
        for name in sorted((before.keys() | after.keys()) - OF_THE_RUN):
            if name not in before or name not in after:
                return f"{'/'.join((*path, name))} is {'too much' if name in after else 'missing'}"
            if words := first_difference(before[name], after[name], (*path, name)):
                return words
        return None
    if isinstance(before, list):
        if key == "labels":
            # In the order of the boxes.
            before, after = sorted(before), sorted(after)
        if key == "exposures":
            return first_difference(by_purpose(before), by_purpose(after), (*path, "purposes"))
        if len(before) != len(after):
            return f"{'/'.join(path)}: {len(before)} / {len(after)} entries"
        of_boxes = key == "boxes" and before and isinstance(before[0], list)
        pairs = zip(before, paired(before, after) if of_boxes else after)
        return next(filter(None, (first_difference(*pair, path) for pair in pairs)), None)
    if isinstance(before, str):
        # Each session has a folder of its own.
        before, after = os.path.basename(before), os.path.basename(after)
    return None if before == after else told(path, before, after)


def paired(before, after):
    """The boxes in the order of those that they are nearest to: the detector names them by how sure it is, which is a close run."""
    left, found = list(after), []
    for box in before:
        found.append(min(left, key=lambda other: math.dist(box[:4], other[:4])))
        left.remove(found[-1])
    return found


def by_purpose(exposures):
    """The ledger's lines: what for and in which files; how many images were needed is of the run."""
    return sorted({entry["purpose"] + " " + entry.get("file", "") for entry in exposures})


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_near(path, before, after):
    if DOSE & set(path):
        return -0.01 * before <= after - before <= MORE_DOSE
    within = next((WITHIN[name] for name in reversed(path) if name in WITHIN), USUAL)
    return abs(before - after) <= within


def told(path, before, after):
    return f"{'/'.join(path) or 'it'}: {before} / {after}"
