"""Montages (4.16), and their files as others read them."""
import io
import contextlib

import mdocfile
import mrcfile
import numpy as np

from harness import Section, equal, holds, near, nothing, numbers, ready, refused, regular


def prepare(sem):
    ready(sem)
    sem.OpenNavigator(section.path("montage.nav"))


section = Section("montage", prepare)
check = section.check


def sections_of_mdoc(path):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return mdocfile.read(path)


@check("SetupFullMontage", "ReportNumMontagePieces", "SetMontageParams", "SetMontPanelParams", "M", "NewMap", "ReportFileZsize")
def a_full_montage_is_taken_and_becomes_a_map(sem):
    regular(sem)
    sem.SetMagIndex(3)
    equal("pieces without a montage", sem.ReportNumMontagePieces(), 1)
    path = section.path("full.mrc")
    nothing("SetupFullMontage", sem.SetupFullMontage(0.15, path))
    pieces = numbers("ReportNumMontagePieces", sem.ReportNumMontagePieces(), 1)
    holds("pieces", pieces >= 2, "several", pieces)
    nothing("SetMontageParams", sem.SetMontageParams(1, -1, -1, -1, -1, 0, 2))
    nothing("SetMontPanelParams", sem.SetMontPanelParams(0, 1, 1))
    pieces = sem.ReportNumMontagePieces()
    nothing("M", sem.M())
    size = numbers("ReportFileZsize", sem.ReportFileZsize(), 2)
    near("pieces and montages of the file", size, (pieces, 1), 0)
    overview, centre = sem.ImageProperties("B"), sem.ImageProperties("A")
    holds("the overview in B is larger than the piece in A", overview[0] > centre[0] and overview[1] > centre[1], "larger", (overview, centre))
    index = int(numbers("NewMap", sem.NewMap(0, "full.mrc"), 1))
    near("type of the item", sem.ReportOtherItem(index)[4], 2, 0)
    refused(sem, "SetMontageParams", 1, 100)   # sizes only before the first piece
    sem.MoveStageTo(100, 100)
    sem.R()
    nothing("LoadOtherMap", sem.LoadOtherMap(index, "O"))
    near("the overview that is loaded again", sem.ImageProperties("O")[:2], overview[:2], 2)
    sem.CloseFile()
    equal("mrcfile", mrcfile.validate(path, print_file=io.StringIO()), True)
    table = sections_of_mdoc(path + ".mdoc")
    with mrcfile.open(path, permissive=False) as file:
        sections = 1 if file.data.ndim == 2 else file.data.shape[0]
        extended = file.extended_header.tobytes()
        step, flags = np.frombuffer(file.header.tobytes()[128:132], "<i2").tolist()   # SerialEM's own two words
    near("sections of the file, of the mdoc", (sections, len(table)), (pieces, pieces), 1)
    coordinates = {tuple(piece) for piece in table["PieceCoordinates"] if isinstance(piece, (tuple, list))}
    near("pieces at coordinates of their own", len(coordinates), pieces, 0)
    holds("piece coordinates in the extended header", flags & 2 and step > 0, "flag 2 and bytes for each section", (step, flags))
    offset = 2 if flags & 1 else 0
    found = {tuple(np.frombuffer(extended[i * step + offset:i * step + offset + 6], "<u2").tolist()) for i in range(sections)}
    near("the same pieces there", len({(x, y) for x, y, _ in found} & {(int(p[0]), int(p[1])) for p in coordinates}), pieces, 0)


@check("SetupFullMontage")
def an_existing_file_is_not_overwritten_by_a_montage(sem):
    regular(sem)
    sem.SetMagIndex(3)
    with open(section.path("taken.mrc"), "w") as file:
        file.write("mine")
    refused(sem, "SetupFullMontage", 0.1, section.path("taken.mrc"))
    equal("the file", open(section.path("taken.mrc")).read(), "mine")


def polygon(sem, extent_x=40, extent_y=30):
    sem.SetVariable("xs", f"{-extent_x}\n{extent_x}\n{extent_x}\n{-extent_x}")
    sem.SetVariable("ys", f"{-extent_y}\n{-extent_y}\n{extent_y}\n{extent_y}")
    return int(sem.AddStagePointsAsPolygon("xs", "ys", 0))


