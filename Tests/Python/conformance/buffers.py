"""Buffers and image processing (4.14, 3.6)."""
import numpy as np
import serialem

from harness import Section, equal, holds, near, nothing, numbers, ready, refused, regular, texts

section = Section("buffers", ready)
check = section.check


def put(image, letter, base="A"):
    serialem.PutImageInBuffer(np.ascontiguousarray(image), letter, image.shape[1], image.shape[0], base)


def got(letter):
    return np.array(serialem.bufferImage(letter))


@check("Copy", "ReportCurrentBuffer", "Show", "ImageProperties")
def a_copied_image_is_the_same(sem):
    regular(sem, 8700)
    sem.R()
    nothing("Copy", sem.Copy("A", "O"))
    equal("the copy", np.array_equal(got("A"), got("O")), True)
    equal("its properties", sem.ImageProperties("O"), sem.ImageProperties("A"))
    sem.Copy("15", "p")   # numbers and small letters name buffers too
    equal("by number", np.array_equal(got("P"), got("O")), True)
    nothing("Show", sem.Show("O"))
    equal("ReportCurrentBuffer", sem.ReportCurrentBuffer(), ("O", 1))
    sem.Show("A")
    equal("ReportCurrentBuffer", sem.ReportCurrentBuffer(), ("A", 1))
    refused(sem, "Copy", "K", "L")
    refused(sem, "ImageProperties", "K")


@check("R", "SetUserSetting")
def a_new_image_goes_to_A_and_the_others_roll(sem):
    regular(sem, 8700)
    sem.SetUserSetting("BuffersToRollOnAcquire", 3)
    sem.R()
    first = got("A")
    sem.R()
    equal("the image before is in B", np.array_equal(got("B"), first), True)
    sem.R()
    sem.R()
    equal("then in D, the last that rolls", np.array_equal(got("D"), first), True)
    sem.Copy("A", "O")
    kept = got("O")
    sem.R()
    equal("O does not roll", np.array_equal(got("O"), kept), True)


@check("ReportMeanCounts", "SubareaMean", "CircularSubareaMean")
def means_are_those_of_the_pixels(sem):
    regular(sem, 8700)
    sem.R()
    image = got("A").astype(float)
    near("ReportMeanCounts", numbers("mean", sem.ReportMeanCounts(), 1), image.mean(), 0.01 * image.mean())
    full = numbers("ReportMeanCounts with statistics", sem.ReportMeanCounts("A", 2), 4)
    near("mean, SD, min, max", full, (image.mean(), image.std(), image.min(), image.max()), 0.02 * image.mean())
    near("SubareaMean", numbers("mean", sem.SubareaMean(10, 59, 20, 99), 1), image[20:100, 10:60].mean(), 0.03 * image.mean())
    y, x = np.ogrid[:image.shape[0], :image.shape[1]]
    inside = (x - 200) ** 2 + (y - 150) ** 2 <= 50 ** 2
    near("CircularSubareaMean", numbers("mean", sem.CircularSubareaMean(200, 150, 50), 1), image[inside].mean(), 0.03 * image.mean())


@check("ElectronStats")
def electrons_per_pixel_follow_the_counts(sem):
    regular(sem, 8700)
    sem.R()
    low, high, mean, deviation, rate = numbers("ElectronStats", sem.ElectronStats("A"), 5)
    holds("min, max, mean, SD", low <= mean <= high and deviation > 0 and rate > 0, "in order", (low, high, mean, deviation, rate))


@check("CropImage", "CropCenterToSize")
def parts_are_cut_out_of_the_right_place(sem):
    image = (np.arange(300 * 400) % 5003).astype(np.uint16).reshape(300, 400)
    put(image, "O")
    nothing("CropCenterToSize", sem.CropCenterToSize("O", 100, 80))
    equal("the centre", np.array_equal(got("A"), image[110:190, 150:250]), True)
    nothing("CropImage", sem.CropImage("O", 10, 59, 20, 99))
    equal("the part", np.array_equal(got("A"), image[20:100, 10:60]), True)
    refused(sem, "CropCenterToSize", "O", 1000, 1000)


