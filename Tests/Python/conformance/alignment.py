"""Focus, alignment and tuning tasks (4.13)."""
import math

import serialem

from harness import Mismatch, Section, applied, equal, holds, near, nothing, numbers, ready, reason, refused, regular

section = Section("alignment", ready)
check = section.check


def onto_a_grid_bar(sem):
    """To a magnification at which every field shows something to align."""
    regular(sem, 2250)


def reference(sem):
    onto_a_grid_bar(sem)
    sem.R()
    sem.Copy("A", "P")


def shifted(sem):
    """An image that the image shift has moved by a known way, aligned to the reference without image shift."""
    reference(sem)
    sem.ImageShiftByPixels(60, -40)
    sem.R()
    equal("AlignTo", numbers("AlignTo", sem.AlignTo("P", 1), 1), 0)
    return numbers("ReportAlignShift", sem.ReportAlignShift(), 6)


def onto_film(sem):
    """To a place, at Record's magnification, where autofocus finds something; an operator looks for one too."""
    regular(sem)
    for number in range(40):
        # A spiral about the middle of the grid, by steps that no distance of holes or squares divides.
        angle, radius = 2.4 * number, 11.3 * math.sqrt(number)
        sem.MoveStageTo(radius * math.cos(angle), radius * math.sin(angle))
        sem.SetDefocus(-3)
        sem.G(-1)
        if sem.ReportAutoFocus()[1] == 0:
            return
    raise Mismatch("autofocus at 40 places", "one where it succeeds", sem.ReportAutoFocus())


@check("AlignTo", "ReportAlignShift")
def a_known_image_shift_is_found_by_alignment(sem):
    applied_shift = shifted(sem)
    # The centre of the field went to (60, -40), so the image has to move by as much to lie on the reference.
    near("pixels of the shift", applied_shift[:2], (60, -40), 8)
    shift = applied(sem.CameraToISMatrix(0), *applied_shift[:2])
    matrix = sem.ISToSpecimenMatrix(0)
    lengths = [1000 * abs(shift[axis]) * math.hypot(matrix[axis], matrix[2 + axis]) for axis in (0, 1)]
    near("lengths along the axes of image shift, nm", applied_shift[2:4], lengths, 2)
    near("on the specimen, nm", applied_shift[4:6], [1000 * value for value in applied(matrix, *shift)], 2)
    near("no image shift was applied", sem.ReportImageShift()[:2], applied(sem.CameraToISMatrix(0), 60, -40), 0.01)


@check("ReportISforBufferShift", "AlignTo")
def alignment_applies_the_image_shift_that_is_reported(sem):
    pixels = shifted(sem)[:2]
    equivalent = numbers("ReportISforBufferShift", sem.ReportISforBufferShift(), 2)
    near("the equivalent image shift", equivalent, [-value for value in applied(sem.CameraToISMatrix(0), *pixels)], 0.01)
    before = sem.ReportImageShift()
    sem.R()
    sem.AlignTo("P")
    after = sem.ReportImageShift()
    near("the image shift that was applied", (after[0] - before[0], after[1] - before[1]), equivalent, 0.15)


@check("AlignTo")
def alignment_takes_the_shift_back(sem):
    reference(sem)
    start = sem.ReportImageShift()[:2]
    sem.ImageShiftByPixels(60, -40)
    moved = math.hypot(*sem.ReportImageShift()[:2])
    sem.R()
    sem.AlignTo("P")
    near("the image shift after alignment", sem.ReportImageShift()[:2], start, 0.2 * moved)
    sem.R()
    sem.AlignTo("P", 1)
    near("what is left", math.hypot(*sem.ReportAlignShift()[:2]), 0, 8)


@check("AlignTo")
def alignment_makes_up_for_a_move_of_the_stage(sem):
    reference(sem)
    before = sem.ReportStageXYZ()
    sem.MoveStage(1, 0.7)   # well below the distance of the holes
    after = sem.ReportStageXYZ()
    sem.R()
    sem.AlignTo("P")
    back = applied(sem.ISToStageMatrix(0), *sem.ReportImageShift()[:2])
    near("image shift in stage um", back, (before[0] - after[0], before[1] - after[1]), 0.5)
    sem.SetImageShift(0, 0)


@check("AutoAlign")
def the_autoalign_buffer_is_aligned_to(sem):
    reference(sem)
    # It follows the last of the buffers that roll.
    sem.Copy("A", "ABCDEFGHIJKLMNOP"[int(sem.ReportUserSetting("BuffersToRollOnAcquire")) + 1])
    sem.R()
    equal("AutoAlign", sem.AutoAlign(), 0)


@check("ConicalAlignTo", "AlignWithRotation")
def alignments_that_turn_find_no_turn_in_one_field(sem):
    reference(sem)
    sem.R()
    equal("ConicalAlignTo", sem.ConicalAlignTo("P", 0.0), 0)
    rotation, x, y = numbers("AlignWithRotation", sem.AlignWithRotation("P", 0, 6), 3)
    near("rotation between two images of one field", rotation, 0, 2)


@check("LimitNextAutoAlign", "AlignTo")
def the_next_alignment_can_be_limited(sem):
    reference(sem)
    nothing("LimitNextAutoAlign", sem.LimitNextAutoAlign(0.05))
    sem.ImageShiftByPixels(80, 0)
    sem.R()
    try:
        refused_by_value = sem.AlignTo("P", 1) < 0
        length = math.hypot(*sem.ReportAlignShift()[4:6])   # another peak, within the limit, may be taken
        holds("AlignTo with a limit of 50 nm", refused_by_value or length <= 60, "a negative value, an error or a small shift", length)
    except serialem.SEMerror as error:
        reason("AlignTo", error)
    equal("the one after it has no limit", sem.AlignTo("P", 1), 0)


