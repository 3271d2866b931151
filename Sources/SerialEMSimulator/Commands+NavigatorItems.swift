internal import Geometry
internal import Navigator
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Commands that make or change items of the Navigator's table.
    static let navigatorItemCommands: [String: CommandHandler] = [
        "ChangeItemLabel": { m, a in try await m.changeListedItem(a.integer(1)) { $0.label = String(a.lastText.prefix(16)) } },
        "ChangeItemNote": { m, a in try await m.changeListedItem(a.integer(1)) { $0.note = a.count > 1 ? a.lastText : "" } },
        "ChangeItemColor": { try await $0.changeColor($1.integer(1), $1.integer(2)) },
        "ChangeItemDraw": { m, a in try await m.changeListedItem(a.integer(1)) { $0.draw = a.has(2) ? a.integer(2) != 0 : !$0.draw } },
        "ChangeItemRegistration": { try await $0.changeRegistration($1.integer(1), $1.integer(2)) },
        "ChangeItemGroupID": { m, a in try await m.changeListedItem(a.integer(1)) { $0.groupID = a.integer(2) > 0 ? a.integer(2) : nil } },
        "SetItemAcquire": { try await $0.setAcquire($1.integer(1), $1.integer(2, default: 1) != 0) },
        "ReportItemAcquire": { try await $0.itemAcquire($1.integer(1)) },
        "SetTiltSeriesAtItem": { try await $0.setTiltSeries($1.integer(1), $1.integer(2, default: 1) != 0) },
        "ReportTiltSeriesAtItem": { try await $0.tiltSeries($1.integer(1)) },
        "SetItemTargetDefocus": { try await $0.setTargetDefocus($1) },
        "SetItemSeriesAngles": { try await $0.setSeriesAngles($1) },
        "SetNavItemUserValue": { try await $0.setUserValue($1) },
        "ReportItemUserValue": { try await $0.userValue($1.integer(1), $1.integer(2)) },
        "UpdateItemZ": { try await $0.updateHeight($1.integer(1)) },
        "DeleteNavigatorItem": { try await $0.deleteItem($1.integer(1)) },
        "AddStagePosAsNavPoint": { try await $0.addPoint($1) },
        "AddImagePosAsNavPoint": { try await $0.addImagePoint($1) },
        "AddStagePointsAsPolygon": { try await $0.addPolygon($1) },
        "AddImagePointsAsPolygon": { try await $0.addImagePolygon($1) },
        "AddCirclePolygon": { try await $0.addCircle($1) },
        "GetItemPointArray": { try await $0.pointArray($1) },
        "GetMapIndexes": { try await $0.mapIndexes($1.text(1)) },
        "ReportItemImageCoords": { try await $0.itemInImage($1) },
    ]
}

