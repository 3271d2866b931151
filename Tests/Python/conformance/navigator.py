"""Navigator: file, items, groups, polygons, positions (4.17, 3.10)."""
import os

from harness import Section, equal, holds, near, nothing, numbers, ready, refused, regular, texts


def prepare(sem):
    ready(sem)
    regular(sem, 8700)
    sem.OpenNavigator(section.path("section.nav"))


def before(sem):
    if sem.ReportIfNavOpen() == 0:
        sem.OpenNavigator(section.path("another.nav"))


section = Section("navigator", prepare, before)
check = section.check


def point(sem, x, y, z=0, group=0):
    """Adds a point and gives its index."""
    return int(numbers("AddStagePosAsNavPoint", sem.AddStagePosAsNavPoint(x, y, z, group), 1))


@check("ReportIfNavOpen", "OpenNavigator", "SaveNavigator", "ReportNavFile", "CloseNavigator", "ReadNavFile", "ReportNumTableItems")
def the_navigator_is_saved_closed_and_read(sem):
    equal("open with a file", sem.ReportIfNavOpen(), 2)
    index = point(sem, 12.5, -30)
    sem.ChangeItemNote(index, "a note to find")
    nothing("SaveNavigator", sem.SaveNavigator())
    equal("ReportNavFile", os.path.basename(texts("ReportNavFile", sem.ReportNavFile(), 1)), "section.nav")
    root = texts("ReportNavFile(1)", sem.ReportNavFile(1), 4)
    holds("root and extension", "section" in "".join(root[:2]) and ".nav" in "".join(root[:2]), "section and .nav", root)
    count = sem.ReportNumTableItems()
    nothing("CloseNavigator", sem.CloseNavigator())
    equal("closed", sem.ReportIfNavOpen(), 0)
    refused(sem, "ReportNavFile")
    nothing("OpenNavigator", sem.OpenNavigator())
    equal("open without a file", sem.ReportIfNavOpen(), 1)
    nothing("ReadNavFile", sem.ReadNavFile(section.path("section.nav")))
    equal("ReportIfNavOpen", sem.ReportIfNavOpen(), 2)
    equal("ReportNumTableItems", sem.ReportNumTableItems(), count)
    equal("the note", sem.NavIndexWithNote("a note to find"), index)
    refused(sem, "OpenNavigator", section.path("too many.nav"))
    sem.SaveNavigator(section.path("elsewhere.nav"))
    equal("saved elsewhere", os.path.basename(sem.ReportNavFile()), "elsewhere.nav")
    refused(sem, "ReadNavFile", section.path("missing.nav"))


@check("ReportOtherItem", "AddStagePosAsNavPoint", "AdjustStagePosForNav", "BufImagePosToStagePos")
def without_a_navigator_its_commands_are_refused(sem):
    sem.R()
    sem.SaveNavigator(section.path("before closing.nav"))
    sem.CloseNavigator()
    for name, arguments in (("ReportOtherItem", (1,)), ("AddStagePosAsNavPoint", (0.0, 0.0, 0.0)),
                            ("AdjustStagePosForNav", (0.0, 0.0)), ("BufImagePosToStagePos", ("A", 0, 1.0, 1.0))):
        refused(sem, name, *arguments)


@check("AddStagePosAsNavPoint", "ReportOtherItem", "ReportNavItem", "SetSelectedNavItem")
def an_item_has_index_position_and_type(sem):
    index = point(sem, 100.5, -200.25, 7)
    equal("the new index is the count", index, sem.ReportNumTableItems())
    item = numbers("ReportOtherItem", sem.ReportOtherItem(index), 5)
    near("index, X, Y, Z, type", item, (index, 100.5, -200.25, 7, 0), 0.01)
    near("counted from the end", sem.ReportOtherItem(-1), item, 1e-6)
    sem.ChangeItemLabel(index, "A-5")
    sem.ChangeItemNote(index, "lamella")
    sem.ChangeItemColor(index, 3)
    nothing("SetSelectedNavItem", sem.SetSelectedNavItem(index))
    near("ReportNavItem", numbers("ReportNavItem", sem.ReportNavItem(), 5), item, 1e-6)
    for name, value in (("navIndex", index), ("navColor", 3)):
        equal(name, float(sem.GetVariable(name)), value)
    equal("navLabel, navNote", (sem.GetVariable("navLabel"), sem.GetVariable("navNote")), ("A-5", "lamella"))
    equal("navRegis", float(sem.GetVariable("navRegis")), 1)
    refused(sem, "ReportOtherItem", 999)
    refused(sem, "SetSelectedNavItem", 999)


