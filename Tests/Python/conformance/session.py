"""Session control, errors, version, the log and the status line, time, settings and properties (4.1, 4.3, 4.5)."""
import re

import serialem

from harness import Section, equal, holds, near, nothing, numbers, refused, texts

section = Section("session")
check = section.check


@check("NoMessageBoxOnError")
def errors_come_back_as_text_and_control_goes_on(sem):
    nothing("NoMessageBoxOnError", sem.NoMessageBoxOnError(1))
    refused(sem, "MoveStageTo", 50000, 0)
    numbers("ReportStageXYZ after an error", sem.ReportStageXYZ(), 3)


@check("StartTry", "EndTry")
def inside_a_try_the_text_of_an_error_comes_back(sem):
    nothing("NoMessageBoxOnError(0)", sem.NoMessageBoxOnError(0))
    nothing("StartTry", sem.StartTry(1))
    refused(sem, "MoveStageTo", 50000, 0)
    nothing("EndTry", sem.EndTry())


@check("Exit")
def exit_ends_the_period_and_the_next_command_begins_another(sem):
    sem.SetVariable("kept", "no")
    sem.SetPersistentVar("stays", "yes")
    try:
        value = sem.Exit(0)
        holds("Exit(0)", False, "SEMexited", value)
    except serialem.SEMexited as exited:
        holds("Exit(0)", "Normal exit" in str(exited), "Normal exit", str(exited))
    equal("a regular variable after Exit", sem.IsVariableDefined("kept"), 0)
    equal("a persistent variable after Exit", sem.GetVariable("stays"), "yes")
    nothing("Exit(1)", sem.Exit(1))
    numbers("the first command after Exit(1)", sem.ReportStageXYZ(), 3)


@check("KeyBreak")
def no_key_was_pressed(sem):
    equal("KeyBreak", sem.KeyBreak(), 0)
    equal("KeyBreak", sem.KeyBreak("K"), 0)


@check("SuppressReports", "ErrorsToLog")
def switches_of_the_log_report_nothing_and_values_still_come(sem):
    nothing("SuppressReports", sem.SuppressReports())
    numbers("ReportTiltAngle", sem.ReportTiltAngle(), 1)
    nothing("SuppressReports(0)", sem.SuppressReports(0))
    nothing("ErrorsToLog", sem.ErrorsToLog())


@check("Return")
def return_outside_a_script_ends_control_as_exit_does(sem):
    sem.SetVariable("kept", "no")
    try:
        sem.Return()
    except serialem.SEMexited:
        pass
    equal("a regular variable after Return", sem.IsVariableDefined("kept"), 0)


section.plain("SuppressInfoOutput", 1)
section.plain("Verbose", 0)
section.plain("SetDebugOutput", "0")
section.plain("DeferSettingsUpdate")
section.plain("DeferLogUpdates")
section.plain("FlashDisplay", 1, 0.1)
section.plain("MailSubject", "night")
section.plain("NoLineWrapInMessageBox", 0)
section.plain("HighlightStatusLine", 1, 1)
section.plain("RunScriptAfterNavAcquire", 1)
section.plain("SaveSettings")
section.plain("WaitForMidnight")
section.plain("WaitForDose", 0.0, or_refused=True)
section.plain("ReportUtapiServices", 0, reports=1, or_refused=True)


@check("IsVersionAtLeast")
def the_version_is_between_40200_and_5(sem):
    equal("40000", sem.IsVersionAtLeast("40000"), 1)
    equal("40200, 20250228", sem.IsVersionAtLeast("40200", "20250228"), 1)
    equal("50000", sem.IsVersionAtLeast("50000"), 0)


@check("ReportNumExeFuncs")
def there_are_841_commands(sem):
    equal("ReportNumExeFuncs", sem.ReportNumExeFuncs(), 841)


@check("ProgramTimeStamps")
def time_stamps_go_to_the_log_only(sem):
    nothing("ProgramTimeStamps", sem.ProgramTimeStamps())