extension VirtualMicroscope {
    func changeItem(_ index: Int, _ change: @Sendable (inout NavigatorItem) -> Void) throws -> [ReportedValue] {
        change(&items[try place(ofItem: index)])
        return []
    }
    /// The Change... commands take positions from 1 only.
    func changeListedItem(_ index: Int, _ change: @Sendable (inout NavigatorItem) -> Void) throws -> [ReportedValue] {
        guard index > 0 else { throw CommandFailure("The Navigator item index must be positive.") }
        return try changeItem(index, change)
    }
    func changeColor(_ index: Int, _ color: Int) throws -> [ReportedValue] {
        guard (0 ... 5).contains(color) else { throw CommandFailure("The color must be from 0 to 5.") }
        return try changeListedItem(index) { $0.color = color }
    }
    func changeRegistration(_ index: Int, _ registration: Int) throws -> [ReportedValue] {
        guard (1 ... 99).contains(registration) else { throw CommandFailure("The registration number \(registration) is not from 1 to 99.") }
        return try changeListedItem(index) { $0.registration = registration }
    }
    func setAcquire(_ index: Int, _ on: Bool) throws -> [ReportedValue] {
        let place = try place(ofItem: index)
        guard !on || !navigator.tiltSeriesItems.contains(items[place].mapID) else {
            throw CommandFailure("You cannot turn on Acquire for an item set for a tilt series.")
        }
        items[place].acquire = on
        return []
    }
    func itemAcquire(_ index: Int) throws -> [ReportedValue] { [.flag(items[try place(ofItem: index)].acquire)] }
    /// Switching on opens the dialogs of the file and of the series; nobody there cancels them.
    func setTiltSeries(_ index: Int, _ on: Bool) async throws -> [ReportedValue] {
        let item = items[try place(ofItem: index)]
        guard !on || !item.acquire else { throw CommandFailure("You cannot do a tilt series at an item set to Acquire.") }
        guard navigator.tiltSeriesItems.contains(item.mapID) != on else { return [.flag(on)] }
        guard on else {
            navigator.tiltSeriesItems.remove(item.mapID)
            return [.number(1)]
        }
        let answer = await ask(Dialog(.question, "Set up the file and the tilt series of item \(item.label)", buttons: ["OK", "Cancel"], standard: .cancel))
        guard answer == .button(1) else { return [.number(0)] }
        navigator.tiltSeriesItems.insert(item.mapID)
        return [.number(1)]
    }
    func tiltSeries(_ index: Int) throws -> [ReportedValue] {
        [.flag(navigator.tiltSeriesItems.contains(items[try place(ofItem: index)].mapID)), .number(0)]
    }
    func setTargetDefocus(_ a: CommandArguments) throws -> [ReportedValue] {
        let defocus = try a.number(2)
        guard (-20.0 ... 0).contains(defocus) else { throw CommandFailure("The target defocus must be from -20 to 0 um.") }
        let item = items[try place(ofItem: a.integer(1))]
        guard item.acquire || navigator.tiltSeriesItems.contains(item.mapID) else {
            throw CommandFailure("The item is not set for acquiring or for a tilt series.")
        }
        return try changeItem(a.integer(1)) { $0["TargetDefocus"] = fixed(defocus, 3) }
    }
    func setSeriesAngles(_ a: CommandArguments) throws -> [ReportedValue] {
        let angles = [try a.number(2, upTo: 90), try a.number(3, upTo: 90)]
        guard angles[0] != angles[1] else { throw CommandFailure("The start and end angles are equal.") }
        let middle = a.has(4) ? try a.number(4, upTo: 90) : nil
        return try changeItem(a.integer(1)) {
            $0.set("TSstartEndAngles", numbers: angles)
            $0["TSbidirAngle"] = middle.map { fixed($0, 2) }
        }
    }
    private func checkUserValue(_ number: Int) throws {
        guard (1 ... 8).contains(number) else { throw CommandFailure("The user value number must be between 1 and 8.") }
    }
    func setUserValue(_ a: CommandArguments) throws -> [ReportedValue] {
        try checkUserValue(a.integer(2))
        return try changeItem(a.integer(1)) { $0["UserValue\(a.integer(2))"] = a.count > 2 && !a.lastText.isEmpty ? a.lastText : nil }
    }
    func userValue(_ index: Int, _ number: Int) throws -> [ReportedValue] {
        try checkUserValue(number)
        return [.text(items[try place(ofItem: index)]["UserValue\(number)"] ?? "none")]
    }
    func updateHeight(_ index: Int) throws -> [ReportedValue] {
        guard index >= 0 else { throw CommandFailure("Index of Navigator item is out of range.") }
        items[try place(ofItem: index)].z = stage.height
        return []
    }
    func deleteItem(_ index: Int) throws -> [ReportedValue] {
        items.remove(at: try place(ofItem: index))
        selectedItem = max(0, min(selectedItem, items.count - 1))
        return []
    }

