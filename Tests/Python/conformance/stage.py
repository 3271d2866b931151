"""Stage and tilt (4.8)."""
from harness import Section, equal, holds, near, nothing, numbers, ready, refused

section = Section("stage", ready)
check = section.check
STEP = 0.2   # um by which a readout may differ from what was asked for


@check("MoveStageTo", "ReportStageXYZ")
def the_stage_goes_where_it_is_sent(sem):
    nothing("MoveStageTo", sem.MoveStageTo(10.5, -20))
    x, y, height = numbers("ReportStageXYZ", sem.ReportStageXYZ(), 3)
    near("X, Y", (x, y), (10.5, -20), STEP)
    sem.MoveStageTo(-30, 40, 12)
    near("X, Y, Z", sem.ReportStageXYZ(), (-30, 40, 12), STEP)
    sem.MoveStageTo(5, 6)
    near("Z is left alone", sem.ReportStageXYZ()[2], 12, STEP)


@check("MoveStage")
def a_relative_move_adds_to_where_the_stage_is(sem):
    sem.MoveStageTo(100, 100, 0)
    nothing("MoveStage", sem.MoveStage(-12, 7))
    near("X, Y, Z", sem.ReportStageXYZ(), (88, 107, 0), STEP)
    sem.MoveStage(0, 0, -5)
    near("X, Y, Z", sem.ReportStageXYZ(), (88, 107, -5), STEP)
    sem.MoveStage(0, 0, 5)


@check("MoveStageTo")
def beyond_its_limit_is_an_error_and_the_stage_stays(sem):
    sem.MoveStageTo(1, 2)
    refused(sem, "MoveStageTo", 5000, 0)
    near("X, Y", sem.ReportStageXYZ()[:2], (1, 2), STEP)


@check("MoveStageWithSpeed", "BackgroundMoveStage", "StopBackgroundStage")
def slow_and_background_moves_arrive(sem):
    sem.MoveStageTo(0, 0)
    nothing("MoveStageWithSpeed", sem.MoveStageWithSpeed(15, -5, 0.5))
    near("X, Y", sem.ReportStageXYZ()[:2], (15, -5), STEP)
    nothing("BackgroundMoveStage", sem.BackgroundMoveStage(20, 20))
    for _ in range(60):
        if sem.ReportStageBusy() == 0:
            break
        sem.Delay(1, "s")
    near("X, Y", sem.ReportStageXYZ()[:2], (20, 20), STEP)
    nothing("StopBackgroundStage", sem.StopBackgroundStage())


@check("StageShiftByPixels")
def a_shift_by_pixels_moves_the_stage_by_the_camera_matrix(sem):
    sem.SetLowDoseMode(0)
    sem.SetMag(8700)
    sem.TiltTo(0)
    sem.MoveStageTo(0, 0)
    matrix = sem.CameraToStageMatrix(0)
    before = sem.ReportStageXYZ()
    nothing("StageShiftByPixels", sem.StageShiftByPixels(1000, 400))
    after = sem.ReportStageXYZ()
    expected = (matrix[0] * 1000 + matrix[1] * 400, matrix[2] * 1000 + matrix[3] * 400)
    moved = (after[0] - before[0], after[1] - before[1])
    length = (expected[0] ** 2 + expected[1] ** 2) ** 0.5
    near("how far the stage moved", (moved[0] ** 2 + moved[1] ** 2) ** 0.5, length, 0.05 * length + STEP)


@check("RelaxStage", "TestRelaxingStage")
def relaxing_leaves_the_stage_where_it_is(sem):
    sem.MoveStageTo(3, 4)
    nothing("RelaxStage", sem.RelaxStage())
    near("X, Y", sem.ReportStageXYZ()[:2], (3, 4), STEP + 0.1)
    nothing("TestRelaxingStage", sem.TestRelaxingStage(2, 2))
    near("X, Y", sem.ReportStageXYZ()[:2], (5, 6), STEP + 0.2)


@check("ReportStageBusy")
def a_stage_that_has_arrived_is_not_busy(sem):
    sem.MoveStageTo(0, 0)
    equal("ReportStageBusy", sem.ReportStageBusy(), 0)


