"""Low Dose and imaging states (4.15, 3.4, 3.5, 3.8)."""
from harness import Section, applied, equal, holds, near, nothing, numbers, ready, reason, refused, regular

section = Section("low_dose", ready)
check = section.check
AREAS = {"V": 0, "F": 1, "T": 2, "R": 3, "S": 4}


@check("SetLowDoseMode", "ReportLowDose")
def low_dose_reports_what_it_was_and_begins_in_no_area(sem):
    sem.SetLowDoseMode(0)
    equal("off", numbers("ReportLowDose", sem.ReportLowDose(), 2)[0], 0)
    equal("SetLowDoseMode(1)", numbers("SetLowDoseMode", sem.SetLowDoseMode(1), 1), 0)
    equal("ReportLowDose", sem.ReportLowDose(), (1, -1))
    equal("SetLowDoseMode(1) again", sem.SetLowDoseMode(1), 1)
    equal("SetLowDoseMode(0)", sem.SetLowDoseMode(0), 1)


@check("GoToLowDoseArea")
def each_area_is_gone_to(sem):
    sem.SetLowDoseMode(1)
    for letter, number in AREAS.items():
        nothing("GoToLowDoseArea", sem.GoToLowDoseArea(letter))
        equal(f"ReportLowDose in {letter}", sem.ReportLowDose(), (1, number))
    sem.GoToLowDoseArea("R")
    record = sem.ReportMag()[0]
    sem.GoToLowDoseArea("V")
    holds("magnification of View", sem.ReportMag()[0] < record, f"less than {record}", sem.ReportMag()[0])
    refused(sem, "GoToLowDoseArea", "v")   # upper case only
    refused(sem, "GoToLowDoseArea", "X")
    sem.SetLowDoseMode(0)
    refused(sem, "GoToLowDoseArea", "V")