    func addItem(_ item: NavigatorItem) -> [ReportedValue] {
        var new = item
        new.registration = navigator.registration
        items.append(new)
        selectedItem = items.count - 1
        return [.count(items.count)]
    }
    func addPoint(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        return try addItem(
            .point(
                label: "\(items.count + 1)", stage: Point(x: a.number(1), y: a.number(2)), z: Micrometers(a.number(3)), note: "",
                mapID: unusedID(), groupID: a.integer(4) > 0 ? a.integer(4) : nil))
    }
    /// Height of new items on an image: as given, else that of the image.
    private func height(_ a: CommandArguments, _ place: Int, _ image: ImageBuffer) throws -> Micrometers {
        guard a.has(place), try a.number(place) > -900 else { return image.conditions.height }
        return Micrometers(try a.number(place))
    }
    func addImagePoint(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let image = try buffer(named: a.text(1))
        let found = image.stagePosition(Point(x: try a.number(2), y: try a.number(3)))
        var item = NavigatorItem.point(
            label: "\(items.count + 1)", stage: found.position, z: try height(a, 4, image), mapID: unusedID(),
            groupID: a.integer(5) > 0 ? a.integer(5) : nil, drawnID: image.mapID)
        if let piece = found.piece { item["PieceOn"] = "\(piece.number)" }
        return addItem(item)
    }
    private func corners(_ xs: String, _ ys: String) throws -> [(x: Double, y: Double)] {
        let (xs, ys) = (try numbers(inVariable: xs), try numbers(inVariable: ys))
        guard xs.count == ys.count, xs.count >= 3 else { throw CommandFailure("A polygon needs as many x as y values, at least 3.") }
        return zip(xs, ys).map { ($0, $1) }
    }
    func addPolygon(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let vertices = try corners(a.text(1), a.text(2)).map { Point<Frame.Stage>(x: $0.x, y: $0.y) }
        return try addItem(
            .polygon(
                label: "\(items.count + 1)", vertices: vertices, z: Micrometers(a.number(3)),
                note: "", color: .green, registration: 1, mapID: unusedID()))
    }
    func addImagePolygon(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let image = try buffer(named: a.text(1))
        let vertices = try corners(a.text(2), a.text(3)).map { image.stagePosition(Point(x: $0.x, y: $0.y)).position }
        return addItem(
            .polygon(
                label: "\(items.count + 1)", vertices: vertices, z: try height(a, 4, image), color: .green, mapID: unusedID(),
                drawnID: image.mapID))
    }
    /// A circle of 120 points about a stage position, or about the marker of the image that is shown.
    func addCircle(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let radius = try a.number(1)
        guard radius > 0, radius < 2000 else { throw CommandFailure("A radius of \(radius) um is not possible.") }
        let center: Point<Frame.Stage>
        var height = stage.height
        if a.has(3) {
            center = Point(x: try a.number(2), y: try a.number(3))
        } else {
            let image = try buffer(shownBuffer)
            guard let marker = image.marker else { throw CommandFailure("There is no marker point to draw a circle about.") }
            center = image.stagePosition(marker).position
            height = image.conditions.height
        }
        let vertices = (0 ..< 120).map { step -> Point<Frame.Stage> in
            let turn = LinearMap<Frame.Stage, Frame.Stage>.rotation(Degrees(3 * Double(step)), scale: radius)
            return center + turn(Vector(dx: 1, dy: 0))
        }
        _ = addItem(.polygon(label: "\(items.count + 1)", vertices: vertices, z: height, color: .green, mapID: unusedID()))
        return []
    }
    func pointArray(_ a: CommandArguments) throws -> [ReportedValue] {
        let points = items[try place(ofItem: a.integer(1))].points
        setVariable(a.text(2), numbers: points.map(\.x))
        setVariable(a.text(3), numbers: points.map(\.y))
        return []
    }
    func mapIndexes(_ variable: String) throws -> [ReportedValue] {
        try requireNavigator()
        let list = items.indices.filter { items[$0].kind == .map }.map { "\($0 + 1)\n" }.joined()
        return setVariable(variable, .text(list), persistent: false)
    }
    /// Pixels from the top left corner, and 1 inside, 0 outside, -1 where the image has no calibration.
    func itemInImage(_ a: CommandArguments) throws -> [ReportedValue] {
        let item = items[try place(ofItem: a.integer(1))]
        let image = try buffer(named: a.text(2))
        guard let p = image.imagePosition(item.stage) else { return [.number(0), .number(0), .number(-1)] }
        let isInside = p.x >= 0 && p.y >= 0 && p.x <= Double(image.image.width - 1) && p.y <= Double(image.image.height - 1)
        return [.number(p.x), .number(p.y), .flag(isInside)]
    }
}
