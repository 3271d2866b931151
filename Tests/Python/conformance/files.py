"""Directories, text files, image files and their autodocs (4.6, 4.7)."""
import io
import os

import PIL.Image
import mrcfile
import numpy as np
import serialem

from harness import Section, equal, holds, near, nothing, numbers, ready, refused, regular, texts


def prepare(sem):
    ready(sem)
    regular(sem, 8700)


section = Section("files", prepare)
check = section.check


def close_all(sem):
    while sem.ReportNumOpenFiles() > 0:
        sem.CloseFile()


@check("SetDirectory", "ReportDirectory", "MakeDirectory", "DoesFileExist", "IsDirectoryWritable", "RemoveFile")
def directories_are_made_and_gone_to(sem):
    start = texts("ReportDirectory", sem.ReportDirectory(), 1)
    equal("where it starts", os.path.realpath(start), os.path.realpath(section.simulator.folder))
    folder = section.path("one/two")
    nothing("MakeDirectory", sem.MakeDirectory(folder))
    nothing("MakeDirectory again", sem.MakeDirectory(folder))
    equal("DoesFileExist", sem.DoesFileExist(folder), 1)
    nothing("SetDirectory", sem.SetDirectory(folder))
    equal("ReportDirectory", os.path.realpath(sem.ReportDirectory()), os.path.realpath(folder))
    equal("IsDirectoryWritable", numbers("IsDirectoryWritable", sem.IsDirectoryWritable(folder), 2), (1, 0))
    with open(os.path.join(folder, "note.txt"), "w") as file:
        file.write("x")
    equal("a relative name", sem.DoesFileExist("note.txt"), 1)
    nothing("RemoveFile", sem.RemoveFile("note.txt"))
    equal("removed", sem.DoesFileExist("note.txt"), 0)
    nothing("RemoveFile of none", sem.RemoveFile("note.txt"))
    refused(sem, "SetDirectory", section.path("nowhere"))
    sem.SetDirectory(start)


@check("OpenTextFile", "WriteLineToFile", "FlushTextFile", "CloseTextFile", "ReadStringsFromFile", "ReadTextFile")
def text_files_are_written_and_read(sem):
    path = section.path("text.txt")
    sem.OpenTextFile("id", "W", 0, path)
    nothing("WriteLineToFile", sem.WriteLineToFile("id", "first line"))
    nothing("FlushTextFile", sem.FlushTextFile("id"))
    sem.WriteLineToFile("id", "second line")
    nothing("CloseTextFile", sem.CloseTextFile("id"))
    equal("the file", open(path).read().splitlines(), ["first line", "second line"])
    nothing("ReadStringsFromFile", sem.ReadStringsFromFile("lines", path))
    equal("lines", sem.GetVariable("lines").splitlines(), ["first line", "second line"])
    nothing("ReadTextFile", sem.ReadTextFile("words", path))
    equal("words", sem.GetVariable("words").split(), ["first", "line", "second", "line"])
    equal("OpenTextFile T of none", sem.OpenTextFile("other", "T", 0, section.path("missing.txt")), 0)
    equal("OpenTextFile T", sem.OpenTextFile("other", "T", 0, path), 1)
    sem.CloseTextFile("other")
    refused(sem, "OpenTextFile", "none", "R", 0, section.path("missing.txt"))


@check("OpenNewFile", "S", "Save", "ReportFileZsize", "CloseFile", "OpenOldFile", "ReadFile", "ReadOtherFile", "AllowFileOverwrite", "DoesFileExist")
def images_are_saved_and_read_again(sem):
    close_all(sem)
    path = section.path("images.mrc")
    nothing("OpenNewFile", sem.OpenNewFile(path))
    equal("empty", sem.ReportFileZsize(), 0)
    equal("the file is there", sem.DoesFileExist(path), 1)
    sem.R()
    first = np.array(serialem.bufferImage("A"))
    nothing("S", sem.S())
    sem.R()
    second = np.array(serialem.bufferImage("A"))
    nothing("Save", sem.Save("A"))
    equal("ReportFileZsize", numbers("ReportFileZsize", sem.ReportFileZsize(), 1), 2)
    refused(sem, "OpenNewFile", path)
    nothing("CloseFile", sem.CloseFile())
    equal("mrcfile", mrcfile.validate(path, print_file=io.StringIO()), True)
    with mrcfile.open(path, permissive=False) as file:
        equal("shape of the file", file.data.shape, (2, *first.shape))
        # Buffers are top down, MRC sections bottom up.
        equal("pixels of section 0", np.array_equal(np.asarray(file.data[0], float), first[::-1].astype(float)), True)
        labels = [bytes(one).decode().rstrip() for one in file.header.label]
        holds("the second label", labels[1].startswith("    Tilt axis angle = "), "the angle of the tilt axis", labels[:2])
        near("pixel size in the header, A", float(file.voxel_size.x), 10 * sem.ImageProperties("A")[4], 0.01)
    nothing("OpenOldFile", sem.OpenOldFile(path))
    nothing("ReadFile", sem.ReadFile(0, "O"))
    equal("section 0", np.array_equal(np.asarray(serialem.bufferImage("O"), float), first.astype(float)), True)
    equal("read from file", sem.ImageProperties("O")[5], -1)
    sem.CloseFile()
    nothing("ReadOtherFile", sem.ReadOtherFile(1, "P", path))
    equal("section 1", np.array_equal(np.asarray(serialem.bufferImage("P"), float), second.astype(float)), True)
    refused(sem, "ReadOtherFile", 5, "P", path)
    nothing("AllowFileOverwrite", sem.AllowFileOverwrite(1))
    nothing("OpenNewFile over it", sem.OpenNewFile(path))
    equal("a new file", sem.ReportFileZsize(), 0)
    sem.CloseFile()
    sem.AllowFileOverwrite(0)
    refused(sem, "OpenOldFile", section.path("missing.mrc"))


