"""Camera, exposures, parameter sets (4.12) and the image that comes (4.14)."""
import numpy as np
import serialem

from harness import Section, equal, holds, near, nothing, numbers, ready, refused, regular, texts

section = Section("camera", ready)
check = section.check
SETS = (("V", "V", 0), ("View", "V", 0), ("F", "F", 1), ("Focus", "F", 1), ("T", "T", 2), ("Trial", "T", 2), ("R", "R", 3),
        ("Record", "R", 3), ("L", "P", 4), ("Preview", "P", 4), ("Search", "S", 5))


@check("V", "View", "F", "Focus", "T", "Trial", "R", "Record", "L", "Preview", "Search", "ImageProperties", "ReportExposure",
       "ReportBinning", "ReportCurrentPixelSize", "ReportCameraSetArea")
def each_set_gives_an_image_of_its_binning_exposure_and_size(sem):
    regular(sem, 8700)
    for command, letter, number in SETS:
        nothing(command, getattr(sem, command)())
        width, height, binning, exposure, pixel, which = numbers("ImageProperties", sem.ImageProperties("A"), 6)
        equal(f"set of the image of {command}", which, number)
        equal(f"binning of {command}", binning, numbers("ReportBinning", sem.ReportBinning(letter), 1))
        near(f"exposure of {command}", exposure, numbers("ReportExposure", sem.ReportExposure(letter), 2)[0], 0.02)
        near(f"pixel of {command}", pixel, numbers("ReportCurrentPixelSize", sem.ReportCurrentPixelSize(letter), 1), 0.02 * pixel)
        image = np.asarray(serialem.bufferImage("A"))
        equal(f"size of {command}", image.shape, (int(height), int(width)))
        area = numbers("ReportCameraSetArea", sem.ReportCameraSetArea(letter), 6)
        near(f"area of {command}", area[:2], (width, height), 2)
        holds(f"counts of {command}", image.std() > 0, "counts and noise", image.std())


@check("CameraProperties")
def the_camera_has_a_size_and_pixels(sem):
    regular(sem)
    width, height, turn, chip, pixel, number = numbers("CameraProperties", sem.CameraProperties(), 6)
    holds("the size", width >= 64 and height >= 64, "pixels", (width, height))
    holds("the rotation and flip", turn in range(8), "0 to 7", turn)
    holds("the pixel on the chip", 1 < chip < 50, "um", chip)
    near("the pixel on the specimen", pixel, sem.ReportCurrentPixelSize("R") / sem.ReportBinning("R"), 0.02 * pixel)
    equal("camera number", number, 1)
    numbers("numberOfCameras", float(sem.GetVariable("numberOfCameras")), 1)
    holds("at a lower magnification", sem.CameraProperties(0, 10)[4] > pixel, f"more than {pixel} nm", sem.CameraProperties(0, 10))


@check("SelectCamera", "ReportCameraProperty")
def there_is_one_camera(sem):
    nothing("SelectCamera", sem.SelectCamera(1))
    refused(sem, "SelectCamera", 9)
    numbers("ReportCameraProperty", sem.ReportCameraProperty(0, "K2Type"), 1)
    refused(sem, "ReportCameraProperty", 0, "NoSuchProperty")


@check("ReportCameraName", "ReportCameraInserted", "RetractCameras", "SetCameraProperty")
def the_camera_goes_out_and_comes_in_for_an_image(sem):
    holds("ReportCameraName", texts("name", sem.ReportCameraName(0), 1) != "NOCAM", "a name", sem.ReportCameraName(0))
    equal("ReportCameraName(9)", sem.ReportCameraName(9), "NOCAM")
    nothing("RetractCameras", sem.RetractCameras())
    equal("retracted", sem.ReportCameraInserted(0), 0)
    sem.R()
    equal("inserted for an image", sem.ReportCameraInserted(0), 1)
    nothing("SetCameraProperty", sem.SetCameraProperty(0, "K2Type", sem.ReportCameraProperty(0, "K2Type")))