@check("GoToLowDoseArea", "ScreenDown")
def with_the_screen_down_no_area_is_gone_to(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("R")
    sem.ScreenDown()
    sem.GoToLowDoseArea("V")
    equal("the area", sem.ReportLowDose()[1], AREAS["R"])
    sem.ScreenUp()


@check("V", "R", "Search", "L")
def an_image_brings_its_area(sem):
    sem.SetLowDoseMode(1)
    for command, number in (("V", 0), ("F", 1), ("T", 2), ("R", 3), ("Search", 4), ("L", 3)):
        getattr(sem, command)()
        equal(f"the area after {command}", sem.ReportLowDose()[1], number)


@check("ReportLDDefocusOffset", "SetLDDefocusOffset")
def view_and_search_have_a_defocus_offset(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("R")
    sem.SetDefocus(-3)
    before = numbers("ReportLDDefocusOffset", sem.ReportLDDefocusOffset("V"), 1)
    near("ReportDefocus in Record", sem.ReportDefocus(), -3, 0.05)
    sem.GoToLowDoseArea("V")
    near("ReportDefocus in View", sem.ReportDefocus(), -3 + before, 0.05)
    sem.SetDefocus(-3 + before - 1)
    sem.GoToLowDoseArea("R")
    near("what was set in View counts in Record", sem.ReportDefocus(), -4, 0.05)
    nothing("SetLDDefocusOffset", sem.SetLDDefocusOffset("V", -60))
    near("ReportLDDefocusOffset", sem.ReportLDDefocusOffset("V"), -60, 1e-3)
    sem.GoToLowDoseArea("V")
    near("ReportDefocus with the new offset", sem.ReportDefocus(), -64, 0.05)
    sem.GoToLowDoseArea("R")
    sem.SetLDDefocusOffset("V", before)
    sem.SetDefocus(0)
    numbers("of Search", sem.ReportLDDefocusOffset("S"), 1)
    refused(sem, "ReportLDDefocusOffset", "R")
    sem.SetLowDoseMode(0)
    refused(sem, "ReportLDDefocusOffset", "V")


@check("ReportAxisPosition")
def focus_and_trial_lie_along_the_tilt_axis(sem):
    sem.SetLowDoseMode(1)
    for area in "FT":
        numbers(f"ReportAxisPosition of {area}", sem.ReportAxisPosition(area), 4)
    refused(sem, "ReportAxisPosition", "V")
    sem.SetLowDoseMode(0)
    refused(sem, "ReportAxisPosition", "F")


@check("SetAxisPosition", "ReportAxisPosition", "SetCameraArea")
def the_axis_position_is_set(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("R")
    before = sem.ReportAxisPosition("F")
    nothing("SetAxisPosition", sem.SetAxisPosition("F", 3.5))
    distance, angle, x, y = sem.ReportAxisPosition("F")
    near("the distance", distance, 3.5, 0.05)
    equal("the middle of the whole camera", (x, y), (0, 0))
    width, height = (int(one) for one in sem.CameraProperties()[:2])
    sem.SetCameraArea("F", "0", width // 2, height // 2, height)
    equal("the middle of a quarter of the camera", sem.ReportAxisPosition("F")[2:], (-width // 4, height // 4))
    sem.RestoreCameraSet("F")
    refused(sem, "SetAxisPosition", "F", 25)
    sem.SetAxisPosition("F", before[0])


@check("ReportImageShift", "SetImageShift")
def image_shift_is_relative_to_the_area(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("R")
    sem.SetImageShift(0, 0)
    sem.SetAxisPosition("F", 4)
    sem.GoToLowDoseArea("F")
    near("ReportImageShift in Focus", sem.ReportImageShift()[:2], (0, 0), 0.05)
    sem.GoToLowDoseArea("R")
    sem.SetAxisPosition("F", 0)


@check("ReportLDShiftOffset", "SetLowDoseShiftOffset", "RevertAutoLDShiftOffset")
def the_shift_offset_of_view_is_kept(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("R")
    before = numbers("ReportLDShiftOffset", sem.ReportLDShiftOffset(0), 2)
    nothing("SetLowDoseShiftOffset", sem.SetLowDoseShiftOffset(0, 0.2, -0.1))
    near("ReportLDShiftOffset", sem.ReportLDShiftOffset(0), (0.2, -0.1), 1e-3)
    sem.SetLowDoseShiftOffset(0, *before)
    try:
        nothing("RevertAutoLDShiftOffset", sem.RevertAutoLDShiftOffset())
    except Exception as error:
        reason("RevertAutoLDShiftOffset", error)


@check("UpdateLowDoseParams", "RestoreLowDoseParams")
def a_change_stays_in_an_area_only_if_it_is_updated(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("V")
    spot = sem.ReportSpotSize()
    other = 5 if spot != 5 else 4
    sem.SetSpotSize(other)
    sem.GoToLowDoseArea("R")
    sem.GoToLowDoseArea("V")
    equal("without UpdateLowDoseParams", sem.ReportSpotSize(), spot)
    nothing("UpdateLowDoseParams", sem.UpdateLowDoseParams("V"))
    sem.SetSpotSize(other)
    sem.GoToLowDoseArea("R")
    sem.GoToLowDoseArea("V")
    equal("with UpdateLowDoseParams", sem.ReportSpotSize(), other)
    nothing("RestoreLowDoseParams", sem.RestoreLowDoseParams("V"))
    sem.GoToLowDoseArea("R")
    sem.GoToLowDoseArea("V")
    equal("restored", sem.ReportSpotSize(), spot)
    sem.UpdateLowDoseParams("V")
    sem.SetSpotSize(other)
    sem.Exit(1)
    sem.GoToLowDoseArea("R")
    sem.GoToLowDoseArea("V")
    equal("restored when control ended", sem.ReportSpotSize(), spot)


@check("GetLowDoseAreaParams")
def the_parameters_of_an_area_are_21_numbers_in_a_variable(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("R")
    mag, spot = sem.ReportMagIndex()[0], sem.ReportSpotSize()
    refused(sem, "GetLowDoseAreaParams", "R", "params")   # Low Dose has to be off
    sem.SetLowDoseMode(0)
    nothing("GetLowDoseAreaParams", sem.GetLowDoseAreaParams("R", "params"))
    values = [float(word) for word in sem.GetVariable("params").split()]
    equal("how many", len(values), 21)
    equal("area, magnification, spot", values[:3], [AREAS["R"], mag, spot])
    holds("intensity", 0 <= values[3] <= 1, "0 to 1", values[3])
    holds("camera kind, slit in", values[5] in (0, 1, 2) and values[6] in (0, 1), "0 to 2, and 0 or 1", values[5:7])
    holds("dose modulator", 0 < values[20] <= 100, "percent", values[20])


@check("GetAllLowDoseValues")
def all_values_of_an_area_are_in_an_array(sem):
    sem.SetLowDoseMode(0)
    nothing("GetAllLowDoseValues", sem.GetAllLowDoseValues(0, "R", "values"))
    equal("IsVariableDefined", sem.IsVariableDefined("values"), 1)


@check("CurrentSettingsToLDArea")
def present_settings_go_into_an_area(sem):
    sem.SetLowDoseMode(1)
    refused(sem, "CurrentSettingsToLDArea", "S")
    sem.GoToLowDoseArea("S")
    before = sem.ReportMagIndex()[0]
    sem.SetLowDoseMode(0)
    sem.SetMagIndex(12)
    nothing("CurrentSettingsToLDArea", sem.CurrentSettingsToLDArea("S"))
    equal("it switches Low Dose on", sem.ReportLowDose()[0], 1)
    sem.GoToLowDoseArea("R")
    sem.GoToLowDoseArea("S")
    equal("the magnification of Search", sem.ReportMagIndex()[0], 12)
    sem.SetLowDoseMode(0)
    sem.SetMagIndex(int(before))
    sem.CurrentSettingsToLDArea("S")


@check("CopyLowDoseArea", "AlreadyInLowDoseArea", "SetLDContinuousUpdate", "SetLDAddedBeamButton")
def areas_are_copied_and_buttons_pressed(sem):
    sem.SetLowDoseMode(1)
    sem.GoToLowDoseArea("V")
    nothing("CopyLowDoseArea", sem.CopyLowDoseArea("R", "T"))
    sem.GoToLowDoseArea("R")
    record = sem.ReportMagIndex()[0]
    sem.GoToLowDoseArea("T")
    equal("the magnification of Trial", sem.ReportMagIndex()[0], record)
    refused(sem, "CopyLowDoseArea", "R", "T")   # not to the current area
    nothing("AlreadyInLowDoseArea", sem.AlreadyInLowDoseArea("T"))
    nothing("SetLDContinuousUpdate", sem.SetLDContinuousUpdate(1))
    nothing("SetLDAddedBeamButton", sem.SetLDAddedBeamButton(1))


@check("ImagingStateProperties")
def imaging_states_are_counted_until_code_3(sem):
    names = []
    for number in range(1, 30):
        value = sem.ImagingStateProperties(str(number))
        if not isinstance(value, tuple):
            equal("beyond the last", value, 3)
            break
        equal(f"state {number}", len(value), 6)
        equal(f"code and number of state {number}", value[:2], (0, number))
        holds(f"type of state {number}", value[2] in (-2, -1, 0, 1, 2, 3, 4, 5), "-2 to 5", value)
        holds(f"name of state {number}", isinstance(value[5], str) and value[5], "a name", value)
        names.append(value[5])
    holds("imaging states", len(names) >= 2, "at least two", names)
    equal("by name", sem.ImagingStateProperties(names[1])[1], 2)
    equal("a name that is none", sem.ImagingStateProperties("no such state"), 1)


@check("GoToImagingState", "RestoreState", "ForgetPriorState")
def a_state_sets_the_scope_and_the_prior_one_comes_back(sem):
    regular(sem)
    before = sem.ReportMagIndex()[0]
    for number in range(1, 30):
        value = sem.ImagingStateProperties(str(number))
        if not isinstance(value, tuple):
            break
        equal(f"GoToImagingState({number})", numbers("GoToImagingState", sem.GoToImagingState(str(number)), 1), 0)
        if value[2] < 0:
            equal(f"Low Dose in state {number}", sem.ReportLowDose()[0], 0)
            equal(f"magnification of state {number}", sem.ReportMagIndex()[0], value[4])
        else:
            equal(f"Low Dose in state {number}", sem.ReportLowDose()[0], 1)
            sem.GoToLowDoseArea("VFTRSR"[int(value[2])])
            equal(f"magnification of state {number}", sem.ReportMagIndex()[0], value[4])
    equal("by name", sem.GoToImagingState(sem.ImagingStateProperties("1")[5]), 0)
    equal("none of that name", sem.GoToImagingState("no such state"), 1)
    equal("a number out of range", sem.GoToImagingState("99"), 3)
    nothing("RestoreState", sem.RestoreState())
    equal("the magnification from before the first state", (sem.ReportLowDose()[0], sem.ReportMagIndex()[0]), (0, before))
    nothing("RestoreState without a prior one", sem.RestoreState())
    refused(sem, "RestoreState", 1)
    sem.GoToImagingState("1")
    nothing("ForgetPriorState", sem.ForgetPriorState())
    refused(sem, "ForgetPriorState", 1)
    regular(sem)


@check("UpdateImagingState", "ListImagingState", "OpenImagingStateDialog", "SetMapAcquireState")
def states_are_updated_and_listed(sem):
    regular(sem)
    mag = sem.ImagingStateProperties("1")[4]
    sem.GoToImagingState("1")
    sem.SetMagIndex(int(mag) + 1)
    equal("UpdateImagingState", sem.UpdateImagingState("1"), 0)
    equal("the magnification of the state", sem.ImagingStateProperties("1")[4], mag + 1)
    sem.SetMagIndex(int(mag))
    sem.UpdateImagingState("1")
    equal("UpdateImagingState of none", sem.UpdateImagingState("no such state"), 1)
    nothing("ListImagingState", sem.ListImagingState("-1"))
    nothing("OpenImagingStateDialog", sem.OpenImagingStateDialog())
    sem.OpenNavigator()
    refused(sem, "SetMapAcquireState", 1)
    regular(sem)


@check("SetLDContinuousUpdate")
def the_panel_may_follow_the_column_when_control_is_over(sem):
    nothing("SetLDContinuousUpdate", sem.SetLDContinuousUpdate(1))
    nothing("SetLDContinuousUpdate", sem.SetLDContinuousUpdate(0))


@check("SetLDAddedBeamButton")
def added_beam_shift_is_for_an_area_in_use(sem):
    regular(sem)
    refused(sem, "SetLDAddedBeamButton", 1)
    sem.SetLowDoseMode(1)
    refused(sem, "SetLDAddedBeamButton", 1)
    sem.GoToLowDoseArea("R")
    nothing("SetLDAddedBeamButton", sem.SetLDAddedBeamButton())
    nothing("SetLDAddedBeamButton", sem.SetLDAddedBeamButton(0))
    regular(sem)


if __name__ == "__main__":
    section.run()
