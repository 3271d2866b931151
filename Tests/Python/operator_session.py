"""A session as an operator writes it with SerialEM's Python module: a full montage, a map, points, a View at each, aligned to a
reference, everything saved and read back. Then the files are opened by mrcfile and mdocfile.

    operator_session.py SIMULATOR_EXECUTABLE
"""
import contextlib
import io
import os
import sys

import mdocfile
import mrcfile
import serialem as sem

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "conformance"))
from harness import Simulator, equal, near  # noqa: E402


def read_mdoc(path):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return mdocfile.read(path)


def operate(folder):
    """What the operator does; gives what the files have to hold."""
    sem.NoMessageBoxOnError(1)
    sem.SuppressReports()
    sem.SetDirectory(folder)
    sem.LoadCartridge(1)
    sem.SetColumnOrGunValve(1)
    sem.SetBeamBlank(0)

    # The whole grid as a montage, and its map.
    sem.OpenNavigator(os.path.join(folder, "session.nav"))
    sem.SetLowDoseMode(0)
    equal("GoToImagingState", sem.GoToImagingState("1"), 0)
    sem.SetupFullMontage(0.15, os.path.join(folder, "grid.mrc"))
    pieces = int(sem.ReportNumMontagePieces())
    sem.M()
    grid = int(sem.NewMap(0, "grid.mrc"))
    sem.CloseFile()

    # Four points on the map, as somebody who clicks on it would set them.
    sem.LoadOtherMap(grid, "O")
    width, height = sem.ImageProperties("O")[:2]
    group = int(sem.GetUniqueNavID())
    points = []
    for number, (across, down) in enumerate(((0.45, 0.45), (0.55, 0.45), (0.55, 0.55), (0.45, 0.55)), 1):
        x, y = sem.BufImagePosToStagePos("O", 0, width * across, height * down)[:2]
        point = int(sem.AddStagePosAsNavPoint(x, y, 0, group))
        sem.ChangeItemLabel(point, f"P{number}")
        sem.ChangeItemNote(point, f"point {number}")
        sem.ChangeItemColor(point, number)
        points.append((point, x, y))
    sem.SaveNavigator()

    # To each point: a View as reference, away and back, another View, aligned to the first.
    sem.SetMag(2250)
    sem.SetBinning("V", 2)
    sem.OpenNewFile(os.path.join(folder, "views.mrc"))
    for point, x, y in points:
        sem.MoveToNavItem(point)
        sem.V()
        sem.Copy("A", "P")
        sem.S()
        sem.AddToAutodoc("NavLabel", f"P{points.index((point, x, y)) + 1}")
        sem.MoveStage(0.8, -0.6)
        sem.V()
        sem.AlignTo("P")
        shift = sem.ReportImageShift()
        # The stage errs by some tenths of a micrometre at each of its two moves; the alignment does not.
        near(f"image shift after alignment at item {point}, stage um", shift[4:6], (-0.8, 0.6), 1.0)
        sem.V()
        sem.S()
        sem.AlignTo("P", 1)
        near(f"what is left at item {point}, nm", sem.ReportAlignShift()[4:6], (0, 0), 150)
        sem.ResetImageShift()
    sem.WriteAutodoc()
    equal("sections saved", sem.ReportFileZsize(), 2 * len(points))
    sem.CloseFile()
    sem.SetItemAcquire(points[0][0], 1)
    sem.SaveNavigator()

    # The navigator and the views, read back.
    count = sem.ReportNumTableItems()
    sem.CloseNavigator()
    sem.ReadNavFile(os.path.join(folder, "session.nav"))
    equal("items read back", sem.ReportNumTableItems(), count)
    equal("the map", sem.NavIndexWithNote("grid.mrc"), grid)
    for number, (point, x, y) in enumerate(points, 1):
        equal(f"label P{number}", sem.NavIndexWithLabel(f"P{number}"), point)
        near(f"position of P{number}", sem.ReportOtherItem(point)[1:3], (x, y), 0.01)
    equal("the mark", [sem.ReportItemAcquire(point) for point, _, _ in points], [1, 0, 0, 0])
    sem.LoadOtherMap(grid, "O")
    near("size of the map", sem.ImageProperties("O")[:2], (width, height), 2)
    sem.ReadOtherFile(0, "P", os.path.join(folder, "views.mrc"))
    sem.Exit(1)
    return pieces, 2 * len(points)


def main():
    simulator = Simulator(sys.argv[1], seed=5)
    try:
        sem.ConnectToSEM(simulator.port, "127.0.0.1")
        pieces, views = operate(simulator.folder)
    finally:
        simulator.stop(keep_files=True)
    for name, sections in (("grid.mrc", pieces), ("views.mrc", views)):
        path = simulator.path(name)
        complaints = io.StringIO()
        if not mrcfile.validate(path, print_file=complaints):
            raise SystemExit(f"{name}: mrcfile says {complaints.getvalue().strip()}")
        read_mdoc(path + ".mdoc")
        with open(path + ".mdoc") as mdoc:
            equal(f"sections of {name} by its mdoc", sum(line.startswith("[ZValue") for line in mdoc), sections)
        with mrcfile.open(path) as file:
            equal(f"sections of {name}", 1 if file.data.ndim == 2 else file.data.shape[0], sections)
    simulator.remove_files()   # what failed stays to be looked at
    print(f"operator session: {pieces} pieces, {views} views, both files valid")


if __name__ == "__main__":
    main()