@check("ReportSettingsFile", "ReportSystemPath")
def the_settings_file_has_two_names(sem):
    texts("ReportSettingsFile", sem.ReportSettingsFile(), 2)
    texts("ReportSystemPath", sem.ReportSystemPath(), 1)


@check("ReportEnvironVar")
def a_variable_of_the_environment_is_there_or_is_none(sem):
    equal("a missing one", sem.ReportEnvironVar("TOMOPILOT_NO_SUCH_VARIABLE"), (0, "none"))
    found = sem.ReportEnvironVar("PATH")   # a simulator may keep its own environment to itself
    holds("PATH", found == (0, "none") or found[0] == 1 and isinstance(found[1], str), "1 and a text, or 0 and none", found)


@check("ReportClock", "ResetClock", "Delay")
def a_delay_passes_on_the_clock_in_its_unit(sem):
    nothing("ResetClock", sem.ResetClock())
    near("the clock after ResetClock", numbers("ReportClock", sem.ReportClock(), 1), 0, 0.5)
    expected = 0
    for amount, unit, seconds in ((0, "s", 0), (2, "s", 2), (1500, "msec", 1.5), (250, "ms", 0.25), (3, "sec", 3), (0.5, "min", 30)):
        nothing("Delay", sem.Delay(amount, unit))
        expected += seconds
        near(f"the clock after Delay({amount}, {unit})", sem.ReportClock(), expected, 0.5)
    sem.Delay(20)
    near("20 without unit are seconds", sem.ReportClock(), expected + 20, 0.5)
    sem.Delay(2000)
    near("2000 without unit are milliseconds", sem.ReportClock(), expected + 22, 0.5)


@check("ReportTickTime", "ElapsedTickTime", "ReportMinuteTime", "ReportDateTime")
def all_clocks_go_on_together(sem):
    start, minutes = numbers("ReportTickTime", sem.ReportTickTime(), 1), numbers("ReportMinuteTime", sem.ReportMinuteTime(), 1)
    sem.Delay(3, "min")
    near("ElapsedTickTime", sem.ElapsedTickTime(start), 180, 1)
    near("ReportTickTime", sem.ReportTickTime(), start + 180, 1)
    near("ReportMinuteTime", sem.ReportMinuteTime(), minutes + 3, 1.01)
    day, clock = numbers("ReportDateTime", sem.ReportDateTime(), 2)
    holds("the day", re.fullmatch(r"20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", str(int(day))), "yyyymmdd", day)
    holds("the time", clock % 100 < 60 and 0 <= clock < 2400, "hhmm", clock)


@check("SetCustomTime", "ReportCustomInterval")
def a_custom_time_counts_minutes(sem):
    equal("a name that was never set", sem.ReportCustomInterval("never"), 40000)
    nothing("SetCustomTime", sem.SetCustomTime("tuned"))
    sem.Delay(2, "min")
    near("two minutes later", sem.ReportCustomInterval("tuned"), 2, 1.01)


@check("ReportProperty", "SetProperty")
def properties_are_numbers_by_name_and_can_be_set(sem):
    for name in ("MaximumTiltAngle", "ImageShiftLimit", "TiltAxisOffset", "UseIlluminatedAreaForC2"):
        numbers(name, sem.ReportProperty(name), 1)
    before = sem.ReportProperty("ImageShiftLimit")
    nothing("SetProperty", sem.SetProperty("ImageShiftLimit", 9))
    equal("the property that was set", sem.ReportProperty("ImageShiftLimit"), 9)
    sem.SetProperty("ImageShiftLimit", int(before))
    refused(sem, "ReportProperty", "NoSuchProperty")
    refused(sem, "SetProperty", "NoSuchProperty", 1)
    refused(sem, "SetUserSetting", "NoSuchSetting", 1)


