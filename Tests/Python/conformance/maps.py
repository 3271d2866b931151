"""Navigator: merged files, maps, and going back to them (4.17)."""
from harness import Section, equal, holds, near, nothing, numbers, ready, reason, refused, regular


def prepare(sem):
    ready(sem)
    regular(sem, 8700)
    sem.OpenNavigator(section.path("maps.nav"))


section = Section("maps", prepare)
check = section.check


def point(sem, x, y):
    """Adds a point and gives its index."""
    return int(numbers("AddStagePosAsNavPoint", sem.AddStagePosAsNavPoint(x, y, 0), 1))


@check("MergeNavFile")
def items_of_another_file_are_added(sem):
    point(sem, 1, 1)
    sem.SaveNavigator(section.path("merged.nav"))
    before = sem.ReportNumTableItems()
    point(sem, 2, 2)
    nothing("MergeNavFile", sem.MergeNavFile(section.path("merged.nav")))
    holds("items", before + 1 <= sem.ReportNumTableItems() <= 2 * before + 1, "no fewer than before", sem.ReportNumTableItems())


@check("NewMap", "LoadOtherMap", "LoadNavMap", "ReportCurrentBuffer", "AcquireToMatchBuffer", "AlignTo", "NavIndexItemDrawnOn", "RealignToMapDrawnOn")
def a_map_is_made_loaded_and_drawn_on(sem):
    regular(sem, 2250)
    sem.MoveStageTo(50, 60)
    sem.OpenNewFile(section.path("maps.mrc"))
    sem.R()
    stage = sem.ReportStageXYZ()
    index = int(numbers("NewMap", sem.NewMap(0, "map of a square"), 1))
    equal("the index is the count", index, sem.ReportNumTableItems())
    item = sem.ReportOtherItem(index)
    near("X, Y, type", (item[1], item[2], item[4]), (*sem.AdjustStagePosForNav(*stage[:2]), 2), 0.3)
    equal("its note", sem.NavIndexWithNote("map of a square"), index)
    properties = sem.ImageProperties("A")
    sem.MoveStageTo(0, 0)
    sem.R()
    nothing("LoadOtherMap", sem.LoadOtherMap(index, "O"))
    equal("the current buffer", sem.ReportCurrentBuffer()[0], "O")
    nothing("AcquireToMatchBuffer", sem.AcquireToMatchBuffer("O"))
    equal("the current buffer after a shot", sem.ReportCurrentBuffer()[0], "A")
    near("its size, binning and exposure", sem.ImageProperties("A")[:4], properties[:4], 0.01)
    numbers("AlignTo", sem.AlignTo("O", 1), 1)
    refused(sem, "NewMap", 1)
    loaded = sem.ImageProperties("O")
    near("size and pixel of the loaded map", (*loaded[:2], loaded[4]), (*properties[:2], properties[4]), 0.5)
    near("its middle on the stage", sem.BufImagePosToStagePos("O", 0, loaded[0] / 2, loaded[1] / 2)[:2], item[1:3], 0.3)
    drawn = int(sem.AddImagePosAsNavPoint("O", 200, 300))
    equal("NavIndexItemDrawnOn", numbers("NavIndexItemDrawnOn", sem.NavIndexItemDrawnOn(drawn), 1), index)
    equal("an item drawn on nothing", sem.NavIndexItemDrawnOn(point(sem, 0, 0)), 0)
    sem.SetSelectedNavItem(index)
    nothing("LoadNavMap", sem.LoadNavMap("P"))
    equal("LoadNavMap", sem.ImageProperties("P")[:2], loaded[:2])
    nothing("RealignToMapDrawnOn", sem.RealignToMapDrawnOn(drawn, 0))
    refused(sem, "LoadOtherMap", drawn, "O")
    sem.CloseFile()


@check("RealignToOtherItem", "RealignToNavItem", "GetRealignToItemError", "ForceCenterRealign", "SkipZMoveNextNavRealign")
def realigning_brings_the_field_of_a_map(sem):
    regular(sem, 2250)
    sem.MoveStageTo(-60, 45)
    sem.OpenNewFile(section.path("realign.mrc"))
    sem.R()
    sem.Copy("A", "O")
    index = int(sem.NewMap(0, "to come back to"))
    sem.MoveStageTo(200, -200)
    nothing("SkipZMoveNextNavRealign", sem.SkipZMoveNextNavRealign(1))
    nothing("ForceCenterRealign", sem.ForceCenterRealign())
    nothing("RealignToOtherItem", sem.RealignToOtherItem(index, 1))
    numbers("GetRealignToItemError", sem.GetRealignToItemError(), 4)
    sem.R()
    equal("AlignTo", sem.AlignTo("O", 1), 0)
    shift = sem.ReportAlignShift()
    near("what is left, nm", (shift[4], shift[5]), (0, 0), 300)
    sem.MoveStageTo(0, 0)
    sem.SetSelectedNavItem(index)
    nothing("RealignToNavItem", sem.RealignToNavItem(1))
    near("the stage", sem.ReportStageXYZ()[:2], (-60, 45), 15)
    refused(sem, "RealignToOtherItem", 999, 1)
    sem.SetImageShift(0, 0)
    sem.CloseFile()


@check("RealignReloadedGrid", "RefineGridMapAlignment")
def a_reloaded_grid_is_found_again(sem):
    regular(sem)
    sem.SetMagIndex(3)   # sees most of the grid at once
    sem.MoveStageTo(0, 0)
    sem.OpenNewMontage(3, 3, section.path("grid.mrc"))   # a map of one image is refused
    sem.M()
    index = int(sem.NewMap(0, "the grid"))
    sem.CloseFile()
    sem.UnloadCartridge()
    sem.LoadCartridge(1)
    sem.SetColumnOrGunValve(1)
    sem.SetBeamBlank(0)
    sem.SetMagIndex(3)
    nothing("RealignReloadedGrid", sem.RealignReloadedGrid(index, 0))
    near("the map is still an item", sem.ReportOtherItem(index)[4], 2, 0)
    try:
        nothing("RefineGridMapAlignment", sem.RefineGridMapAlignment(index, "R"))
    except Exception as error:
        reason("RefineGridMapAlignment", error)


if __name__ == "__main__":
    section.run()
