internal import Foundation
internal import Geometry
internal import Navigator
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let navigatorCommands: [String: CommandHandler] = [
        "ReportIfNavOpen": { m, _ in await m.navigatorState() },
        "OpenNavigator": { try await $0.openNavigator($1) },
        "CloseNavigator": { m, _ in try await m.closeNavigator() },
        "SaveNavigator": { try await $0.saveNavigator($1) },
        "ReadNavFile": { try await $0.readNavigator($1.lastText) },
        "MergeNavFile": { try await $0.mergeNavigator($1.lastText) },
        "ReportNavFile": { try await $0.navigatorFile(split: $1.integer(1) != 0) },
        "ReportNumTableItems": { m, _ in try await m.numberOfItems() },
        "ReportNavItem": { m, _ in try await m.reportItem(0) },
        "ReportOtherItem": { try await $0.reportOtherItem($1.integer(1)) },
        "NavIndexWithNote": { m, a in try await m.indexOfItem { $0.note == a.lastText } },
        "NavIndexWithLabel": { m, a in try await m.indexOfItem { $0.label.lowercased() == a.lastText.lowercased() } },
        "NavIndexItemDrawnOn": { try await $0.mapDrawnOn($1.integer(1)) },
        "FindItemWithLabelOrNote": { try await $0.findItem($1) },
        "SetSelectedNavItem": { try await $0.selectItem($1.integer(1)) },
        "GetUniqueNavID": { m, _ in [.count(await m.unusedID())] },
        "MoveToNavItem": { try await $0.moveToItem($1) },
        "SetNavRegistration": { try await $0.setRegistration($1.integer(1)) },
        "AdjustStagePosForNav": { try await $0.adjustForNavigator($1) },
        "SuspendNavRedraw": nothing,
        "NavGoToMarker": { m, _ in try await m.goToMarker() },
        "MoveToMarker": { m, _ in try await m.goToMarker() },
    ]
}

/// What the Navigator's window holds besides its table.
struct NavigatorState: Sendable {
    /// Sections of the file behind its items, which are kept as they are.
    var parameters: [NavigatorParameters] = []
    /// The registration that new items get.
    var registration = 1
    var hasChanges = false
    /// By identifier: the items at which a tilt series is to be taken.
    var tiltSeriesItems: Set<Int> = []
    /// How far the last RealignTo... was off, and the last of its moves.
    var realignError = (total: Vector<Frame.Stage>.zero, last: Vector<Frame.Stage>.zero)
    /// The next RealignTo... leaves the height alone.
    var skipsHeight = false
}

