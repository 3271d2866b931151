#!/usr/bin/env python3
"""Opens the files of a session with the programs of others.

usage: validate_session.py FOLDER

Every *.mrc below FOLDER must satisfy mrcfile.validate, every *.mdoc must be read by mdocfile with as many sections as
it has heads, every *.json must parse, every *.png must decode. Exit status 1 if any file fails or if there is none.
Needs the Python packages mrcfile and mdocfile; PNG files are decoded if Pillow is there.
"""
import contextlib
import io
import json
import sys
import warnings
from pathlib import Path

import mdocfile
import mrcfile


def check_mrc(path):
    output = io.StringIO()
    # mrcfile tells of wrong sizes and marks by a warning only.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        valid = mrcfile.validate(str(path), print_file=output)
    complaints = [str(warning.message) for warning in caught]
    if not valid:
        complaints += output.getvalue().strip().splitlines()
    if complaints:
        raise ValueError("; ".join(complaints))


def check_mdoc(path):
    # mdocfile prints a line about keys that are newer than it.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        frame = mdocfile.read(path)
    text = path.read_text(errors="replace")
    heads = sum(line.startswith(("[ZValue", "[MontSection", "[FrameSet")) for line in text.splitlines())
    if heads == 0 or len(frame) != heads:
        raise ValueError(f"{heads} sections, {len(frame)} read")


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def check_json(path):
    json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant)


def check_png(path):
    try:
        from PIL import Image
    except ImportError:
        return
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as image:
        image.load()


CHECKS = {".mrc": check_mrc, ".mdoc": check_mdoc, ".json": check_json, ".png": check_png}


def main(arguments):
    if len(arguments) != 2 or not Path(arguments[1]).is_dir():
        print(__doc__.strip(), file=sys.stderr)
        return 2
    counts = {}
    failures = []
    for path in sorted(Path(arguments[1]).rglob("*")):
        check = CHECKS.get(path.suffix)
        if check is None or not path.is_file():
            continue
        counts[path.suffix] = counts.get(path.suffix, 0) + 1
        try:
            check(path)
        except Exception as error:
            failures.append(f"{path}: {type(error).__name__}: {error}")
    for failure in failures:
        print(failure, file=sys.stderr)
    total = ", ".join(f"{count} {suffix}" for suffix, count in sorted(counts.items())) or "no files"
    print(f"checked {total}: {len(failures)} failed")
    return 1 if failures or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