@check("NavIndexWithLabel", "NavIndexWithNote", "ChangeItemLabel", "ChangeItemNote")
def items_are_found_by_label_and_note(sem):
    index = point(sem, 5, 5)
    nothing("ChangeItemLabel", sem.ChangeItemLabel(index, "Lam-7"))
    nothing("ChangeItemNote", sem.ChangeItemNote(index, "Grid_1_L07.mrc"))
    equal("label, in any case", numbers("NavIndexWithLabel", sem.NavIndexWithLabel("lAM-7"), 1), index)
    equal("note", numbers("NavIndexWithNote", sem.NavIndexWithNote("Grid_1_L07.mrc"), 1), index)
    equal("none", (sem.NavIndexWithLabel("nowhere"), sem.NavIndexWithNote("nowhere")), (0, 0))
    nothing("ChangeItemNote without text", sem.ChangeItemNote(index))
    equal("the note is gone", sem.NavIndexWithNote("Grid_1_L07.mrc"), 0)
    refused(sem, "ChangeItemLabel", -1, "X")   # positive only


@check("FindItemWithLabelOrNote", "GetMapIndexes")
def newer_searches_find_items_too(sem):
    index = point(sem, 6, 7)
    sem.ChangeItemNote(index, "begins like this")
    near("index, X, Y", numbers("FindItemWithLabelOrNote", sem.FindItemWithLabelOrNote(1, "begins"), 3), (index, 6, 7), 0.01)
    equal("none", sem.FindItemWithLabelOrNote(0, "nothing begins so"), (0, 0, 0))
    nothing("GetMapIndexes", sem.GetMapIndexes("maps"))


@check("ChangeItemColor", "ChangeItemDraw", "ChangeItemRegistration", "SetNavRegistration", "ChangeItemGroupID")
def colour_drawing_registration_and_group_change(sem):
    index = point(sem, 3, 3)
    nothing("ChangeItemColor", sem.ChangeItemColor(index, 5))
    refused(sem, "ChangeItemColor", index, 17)
    nothing("ChangeItemDraw", sem.ChangeItemDraw(index, 0))
    nothing("ChangeItemDraw toggles", sem.ChangeItemDraw(index))
    nothing("ChangeItemRegistration", sem.ChangeItemRegistration(index, 4))
    sem.ReportOtherItem(index)
    equal("navRegis", float(sem.GetVariable("navRegis")), 4)
    equal("navColor", float(sem.GetVariable("navColor")), 5)
    nothing("SetNavRegistration", sem.SetNavRegistration(2))
    sem.ReportOtherItem(point(sem, 4, 4))
    equal("registration of a new item", float(sem.GetVariable("navRegis")), 2)
    sem.SetNavRegistration(1)
    nothing("ChangeItemGroupID", sem.ChangeItemGroupID(index, 4321))


@check("SetItemAcquire", "ReportItemAcquire", "ReportNumNavAcquire")
def items_are_marked_for_acquisition(sem):
    before = numbers("ReportNumNavAcquire", sem.ReportNumNavAcquire(), 2)
    index = point(sem, 8, 8)
    equal("a new item", numbers("ReportItemAcquire", sem.ReportItemAcquire(index), 1), 0)
    nothing("SetItemAcquire", sem.SetItemAcquire(index, 1))
    equal("marked", sem.ReportItemAcquire(index), 1)
    equal("ReportNumNavAcquire", sem.ReportNumNavAcquire(), (before[0] + 1, before[1]))
    sem.SetItemAcquire(index, 0)
    equal("not marked any more", sem.ReportItemAcquire(index), 0)
    sem.SetSelectedNavItem(index)
    sem.SetItemAcquire()
    equal("the current item, on without arguments", sem.ReportItemAcquire(), 1)
    sem.SetItemAcquire(index, 0)


@check("ReportNumNavAcquire")
def without_a_navigator_the_counts_are_minus_one(sem):
    sem.SaveNavigator(section.path("counts.nav"))
    sem.CloseNavigator()
    equal("ReportNumNavAcquire", sem.ReportNumNavAcquire(), (-1, -1))
    sem.ReadNavFile(section.path("counts.nav"))


