internal import Geometry
internal import Navigator
internal import Raster
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    /// Commands on groups of items, and on all items of a registration.
    static let navigatorGroupCommands: [String: CommandHandler] = [
        "UpdateGroupZ": { try await $0.updateGroupHeight(next: $1.integer(1) != 0) },
        "ReportGroupStatus": { m, _ in try await m.groupStatus() },
        "GetNavGroupStageCoords": { try await $0.groupStagePositions($1) },
        "GetNavGroupImageCoords": { try await $0.groupImagePositions($1) },
        "ShiftItemsByMicrons": { try await $0.shiftItems($1) },
        "ShiftItemsByAlignment": { m, _ in try await m.shiftItemsByAlignment() },
        "ShiftItemsByCurrentDiff": { try await $0.shiftItemsToStage(atMost: $1.number(1)) },
    ]
}

extension VirtualMicroscope {
    func updateGroupHeight(next: Bool) throws -> [ReportedValue] {
        guard !next else { throw CommandFailure("The Navigator needs to be acquiring for updating the next group Z.") }
        guard let group = items[try place(ofItem: 0)].groupID, group > 0 else { throw CommandFailure("Current Navigator item is not in a group.") }
        for index in items.indices where items[index].groupID == group { items[index].z = stage.height }
        return []
    }
    /// -1 as nothing is being acquired while a client is in control, the identifier, items of the group and marked ones.
    func groupStatus() throws -> [ReportedValue] {
        let group = items[try place(ofItem: 0)].groupID ?? 0
        let members = group > 0 ? items.filter { $0.groupID == group } : []
        return [.number(-1), .count(group), .count(members.count), .count(members.count { $0.acquire })]
    }
    private func points(ofGroup group: Int) throws -> [NavigatorItem] {
        try requireNavigator()
        guard group > 0 else { throw CommandFailure("Group ID must be positive.") }
        return items.filter { $0.kind == .point && $0.groupID == group }
    }
    func groupStagePositions(_ a: CommandArguments) throws -> [ReportedValue] {
        let points = try points(ofGroup: a.integer(1))
        setVariable(a.text(2), numbers: points.map(\.stage.x))
        setVariable(a.text(3), numbers: points.map(\.stage.y))
        if a.has(4), !a.text(4).isEmpty { setVariable(a.text(4), numbers: points.map(\.z.value)) }
        return [.count(points.count)]
    }
    /// Only points within the image count; -1 where they cannot be transformed to it.
    func groupImagePositions(_ a: CommandArguments) throws -> [ReportedValue] {
        let points = try points(ofGroup: a.integer(1))
        let image = try buffer(named: a.text(2))
        guard image.conditions.imageToStage.inverse != nil else { return [.number(-1)] }
        let found = points.compactMap { image.imagePosition($0.stage) }.filter {
            $0.x >= 0 && $0.y >= 0 && $0.x <= Double(image.image.width) && $0.y <= Double(image.image.height)
        }
        setVariable(a.text(3), numbers: found.map(\.x))
        setVariable(a.text(4), numbers: found.map(\.y))
        return [.count(found.count)]
    }

    private func shiftItems(registration: Int, by way: Vector<Frame.Stage>) {
        for index in items.indices where items[index].registration == registration { items[index].move(by: way) }
    }
    func shiftItems(_ a: CommandArguments) throws -> [ReportedValue] {
        try requireNavigator()
        let way = Vector<Frame.Stage>(dx: try a.number(1), dy: try a.number(2))
        guard way.dx.magnitude <= 100, way.dy.magnitude <= 100 else { throw CommandFailure("You cannot shift items by more than 100 microns.") }
        let registration = a.has(3) && a.integer(3) >= 0 ? a.integer(3) : navigator.registration
        guard (1 ... 99).contains(registration) else { throw CommandFailure("Registration number \(registration) is out of range.") }
        shiftItems(registration: registration, by: way)
        return []
    }
    /// By what the last alignment of the image in A found.
    func shiftItemsByAlignment() throws -> [ReportedValue] {
        try requireNavigator()
        let image = try buffer(0)
        guard let shift = image.alignShift else { throw CommandFailure("The image in buffer A has not been aligned.") }
        let toStage = image.conditions.magnification.cameraToSpecimen.then(Magnifications.specimenToStage)
        shiftItems(registration: navigator.registration, by: toStage(-shift))
        return []
    }
    /// So that the current item comes to where the stage is.
    func shiftItemsToStage(atMost limit: Double) throws -> [ReportedValue] {
        let item = items[try place(ofItem: 0)]
        let here = stage.position + Magnifications.specimenToStage(Magnifications.imageShiftToSpecimen(column.imageShift))
        let way = here - item.stage
        guard way.length <= limit else { throw CommandFailure("The item is \(fixed(way.length, 2)) um away, more than \(limit).") }
        shiftItems(registration: item.registration, by: way)
        return []
    }
}
