internal import Foundation
internal import Geometry
internal import Navigator
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let navigatorCommands: [String: CommandHandler] = [
        "ReportIfNavOpen": { m, _ in await m.navigatorState() },
        "OpenNavigator": { try await $0.openNavigator($1) },
        "CloseNavigator": { m, _ in await m.closeNavigator() },
        "SaveNavigator": { try await $0.saveNavigator($1) },
        "ReadNavFile": { try await $0.readNavigator($1.lastText) },
        "ReportNavFile": { m, _ in try await m.navigatorFile() },
        "ReportNumTableItems": { m, _ in [.count(await m.items.count)] },
        "ReportNavItem": { m, _ in try await m.reportItem(0) },
        "ReportOtherItem": { try await $0.reportItem($1.integer(1)) },
        "NavIndexWithNote": { m, a in [.count((await m.items.firstIndex { $0.note == a.lastText } ?? -1) + 1)] },
        "NavIndexWithLabel": { m, a in
            [.count((await m.items.firstIndex { $0.label.lowercased() == a.lastText.lowercased() } ?? -1) + 1)]
        },
        "SetSelectedNavItem": { try await $0.selectItem($1.integer(1)) },
        "ChangeItemLabel": { m, a in try await m.changeItem(a.integer(1)) { $0.label = String(a.lastText.prefix(16)) } },
        "ChangeItemNote": { m, a in try await m.changeItem(a.integer(1)) { $0.note = a.count > 1 ? a.lastText : "" } },
        "ChangeItemColor": { m, a in try await m.changeItem(a.integer(1)) { $0.color = max(0, min(5, a.integer(2))) } },
        "ChangeItemDraw": { m, a in try await m.changeItem(a.integer(1)) { $0.draw = a.has(2) ? a.integer(2) != 0 : !$0.draw } },
        "ChangeItemRegistration": { m, a in try await m.changeItem(a.integer(1)) { $0.registration = a.integer(2) } },
        "SetItemAcquire": { m, a in try await m.changeItem(a.integer(1)) { $0.acquire = a.integer(2, default: 1) != 0 } },
        "ReportItemAcquire": { try await $0.itemAcquire($1.integer(1)) },
        "DeleteNavigatorItem": { try await $0.deleteItem($1.integer(1)) },
        "GetUniqueNavID": { m, _ in [.count(await m.unusedID())] },
        "AddStagePosAsNavPoint": { try await $0.addPoint($1) },
        "AddStagePointsAsPolygon": { try await $0.addPolygon($1) },
        "MoveToNavItem": { try await $0.moveToItem($1.integer(1)) },
        "ReportNumNavAcquire": { m, _ in await m.numberToAcquire() },
        "NavAcqAtEndUseParams": { try await $0.useAcquireParameters($1.text(1)) },
        "SetNavAcqAtEndParams": { await $0.setAcquireParameters($1) },
        "StartNavAcquireAtEnd": { m, _ in try await m.startAcquireAtEnd() },
        "ReportIfNavAcquiring": { _, _ in [.number(0), .number(0)] },
        "EndAcquireAtItems": { _, _ in [] },
        "AdjustStagePosForNav": { _, a in [.number(try a.number(1)), .number(try a.number(2))] },
        "SuspendNavRedraw": { _, _ in [] },
    ]
}