@check("SetupPolygonMontage", "StagePosToBufImagePos", "BufImagePosToStagePos")
def a_polygon_is_covered_by_its_montage(sem):
    regular(sem, 2250)
    nothing("SetupPolygonMontage", sem.SetupPolygonMontage(polygon(sem), 0.1, section.path("polygon.mrc")))
    pieces = sem.ReportNumMontagePieces()
    properties = sem.CameraProperties()
    area = properties[0] * properties[1] * (properties[4] / 1000) ** 2
    holds("pieces", 80 * 60 / area <= pieces <= 4 * 80 * 60 / area + 8, f"enough for 80 x 60 um of {area:.0f} um2 each", pieces)
    nothing("M", sem.M())
    overview = sem.ImageProperties("B")
    for corner in ((-40, -30), (40, 30)):
        x, y = sem.StagePosToBufImagePos("B", 0, *corner)
        holds(f"{corner} in the overview", -60 <= x <= overview[0] + 60 and -60 <= y <= overview[1] + 60, "inside", (x, y))
    there = sem.BufImagePosToStagePos("B", 0, overview[0] / 2, overview[1] / 2)
    near("the middle of the overview", there[:2], (0, 0), 15)
    holds("the piece there", there[2] >= 0, "the number of a piece", there)
    sem.CloseFile()
    point = int(sem.AddStagePosAsNavPoint(5, 5, 0))
    refused(sem, "SetupPolygonMontage", point, 0.1, section.path("point.mrc"))


@check("AssessPolygonMontage")
def the_pieces_that_a_polygon_needs_are_counted(sem):
    regular(sem, 2250)
    total, across, down = numbers("AssessPolygonMontage", sem.AssessPolygonMontage(polygon(sem), 0), 3)
    holds("pieces, nX, nY", 1 <= total <= across * down, "as many as nX x nY at most", (total, across, down))
    refused(sem, "AssessPolygonMontage", polygon(sem), 10)   # no per cent


@check("ReadMontagePiece", "SkipPiecesOutsideItem", "LoadPieceAtNavPoint")
def a_piece_of_a_montage_is_read(sem):
    regular(sem, 2250)
    sem.SetupPolygonMontage(polygon(sem, 25, 20), 0.1, section.path("pieces.mrc"))
    nothing("SkipPiecesOutsideItem", sem.SkipPiecesOutsideItem(-1))
    sem.M()
    nothing("ReadMontagePiece", sem.ReadMontagePiece(1, 1, 0, "O"))
    near("a piece", sem.ImageProperties("O")[:2], sem.ImageProperties("A")[:2], 2)
    sem.LoadOtherMap(int(sem.NewMap(0, "pieces.mrc")), "P")
    width, height = sem.ImageProperties("P")[:2]
    nothing("LoadPieceAtNavPoint", sem.LoadPieceAtNavPoint(int(sem.AddImagePosAsNavPoint("P", width / 2, height / 2))))
    near("the piece at the point", sem.ImageProperties("A")[:2], sem.ImageProperties("O")[:2], 2)
    sem.CloseFile()


@check("OpenNewMontage", "Montage", "ReadFile")
def a_montage_of_given_pieces_is_opened(sem):
    regular(sem, 2250)
    sem.MoveStageTo(10, 20)
    nothing("OpenNewMontage", sem.OpenNewMontage(2, 3, section.path("given.mrc")))
    equal("ReportNumMontagePieces", sem.ReportNumMontagePieces(), 6)
    nothing("Montage", sem.Montage())
    near("ReportFileZsize", sem.ReportFileZsize(), (6, 1), 0)
    overview = sem.ImageProperties("B")
    nothing("ReadFile", sem.ReadFile(0, "O"))
    near("the overview from the file", sem.ImageProperties("O")[:2], overview[:2], 2)
    sem.CloseFile()


@check("ParamSetToUseForMontage")
def a_montage_uses_the_set_that_is_named(sem):
    regular(sem, 2250)
    sem.SetBinning("V", 4)
    sem.SetBinning("R", 2)
    nothing("ParamSetToUseForMontage", sem.ParamSetToUseForMontage(2))
    sem.OpenNewMontage(2, 1, section.path("view.mrc"))
    sem.M()
    equal("binning of the piece", sem.ImageProperties("A")[2], 4)
    sem.CloseFile()
    sem.ParamSetToUseForMontage(-2)
    sem.OpenNewMontage(2, 1, section.path("record.mrc"))
    sem.M()
    equal("binning with Record again", sem.ImageProperties("A")[2], 2)
    sem.CloseFile()
    refused(sem, "ParamSetToUseForMontage", 7)


section.plain("SetGridMapLimits", 0, -500, 500, -500, 500)
section.plain("SetRedoMontageXCorrs", 1)
section.plain("SetupWaffleMontage", 4.0, lambda: section.path("waffle.mrc"), reports=1, or_refused=True)
section.plain("PreCookMontage", 1.0, 0, or_refused=True)
section.plain("PrescanWithPreview", or_refused=True)


@check("M")
def without_a_montage_file_there_is_no_montage(sem):
    while sem.ReportNumOpenFiles() > 0:
        sem.CloseFile()
    refused(sem, "M")
    sem.OpenNewFile(section.path("single.mrc"))
    refused(sem, "M")
    sem.CloseFile()


if __name__ == "__main__":
    section.run()