@check("ReportFileNumber", "SwitchToFile", "IsImageFileOpen", "ReportNumOpenFiles", "ReportOpenImageFile", "ReportCurrentFilename", "CloseFile")
def several_files_are_open_at_once(sem):
    close_all(sem)
    equal("no file", sem.ReportFileNumber(), -1)
    refused(sem, "ReportCurrentFilename")
    refused(sem, "CloseFile", "error")
    paths = [section.path(f"several{number}.mrc") for number in (1, 2, 3)]
    for path in paths:
        sem.OpenNewFile(path)
    equal("ReportNumOpenFiles", sem.ReportNumOpenFiles(), 3)
    equal("ReportFileNumber", sem.ReportFileNumber(), 3)
    equal("IsImageFileOpen", sem.IsImageFileOpen(paths[1]), 2)
    equal("not open", sem.IsImageFileOpen(section.path("other.mrc")), 0)
    nothing("SwitchToFile", sem.SwitchToFile(1))
    equal("ReportCurrentFilename", os.path.basename(sem.ReportCurrentFilename()), "several1.mrc")
    parts = texts("ReportCurrentFilename(1)", sem.ReportCurrentFilename(1), 4)
    holds("root and extension", "several1" in "".join(parts[:2]) and "mrc" in "".join(parts), "several1 and mrc", parts)
    equal("ReportOpenImageFile", os.path.basename(texts("path", sem.ReportOpenImageFile(2), 1)), "several2.mrc")
    texts("ReportOpenImageFile split", sem.ReportOpenImageFile(2, 1), 4)
    refused(sem, "SwitchToFile", 9)
    sem.R()
    sem.S("A", 2)
    equal("the current file", sem.ReportFileZsize(), 0)
    sem.SwitchToFile(2)
    equal("the file that was named", sem.ReportFileZsize(), 1)
    sem.CloseFile()
    equal("ReportNumOpenFiles after closing one", sem.ReportNumOpenFiles(), 2)
    close_all(sem)


@check("SetNewFileType", "SetFileOptions", "ReportFileOptions")
def the_type_of_new_files_is_set(sem):
    nothing("SetNewFileType", sem.SetNewFileType(0))
    nothing("SetFileOptions", sem.SetFileOptions(0, 1, 0, 1))
    options = numbers("ReportFileOptions", sem.ReportFileOptions(0), 6)
    equal("type, mode", options[:2], (0, 1))


@check("AddToAutodoc", "WriteAutodoc", "AddTitleToFile", "ReportMetadataValues")
def a_key_of_ours_is_in_the_mdoc(sem):
    close_all(sem)
    path = section.path("keys.mrc")
    sem.OpenNewFile(path)
    sem.TiltTo(10)
    sem.R()
    sem.S()
    nothing("AddToAutodoc", sem.AddToAutodoc("Lamella", "L07 good"))
    nothing("WriteAutodoc", sem.WriteAutodoc())
    nothing("AddTitleToFile", sem.AddTitleToFile(0, "a title"))
    text = open(path + ".mdoc").read()
    holds("the mdoc", "Lamella = L07 good" in text, "Lamella = L07 good", text[-200:])
    values = {line.split(" = ")[0]: line.split(" = ")[1] for line in text.splitlines() if " = " in line and line[0] != "["}
    near("TiltAngle", float(values["TiltAngle"]), sem.ReportTiltAngle(), 0.02)
    near("StagePosition", [float(v) for v in values["StagePosition"].split()], sem.ReportStageXYZ()[:2], 0.1)
    near("PixelSpacing, A", float(values["PixelSpacing"]), 10 * sem.ImageProperties("A")[4], 0.05)
    for key in ("StageZ", "Magnification", "ExposureTime", "Binning", "Defocus", "SpotSize", "Intensity", "ImageShift", "RotationAngle",
                "ExposureDose", "MagIndex", "DateTime", "MinMaxMean", "CameraIndex"):
        holds(f"the key {key}", key in values, "a value", sorted(values))
    equal("the value of the image", sem.ReportMetadataValues("A", "Lamella"), ("L07", "good"))
    sem.TiltTo(0)
    sem.CloseFile()