extension VirtualMicroscope {
    /// The place in the table of an index as SerialEM takes it: from 1, 0 the current item, negative from the end.
    func place(ofItem index: Int) throws -> Int {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator is not open.") }
        let place = index > 0 ? index - 1 : index == 0 ? selectedItem : items.count + index
        guard items.indices.contains(place) else { throw CommandFailure("The Navigator has no item \(index).") }
        return place
    }
    func unusedID() -> Int {
        let used = Set(items.map(\.mapID))
        repeat { nextID += 1 } while used.contains(nextID)
        return nextID
    }
    func navigatorState() -> [ReportedValue] { [.count(navigatorIsOpen ? (navigatorPath == nil ? 1 : 2) : 0)] }
    func openNavigator(_ a: CommandArguments) throws -> [ReportedValue] {
        if a.count > 0, navigatorIsOpen { throw CommandFailure("The Navigator is open already; close it before naming a new file.") }
        navigatorIsOpen = true
        if a.count > 0 { navigatorPath = absolute(a.lastText) }
        return []
    }
    func closeNavigator() -> [ReportedValue] {
        navigatorIsOpen = false
        navigatorPath = nil
        items = []
        selectedItem = 0
        return []
    }
    func saveNavigator(_ a: CommandArguments) throws -> [ReportedValue] {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator is not open.") }
        if a.count > 0 { navigatorPath = absolute(a.lastText) }
        guard let path = navigatorPath else { throw CommandFailure("The Navigator has no file to save to.") }
        var file = NavigatorFile(savedAs: path)
        file.items = items
        try file.write(to: path)
        return []
    }
    func readNavigator(_ name: String) throws -> [ReportedValue] {
        let path = absolute(name)
        do { items = try NavigatorFile.read(path).items } catch {
            throw CommandFailure("The Navigator file \(path) cannot be read: \(error)")
        }
        navigatorIsOpen = true
        navigatorPath = path
        selectedItem = 0
        return []
    }
    func navigatorFile() throws -> [ReportedValue] {
        guard let path = navigatorPath else { throw CommandFailure("The Navigator has no file.") }
        return [.text(path)]
    }
    func reportItem(_ index: Int) throws -> [ReportedValue] {
        let place = try place(ofItem: index)
        let item = items[place]
        periodVariables["NAVINDEX"] = .count(place + 1)
        periodVariables["NAVLABEL"] = .text(item.label)
        periodVariables["NAVNOTE"] = .text(item.note)
        periodVariables["NAVCOLOR"] = .count(item.color)
        periodVariables["NAVREGIS"] = .count(item.registration)
        let type = item.kind == .point ? 0 : item.kind == .polygon ? 1 : 2
        return [.count(place + 1), .number(item.stage.x), .number(item.stage.y), .number(item.z.value), .count(type)]
    }
    func selectItem(_ index: Int) throws -> [ReportedValue] { selectedItem = try place(ofItem: index); return [] }
    func changeItem(_ index: Int, _ change: @Sendable (inout NavigatorItem) -> Void) throws -> [ReportedValue] {
        change(&items[try place(ofItem: index)])
        return []
    }
    func itemAcquire(_ index: Int) throws -> [ReportedValue] { [.flag(items[try place(ofItem: index)].acquire)] }
    func deleteItem(_ index: Int) throws -> [ReportedValue] {
        items.remove(at: try place(ofItem: index))
        selectedItem = max(0, min(selectedItem, items.count - 1))
        return []
    }
    func addItem(_ item: NavigatorItem) -> [ReportedValue] {
        navigatorIsOpen = true
        items.append(item)
        selectedItem = items.count - 1
        return [.count(items.count)]
    }
    func addPoint(_ a: CommandArguments) throws -> [ReportedValue] {
        try addItem(
            .point(
                label: "\(items.count + 1)", stage: Point(x: a.number(1), y: a.number(2)), z: Micrometers(a.number(3)), note: "",
                mapID: unusedID(), groupID: a.integer(4) > 0 ? a.integer(4) : nil))
    }
    func addPolygon(_ a: CommandArguments) throws -> [ReportedValue] {
        let xs = try numbers(inVariable: a.text(1))
        let ys = try numbers(inVariable: a.text(2))
        guard xs.count == ys.count, xs.count >= 3 else { throw CommandFailure("A polygon needs as many x as y values, at least 3.") }
        return try addItem(
            .polygon(
                label: "\(items.count + 1)", vertices: zip(xs, ys).map { Point(x: $0, y: $1) }, z: Micrometers(a.number(3)),
                note: "", color: .green, registration: 1, mapID: unusedID()))
    }
    func moveToItem(_ index: Int) async throws -> [ReportedValue] {
        let item = items[try place(ofItem: index)]
        try await moveStage(to: item.stage, z: item.z)
        return []
    }
    func numberToAcquire() -> [ReportedValue] {
        guard navigatorIsOpen else { return [.number(-1), .number(-1)] }
        return [.count(items.count { $0.acquire }), .number(0)]
    }
    func useAcquireParameters(_ set: String) throws -> [ReportedValue] {
        guard ["M", "F", "R"].contains(set.uppercased()) else { throw CommandFailure("\(set) is no set of Acquire at Items parameters.") }
        return []
    }
    func setAcquireParameters(_ a: CommandArguments) -> [ReportedValue] {
        for place in stride(from: 1, through: a.count, by: 2) where a.text(place).hasPrefix("prim") { acquireAction = a.integer(place + 1) }
        return []
    }
    func startAcquireAtEnd() throws -> [ReportedValue] {
        guard navigatorIsOpen else { throw CommandFailure("The Navigator is not open.") }
        acquireAtEnd = true
        return []
    }
}
