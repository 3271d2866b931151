"""Matrices (4.19, 3.2): inverses and products of each other, and true to the pixel size."""
import math

from harness import Section, applied, holds, near, nothing, numbers, product, ready, regular

section = Section("matrices", ready)
check = section.check
UNIT = (1, 0, 0, 1)
MAGS = (0, 5, 12, 20, 27)   # current, low, medium and high magnifications


def four(sem, name, mag):
    return numbers(name, getattr(sem, name)(mag), 4)


def inverses(sem, there, back):
    for mag in MAGS:
        near(f"{there} and {back} at {mag}", product(four(sem, there, mag), four(sem, back, mag)), UNIT, 0.02)


@check("CameraToISMatrix", "ISToCameraMatrix")
def camera_and_image_shift_are_inverse(sem):
    inverses(sem, "CameraToISMatrix", "ISToCameraMatrix")


@check("CameraToStageMatrix", "StageToCameraMatrix")
def camera_and_stage_are_inverse(sem):
    inverses(sem, "CameraToStageMatrix", "StageToCameraMatrix")


@check("CameraToSpecimenMatrix", "SpecimenToCameraMatrix")
def camera_and_specimen_are_inverse(sem):
    inverses(sem, "CameraToSpecimenMatrix", "SpecimenToCameraMatrix")


@check("ISToSpecimenMatrix", "SpecimenToISMatrix")
def image_shift_and_specimen_are_inverse(sem):
    inverses(sem, "ISToSpecimenMatrix", "SpecimenToISMatrix")


@check("ISToStageMatrix", "StageToISMatrix")
def image_shift_and_stage_are_inverse(sem):
    inverses(sem, "ISToStageMatrix", "StageToISMatrix")


@check("StageToSpecimenMatrix", "SpecimenToStageMatrix")
def stage_and_specimen_are_inverse_and_nearly_half_a_turn(sem):
    inverses(sem, "StageToSpecimenMatrix", "SpecimenToStageMatrix")
    near("StageToSpecimen", four(sem, "StageToSpecimenMatrix", 0), (-1, 0, 0, -1), 0.15)


@check("CameraToSpecimenMatrix", "CameraProperties", "ReportMagIndex")
def a_pixel_has_its_size_on_the_specimen(sem):
    for mag in MAGS[1:]:
        pixel = numbers("CameraProperties", sem.CameraProperties(0, mag), 6)[4]
        matrix = four(sem, "CameraToSpecimenMatrix", mag)
        near(f"um along X at {mag}", math.hypot(matrix[0], matrix[2]) * 1000 / pixel, 1, 0.03)
        near(f"um along Y at {mag}", math.hypot(matrix[1], matrix[3]) * 1000 / pixel, 1, 0.03)
        holds(f"handedness at {mag}", matrix[0] * matrix[3] - matrix[1] * matrix[2] > 0, "a rotation, both are right handed", matrix)
    regular(sem)
    current = int(sem.ReportMagIndex()[0])
    near("0 is the current magnification", four(sem, "CameraToSpecimenMatrix", 0), four(sem, "CameraToSpecimenMatrix", current), 1e-9)


@check("ISToCameraMatrix", "ISToSpecimenMatrix", "SpecimenToCameraMatrix", "StageToCameraMatrix", "ISToStageMatrix")
def products_of_matrices_agree(sem):
    for mag in MAGS[1:]:
        direct = four(sem, "ISToCameraMatrix", mag)
        by_specimen = product(four(sem, "SpecimenToCameraMatrix", mag), four(sem, "ISToSpecimenMatrix", mag))
        near(f"IS to camera at {mag}", [a / math.hypot(*direct) for a in by_specimen], [a / math.hypot(*direct) for a in direct], 0.05)
        by_stage = product(four(sem, "StageToCameraMatrix", mag), four(sem, "ISToStageMatrix", mag))
        near(f"IS to camera by stage at {mag}", [a / math.hypot(*direct) for a in by_stage], [a / math.hypot(*direct) for a in direct], 0.05)


@check("ISToSpecimenMatrix")
def an_index_that_is_no_magnification_is_no_crash(sem):
    # Without a calibration xpx is 0 (3.2); an error is the other thing that can be.
    try:
        near("xpx of magnification 999", sem.ISToSpecimenMatrix(999)[0], 0, 0)
    except Exception as error:
        holds("the answer", "SCRIPT ERROR" in str(error), "xpx = 0 or an error", error)


@check("BinningForCameraMatrix")
def binning_scales_camera_matrices(sem):
    regular(sem)
    plain = four(sem, "CameraToSpecimenMatrix", 0)
    nothing("BinningForCameraMatrix", sem.BinningForCameraMatrix(4))
    near("with binning 4", four(sem, "CameraToSpecimenMatrix", 0), [4 * value for value in plain], 1e-6)
    sem.BinningForCameraMatrix(0)
    near("without", four(sem, "CameraToSpecimenMatrix", 0), plain, 1e-9)
    sem.BinningForCameraMatrix(2)
    sem.Exit(1)
    near("in the next period", four(sem, "CameraToSpecimenMatrix", 0), plain, 1e-9)


@check("StageToBufImageMatrix", "BufImageToStageMatrix", "BufImagePosToStagePos", "StagePosToBufImagePos")
def pixels_of_an_image_have_stage_positions(sem):
    regular(sem, 8700)
    sem.MoveStageTo(40, -25)
    sem.R()
    if sem.ReportIfNavOpen() == 0:
        sem.OpenNavigator()   # SerialEM asks the Navigator for these
    width, height = sem.ImageProperties("A")[:2]
    x, y, piece, px, py = numbers("BufImagePosToStagePos", sem.BufImagePosToStagePos("A", 0, width / 2, height / 2), 5)
    stage = sem.ReportStageXYZ()
    near("the middle of the image", (x, y), sem.AdjustStagePosForNav(stage[0], stage[1]), 0.3)
    near("raw coordinates of the middle", sem.BufImagePosToStagePos("A", 1, width / 2, height / 2)[:2], stage[:2], 0.3)
    near("no piece", piece, -1, 0)
    there = sem.BufImagePosToStagePos("A", 0, 100, 200)[:2]
    near("there and back", numbers("StagePosToBufImagePos", sem.StagePosToBufImagePos("A", 0, *there), 2), (100, 200), 0.5)
    forth = numbers("StageToBufImageMatrix", sem.StageToBufImageMatrix("A", 0), 6)
    back = numbers("BufImageToStageMatrix", sem.BufImageToStageMatrix("A", 0), 6)
    near("the matrices are inverse", product(forth[:4], back[:4]), UNIT, 1e-3)
    along = applied(forth[:4], *there)
    near("StageToBufImageMatrix", (along[0] + forth[4], along[1] + forth[5]), (100, 200), 1.5)
    along = applied(back[:4], 100, 200)
    near("BufImageToStageMatrix", (along[0] + back[4], along[1] + back[5]), there, 0.05)
    # The image is left handed, y down; the camera is right handed, y up.
    camera = sem.CameraToStageMatrix(0)
    near("one pixel to the right", back[0] - camera[0], 0, 0.03 * math.hypot(*camera))
    near("one pixel down", back[1] + camera[1], 0, 0.03 * math.hypot(*camera))


if __name__ == "__main__":
    section.run()
