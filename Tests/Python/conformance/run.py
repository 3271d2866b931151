"""Runs the conformance suite and ends with one line: how many commands were checked, and how many passed.

    run.py SIMULATOR [SECTION ...]

A command passes if every check that names it holds. Each command that SPACEtomo or PACEtomo use has to be named by a check.
"""
import collections
import concurrent.futures
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
HELPERS = {"harness", "clients", "run"}
LIMIT = 300   # seconds for one section; a command that is never answered ends it


def used_commands():
    with open(HERE.parents[2] / "Scripts" / "serialem-function-codes.tsv") as table:
        rows = csv.DictReader((line for line in table if not line.startswith("#")), delimiter="\t")
        return {row["name"] for row in rows if row["used_by"]}


def run_section(simulator, name):
    """The results of one section: (claim, commands, failure or None) of each check."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "results.jsonl")
        trouble = None
        try:
            finished = subprocess.run(
                [sys.executable, str(HERE / f"{name}.py"), simulator, report], timeout=LIMIT, capture_output=True, text=True)
            if finished.returncode != 0:
                trouble = finished.stderr.strip().splitlines()[-1:] or [f"ended with {finished.returncode}"]
        except subprocess.TimeoutExpired:
            trouble = [f"no end within {LIMIT} s"]
        lines = [json.loads(line) for line in open(report)] if os.path.exists(report) else []
    planned = next((line["planned"] for line in lines if "planned" in line), [["the section runs", []]])
    done = {line["claim"]: line for line in lines if "claim" in line}
    begun = [line["begun"] for line in lines if "begun" in line]
    results = []
    for claim, commands in planned:
        if claim in done:
            results.append((claim, commands, done[claim]["failure"]))
            continue
        where = " in this check" if begun and begun[-1] == claim else ""
        results.append((claim, commands, f"expected an end, saw none{where}: {(trouble or ['?'])[0]}"))
    return results


def run_operator_session(simulator):
    """The session of an operator, a program of its own; what it said last, and whether that is a failure."""
    try:
        finished = subprocess.run(
            [sys.executable, str(HERE.parent / "operator_session.py"), simulator], timeout=LIMIT, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        return f"no end within {LIMIT} s", True
    said = (finished.stdout if finished.returncode == 0 else finished.stderr).strip()
    return " ".join(said.splitlines()[-1:] if finished.returncode == 0 else said.split()[-60:]), finished.returncode != 0


def main():
    simulator, chosen = os.path.abspath(sys.argv[1]), sys.argv[2:]
    sections = chosen or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in HELPERS)
    unknown = [name for name in sections if not (HERE / f"{name}.py").exists()]
    if unknown:
        print(f"there is no section {', '.join(unknown)}", file=sys.stderr)
        return 2
    checked = collections.defaultdict(list)
    failures = []
    used = used_commands()
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for name, results in zip(sections, pool.map(lambda section: run_section(simulator, section), sections)):
            failed = 0
            for claim, commands, failure in results:
                for command in commands:
                    checked[command].append(failure is None)
                if failure is not None:
                    failed += 1
                    failures.append(f"FAILED {', '.join(commands) or 'a path'} ({name}: {claim}): {failure}")
            print(f"{name}: {len(results)} checks, {failed} failed", flush=True)
    if not chosen:
        said, failed = run_operator_session(simulator)
        print(said if not failed else "operator session: failed")
        if failed:
            failures.append(f"FAILED the operator session: {said}")
        for command in sorted(used - set(checked)):
            checked[command].append(False)
            failures.append(f"FAILED {command}: no check names it, and SPACEtomo or PACEtomo use it")
    # What SPACEtomo and PACEtomo use comes first.
    for failure in sorted(failures, key=lambda text: not used & set(re.split(r"[ ,:(]+", text.split(" (")[0]))):
        print(failure)
    print(f"{len(checked)} commands checked, {sum(all(passed) for passed in checked.values())} passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