@check("AlignTo")
def an_empty_buffer_cannot_be_aligned_to(sem):
    refused(sem, "AlignTo", "K")


@check("AlignBetweenMags")
def an_image_is_found_in_one_of_a_lower_magnification(sem):
    onto_a_grid_bar(sem)
    sem.R()
    sem.Copy("A", "P")
    sem.SetMag(2900)
    sem.R()
    scale, rotation = numbers("AlignBetweenMags", sem.AlignBetweenMags("P", -1, -1, 1.5), 2)
    near("the best scale", scale, 1, 0.1)
    holds("the best rotation", abs(rotation) < 10, "degrees about 0", rotation)


section.plain("TransformToOtherMag", "P", 14, before=lambda sem: reference(sem))


@check("G", "ReportAutoFocus", "SetTargetDefocus", "ReportTargetDefocus", "IncTargetDefocus")
def autofocus_goes_to_the_target(sem):
    onto_film(sem)
    nothing("SetTargetDefocus", sem.SetTargetDefocus(-4))
    near("ReportTargetDefocus", numbers("ReportTargetDefocus", sem.ReportTargetDefocus(), 1), -4, 1e-3)
    nothing("IncTargetDefocus", sem.IncTargetDefocus(-1))
    near("ReportTargetDefocus", sem.ReportTargetDefocus(), -5, 1e-3)
    refused(sem, "SetTargetDefocus", 51)
    refused(sem, "SetTargetDefocus", -201)
    nothing("G", sem.G())
    sem.G(-1)
    defocus, status = numbers("ReportAutoFocus", sem.ReportAutoFocus(), 2)
    equal("the status", status, 0)
    near("measured again", defocus, -5, 0.6)


@check("G")
def measuring_focus_leaves_it(sem):
    onto_film(sem)
    sem.G(1)
    before = sem.ReportDefocus()
    sem.G(-1)
    near("ReportDefocus", sem.ReportDefocus(), before, 1e-3)
    measured = sem.ReportAutoFocus()[0]
    sem.ChangeFocus(-2)
    sem.G(-1)
    near("two um less", sem.ReportAutoFocus()[0], measured - 2, 0.6)


@check("SetAutofocusOffset", "ReportAutofocusOffset")
def the_offset_of_autofocus_ends_with_control(sem):
    nothing("SetAutofocusOffset", sem.SetAutofocusOffset(2.5))
    near("ReportAutofocusOffset", numbers("offset", sem.ReportAutofocusOffset(), 1), 2.5, 1e-3)
    sem.Exit(1)
    near("restored when control ended", sem.ReportAutofocusOffset(), 0, 1e-3)


@check("AutoFocus", "FocusChangeLimits", "AbsoluteFocusLimits")
def autofocus_has_limits(sem):
    onto_film(sem)
    nothing("AutoFocus", sem.AutoFocus())
    nothing("AbsoluteFocusLimits", sem.AbsoluteFocusLimits(-1000, 1000))
    nothing("FocusChangeLimits", sem.FocusChangeLimits(-0.5, 0.5))
    sem.ChangeFocus(-8)
    sem.G()
    equal("beyond the limits of a change", sem.ReportAutoFocus()[1], 3)
    sem.FocusChangeLimits(-100, 100)
    sem.G()


section.plain("BeamTiltDirection", 1)


@check("ReportFocusDrift")
def the_drift_is_known_after_a_focus(sem):
    onto_film(sem)
    sem.G(-1)
    numbers("ReportFocusDrift", sem.ReportFocusDrift(), 2)


@check("Eucentricity")
def eucentricity_brings_the_height(sem):
    regular(sem, 8700)
    sem.MoveStageTo(0, 0, 30)
    nothing("Eucentricity", sem.Eucentricity(3))
    first = sem.ReportStageXYZ()[2]
    sem.MoveStage(0, 0, -10)
    sem.Eucentricity()
    near("the same height again", sem.ReportStageXYZ()[2], first, 1.0)
    near("the tilt afterwards", sem.ReportTiltAngle(), 0, 0.2)


@check("LimitNextRoughEucen", "ReportRoughEucenFailed", "CheckEucenByFocusCal")
def rough_eucentricity_tells_whether_it_failed(sem):
    regular(sem, 8700)
    nothing("LimitNextRoughEucen", sem.LimitNextRoughEucen(100))
    sem.Eucentricity(1)
    refused(sem, "Eucentricity", 4)
    equal("ReportRoughEucenFailed", sem.ReportRoughEucenFailed(), 0)
    holds("CheckEucenByFocusCal", sem.CheckEucenByFocusCal() in (0, 1), "1 or 0", None)


@check("DriftWaitTask", "GetWaitTaskDrift")
def waiting_for_drift_ends_and_tells_the_rate(sem):
    onto_a_grid_bar(sem)
    nothing("DriftWaitTask", sem.DriftWaitTask(5))
    rate, failed = numbers("GetWaitTaskDrift", sem.GetWaitTaskDrift(), 2)
    holds("the rate", rate >= 0 and failed == 0, "a rate and no failure", (rate, failed))


if __name__ == "__main__":
    section.run()
