"""Acquire at Items (4.18, 3.9), running SerialEM scripts (4.20), and SerialEM that is busy meanwhile."""
import os
import time

import clients
from harness import Section, Simulator, equal, holds, nothing, numbers, ready, reason, refused

section = Section("acquisition", ready)
check = section.check
TARGETS = """_set minTilt = {tilt}
_set maxTilt = 6

_tgt = 001
tsfile = {name}_ts_001.mrc
viewfile = {name}_tgt_001_view.mrc
SSX = 0.0000
SSY = 0.0000
stageX = {x}
stageY = {y}
skip = False
"""


def wait_for_control(sem):
    """Asks until SerialEM is not busy any more, as 3.9 says."""
    for _ in range(200):
        try:
            return sem.NoMessageBoxOnError(1)
        except Exception:
            time.sleep(0.1)
    raise RuntimeError("the acquisition did not end")


def marked_item(sem, folder, name, x, y):
    with open(os.path.join(folder, f"{name}_tgts.txt"), "w") as file:
        file.write(TARGETS.format(name=name, x=x, y=y, tilt=-6))
    sem.V()
    sem.OpenNewFile(os.path.join(folder, f"{name}_tgt_001_view.mrc"))
    item = int(sem.NewMap(0, f"{name}_tgts.txt"))   # PACEtomo aligns to a map
    sem.CloseFile()
    sem.SetItemAcquire(item, 1)
    return item


@check("ReportIfNavAcquiring", "SkipAcquiringNavItem", "SkipAcquiringGroup", "SkipMoveInNavAcquire", "EndAcquireAtItems",
       "ReportNextNavAcqItem")
def outside_an_acquisition_there_is_nothing_to_skip_or_end(sem):
    sem.OpenNavigator(section.path("acquisition.nav"))
    sem.AddStagePosAsNavPoint(1, 1, 0)
    equal("ReportIfNavAcquiring", numbers("ReportIfNavAcquiring", sem.ReportIfNavAcquiring(), 2), (0, 0))
    nothing("SkipAcquiringNavItem", sem.SkipAcquiringNavItem())   # only the log tells that it has no effect
    for name in ("SkipAcquiringGroup", "SkipMoveInNavAcquire", "ReportNextNavAcqItem", "EndAcquireAtItems"):
        refused(sem, name)


@check("NavAcqAtEndUseParams", "SetNavAcqAtEndParams", "StartNavAcquireAtEnd", "RunScriptAfterNavAcquire")
def after_exit_the_marked_item_is_acquired(sem):
    sem.SetDirectory(section.simulator.folder)
    sem.GoToImagingState("3")
    item = marked_item(sem, section.simulator.folder, "one", 0, 0)
    sem.SaveNavigator()
    nothing("NavAcqAtEndUseParams", sem.NavAcqAtEndUseParams("F"))
    nothing("SetNavAcqAtEndParams", sem.SetNavAcqAtEndParams("prim", 2, "scrp-p", 1))
    nothing("RunScriptAfterNavAcquire", sem.RunScriptAfterNavAcquire(2))
    nothing("StartNavAcquireAtEnd", sem.StartNavAcquireAtEnd())
    nothing("Exit", sem.Exit(1))
    wait_for_control(sem)
    equal("ReportIfNavAcquiring", sem.ReportIfNavAcquiring(), (0, 0))
    equal("the mark is gone", sem.ReportItemAcquire(item), 0)
    holds("the tilt series", os.path.exists(section.path("one_ts_001.mrc")), "a file", os.listdir(section.simulator.folder))


@check("NavAcqAtEndUseParams", "SetNavAcqAtEndParams")
def a_choice_of_parameters_ends_with_its_period(sem):
    item = marked_item(sem, section.simulator.folder, "two", 0, 0)
    sem.NavAcqAtEndUseParams("F")
    sem.Exit(1)
    wait_for_control(sem)
    equal("without StartNavAcquireAtEnd nothing is acquired", sem.ReportItemAcquire(item), 1)
    refused(sem, "SetNavAcqAtEndParams", "prim", 2)   # the choice of NavAcqAtEndUseParams was for the last period
    refused(sem, "NavAcqAtEndUseParams", "X")
    sem.NavAcqAtEndUseParams("F")
    refused(sem, "SetNavAcqAtEndParams", "no such option", 1)
    sem.SetItemAcquire(item, 0)


@check("StartNavAcquireAtEnd", "Exit")
def while_it_runs_every_request_is_refused(sem):
    slow = Simulator(section.executable, options=["--time-scale", "60"])
    try:
        with open(slow.path("busy_tgts.txt"), "w") as file:
            file.write(TARGETS.format(name="busy", x=0, y=0, tilt=-60))
        told = clients.ask(slow.port, f"""
sem.NoMessageBoxOnError(1)
sem.LoadCartridge(1)
sem.SetColumnOrGunValve(1)
sem.SetBeamBlank(0)
sem.OpenNavigator({slow.path("busy.nav")!r})
sem.MoveStageTo(0, 0)
sem.GoToImagingState("3")
sem.V()
sem.OpenNewFile({slow.path("busy_tgt_001_view.mrc")!r})
sem.SetItemAcquire(int(sem.NewMap(0, "busy_tgts.txt")), 1)
sem.CloseFile()
sem.SaveNavigator()
sem.NavAcqAtEndUseParams("F")
sem.SetNavAcqAtEndParams("prim", 2)
sem.StartNavAcquireAtEnd()
sem.Exit(1)
tell("left")
""")
        equal("the client that asked for it", told, ["left"])
        told = clients.ask(slow.port, 'tell(outcome(sem.ReportTiltAngle))')
        holds("a second client", told and told[0][0] == "SEMmoduleError" and "busy" in told[0][1], "SEMmoduleError, busy", told)
    finally:
        slow.stop()
    for item in range(1, int(sem.ReportNumTableItems()) + 1):
        sem.SetItemAcquire(item, 0)
    sem.StartNavAcquireAtEnd()   # in the other simulator, where no item is marked: nothing happens, silently
    sem.Exit(1)
    numbers("the next command", sem.ReportTiltAngle(), 1)


@check("Call", "CallScript", "CallMacro", "CallFunction", "CallStringArray", "StringArrayToScript")
def scripts_of_serialem_run_or_are_refused_with_a_reason(sem):
    sem.SetVariable("text", "Echo from a script")
    for name, arguments in (("Call", ("NoSuchScript",)), ("CallScript", (1,)), ("CallMacro", (1,)), ("CallFunction", ("None::None",)),
                            ("CallStringArray", ("text",)), ("StringArrayToScript", ("text", -1))):
        try:
            getattr(sem, name)(*arguments)
        except Exception as error:
            reason(name, error)


section.plain("ItemForSuperCoord", 1)
section.plain("UseNavGroupForMultishot", 1, or_refused=True)
section.plain("ReadNavAcqParamSet", "F", lambda: section.path("missing.txt"), or_refused=True)


@check("ReportLongOperations")
def long_operations_are_counted(sem):
    value = sem.ReportLongOperations()
    count = value[0] if isinstance(value, tuple) else value
    holds("how many", isinstance(count, float) and count >= 0, "a number", value)


if __name__ == "__main__":
    section.run()