@check("ReduceImage")
def a_reduced_image_has_larger_pixels(sem):
    regular(sem, 8700)
    sem.R()
    before, image = sem.ImageProperties("A"), got("A").astype(float)
    sem.Copy("A", "O")
    nothing("ReduceImage", sem.ReduceImage("O", 4))
    after = sem.ImageProperties("A")
    near("the size", after[:2], (before[0] // 4, before[1] // 4), 1)
    near("the pixel", after[4], 4 * before[4], 0.01 * after[4])
    near("the mean", got("A").mean(), image.mean(), 0.02 * image.mean())
    equal("the buffers rolled", np.array_equal(got("O"), image), True)


@check("Rotate90CW", "ScaleImage", "ConvertToBytes")
def images_are_turned_scaled_and_converted(sem):
    image = (np.arange(64 * 96) % 211).astype(np.int16).reshape(64, 96)
    put(image, "O")
    nothing("Rotate90CW", sem.Rotate90CW("O"))
    equal("turned clockwise", np.array_equal(got("A"), np.rot90(image, -1)), True)
    nothing("ScaleImage", sem.ScaleImage("O", 2.0, 5.0))
    near("scaled", got("A").astype(float).mean(), image.mean() * 2 + 5, 1)
    nothing("ConvertToBytes", sem.ConvertToBytes("O"))
    equal("one byte per pixel, in place", got("O").dtype, np.dtype(np.uint8))


@check("ImageLowDoseSet", "ImageMarkerPosition")
def an_image_knows_its_set_and_marker(sem):
    regular(sem, 8700)
    sem.V()
    equal("ImageLowDoseSet", numbers("ImageLowDoseSet", sem.ImageLowDoseSet("A"), 2), (0, 0))
    equal("no marker", numbers("ImageMarkerPosition", sem.ImageMarkerPosition("A"), 2), (-1, -1))
    sem.SetLowDoseMode(1)
    sem.R()
    equal("in Low Dose", sem.ImageLowDoseSet("A"), (3, 1))
    sem.SetLowDoseMode(0)


@check("AutoCorrPeakVectors")
def the_lattice_of_a_pattern_is_found(sem):
    y, x = np.mgrid[:512, :512]
    pattern = (1000 + 400 * np.cos(2 * np.pi * x / 40) + 400 * np.cos(2 * np.pi * y / 40)).astype(np.uint16)
    put(pattern, "O")
    value = numbers("AutoCorrPeakVectors", sem.AutoCorrPeakVectors("O", 40), 5)
    near("the spacing", value[0], 40, 1.5)
    for vector in (value[1:3], value[3:5]):
        near("the length of a vector", (vector[0] ** 2 + vector[1] ** 2) ** 0.5, 40, 2)


@check("AddBufToStackWindow", "CloseStackWindow", "SetBufZoomAndCenter", "ToggleBufferDisplay")
def windows_take_images(sem):
    regular(sem, 8700)
    sem.R()
    nothing("AddBufToStackWindow", sem.AddBufToStackWindow("A", 256, 0, 1, 1, "targets"))
    nothing("CloseStackWindow", sem.CloseStackWindow())
    nothing("SetBufZoomAndCenter", sem.SetBufZoomAndCenter("A", 0.5))
    nothing("ToggleBufferDisplay", sem.ToggleBufferDisplay("A", 100, 1, 2))
    refused(sem, "AddBufToStackWindow", "K", 0, 0)


@check("ReportMetadataValues", "ReportMetadataString", "ImageMetadataToVar")
def an_image_has_metadata_by_key(sem):
    regular(sem, 8700)
    sem.MoveStageTo(12, -8)
    sem.R()
    sem.Copy("A", "O")
    stage = texts("ReportMetadataValues", sem.ReportMetadataValues("O", "StagePosition"), 2)
    near("StagePosition", [float(value) for value in stage], sem.ReportStageXYZ()[:2], 0.1)
    near("Magnification", float(sem.ReportMetadataValues("O", "Magnification")), sem.ReportMag()[0], 1)
    equal("the same as one text", texts("text", sem.ReportMetadataString("O", "StagePosition"), 1).split(), list(stage))
    refused(sem, "ReportMetadataValues", "O", "NoSuchKey")
    nothing("ImageMetadataToVar", sem.ImageMetadataToVar("O", "metadata"))
    holds("the whole text", "StagePosition" in sem.GetVariable("metadata"), "the keys", sem.GetVariable("metadata")[:60])


if __name__ == "__main__":
    section.run()
