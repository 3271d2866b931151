"""Faults on demand: from a list in a file, and over the control port while the simulator runs."""
import contextlib
import json
import os
import tempfile
import urllib.error
import urllib.request

import clients
from harness import Section, Simulator, equal, holds, near

section = Section("faults")
check = section.check


class Stand:
    """A simulator of its own with a list of faults and a control port."""

    def __init__(self, faults, *options):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(faults, file)
        self.file = file.name
        self.simulator = Simulator(section.executable, options=["--faults", self.file, "--control-port", "0", *options])
        self.port = self.simulator.port
        self.control = next(line.split()[-1] for line in self.simulator.lines if line.startswith("control port "))

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def strikes(self):
        return [(strike["kind"], strike["command"]) for strike in self.ask("/faults")["strikes"]]

    def close(self):
        self.simulator.stop()
        os.unlink(self.file)


@contextlib.contextmanager
def stand(faults, *options):
    made = Stand(faults, *options)
    try:
        yield made
    finally:
        made.close()


LOCKED = {"kind": "error", "text": "The stage is locked.", "when": {"command": "MoveStageTo", "after": 1}}


def second_move_fails(told):
    equal("the first move", told[0], ["value", None])
    holds("the second move", told[1][0] == "SEMerror" and "The stage is locked." in told[1][1], "SEMerror, The stage is locked.", told[1])
    equal("the third move", told[2], ["value", None])
    near("where the stage is", told[3][1][:2], (30, 0), 0.3)


MOVES = """
sem.NoMessageBoxOnError(1)
tell(outcome(sem.MoveStageTo, 10, 0))
tell(outcome(sem.MoveStageTo, 20, 0))
tell(outcome(sem.MoveStageTo, 30, 0))
tell(outcome(sem.ReportStageXYZ))
"""


@check()
def an_error_of_the_file_strikes_by_name_and_count(sem):
    with stand([LOCKED]) as made:
        second_move_fails(clients.ask(made.port, MOVES))
        equal("what has struck", made.strikes(), [("error", "MoveStageTo")])


@check()
def an_error_over_http_strikes_until_the_list_is_emptied(sem):
    with stand([]) as made:
        equal("added", made.ask("/faults", LOCKED), {"added": 1})
        second_move_fails(clients.ask(made.port, MOVES))
        made.ask("/faults", {"kind": "error", "text": "No.", "when": {"command": "ReportTiltAngle", "times": "always"}})
        told = clients.ask(made.port, 'sem.NoMessageBoxOnError(1)\ntell(outcome(sem.ReportTiltAngle))\ntell(outcome(sem.ReportMag))')
        equal("the command that is named", told[0][0], "SEMerror")
        equal("another", told[1][0], "value")
        equal("removed", made.ask("/faults", method="DELETE"), {"removed": 2})
        equal("afterwards", clients.ask(made.port, "tell(outcome(sem.ReportTiltAngle))"), [["value", 0]])


@check()
def busy_is_told_and_passes(sem):
    busy = {"kind": "busy", "when": {"command": "ReportTiltAngle"}}
    for faults, later in (([busy], []), ([], [busy])):
        with stand(faults) as made:
            for fault in later:
                made.ask("/faults", fault)
            told = clients.ask(made.port, """
sem.NoMessageBoxOnError(1)
tell(outcome(sem.ReportTiltAngle))
tell(outcome(sem.ReportTiltAngle))
""")
            holds("while SerialEM is busy", told[0][0] != "value" and "busy" in told[0][1].lower(), "an error that says busy", told[0])
            equal("when it is not any more", told[1], ["value", 0])


@check()
def a_dropped_connection_is_made_again_by_the_module(sem):
    drop = {"kind": "dropBeforeReply", "when": {"command": "MoveStageTo"}}
    for faults, later in (([drop], []), ([], [drop])):
        with stand(faults) as made:
            for fault in later:
                made.ask("/faults", fault)
            told = clients.ask(made.port, "tell(outcome(sem.MoveStageTo, 40, 0))\ntell(outcome(sem.ReportStageXYZ))")
            equal("the command, which the module sends again", told[0], ["value", None])
            near("where the stage is", told[1][1][:2], (40, 0), 0.3)
            equal("what has struck", made.strikes(), [("dropBeforeReply", "MoveStageTo")])


