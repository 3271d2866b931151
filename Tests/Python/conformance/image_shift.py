"""Image shift, specimen shift, beam shift and tilt, stigmator (4.9)."""
from harness import Section, applied, equal, holds, near, nothing, numbers, ready, refused, regular

section = Section("image_shift", ready)
check = section.check


def consistent(sem):
    """Values 3 to 6 of ReportImageShift follow from the first two by the matrices of the magnification."""
    shift = numbers("ReportImageShift", sem.ReportImageShift(), 6)
    # SerialEM reports how far the image moves on the camera, the other way than the centre of the field.
    near("camera pixels", shift[2:4], [-value for value in applied(sem.ISToCameraMatrix(0), *shift[:2])], 1.5)
    near("stage um", shift[4:6], applied(sem.ISToStageMatrix(0), *shift[:2]), 0.05)
    return shift


@check("SetImageShift", "ReportImageShift", "ISToCameraMatrix", "ISToStageMatrix")
def an_image_shift_is_read_back_in_three_units(sem):
    regular(sem)
    equal("SetImageShift", sem.SetImageShift(1.5, -0.75), 0)
    near("ReportImageShift", consistent(sem)[:2], (1.5, -0.75), 1e-3)
    sem.SetImageShift(0, 0, 1)
    near("back at nothing", sem.ReportImageShift(), (0, 0, 0, 0, 0, 0), 1e-3)


@check("SetImageShift")
def a_shift_beyond_the_limit_is_refused_by_value(sem):
    regular(sem)
    equal("SetImageShift", sem.SetImageShift(500, 0), 1)
    near("the shift is as it was", sem.ReportImageShift()[:2], (0, 0), 1e-3)


@check("ImageShiftByUnits")
def units_are_added(sem):
    regular(sem)
    equal("ImageShiftByUnits", sem.ImageShiftByUnits(0.5, 0.25), 0)
    sem.ImageShiftByUnits(0.5, 0.25)
    near("ReportImageShift", consistent(sem)[:2], (1, 0.5), 1e-3)
    equal("too far", sem.ImageShiftByUnits(500, 0), 1)


@check("ImageShiftByMicrons", "ReportSpecimenShift")
def micrometres_are_of_the_specimen(sem):
    regular(sem)
    equal("ImageShiftByMicrons", sem.ImageShiftByMicrons(1.25, -2), 0)
    near("ReportSpecimenShift", numbers("ReportSpecimenShift", sem.ReportSpecimenShift(), 2), (1.25, -2), 0.01)
    near("by the matrix", sem.ReportSpecimenShift(), applied(sem.ISToSpecimenMatrix(0), *sem.ReportImageShift()[:2]), 0.01)
    consistent(sem)


@check("ImageShiftByPixels")
def pixels_are_unbinned_and_whole(sem):
    regular(sem)
    equal("ImageShiftByPixels", sem.ImageShiftByPixels(300, -150), 0)
    near("camera pixels", consistent(sem)[2:4], (-300, 150), 1)


@check("ImageShiftByStageDiff")
def a_stage_difference_becomes_image_shift(sem):
    regular(sem)
    equal("ImageShiftByStageDiff", sem.ImageShiftByStageDiff(2, 1), 0)
    near("IS", sem.ReportImageShift()[:2], applied(sem.StageToISMatrix(0), 2, 1), 0.02)


@check("ResetImageShift")
def a_reset_moves_the_stage_in_place_of_the_beam(sem):
    regular(sem)
    sem.SetImageShift(2, 1)
    expected = sem.ReportImageShift()[4:6]
    before = sem.ReportStageXYZ()
    nothing("ResetImageShift", sem.ResetImageShift())
    after = sem.ReportStageXYZ()
    near("the image shift", sem.ReportImageShift()[:2], (0, 0), 0.01)
    near("the way of the stage", (after[0] - before[0], after[1] - before[1]), expected, 0.1)


@check("ResetShiftIfAbove")
def a_small_shift_is_left_alone(sem):
    regular(sem, 8700)
    sem.SetImageShift(0.5, 0)
    nothing("ResetShiftIfAbove", sem.ResetShiftIfAbove(5))
    near("the image shift", sem.ReportImageShift()[:2], (0.5, 0), 0.01)


@check("ReportMaxImageShift")
def the_limit_of_image_shift_is_known(sem):
    limit = numbers("ReportMaxImageShift", sem.ReportMaxImageShift(0), 2)
    near("the limit", limit[0], sem.ReportProperty("ImageShiftLimit"), 0.01)