@check("SetItemTargetDefocus")
def the_target_defocus_of_an_item_has_a_range(sem):
    index = point(sem, 9, 9)
    refused(sem, "SetItemTargetDefocus", index, -5)   # not marked for acquisition
    sem.SetItemAcquire(index, 1)
    nothing("SetItemTargetDefocus", sem.SetItemTargetDefocus(index, -5))
    refused(sem, "SetItemTargetDefocus", index, 5)
    sem.SetItemAcquire(index, 0)


@check("SetNavItemUserValue", "ReportItemUserValue")
def items_carry_values_of_the_user(sem):
    index = point(sem, 9, 9)
    nothing("SetNavItemUserValue", sem.SetNavItemUserValue(index, 2, "17.5"))
    equal("ReportItemUserValue", sem.ReportItemUserValue(index, 2), "17.5")
    equal("a value that was not set", sem.ReportItemUserValue(index, 3), "none")
    refused(sem, "SetNavItemUserValue", index, 9, "x")


@check("ReportTiltSeriesAtItem", "ReportNumHoleAcquire", "NavItemFileToOpen")
def an_item_has_no_tilt_series_and_no_file_of_its_own(sem):
    index = point(sem, 9, 9)
    equal("ReportTiltSeriesAtItem", numbers("ReportTiltSeriesAtItem", sem.ReportTiltSeriesAtItem(index), 2), (0, 0))
    numbers("ReportNumHoleAcquire", sem.ReportNumHoleAcquire(), 3)
    equal("NavItemFileToOpen", sem.NavItemFileToOpen(index), ("0", 0))


@check("GetUniqueNavID", "GetNavGroupStageCoords", "GetNavGroupImageCoords", "ReportGroupStatus")
def a_group_gives_its_coordinates(sem):
    group = int(numbers("GetUniqueNavID", sem.GetUniqueNavID(), 1))
    sem.MoveStageTo(20, 20)
    sem.R()
    places = [(19.5, 20), (20, 20.5), (21, 19)]
    for x, y in places:
        last = point(sem, x, y, 3, group)
    count = numbers("GetNavGroupStageCoords", sem.GetNavGroupStageCoords(group, "xs", "ys", "zs"), 1)
    equal("how many", count, 3)
    for name, expected in (("xs", [p[0] for p in places]), ("ys", [p[1] for p in places]), ("zs", [3, 3, 3])):
        near(name, [float(value) for value in sem.GetVariable(name).split()], expected, 0.02)
    equal("how many", numbers("GetNavGroupImageCoords", sem.GetNavGroupImageCoords(group, "A", "px", "py"), 1), 3)
    near("pixels of the first", (float(sem.GetVariable("px").split()[0]), float(sem.GetVariable("py").split()[0])),
         sem.StagePosToBufImagePos("A", 0, *places[0]), 1)
    sem.SetItemAcquire(last, 1)
    sem.SetSelectedNavItem(last)
    status = numbers("ReportGroupStatus", sem.ReportGroupStatus(), 4)
    equal("group id, number, to acquire", status[1:], (group, 3, 1))
    sem.SetItemAcquire(last, 0)


@check("AddImagePosAsNavPoint", "ReportItemImageCoords")
def a_point_of_an_image_lies_at_its_stage_position(sem):
    sem.MoveStageTo(-40, 15)
    sem.R()
    expected = sem.BufImagePosToStagePos("A", 0, 321, 123)[:2]
    index = int(numbers("AddImagePosAsNavPoint", sem.AddImagePosAsNavPoint("A", 321, 123), 1))
    item = sem.ReportOtherItem(index)
    near("X, Y of the item", item[1:3], expected, 0.05)
    near("Z of the item", item[3], sem.ReportStageXYZ()[2], 0.1)
    x, y, inside = numbers("ReportItemImageCoords", sem.ReportItemImageCoords(index, "A"), 3)
    near("back in the image", (x, y, inside), (321, 123, 1), 1)
    index = int(sem.AddImagePosAsNavPoint("A", 10, 10, 55.0))
    near("Z that was given", sem.ReportOtherItem(index)[3], 55, 0.01)