@check()
def a_connection_that_is_always_dropped_is_an_error_and_another_client_is_served(sem):
    with stand([{"kind": "dropInReply", "bytes": 6, "when": {"command": "ReportTiltAngle", "times": "always"}}]) as made:
        told = clients.ask(made.port, "tell(outcome(sem.ReportTiltAngle))")
        holds("the command", told[0][0] in ("SEMerror", "SEMmoduleError"), "SEMerror or SEMmoduleError", told[0])
        equal("another client, another command", clients.ask(made.port, "tell(outcome(sem.ReportStageBusy))"), [["value", 0]])


@check()
def a_dialog_blocks_until_it_is_answered(sem):
    dialog = {"kind": "dialog", "text": "Insert the aperture?", "when": {"command": "MoveStageTo"}}
    for faults, later in (([dialog], []), ([], [dialog])):
        with stand(faults) as made:
            for fault in later:
                made.ask("/faults", fault)
            client = clients.start(made.port, 'sem.NoMessageBoxOnError(1)\ntell(outcome(sem.MoveStageTo, 40, 0))')
            for _ in range(20000):
                shown = made.ask("/status")["dialog"]
                if shown:
                    break
            equal("the dialog", shown, "Insert the aperture?")
            holds("the client meanwhile", client.poll() is None, "it waits", client.poll())
            equal("answered", made.ask("/dialog", {"button": 1}), {"answered": True})
            equal("the command", clients.finish(client), [["value", None]])
            equal("no dialog", made.ask("/status")["dialog"], None)


@check()
def stop_ends_the_command_and_control(sem):
    stop = {"kind": "stop", "when": {"command": "R"}}
    for faults, later in (([stop], []), ([], [stop])):
        with stand(faults) as made:
            for fault in later:
                made.ask("/faults", fault)
            told = clients.ask(made.port, """
sem.NoMessageBoxOnError(1)
sem.SetVariable("period", "1")
tell(outcome(sem.R))
tell(outcome(sem.IsVariableDefined, "period"))
tell(outcome(sem.R))
""")
            equal("the exposure", told[0][0], "SEMexited")
            equal("a variable of the period that was stopped", told[1], ["value", 0])
            equal("the next exposure", told[2][0], "value")
            equal("exposures", len(made.simulator.exposures()), 1)


@check()
def bad_vacuum_closes_the_valve_and_goes_away(sem):
    with stand([{"kind": "vacuum", "seconds": 300, "when": {"command": "R", "after": 1}}]) as made:
        told = clients.ask(made.port, """
sem.NoMessageBoxOnError(1)
sem.LoadCartridge(1)
sem.SetColumnOrGunValve(1)
sem.SetBeamBlank(0)
for _ in range(2):
    sem.R()
    tell(outcome(sem.ReportMeanCounts, "A"))
tell(outcome(sem.ReportVacuumStatus))
tell(outcome(sem.ReportColumnOrGunValve))
tell(outcome(sem.SetColumnOrGunValve, 1))
sem.Delay(10, "min")
tell(outcome(sem.SetColumnOrGunValve, 1))
tell(outcome(sem.ReportVacuumStatus))
""")
        holds("counts", told[1][1] < 0.1 * told[0][1], "few", told[:2])
        equal("vacuum", told[2], ["value", 2])
        equal("valve", told[3], ["value", 0])
        equal("opening it at once", told[4][0], "SEMerror")
        equal("opening it later", told[5], ["value", None])
        equal("vacuum then", told[6], ["value", 0])


@check()
def a_list_that_makes_no_sense_is_refused_in_one_sentence(sem):
    with stand([]) as made:
        try:
            made.ask("/faults", {"kind": "stopp"})
        except urllib.error.HTTPError as error:
            equal("the status", error.code, 400)
            holds("the sentence", "'kind' is \"stopp\"" in json.load(error)["error"], "the key and the value", error)
        else:
            holds("the answer", False, "a refusal", "none")


if __name__ == "__main__":
    section.run()