extension VirtualMicroscope {
    func requireNavigator() throws {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator must be open for this command.") }
    }
    /// The place in the table of an index as SerialEM takes it: from 1, 0 the current item, negative from the end.
    func place(ofItem index: Int) throws -> Int {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator is not open.") }
        let place = index > 0 ? index - 1 : index == 0 ? selectedItem : items.count + index
        guard items.indices.contains(place) else {
            throw CommandFailure(index == 0 ? "There is no current Navigator item." : "The Navigator has no item \(index).")
        }
        return place
    }
    func unusedID() -> Int {
        let used = Set(items.map(\.mapID))
        repeat { nextID += 1 } while used.contains(nextID)
        return nextID
    }
    func navigatorState() -> [ReportedValue] { [.count(navigatorIsOpen ? (navigatorPath == nil ? 1 : 2) : 0)] }
    func openNavigator(_ a: CommandArguments) throws -> [ReportedValue] {
        let names = a.count > 0 && !a.lastText.isEmpty
        if names, navigatorIsOpen { throw CommandFailure("The Navigator is open already; close it before naming a new file.") }
        guard !navigatorIsOpen else { return [] }
        navigatorIsOpen = true
        if names { navigatorPath = absolute(a.lastText) }
        navigator.hasChanges = false
        return []
    }
    func closeNavigator() async throws -> [ReportedValue] {
        try await offerToSaveNavigator("closing the Navigator?")
        navigatorIsOpen = false
        navigatorPath = nil
        items = []
        selectedItem = 0
        navigator = NavigatorState()
        return []
    }
    /// A question that SerialEM never suppresses; nobody there means that nothing is saved.
    private func offerToSaveNavigator(_ occasion: String) async throws {
        guard navigatorIsOpen, navigator.hasChanges, !items.isEmpty else { return }
        let answer = await ask(
            Dialog(.question, "Do you want to save the Navigator data before \(occasion)", buttons: ["Yes", "No"], standard: .button(2)))
        if answer == .button(1) { _ = try await saveNavigator(CommandArguments([])) }
    }
    func saveNavigator(_ a: CommandArguments) async throws -> [ReportedValue] {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator is not open.") }
        if a.count > 0, !a.lastText.isEmpty { navigatorPath = absolute(a.lastText) }
        if navigatorPath == nil {
            guard !items.isEmpty else { return [] }
            let answer = await ask(Dialog(.path, "Name of the Navigator file", buttons: ["Save", "Cancel"], standard: .cancel))
            guard case .text(let name) = answer, !name.isEmpty else { throw CommandFailure("The Navigator has no file to save to.") }
            navigatorPath = absolute(name)
        }
        if let path = navigatorPath { try writeNavigator(to: path) }
        navigator.hasChanges = false
        return []
    }
    func writeNavigator(to path: String) throws {
        var file = NavigatorFile(savedAs: path)
        file.items = items
        file.parameters = navigator.parameters
        if configuration.writesNavigatorTables { try file.writeTable(to: path) } else { try file.write(to: path) }
    }
    private func navigatorFile(at path: String) throws -> NavigatorFile {
        do { return try NavigatorFile.read(path) } catch {
            throw CommandFailure("The Navigator file \(path) cannot be read: \(error)")
        }
    }
    func readNavigator(_ name: String) async throws -> [ReportedValue] {
        let path = absolute(name)
        let file = try navigatorFile(at: path)
        let read = file.items
        try await offerToSaveNavigator("loading new data?")
        items = read
        navigatorIsOpen = true
        navigatorPath = path
        selectedItem = 0
        navigator = NavigatorState()
        navigator.parameters = file.parameters
        // New items go on where the file ended.
        navigator.registration = read.map(\.registration).max() ?? 1
        return []
    }
    /// Adds the items of a file that the table does not have yet.
    func mergeNavigator(_ name: String) throws -> [ReportedValue] {
        try requireNavigator()
        let present = Set(items.map(\.mapID)).subtracting([0])
        items += try navigatorFile(at: absolute(name)).items.filter { !present.contains($0.mapID) }
        return []
    }
    func navigatorFile(split: Bool) throws -> [ReportedValue] {
        try requireNavigator()
        guard let path = navigatorPath else { throw CommandFailure("The Navigator has no file.") }
        return parts(path, split: split)
    }
    func numberOfItems() throws -> [ReportedValue] {
        try requireNavigator()
        return [.count(items.count)]
    }
    func reportOtherItem(_ index: Int) throws -> [ReportedValue] {
        guard index != 0 else { throw CommandFailure("The index of the Navigator item is out of range.") }
        return try reportItem(index)
    }
    func reportItem(_ index: Int) throws -> [ReportedValue] {
        let place = try place(ofItem: index)
        let item = items[place]
        periodVariables["NAVINDEX"] = .count(place + 1)
        periodVariables["NAVLABEL"] = .text(item.label)
        periodVariables["NAVNOTE"] = .text(item.note)
        periodVariables["NAVCOLOR"] = .count(item.color)
        periodVariables["NAVREGIS"] = .count(item.registration)
        periodVariables["NAVINTLABEL"] = .count(Int(item.label.prefix { $0.isASCII && $0.isNumber }) ?? 0)
        periodVariables["NAVNUMHOLES"] = .number(0)
        let type = item.kind == .point ? 0 : item.kind == .polygon ? 1 : 2
        return [.count(place + 1), .number(item.stage.x), .number(item.stage.y), .number(item.z.value), .count(type)]
    }
    func indexOfItem(where matches: @Sendable (NavigatorItem) -> Bool) throws -> [ReportedValue] {
        try requireNavigator()
        return [.count((items.firstIndex(where: matches) ?? -1) + 1)]
    }
    func mapDrawnOn(_ index: Int) throws -> [ReportedValue] {
        let item = items[try place(ofItem: index)]
        guard let id = item.drawnID, id != 0 else { return [.number(0)] }
        return [.count((items.firstIndex { $0.mapID == id } ?? -1) + 1)]
    }
    /// The nearest item, to the stage unless a place is given, whose label or note begins with a text.
    func findItem(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let place = a.has(4) ? Point<Frame.Stage>(x: try a.number(3), y: try a.number(4)) : stage.position
        let start = a.text(2).lowercased()
        let found = items.indices
            .filter { (a.integer(1) != 0 ? items[$0].note : items[$0].label).lowercased().hasPrefix(start) }
            .min { items[$0].stage.distance(to: place) < items[$1].stage.distance(to: place) }
        guard let found else { return [.number(0), .number(0), .number(0)] }
        return [.count(found + 1), .number(items[found].stage.x), .number(items[found].stage.y)]
    }
    func selectItem(_ index: Int) throws -> [ReportedValue] { selectedItem = try place(ofItem: index); return [] }
    func moveToItem(_ a: CommandArguments) async throws -> [ReportedValue] {
        try requireNavigator()
        guard !a.has(1) || a.integer(1) > 0 else { throw CommandFailure("The Navigator item index must be positive.") }
        let item = items[try place(ofItem: a.integer(1))]
        try await moveStage(to: item.stage, z: item.z)
        return []
    }
    func setRegistration(_ number: Int) throws -> [ReportedValue] {
        try requireNavigator()
        guard (1 ... 99).contains(number) else { throw CommandFailure("The registration number \(number) is not from 1 to 99.") }
        navigator.registration = number
        return []
    }
    /// A position of the stage with image shift as the position without, which the Navigator keeps.
    func adjustForNavigator(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let shift = Vector<Frame.ImageShift>(dx: try a.number(3), dy: try a.number(4))
        let place = Point<Frame.Stage>(x: try a.number(1), y: try a.number(2))
            + Magnifications.specimenToStage(Magnifications.imageShiftToSpecimen(shift))
        return [.number(Double(Float(place.x))), .number(Double(Float(place.y)))]
    }
    func goToMarker() async throws -> [ReportedValue] {
        try requireNavigator()
        let image = try buffer(shownBuffer)
        guard let marker = image.marker else { throw CommandFailure("There is no marker point in the image.") }
        try await moveStage(to: image.stagePosition(marker).position)
        return []
    }
}
