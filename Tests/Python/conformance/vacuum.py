"""Beam, valves, vacuum, dewars, autoloader and apertures (4.11)."""
from harness import Section, equal, holds, near, nothing, numbers, ready, reason, refused, regular

section = Section("vacuum", ready)
check = section.check


@check("SetBeamBlank", "SetColumnOrGunValve", "ReportColumnOrGunValve")
def no_beam_no_counts(sem):
    regular(sem, 8700)
    sem.R()
    bright = sem.ReportMeanCounts("A")
    nothing("SetColumnOrGunValve", sem.SetColumnOrGunValve(0))
    equal("ReportColumnOrGunValve closed", sem.ReportColumnOrGunValve(), 0)
    sem.R()
    near("counts with the valve closed", sem.ReportMeanCounts("A"), 0, 0.05 * bright)
    sem.SetColumnOrGunValve(1)
    equal("ReportColumnOrGunValve open", sem.ReportColumnOrGunValve(), 1)
    sem.R()
    near("counts with the valve open again", sem.ReportMeanCounts("A") / bright, 1, 0.2)
    nothing("SetBeamBlank", sem.SetBeamBlank(1))
    sem.SetBeamBlank(0)


@check("ScreenUp", "ScreenDown", "ReportScreen", "ReportScreenCurrent", "R")
def the_screen_goes_down_and_up(sem):
    nothing("ScreenDown", sem.ScreenDown())
    equal("ReportScreen", sem.ReportScreen(), 1)
    holds("ReportScreenCurrent", numbers("nA", sem.ReportScreenCurrent(), 1) > 0, "a current", sem.ReportScreenCurrent())
    nothing("ScreenUp", sem.ScreenUp())
    equal("ReportScreen", sem.ReportScreen(), 0)
    sem.ScreenDown()
    sem.R()
    equal("the screen after a shot", sem.ReportScreen(), 0)


@check("IsFEGFlashingAdvised", "NextFEGFlashHighTemp", "LongOperation")
def the_gun_is_flashed_when_that_is_due(sem):
    for kind in (0, 1):
        holds("IsFEGFlashingAdvised", sem.IsFEGFlashingAdvised(kind) in (0, 1), "1 or 0", sem.IsFEGFlashingAdvised(kind))
    nothing("NextFEGFlashHighTemp", sem.NextFEGFlashHighTemp(1))
    equal("LongOperation FF", numbers("LongOperation", sem.LongOperation("FF", "0"), 2), (0, 0))
    equal("IsFEGFlashingAdvised after a flash", sem.IsFEGFlashingAdvised(1), 0)


section.plain("ReportFEGBeamCurrent", reports=1)


@check("LongOperation")
def hours_since_a_long_operation_are_reported(sem):
    nothing_or_codes = sem.LongOperation("Re", "-1")   # only sets the time
    holds("LongOperation with -1", nothing_or_codes is None or nothing_or_codes == (0, 0), "no value or 0, 0", nothing_or_codes)
    sem.Delay(60, "min")
    hours = sem.LongOperation("Re", "-2")
    first = hours[0] if isinstance(hours, tuple) else hours
    near("hours since the last", first, 1, 0.05)


@check("AreDewarsFilling", "ManageDewarsAndPumps", "LongOperation")
def dewars_are_refilled_and_managed(sem):
    equal("AreDewarsFilling", sem.AreDewarsFilling(), 0)
    nothing("ManageDewarsAndPumps", sem.ManageDewarsAndPumps())
    equal("LongOperation Re", sem.LongOperation("Re", "0"), (0, 0))
    equal("AreDewarsFilling when it is over", sem.AreDewarsFilling(), 0)


@check("DewarsRemainingTime", "RefrigerantLevel")
def dewars_have_levels_and_a_time_left(sem):
    numbers("DewarsRemainingTime", sem.DewarsRemainingTime(), 1)
    for dewar in (1, 2):
        holds("RefrigerantLevel", numbers("level", sem.RefrigerantLevel(dewar), 1) >= 0, "a level", sem.RefrigerantLevel(dewar))


@check("SimpleOriginStatus", "SetSimpleOriginActive")
def simple_origin_is_refused_or_answers_in_four_numbers(sem):
    try:
        numbers("SimpleOriginStatus", sem.SimpleOriginStatus(), 4)
        nothing("SetSimpleOriginActive", sem.SetSimpleOriginActive(1))
        equal("active", sem.SimpleOriginStatus()[3], 1)
    except Exception as error:
        reason("SimpleOriginStatus", error)
        refused(sem, "SetSimpleOriginActive", 1)


@check("ReportVacuumStatus", "IsPVPRunning")
def the_vacuum_is_good(sem):
    sem.Delay(10, "min")   # cartridges and refills let gas into the column
    equal("ReportVacuumStatus", sem.ReportVacuumStatus(), 0)
    holds("IsPVPRunning", sem.IsPVPRunning() in (0, 1), "1 or 0", sem.IsPVPRunning())


@check("ReportVacuumGauge")
def a_gauge_has_a_status_and_a_pressure(sem):
    status, pressure = numbers("ReportVacuumGauge", sem.ReportVacuumGauge("IGPco"), 2)
    equal("the status of a valid gauge", status, 4)
    holds("the pressure", 0 < pressure < 1, "Pa", pressure)
    refused(sem, "ReportVacuumGauge", "no such gauge")