@check("SaveToOtherFile", "ReadOtherFile")
def images_go_to_other_kinds_of_files(sem):
    sem.R()
    for kind, name in (("MRC", "other.mrc"), ("TIF", "other.tif"), ("JPG", "other.jpg")):
        nothing("SaveToOtherFile", sem.SaveToOtherFile("A", kind, "NONE", section.path(name)))
        holds(kind, os.path.getsize(section.path(name)) > 1000, "a file", name)
    equal("mrcfile", mrcfile.validate(section.path("other.mrc"), print_file=io.StringIO()), True)
    sem.ReadOtherFile(0, "P", section.path("other.mrc"))
    equal("read again", np.array_equal(np.asarray(serialem.bufferImage("P"), float), np.asarray(serialem.bufferImage("A"), float)), True)
    refused(sem, "ReadOtherFile", 0, "P", section.path("missing.mrc"))


@check("SnapshotToFile")
def a_snapshot_of_the_window_is_a_picture(sem):
    sem.R()
    nothing("SnapshotToFile", sem.SnapshotToFile(0, 0, 0, "JPG", "JPG", section.path("snapshot.jpg")))
    with PIL.Image.open(section.path("snapshot.jpg")) as picture:
        picture.load()
        equal("the kind of picture", picture.format, "JPEG")


@check("SetFrameBaseName", "ReportFrameBaseName", "SetFrameNameFormat", "ReportFrameNameFormat", "SetFolderForFrames",
       "ReportFrameSavingPath")
def frames_have_names_and_a_folder(sem):
    folder = section.path("frames")
    os.mkdir(folder)
    nothing("SetFolderForFrames", sem.SetFolderForFrames(folder))
    equal("ReportFrameSavingPath", texts("path", sem.ReportFrameSavingPath(), 1), folder)
    nothing("SetFrameBaseName", sem.SetFrameBaseName(0, 1, 0, "lamella"))
    equal("ReportFrameBaseName", sem.ReportFrameBaseName(), (1, "lamella", 0))
    before = numbers("ReportFrameNameFormat", sem.ReportFrameNameFormat(), 1)
    nothing("SetFrameNameFormat", sem.SetFrameNameFormat(0, 1, 0x40))
    equal("the bit is set", int(sem.ReportFrameNameFormat()) & 0x40, 0x40)
    sem.SetFrameNameFormat(0, 0, 0x40)
    equal("the bit is cleared", int(sem.ReportFrameNameFormat()) & 0x40, 0)
    sem.SetFrameNameFormat(0, -1, int(before))
    sem.SetFrameBaseName(0, 1, 0, "again")
    sem.Exit(1)
    holds("restored when control ended", sem.ReportFrameBaseName()[1] != "again", "the name from before", sem.ReportFrameBaseName())


@check("ReportLastFrameFile", "ReportNumFramesSaved", "SetDoseFracParams")
def frames_are_saved_where_that_is_said(sem):
    refused(sem, "ReportLastFrameFile")
    sem.SetDoseFracParams("R", 1, 1)
    sem.SetFrameTime("R", 0.2)
    sem.R()
    path, folder, name = texts("ReportLastFrameFile", sem.ReportLastFrameFile(), 3)
    holds("directory and name", path.endswith(name) and path.startswith(folder) and name, "parts of the path", (path, folder, name))
    equal("the file", os.path.exists(path), True)
    holds("ReportNumFramesSaved", numbers("frames", sem.ReportNumFramesSaved(), 1) > 1, "several", sem.ReportNumFramesSaved())
    sem.RestoreCameraSet("R")


section.plain("StartNextFrameStackMdoc", "Key", "1", or_refused=True)
section.plain("AddToNextFrameStackMdoc", "Key2", "2", or_refused=True)
section.plain("OpenFrameMdoc", lambda: section.path("frames.mdoc"), or_refused=True)
section.plain("AddToFrameMdoc", "Key", "value", or_refused=True)
section.plain("WriteFrameMdoc", or_refused=True)
section.plain("OpenFrameSumFile", "_sum.mrc", or_refused=True)
section.plain("RetryReadOtherFile", 0)
section.plain("LoadSettingsFile", lambda: section.path("missing.txt"), or_refused=True)
section.plain("NextProcessArgs", "--version")
# A simulator that ran any program for whoever reaches its port would be a hole: a refusal is right as well.
section.plain("RunProcess", "true", reports=2, or_refused=True)
section.plain("RunInShell", "true", reports=2, or_refused=True)
section.plain("CreateProcess", "true", or_refused=True)
section.plain("RunExternalTool", "1", or_refused=True)





if __name__ == "__main__":
    section.run()
