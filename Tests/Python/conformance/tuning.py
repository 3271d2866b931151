"""Tasks that tune the microscope (4.13)."""
import math

import serialem

from harness import Section, holds, near, nothing, numbers, ready, reason, refused, regular

section = Section("tuning", ready)
check = section.check


def fits(sem, command):
    """What the fit of Thon rings says of images at several fresh places, and what autofocus says there."""
    pairs = []
    regular(sem, 8700)
    sem.Eucentricity(3)
    sem.SetTargetDefocus(-4)
    sem.SetExposure("R", 4)
    for number in range(12):
        angle, radius = 2.4 * number, 10 * math.sqrt(number + 1)
        regular(sem)
        sem.MoveStageTo(radius * math.cos(angle), radius * math.sin(angle))
        sem.G()
        if sem.ReportAutoFocus()[1] != 0:
            continue   # nothing to focus on, such as a bar of the grid
        sem.G(-1)
        defocus, status = sem.ReportAutoFocus()
        if status != 0:
            continue
        sem.R()
        sem.Copy("A", "P")
        try:
            value = getattr(sem, command)("P", -1, -10)
        except serialem.SEMerror as error:
            reason(command, error)   # no rings to be seen here
            continue
        if isinstance(value, tuple) and len(value) == 6:
            pairs.append((value[0], defocus, value))
    sem.RestoreCameraSet("R")
    holds(f"{command} at 12 places", len(pairs) >= 2, "at least two results", pairs)
    return pairs


@check("CtfFind")
def ctffind_measures_the_defocus_of_an_image(sem):
    pairs = fits(sem, "CtfFind")
    near("the median difference to autofocus", sorted(abs(a - b) for a, b, _ in pairs)[len(pairs) // 2], 0, 1)
    holds("astigmatism, resolution", all(value[1] >= 0 and value[5] > 0 for _, _, value in pairs), "positive", pairs)


@check("Ctfplotter")
def ctfplotter_measures_the_defocus_of_an_image(sem):
    pairs = fits(sem, "Ctfplotter")
    near("the median difference to autofocus", sorted(abs(a - b) for a, b, _ in pairs)[len(pairs) // 2], 0, 1)


for task in ("CorrectAstigmatism", "CorrectComa", "FixAstigmatismByCTF", "FixComaByCTF", "CookSpecimen", "AutoCenterBeam",
             "BacklashAdjust", "CalEucentricFocus"):
    section.plain(task, or_refused=task == "CookSpecimen", before=regular)


@check("WalkUpTo")
def walking_up_ends_at_the_tilt(sem):
    regular(sem, 8700)
    nothing("WalkUpTo", sem.WalkUpTo(5))
    near("the tilt", sem.ReportTiltAngle(), 5, 0.3)
    sem.TiltTo(0)


@check("CenterBeamFromImage")
def the_beam_is_centred_from_an_image(sem):
    regular(sem)
    sem.R()
    value = numbers("CenterBeamFromImage", sem.CenterBeamFromImage(), 1)
    holds("CenterBeamFromImage", value >= 0, "0 or a code", value)


# Without the edge of the beam in the image they refuse.
section.plain("MeasureBeamPosition", "A", reports=4, or_refused=True)
section.plain("MeasureBeamSize", "A", reports=3, or_refused=True)


@check("FindLowDoseShiftOffset", "AlignToTemplate", "CenterHoleAtNavItem")
def tasks_that_need_more_than_this_refuse_with_a_reason(sem):
    regular(sem)
    sem.OpenNavigator()
    for name, arguments in (("FindLowDoseShiftOffset", (0,)), ("AlignToTemplate", ()), ("CenterHoleAtNavItem", (1, "V", 0))):
        refused(sem, name, *arguments)


@check("LimitNextRoughEucen", "ReportRoughEucenFailed", "Eucentricity")
def a_rough_eucentricity_beyond_its_limit_changes_nothing(sem):
    regular(sem, 8700)
    sem.Eucentricity(3)
    found = sem.ReportStageXYZ()[2]
    nothing("MoveStage", sem.MoveStage(0, 0, 20))
    nothing("LimitNextRoughEucen", sem.LimitNextRoughEucen(5))
    sem.Eucentricity(1)
    holds("ReportRoughEucenFailed", numbers("failed", sem.ReportRoughEucenFailed(), 1) == 1, "1", sem.ReportRoughEucenFailed())
    near("the height", sem.ReportStageXYZ()[2], found + 20, 0.2)
    sem.Eucentricity(1)
    holds("without a limit", sem.ReportRoughEucenFailed() == 0, "0", sem.ReportRoughEucenFailed())
    near("the height found", sem.ReportStageXYZ()[2], found, 3)
    refused(sem, "LimitNextRoughEucen", -1)


@check("BeamTiltDirection", "AutoFocus")
def autofocus_works_in_every_direction_of_beam_tilt(sem):
    regular(sem)
    for direction in (1, 0):
        nothing("BeamTiltDirection", sem.BeamTiltDirection(direction))
        sem.AutoFocus(-1)
        numbers("ReportAutoFocus", sem.ReportAutoFocus(), 2)


if __name__ == "__main__":
    section.run()