@check("SetExposure", "SetBinning", "ReportExposure", "ReportBinning", "RestoreCameraSet")
def changed_sets_are_used_and_restored(sem):
    regular(sem, 8700)
    exposure, settling = numbers("ReportExposure", sem.ReportExposure("V"), 2)
    binning = sem.ReportBinning("V")
    nothing("SetExposure", sem.SetExposure("V", 0.75, 0.2))
    nothing("SetBinning", sem.SetBinning("V", 4))
    near("ReportExposure", sem.ReportExposure("V"), (0.75, 0.2), 0.01)
    equal("ReportBinning", sem.ReportBinning("V"), 4)
    sem.V()
    near("binning and exposure of the image", sem.ImageProperties("A")[2:4], (4, 0.75), 0.02)
    refused(sem, "SetBinning", "V", 3.7)
    refused(sem, "SetExposure", "V", -1)
    refused(sem, "SetExposure", "X", 1)
    nothing("RestoreCameraSet", sem.RestoreCameraSet("V"))
    equal("restored", (sem.ReportExposure("V"), sem.ReportBinning("V")), ((exposure, settling), binning))
    refused(sem, "RestoreCameraSet", "V")


@check("SetExposure", "KeepCameraSetChanges")
def changes_end_with_control_unless_kept(sem):
    before = sem.ReportExposure("T")[0]
    sem.SetExposure("T", before + 0.5)
    sem.Exit(1)
    near("after control", sem.ReportExposure("T")[0], before, 1e-3)
    sem.SetExposure("T", before + 0.25)
    nothing("KeepCameraSetChanges", sem.KeepCameraSetChanges("T"))
    sem.Exit(1)
    near("kept", sem.ReportExposure("T")[0], before + 0.25, 1e-3)
    sem.SetExposure("T", before)
    sem.KeepCameraSetChanges("T")


@check("SetExposure")
def twice_the_exposure_gives_twice_the_counts(sem):
    regular(sem, 8700)
    sem.SetExposure("R", 0.5)
    sem.R()
    single = sem.ReportMeanCounts("A")
    sem.SetExposure("R", 1)
    sem.R()
    near("the ratio of the means", sem.ReportMeanCounts("A") / single, 2, 0.15)
    sem.RestoreCameraSet("R")


@check("SetCameraArea", "SetCenteredSize", "ReportCameraSetArea")
def areas_of_the_camera_are_read_out(sem):
    regular(sem, 8700)
    width, height = sem.CameraProperties()[:2]
    sem.SetBinning("V", 2)
    for area, of_width, of_height in (("F", 1, 1), ("H", 0.5, 0.5), ("Q", 0.25, 0.25), ("WH", 1, 0.5), ("WQ", 1, 0.25)):
        nothing("SetCameraArea", sem.SetCameraArea("V", area))
        if area in "FHQ":
            sem.V()
            near(f"size with {area}", sem.ImageProperties("A")[:2], (width * of_width / 2, height * of_height / 2), 16)
        set_area = numbers("ReportCameraSetArea", sem.ReportCameraSetArea("V"), 6)
        left, right, top, bottom = set_area[2:]
        holds(f"borders with {area}", 0 <= left < right <= width and 0 <= top < bottom <= height, "inside the chip", set_area)
    nothing("SetCenteredSize", sem.SetCenteredSize("V", 1, 512, 256))
    sem.V()
    near("a centred size", sem.ImageProperties("A")[:3], (512, 256, 1), 16)
    sem.SetCameraArea("V", "64", 576, 128, 384)
    sem.V()
    near("by borders", sem.ImageProperties("A")[:2], (512, 256), 16)
    sem.RestoreCameraSet("V")


@check("AcquireToMatchBuffer")
def an_image_like_the_one_in_a_buffer(sem):
    regular(sem, 8700)
    sem.SetBinning("R", 2)
    sem.SetExposure("R", 0.4)
    sem.R()
    sem.Copy("A", "O")
    wanted = sem.ImageProperties("O")
    sem.RestoreCameraSet("R")
    sem.V()
    nothing("AcquireToMatchBuffer", sem.AcquireToMatchBuffer("O"))
    near("the image", sem.ImageProperties("A"), wanted, 0.01)


@check("SetK2ReadMode", "ReportReadMode")
def the_read_mode_is_kept_where_there_are_modes(sem):
    mode = numbers("ReportReadMode", sem.ReportReadMode("R"), 1)
    holds("ReportReadMode", mode in (0, 1, 2), "0, 1 or 2", mode)
    nothing("SetK2ReadMode", sem.SetK2ReadMode("R", 0))
    equal("ReportReadMode", sem.ReportReadMode("R"), 0)
    sem.RestoreCameraSet("R")
    equal("restored", sem.ReportReadMode("R"), mode)