@check("AdjustBeamTiltforIS", "ReportComaVsISmatrix", "RestoreBeamTilt", "SetBeamTilt", "ReportBeamTilt")
def beam_tilt_follows_image_shift_by_the_coma_calibration(sem):
    regular(sem)
    sem.SetBeamTilt(0.5, -0.5)
    near("ReportBeamTilt", numbers("ReportBeamTilt", sem.ReportBeamTilt(), 2), (0.5, -0.5), 1e-3)
    matrix = numbers("ReportComaVsISmatrix", sem.ReportComaVsISmatrix(), 4)
    holds("the calibration", any(matrix), "a matrix that is not zero", matrix)
    sem.SetImageShift(3, 2)
    nothing("AdjustBeamTiltforIS", sem.AdjustBeamTiltforIS())
    tilt = sem.ReportBeamTilt()
    change = applied(matrix, 3, 2)
    near("the change of beam tilt", (abs(tilt[0] - 0.5), abs(tilt[1] + 0.5)), (abs(change[0]), abs(change[1])), 0.02)
    nothing("RestoreBeamTilt", sem.RestoreBeamTilt())
    near("restored", sem.ReportBeamTilt(), (0.5, -0.5), 1e-3)
    refused(sem, "RestoreBeamTilt")
    sem.SetImageShift(0, 0)


@check("SaveBeamTilt", "RestoreBeamTilt", "SetObjectiveStigmator", "ReportObjectiveStigmator")
def a_saved_beam_tilt_comes_back_once(sem):
    nothing("SetObjectiveStigmator", sem.SetObjectiveStigmator(0.1, -0.2))
    near("ReportObjectiveStigmator", numbers("stigmator", sem.ReportObjectiveStigmator(), 2), (0.1, -0.2), 1e-3)
    sem.SetBeamTilt(1, 1)
    nothing("SaveBeamTilt", sem.SaveBeamTilt())
    refused(sem, "SaveBeamTilt")
    sem.SetBeamTilt(2, 3)
    sem.RestoreBeamTilt()
    near("restored", sem.ReportBeamTilt(), (1, 1), 1e-3)
    sem.SaveBeamTilt()
    sem.SetBeamTilt(4, 4)
    sem.Exit(1)
    near("restored when control ended", sem.ReportBeamTilt(), (1, 1), 1e-3)
    sem.SetBeamTilt(0, 0)
    sem.SetObjectiveStigmator(0, 0)


@check("SetBeamShift", "ReportBeamShift", "MoveBeamByMicrons", "MoveBeamByFieldFraction")
def the_beam_moves_and_comes_back(sem):
    regular(sem)
    nothing("SetBeamShift", sem.SetBeamShift(0.5, 0.25))
    near("ReportBeamShift", numbers("ReportBeamShift", sem.ReportBeamShift(), 2), (0.5, 0.25), 1e-3)
    nothing("MoveBeamByMicrons", sem.MoveBeamByMicrons(0.3, 0))
    moved = sem.ReportBeamShift()
    way = ((moved[0] - 0.5) ** 2 + (moved[1] - 0.25) ** 2) ** 0.5
    holds("0.3 um further", 0.1 < way < 1, "a way of some 0.3 nominal um", way)
    nothing("MoveBeamByFieldFraction", sem.MoveBeamByFieldFraction(0.1, 0))
    holds("a tenth of the field further", sem.ReportBeamShift() != moved, "another beam shift", moved)
    sem.SetBeamShift(0, 0)


@check("ReportAccumShift", "ClearAlignment")
def the_alignment_of_an_image_can_be_cleared(sem):
    regular(sem, 8700)
    sem.R()
    numbers("ReportAccumShift", sem.ReportAccumShift(), 2)
    nothing("ClearAlignment", sem.ClearAlignment())
    near("ReportAlignShift", sem.ReportAlignShift(), (0, 0, 0, 0, 0, 0), 1e-3)


@check("ShiftItemsByMicrons", "AdjustStagePosForNav")
def a_stage_position_with_image_shift_is_adjusted_by_it(sem):
    regular(sem)
    sem.OpenNavigator()
    plain = numbers("AdjustStagePosForNav", sem.AdjustStagePosForNav(100, 50), 2)
    near("without image shift", plain, (100, 50), 15)
    shifted = sem.AdjustStagePosForNav(100, 50, 2, 1)
    way = applied(sem.ISToStageMatrix(0), 2, 1)
    near("with image shift", (shifted[0] - plain[0], shifted[1] - plain[1]), way, 0.05)
    sem.AddStagePosAsNavPoint(10, 20, 0)
    nothing("ShiftItemsByMicrons", sem.ShiftItemsByMicrons(3, -4))
    near("the item", sem.ReportOtherItem(1)[1:3], (13, 16), 0.01)
    sem.ShiftItemsByMicrons(-3, 4)


if __name__ == "__main__":
    section.run()