@check("AddStagePointsAsPolygon", "AddImagePointsAsPolygon", "AddCirclePolygon", "GetItemPointArray")
def polygons_have_their_corners(sem):
    sem.SetVariable("cornersX", "0\n10\n10\n0")
    sem.SetVariable("cornersY", "0\n0\n20\n20")
    index = int(numbers("AddStagePointsAsPolygon", sem.AddStagePointsAsPolygon("cornersX", "cornersY", 4), 1))
    item = sem.ReportOtherItem(index)
    near("Z and type", item[3:], (4, 1), 0.01)
    nothing("GetItemPointArray", sem.GetItemPointArray(index, "px", "py"))
    xs = [float(value) for value in sem.GetVariable("px").split()]
    near("corners", xs[:4], (0, 10, 10, 0), 0.01)
    sem.R()
    sem.SetVariable("imageX", "100\n200\n200\n100")
    sem.SetVariable("imageY", "100\n100\n200\n200")
    index = int(numbers("AddImagePointsAsPolygon", sem.AddImagePointsAsPolygon("A", "imageX", "imageY"), 1))
    equal("type", sem.ReportOtherItem(index)[4], 1)
    before = sem.ReportNumTableItems()
    nothing("AddCirclePolygon", sem.AddCirclePolygon(5, 30, 30))
    equal("one item more", sem.ReportNumTableItems(), before + 1)
    equal("a polygon", sem.ReportOtherItem(-1)[4], 1)
    refused(sem, "AddStagePointsAsPolygon", "notSet", "cornersY", 0)


@check("DeleteNavigatorItem")
def deleting_moves_the_indices_up(sem):
    first = point(sem, 1, 2)
    second = point(sem, 3, 4)
    sem.ChangeItemNote(second, "stays")
    nothing("DeleteNavigatorItem", sem.DeleteNavigatorItem(first))
    equal("the next item", sem.NavIndexWithNote("stays"), second - 1)
    refused(sem, "DeleteNavigatorItem", 999)


@check("MoveToNavItem", "UpdateItemZ", "UpdateGroupZ")
def the_stage_goes_to_an_item(sem):
    index = point(sem, 33, -44, 5)
    sem.MoveStageTo(0, 0, 0)
    nothing("MoveToNavItem", sem.MoveToNavItem(index))
    near("X, Y, Z", sem.ReportStageXYZ(), sem.ReportOtherItem(index)[1:4], 15)
    near("Z", sem.ReportStageXYZ()[2], 5, 0.3)
    sem.MoveStage(0, 0, 3)
    nothing("UpdateItemZ", sem.UpdateItemZ(index))
    near("Z of the item", sem.ReportOtherItem(index)[3], 8, 0.4)
    group = int(sem.GetUniqueNavID())
    members = [point(sem, 30 + i, 30, 0, group) for i in range(2)]
    sem.SetSelectedNavItem(members[0])
    nothing("UpdateGroupZ", sem.UpdateGroupZ())
    near("Z of the group", [sem.ReportOtherItem(i)[3] for i in members], [8, 8], 0.4)
    sem.MoveStageTo(0, 0, 0)


@check("ShiftItemsByMicrons")
def items_are_shifted(sem):
    index = point(sem, 10, 10)
    nothing("ShiftItemsByMicrons", sem.ShiftItemsByMicrons(2, -3))
    near("X, Y", sem.ReportOtherItem(index)[1:3], (12, 7), 0.01)
    sem.ShiftItemsByMicrons(-2, 3)
    refused(sem, "ShiftItemsByMicrons", 150, 0)


section.plain("AutoContourGridSquares", "A", or_refused=True)
section.plain("ReportAutocontourStats", reports=3, or_refused=True)
section.plain("MakePolygonsAtSquares", or_refused=True)
section.plain("SetHoleFinderParams", 2.0, 4.0, 0)
section.plain("ReportHoleFinderParams", reports=4)
section.plain("FindHoles", "A", or_refused=True)
section.plain("MakeNavPointsAtHoles", or_refused=True)
section.plain("CombineHolesToMulti", 0, or_refused=True)
section.plain("FindMultiMapHoles", 1, 1, 3, or_refused=True)
section.plain("ClearHoleFinder")
section.plain("AlignAndTransformItems", 0.0, 5.0, reports=1, or_refused=True)
section.plain("ShiftItemsByCurrentDiff", 10.0, or_refused=True)
section.plain("ShiftItemsByAlignment", or_refused=True)
section.plain("SuspendNavRedraw", 0)
section.plain("NavGoToMarker", or_refused=True)
section.plain("MoveToMarker", or_refused=True)
section.plain("LoadPieceAtNavPoint", 1, or_refused=True)
section.plain("MakeAnchorMap", or_refused=True)
section.plain("LoadAllGridMaps", or_refused=True)
section.plain("SetItemSeriesAngles", 1, -60, 60, or_refused=True)


if __name__ == "__main__":
    section.run()
