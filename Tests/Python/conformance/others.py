"""Every other command of the table: values, or SerialEM's own kind of error that names the command; never silence."""
import csv
import importlib
import pathlib

import serialem

from harness import Section, holds, ready, regular

section = Section("others", ready)
HERE = pathlib.Path(__file__).parent
# Exit and what ends control or the program; functions of the socket protocol are no commands.
LEFT_OUT = {"Exit", "Return", "ExitProgramAtEnd"}
PLAIN = {"S": "A", "D": 1.0, "I": 1}


def checked_elsewhere():
    names = set()
    for path in HERE.glob("*.py"):
        module = importlib.import_module(path.stem) if path.stem not in ("run", "others") else None
        for _, commands, _ in getattr(getattr(module, "section", None), "checks", ()):
            names.update(commands)
    return names


def remaining():
    with open(HERE.parents[2] / "Scripts" / "serialem-function-codes.tsv") as table:
        for row in csv.DictReader((line for line in table if not line.startswith("#")), delimiter="\t"):
            if row["args"] != "n/a":
                yield row["name"], [PLAIN[letter] for letter in row["args"] if letter.isupper()]


@section.check()
def every_other_command_answers(sem):
    known = checked_elsewhere() | LEFT_OUT
    regular(sem)
    silent = []
    for name, arguments in remaining():
        if name in known:
            continue
        try:
            value = getattr(serialem, name)(*arguments)
            if isinstance(value, tuple) and len(value) > 6:
                silent.append(f"{name} reported {value}")
        except serialem.SEMerror as error:
            if f"{name}(" not in str(error):
                silent.append(f"{name} was refused without its name: {str(error).strip()!r}")
    holds("commands without an answer of SerialEM's kind", not silent, "none", "; ".join(silent))


if __name__ == "__main__":
    section.run()
