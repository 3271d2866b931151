"""What goes otherwise (protocol, sections 7 and 9): nobody there, another client, a client that vanishes, STOP."""
import json
import socket
import subprocess
import time
import urllib.request

import clients
from harness import Section, Simulator, equal, holds, near

section = Section("paths")
check = section.check


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@check()
def where_nobody_listens_the_module_says_so(sem):
    told = clients.ask(free_port(), 'tell(outcome(sem.Delay, 0, "s"))')
    equal("the kind of error", told[0][0], "SEMmoduleError")


@check("OKtoRunExternalScript")
def a_newcomer_is_told_that_serialem_is_under_control(sem):
    sem.called.add("OKtoRunExternalScript")   # the client asks it before its first command
    other = Simulator(section.executable)
    try:
        first = clients.start(other.port, 'sem.NoMessageBoxOnError(1)\ntell("in control")\ntime.sleep(30)\n')
        first.stdout.readline()
        told = clients.ask(other.port, "tell(outcome(sem.ReportTiltAngle))")
        first.kill()
        first.communicate()
        equal("the newcomer", told[0][0], "SEMmoduleError")
        time.sleep(0.5)
        told = clients.ask(other.port, "tell(outcome(sem.ReportTiltAngle))")
        equal("another, when all have gone", told[0][0], "value")
    finally:
        other.stop()


@check("SetVariable", "SetPersistentVar", "StartNavAcquireAtEnd")
def control_ends_with_the_connection(sem):
    other = Simulator(section.executable)
    try:
        clients.ask(other.port, f"""
sem.NoMessageBoxOnError(1)
sem.SetVariable("period", "1")
sem.SetPersistentVar("lasting", "1")
sem.OpenNavigator({other.path("left.nav")!r})
sem.AddStagePosAsNavPoint(0, 0, 0)
sem.SetItemAcquire(1, 1)
sem.StartNavAcquireAtEnd()
""")
        time.sleep(0.2)
        told = clients.ask(other.port, """
tell(outcome(sem.IsVariableDefined, "period"))
tell(outcome(sem.IsVariableDefined, "lasting"))
tell(outcome(sem.ReportItemAcquire, 1))
""")
        equal("a variable, a persistent one, the mark of an item", told, [["value", 0], ["value", 1], ["value", 1]])
        sem.called.update({"SetVariable", "SetPersistentVar", "StartNavAcquireAtEnd"})
    finally:
        other.stop()


@check("MoveStageTo")
def a_command_ends_although_its_client_is_gone(sem):
    slow = Simulator(section.executable, options=["--time-scale", "2"])
    try:
        client = clients.start(slow.port, 'sem.NoMessageBoxOnError(1)\ntell("ready")\nsem.MoveStageTo(200, 100)\n')
        client.stdout.readline()
        time.sleep(0.3)
        client.kill()
        client.communicate()
        told = clients.ask(slow.port, "tell(outcome(sem.ReportStageXYZ))")
        equal("the next client", told[0][0], "value")
        near("where the stage is", told[0][1][:2], (200, 100), 0.3)
        sem.called.add("MoveStageTo")
    finally:
        slow.stop()


@check("ExitProgramAtEnd")
def the_program_may_end_with_control(sem):
    other = Simulator(section.executable)
    try:
        told = clients.ask(other.port, "tell(outcome(sem.ExitProgramAtEnd))")
        equal("ExitProgramAtEnd", told, [["value", None]])
        sem.called.add("ExitProgramAtEnd")
    finally:
        other.stop()


@check()
def stop_between_commands_and_in_one_ends_control(sem):
    listed = subprocess.run([section.executable, "serve", "--help"], capture_output=True, text=True).stdout
    holds("serialem-sim --help", "--control-port" in listed, "--control-port", "none")
    port = free_port()
    slow = Simulator(section.executable, options=["--time-scale", "1", "--control-port", str(port)])
    try:
        def stop():
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/stop", method="POST"), timeout=10).read()

        client = clients.start(slow.port, """
sem.NoMessageBoxOnError(1)
sem.SetVariable("period", "1")
tell("ready")
time.sleep(1.5)
tell(outcome(sem.ReportTiltAngle))
tell(outcome(sem.IsVariableDefined, "period"))
tell(outcome(sem.Delay, 20, "s"))
tell(outcome(sem.ReportTiltAngle))
""")
        client.stdout.readline()
        time.sleep(0.4)
        stop()   # while SerialEM waits for a command: the next request is refused
        equal("the next request", json.loads(client.stdout.readline())[0], "SEMexited")
        equal("a variable of the period that was stopped", json.loads(client.stdout.readline()), ["value", 0])
        time.sleep(1.0)
        stop()   # while a delay runs
        begun = time.monotonic()
        told = clients.finish(client, 30)
        holds("the delay ended", time.monotonic() - begun < 15, "soon", time.monotonic() - begun)
        equal("the delay that was stopped", told[0][0], "SEMexited")
        holds("what it says", "STOP" in told[0][1], "User STOP", told[0])
        equal("the command after it", told[1][0], "value")
    finally:
        slow.stop()


@check()
def a_stop_that_is_waiting_is_told_once(sem):
    port = free_port()
    other = Simulator(section.executable, options=["--control-port", str(port)])
    try:
        client = clients.start(other.port, """
sem.NoMessageBoxOnError(1)
sem.SetVariable("period", "1")
tell("ready")
time.sleep(1.5)
tell(outcome(sem.ReportTiltAngle))
tell(outcome(sem.ReportTiltAngle))
tell(outcome(sem.IsVariableDefined, "period"))
""")
        client.stdout.readline()
        time.sleep(0.4)
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/stop", method="POST"), timeout=10).read()
        told = clients.finish(client, 30)
        holds("the next request", told[0][0] == "SEMexited" and "STOP" in told[0][1], "SEMexited, User STOP", told)
        equal("the one after it", told[1][0], "value")
        equal("a variable of the period that was stopped", told[2], ["value", 0])
    finally:
        other.stop()


if __name__ == "__main__":
    section.run()