@check("ReportUserSetting", "SetUserSetting")
def a_user_setting_is_restored_at_the_end_unless_kept(sem):
    before = numbers("BuffersToRollOnAcquire", sem.ReportUserSetting("BuffersToRollOnAcquire"), 1)
    numbers("DriftProtection", sem.ReportUserSetting("DriftProtection"), 1)
    nothing("SetUserSetting", sem.SetUserSetting("BuffersToRollOnAcquire", 7))
    equal("the setting that was set", sem.ReportUserSetting("BuffersToRollOnAcquire"), 7)
    sem.Exit(1)
    equal("the setting after control has ended", sem.ReportUserSetting("BuffersToRollOnAcquire"), before)
    sem.SetUserSetting("BuffersToRollOnAcquire", 6, 1)
    sem.Exit(1)
    equal("the setting that was kept", sem.ReportUserSetting("BuffersToRollOnAcquire"), 6)
    sem.SetUserSetting("BuffersToRollOnAcquire", before, 1)
    sem.NoMessageBoxOnError(1)
    refused(sem, "ReportUserSetting", "NoSuchSetting")





@check("Echo", "EchoBreakLines", "EchoReplaceLine", "EchoNoLineEnd", "SetNextLogOutputStyle", "SaveLog")
def what_is_echoed_is_in_the_saved_log(sem):
    nothing("SetNextLogOutputStyle", sem.SetNextLogOutputStyle(1, 2))
    nothing("Echo", sem.Echo("a line of its own"))
    nothing("EchoBreakLines", sem.EchoBreakLines("upper half\nlower half"))
    nothing("EchoNoLineEnd", sem.EchoNoLineEnd("not yet "))
    nothing("EchoReplaceLine", sem.EchoReplaceLine("replaced"))
    nothing("SaveLog", sem.SaveLog(1, section.path("saved.txt")))
    with open(section.path("saved.log")) as log:   # `.log` replaces the extension
        lines = log.read().splitlines()
    for line in ("a line of its own", "upper half", "lower half"):
        holds("the saved log", line in lines, f"the line {line!r}", lines[-8:])


@check("SaveLogOpenNew", "CloseLogOpenNew")
def a_new_log_begins_empty(sem):
    sem.SaveLog(1, section.path("first.log"))
    sem.Echo("in the first log")
    nothing("SaveLogOpenNew", sem.SaveLogOpenNew(section.path("second.log")))   # the name is the new log's
    sem.Echo("in the second log")
    nothing("SaveLog without a name", sem.SaveLog(1))
    nothing("CloseLogOpenNew", sem.CloseLogOpenNew(1))
    sem.Echo("in the third log")
    sem.SaveLog(1, section.path("third.log"))
    for name in ("first", "second", "third"):
        text = open(section.path(f"{name}.log")).read()
        holds(f"the {name} log", [other for other in ("first", "second", "third") if f"in the {other} log" in text] == [name],
              "its own line alone", text[-120:])


@check("SetStatusLine", "ClearStatusLine")
def a_status_line_is_taken_by_number_or_the_first_free(sem):
    nothing("ClearStatusLine(0)", sem.ClearStatusLine(0))
    nothing("SetStatusLine(1)", sem.SetStatusLine(1, "grid 1"))
    equal("SetStatusLine(0) beside line 1", sem.SetStatusLine(0, "lamella 2"), (2, 0))
    for line in range(3, 7):
        sem.SetStatusLine(line, "full")
    equal("SetStatusLine(0) with all lines taken", sem.SetStatusLine(0, "no room"), (0, 0))
    nothing("ClearStatusLine", sem.ClearStatusLine(0))
    equal("SetStatusLine(0) after clearing", sem.SetStatusLine(0, "first"), (1, 0))





@check("ReportFreeDiskSpace")
def the_disk_has_megabytes_left(sem):
    holds("ReportFreeDiskSpace", numbers("MB", sem.ReportFreeDiskSpace(section.simulator.folder), 1) > 1, "more than 1 MB", 0)





if __name__ == "__main__":
    section.run()