@check("SetDoseFracParams", "ReportDoseFracParams", "SetFrameTime", "ChangeFrameAndExposure")
def frames_are_set_and_reported(sem):
    nothing("SetDoseFracParams", sem.SetDoseFracParams("R", 1, 1, 0, 0, 0))
    equal("dose fractionation is on", numbers("ReportDoseFracParams", sem.ReportDoseFracParams("R"), 6)[0], 1)
    frame = sem.SetFrameTime("R", 0.1)
    near("SetFrameTime", numbers("the frame time alone", frame, 1), 0.1, 0.03)
    exposure = sem.ReportExposure("R")[0]
    frame, changed = numbers("ChangeFrameAndExposure", sem.ChangeFrameAndExposure("R", 2), 2)
    near("frame time and exposure", (frame, changed), (0.2, 2 * exposure), 0.06)
    sem.RestoreCameraSet("R")


@check("SetProcessing", "ReportMiscCameraParams")
def the_processing_is_set_and_reported(sem):
    nothing("SetProcessing", sem.SetProcessing("R", 1))
    equal("the processing", numbers("ReportMiscCameraParams", sem.ReportMiscCameraParams("R"), 2)[0], 1)
    sem.RestoreCameraSet("R")


@check("SetK2FileParams", "ReportK2FileParams")
def the_files_of_frames_are_set_and_reported(sem):
    nothing("SetK2FileParams", sem.SetK2FileParams(1))
    equal("the file type of frames", numbers("ReportK2FileParams", sem.ReportK2FileParams(), 6)[0], 1)
    sem.SetK2FileParams(0)


section.plain("ReportFrameAliParams", reports=6)
section.plain("SetFrameAliParams", 4)
section.plain("SkipFrameAliParamCheck", 1)
section.plain("RetractCamera")
section.plain("ReportCountScaling", reports=2)
section.plain("UpdateHWDarkRef", 10.0, or_refused=True)
section.plain("RunGatanScript", "Exit(1)", reports=1, or_refused=True)
section.plain("MultipleRecords", reports=1, or_refused=True)


@check("SetContinuous", "StopContinuous", "ReportContinuous")
def continuous_acquisition_stops(sem):
    equal("ReportContinuous", sem.ReportContinuous(), -1)
    nothing("SetContinuous", sem.SetContinuous("F", 1))
    sem.SetContinuous("F", 0)
    nothing("StopContinuous", sem.StopContinuous())


@check("SetExposureForMean")
def an_exposure_is_found_for_a_mean(sem):
    regular(sem, 8700)
    sem.R()
    mean = sem.ReportMeanCounts("A")
    nothing("SetExposureForMean", sem.SetExposureForMean(mean / 2))
    sem.R()
    near("the mean that was wanted", sem.ReportMeanCounts("A") / mean, 0.5, 0.15)
    sem.RestoreCameraSet("R")


section.plain("EarlyReturnNextShot", 0)


@check("GetAllCameraSetValues")
def all_values_of_a_set_are_in_an_array(sem):
    nothing("GetAllCameraSetValues", sem.GetAllCameraSetValues(0, "R", "values"))
    equal("IsVariableDefined", sem.IsVariableDefined("values"), 1)


@check("ImageConditions", "AccumulateRecordDose", "AreaForCumulRecordDose", "ReportMetadataString")
def an_image_knows_its_dose_and_what_was_given_before(sem):
    regular(sem)
    nothing("AreaForCumulRecordDose", sem.AreaForCumulRecordDose(1))
    nothing("AccumulateRecordDose", sem.AccumulateRecordDose(0))
    total = 0.0
    for _ in range(3):
        sem.R()
        near("PriorRecordDose", float(sem.ReportMetadataString("A", "PriorRecordDose")), total, 1e-3)
        dose, magnification = numbers("ImageConditions", sem.ImageConditions("A"), 2)
        holds("the dose", dose > 0, "e/A2", dose)
        nothing("AccumulateRecordDose adds", sem.AccumulateRecordDose(dose))
        total += dose
    near("the magnification", magnification, sem.ReportMag()[0], 1)
    sem.AreaForCumulRecordDose(2)
    sem.R()
    refused(sem, "ReportMetadataString", "A", "PriorRecordDose")
    sem.AreaForCumulRecordDose(1)
    nothing("AccumulateRecordDose", sem.AccumulateRecordDose(-1))


@check("SkipFrameAliParamCheck")
def frame_alignment_is_not_asked_about(sem):
    nothing("SkipFrameAliParamCheck", sem.SkipFrameAliParamCheck())
    regular(sem)
    nothing("R", sem.R())
    nothing("SkipFrameAliParamCheck", sem.SkipFrameAliParamCheck(0))


if __name__ == "__main__":
    section.run()