@check("TiltTo", "TiltBy", "ReportTiltAngle")
def tilts_are_absolute_and_relative(sem):
    nothing("TiltTo", sem.TiltTo(20))
    near("ReportTiltAngle", numbers("ReportTiltAngle", sem.ReportTiltAngle(), 1), 20, 0.1)
    nothing("TiltBy", sem.TiltBy(-5.5))
    near("ReportTiltAngle", sem.ReportTiltAngle(), 14.5, 0.15)
    refused(sem, "TiltTo", 1 + sem.ReportProperty("MaximumTiltAngle"))
    near("after a refused tilt", sem.ReportTiltAngle(), 14.5, 0.15)
    sem.TiltTo(0)


@check("TiltTo")
def a_tilt_can_restore_the_position(sem):
    sem.MoveStageTo(30, 30)
    sem.TiltTo(30, 1)
    near("X, Y", sem.ReportStageXYZ()[:2], (30, 30), STEP)
    sem.TiltTo(0)


@check("SetTiltIncrement", "TiltUp", "TiltDown", "ReverseTilt")
def steps_of_tilt_have_the_increment(sem):
    sem.TiltTo(0)
    nothing("SetTiltIncrement", sem.SetTiltIncrement(3))
    nothing("TiltUp", sem.TiltUp())
    near("after TiltUp", sem.ReportTiltAngle(), 3, 0.1)
    sem.TiltUp()
    nothing("TiltDown", sem.TiltDown())
    near("up twice, down once", sem.ReportTiltAngle(), 3, 0.15)
    nothing("ReverseTilt", sem.ReverseTilt(1))
    near("ReverseTilt ends where it began", sem.ReportTiltAngle(), 3, 0.2)
    refused(sem, "SetTiltIncrement", 90)
    sem.TiltTo(0)


@check("BackgroundTilt", "StopBackgroundTilt")
def a_background_tilt_arrives_in_its_time(sem):
    sem.TiltTo(0)
    nothing("BackgroundTilt", sem.BackgroundTilt(10))
    for _ in range(60):
        if sem.ReportStageBusy() == 0:
            break
        sem.Delay(1, "s")
    near("ReportTiltAngle", sem.ReportTiltAngle(), 10, 0.1)
    nothing("StopBackgroundTilt", sem.StopBackgroundTilt())
    sem.TiltTo(0)


@check("SetTiltAxisOffset", "ReportTiltAxisOffset")
def the_offset_of_the_tilt_axis_is_kept(sem):
    nothing("SetTiltAxisOffset", sem.SetTiltAxisOffset(3.5))
    offset = numbers("ReportTiltAxisOffset", sem.ReportTiltAxisOffset(), 6)
    near("the first value", offset[0], 3.5, 1e-3)
    holds("the last value", offset[5] in (0, 1), "1 or 0", offset[5])
    refused(sem, "SetTiltAxisOffset", 30)
    sem.SetTiltAxisOffset(0)


@check("ReportLastAxisOffset")
def without_fine_eucentricity_there_is_no_last_axis_offset(sem):
    refused(sem, "ReportLastAxisOffset")
    sem.Eucentricity(2)
    numbers("after Eucentricity", sem.ReportLastAxisOffset(), 1)


section.plain("SetStageBAxis", 0.0, or_refused=True)


@check("ReportStageBAxis")
def the_second_tilt_axis_reads_degrees(sem):
    numbers("ReportStageBAxis", sem.ReportStageBAxis(), 1)


@check("UpdateItemZ")
def an_item_takes_the_height_of_the_stage(sem):
    sem.OpenNavigator()
    item = sem.AddStagePosAsNavPoint(10, 10, 1)
    sem.MoveStageTo(10, 10, 22)
    nothing("UpdateItemZ", sem.UpdateItemZ(int(item)))
    near("Z of the item", sem.ReportOtherItem(int(item))[3], 22, STEP)
    sem.MoveStageTo(0, 0, 0)


if __name__ == "__main__":
    section.run()
