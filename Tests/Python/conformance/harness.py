"""What the sections of the conformance suite share: a simulator of their own, checks that name commands, comparisons.

A section is a file with a `Section` and functions marked with `@section.check("Command", ...)`. Each runs in a process of
its own, because SerialEM's Python client keeps one connection per process. A check claims something about the commands
that it names; that it did call them is checked as well.
"""
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

import serialem


def one_line(value):
    """An error of SerialEM without its frame, in one line."""
    return " ".join(str(value).replace("* ", "").replace("*", "").split()).replace("SCRIPT ERROR WITH THIS MESSAGE: ", "")


class Mismatch(Exception):
    """What the specification says, and what was seen instead."""

    def __init__(self, what, expected, seen):
        super().__init__(f"{what}: expected {expected}, saw {one_line(seen)}")


class Client:
    """SerialEM's module; remembers what was called, and lets no reported value pass that is not a number or a text."""

    def __init__(self):
        self.called = set()

    def __getattr__(self, name):
        function = getattr(serialem, name)
        if not callable(function) or isinstance(function, type):
            return function

        def call(*arguments):
            self.called.add(name)
            value = function(*arguments)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, float) and not math.isfinite(one):
                    raise Mismatch(name, "finite numbers", value)
            return value

        return call


class Simulator:
    """serialem-sim in a folder of its own, without waiting."""

    def __init__(self, executable, seed=7, options=()):
        self.folder = tempfile.mkdtemp(prefix="tomopilot conformance ")
        self.process = subprocess.Popen(
            [executable, "--port", "0", "--seed", str(seed), "--folder", self.folder, "--time-scale", "0",
             "--exposure-log", os.path.join(self.folder, "exposures.jsonl"), *options],
            stdout=subprocess.PIPE, text=True)
        self.lines = []
        while not self.lines or not self.lines[-1].startswith("listening on "):
            line = self.process.stdout.readline()
            if not line:
                self.remove_files()
                raise RuntimeError("the simulator did not start")
            self.lines.append(line.strip())
        self.port = int(self.lines[-1].rsplit(":", 1)[1])

    def path(self, name):
        return os.path.join(self.folder, name)

    def exposures(self):
        """What the exposure log says, one dictionary for each exposure."""
        try:
            with open(self.path("exposures.jsonl")) as lines:
                return [json.loads(line) for line in lines if line.strip()]
        except FileNotFoundError:
            return []

    def stop(self, keep_files=False):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if not keep_files:
            self.remove_files()

    def remove_files(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Section:
    def __init__(self, name, prepare=None, before=None):
        self.name = name
        self.prepare = prepare   # what the checks of the section take for granted, such as a loaded grid
        self.before = before     # what each check takes for granted, whatever the one before has left behind
        self.checks = []
        self.simulator = None
        self.executable = None

    def check(self, *commands):
        """Marks a function that checks these commands; it is given the client."""
        def mark(function):
            self.checks.append((function.__name__.replace("_", " "), commands, function))
            return function
        return mark

    def plain(self, name, *arguments, reports=0, or_refused=False, before=None):
        """A check of one command by what it reports alone: so many values. Where a microscope may lack what the command needs,
        a refusal with a reason is right as well."""
        def check(sem):
            if before:
                before(sem)
            try:
                value = getattr(sem, name)(*(one() if callable(one) else one for one in arguments))
            except serialem.SEMerror as error:
                if not or_refused:
                    raise
                return reason(name, error)
            numbers(name, value, reports) if reports else nothing(name, value)

        self.checks.append((f"{name} reports {reports or 'no'} value{'s' if reports != 1 else ''}", (name,), check))

    def path(self, name):
        return self.simulator.path(name)

    def run(self):
        """Called by run.py: SIMULATOR RESULTS. Writes what is to be done, then one line of JSON for each check."""
        self.executable, results = sys.argv[1], open(sys.argv[2], "w", buffering=1)

        def tell(**line):
            results.write(json.dumps(line) + "\n")

        tell(planned=[[claim, commands] for claim, commands, _ in self.checks])
        self.simulator = Simulator(self.executable)
        try:
            sem = Client()
            serialem.ConnectToSEM(self.simulator.port, "127.0.0.1")
            trouble = None
            for claim, commands, function in [("the section is prepared", (), self.prepare)] + self.checks:
                if function is None:
                    continue
                tell(begun=claim)
                sem.called = set()
                failure = None
                try:
                    serialem.NoMessageBoxOnError(1)
                    if self.before and function is not self.prepare:
                        self.before(serialem)
                    function(sem)
                    missed = [name for name in commands if name not in sem.called]
                    if missed:
                        failure = f"the check itself is wrong, it never called {', '.join(missed)}"
                except Mismatch as mismatch:
                    failure = str(mismatch)
                except Exception as error:   # what a section did not expect is a failure of that check only
                    where = traceback.extract_tb(error.__traceback__)
                    own = [frame.line for frame in where if "harness" not in frame.filename]
                    failure = f"expected no {type(error).__name__}, saw: {one_line(error)}" + (f" at `{own[-1]}`" if own else "")
                if function is self.prepare:
                    if failure:
                        trouble = failure
                    continue
                if failure and trouble:
                    failure += f" (the section was not prepared: {trouble})"
                tell(claim=claim, commands=commands, failure=failure)
        finally:
            self.simulator.stop()


def equal(what, seen, expected):
    if seen != expected:
        raise Mismatch(what, repr(expected), repr(seen))


def near(what, seen, expected, tolerance):
    """Numbers, or sequences of them, that differ by no more than the tolerance."""
    pairs = list(zip(seen, expected)) if isinstance(expected, (tuple, list)) else [(seen, expected)]
    whole = not isinstance(expected, (tuple, list)) or len(seen) == len(expected)
    if not whole or not all(isinstance(a, (int, float)) and abs(a - b) <= tolerance for a, b in pairs):
        raise Mismatch(what, f"{expected} within {tolerance}", seen)


def holds(what, condition, expected, seen):
    if not condition:
        raise Mismatch(what, expected, seen)


def nothing(what, seen):
    if seen is not None:
        raise Mismatch(what, "no value", repr(seen))


def numbers(what, seen, count):
    """The reported values, which have to be that many numbers."""
    values = seen if isinstance(seen, tuple) else () if seen is None else (seen,)
    if len(values) != count or not all(isinstance(value, float) for value in values):
        raise Mismatch(what, f"{count} numbers", repr(seen))
    return values[0] if count == 1 else values


def texts(what, seen, count):
    values = seen if isinstance(seen, tuple) else () if seen is None else (seen,)
    if len(values) != count or not all(isinstance(value, str) for value in values):
        raise Mismatch(what, f"{count} texts", repr(seen))
    return values[0] if count == 1 else values


def refused(sem, name, *arguments):
    """The command has to fail as SerialEM fails, with the frame of a script error around a text that names it."""
    try:
        value = getattr(sem, name)(*arguments)
    except serialem.SEMerror as error:
        text = str(error)
        if not text.startswith("\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\n") or f"{name}(" not in text:
            raise Mismatch(f"the error text of {name}", f"the frame of a script error and {name}(...)", repr(text)) from None
        if "is not simulated" in text:
            raise Mismatch(f"{name}{arguments}", "a refusal with a reason", text) from None
        return text
    raise Mismatch(f"{name}{arguments}", "an error", repr(value))


def reason(name, error):
    """An error that is right where the microscope lacks something: it names the command, and not only that it is missing here."""
    if f"{name}(" not in str(error) or "is not simulated" in str(error):
        raise Mismatch(name, "what is described, or a refusal with a reason", error)


def product(a, b):
    """The matrix of first b, then a; both as xpx, xpy, ypx, ypy."""
    return (a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3])


def applied(matrix, x, y):
    return (matrix[0] * x + matrix[1] * y, matrix[2] * x + matrix[3] * y)


def ready(sem, slot=1):
    """A grid on the stage, valves open, beam on: what a session begins with."""
    sem.LoadCartridge(slot)
    sem.SetColumnOrGunValve(1)
    sem.SetBeamBlank(0)


def regular(sem, magnification=None):
    """Low Dose off, at Record's magnification unless another is named, stage at the middle, no image shift."""
    sem.SetLowDoseMode(0)
    sem.SetMag(magnification or 53000)
    sem.SetImageShift(0, 0)
    sem.MoveStageTo(0, 0)