section.plain("QueryVibrationManager", 0, reports=1, or_refused=True)
section.plain("VibrationManagerRequest", 1, or_refused=True)


@check("ReportApertureSize", "SetApertureSize", "RemoveAperture", "ReInsertAperture")
def the_objective_aperture_goes_out_and_in(sem):
    before = numbers("ReportApertureSize", sem.ReportApertureSize(2), 1)
    nothing("SetApertureSize", sem.SetApertureSize(2, 100))
    equal("ReportApertureSize", sem.ReportApertureSize(2), 100)
    nothing("SetApertureSize(2, 0)", sem.SetApertureSize(2, 0))
    equal("retracted", sem.ReportApertureSize(2), 0)
    nothing("ReInsertAperture", sem.ReInsertAperture(2))
    equal("inserted again", sem.ReportApertureSize(2), 100)
    nothing("RemoveAperture", sem.RemoveAperture(2))
    equal("removed", sem.ReportApertureSize(2), 0)
    nothing("SetApertureSize(2, 1)", sem.SetApertureSize(2, 1))
    equal("reinserted by size 1", sem.ReportApertureSize(2), 100)
    refused(sem, "ReportApertureSize", 17)
    if before > 10:
        sem.SetApertureSize(2, int(before))


@check("PhasePlateToNextPos", "ReportPhasePlatePos")
def a_phase_plate_is_there_or_is_refused(sem):
    try:
        position = numbers("ReportPhasePlatePos", sem.ReportPhasePlatePos(), 1)
        nothing("PhasePlateToNextPos", sem.PhasePlateToNextPos())
        holds("the next position", sem.ReportPhasePlatePos() != position, "another position", position)
    except Exception as error:
        reason("ReportPhasePlatePos", error)
        refused(sem, "PhasePlateToNextPos")


@check("ReportSlotStatus")
def a_slot_is_full_with_a_name_or_empty_or_no_slot(sem):
    kinds = set()
    for slot in range(1, 13):
        status = sem.ReportSlotStatus(slot)
        code = status[0] if isinstance(status, tuple) else status
        holds(f"slot {slot}", code in (0, 1), "1 or 0", status)
        if isinstance(status, tuple):
            holds(f"slot {slot}", len(status) == 2 and isinstance(status[1], str), "a code and a name", status)
        kinds.add(code)
    equal("full and empty slots", kinds, {0, 1})
    beyond = sem.ReportSlotStatus(99)
    equal("a slot that is none", beyond[0] if isinstance(beyond, tuple) else beyond, -1)


@check("LoadCartridge", "UnloadCartridge", "ReportSlotStatus")
def a_cartridge_goes_to_the_stage_and_back(sem):
    def status(slot):
        value = sem.ReportSlotStatus(slot)
        return value[0] if isinstance(value, tuple) else value
    equal("UnloadCartridge", numbers("UnloadCartridge", sem.UnloadCartridge(), 2), (0, 0))
    full = [slot for slot in range(1, 13) if status(slot) == 1]
    empty = [slot for slot in range(1, 13) if status(slot) == 0]
    sem.ResetClock()
    equal("LoadCartridge", numbers("LoadCartridge", sem.LoadCartridge(full[0]), 2), (0, 0))
    holds("how long a load takes", sem.ReportClock() > 30, "minutes on the clock", sem.ReportClock())
    equal("the slot of the stage's cartridge reads empty", status(full[0]), 0)
    refused(sem, "LoadCartridge", empty[0])
    sem.UnloadCartridge()
    equal("the slot after unloading", status(full[0]), 1)
    sem.LoadCartridge(full[0])
    sem.SetColumnOrGunValve(1)


@check("ReportLoadedSlot")
def the_loaded_slot_is_known(sem):
    sem.UnloadCartridge()
    equal("nothing loaded", sem.ReportLoadedSlot(), (0, 0))
    sem.LoadCartridge(1)
    equal("slot 1", numbers("ReportLoadedSlot", sem.ReportLoadedSlot(), 2), (1, 0))


section.plain("ConditionPhasePlate", or_refused=True)
# What other makes have: a refusal names the command and the reason.
section.plain("FindCartridgeWithID", 5, reports=1, or_refused=True)
section.plain("ReportAlpha", reports=1, or_refused=True)
section.plain("SetAlpha", 2, or_refused=True)
section.plain("ReportJeolGIF", reports=1, or_refused=True)
section.plain("SetJeolGIF", 1, or_refused=True)
section.plain("ReportFEGEmissionState", reports=1, or_refused=True)
section.plain("SetFEGEmissionState", 1, or_refused=True)
section.plain("ReportFilamentCurrent", reports=1, or_refused=True)
section.plain("SetFilamentCurrent", 0.5, or_refused=True)
section.plain("SetHighVoltage", 200.0, or_refused=True)
section.plain("GetApertureSizes", 1, "sizes", reports=1, or_refused=True)
section.plain("ReportCurrentMulGridID", reports=2)


if __name__ == "__main__":
    section.run()
