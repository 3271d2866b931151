internal import Geometry
internal import Navigator
internal import SerialEMProtocol
internal import Units

extension CommandTable {
    static let imagingStateCommands: [String: CommandHandler] = [
        "GoToImagingState": { await $0.goToImagingState($1.text(1)) },
        "UpdateImagingState": { await $0.updateImagingState($1.text(1)) },
        "ImagingStateProperties": { await $0.imagingStateProperties($1.text(1)) },
        "ListImagingState": { await $0.listImagingStates($1.text(1)) },
        "OpenImagingStateDialog": { _, _ in [] },
        "SetMapAcquireState": { try await $0.setMapState($1.integer(1)) },
        "RestoreState": { try await $0.restoreState(orFail: $1.integer(1) != 0) },
        "ForgetPriorState": { try await $0.forgetPriorState(orFail: $1.integer(1) != 0) },
    ]
}

extension VirtualMicroscope {
    /// A state by number from 1, by name, or by the unique start of a name; else SerialEM's code 1, 2 or 3.
    func imagingState(_ text: String) -> (place: Int?, code: Int) {
        let states = column.imagingStates
        if let number = Int(text) { return (1 ... states.count).contains(number) ? (number - 1, 0) : (nil, 3) }
        if let exact = states.firstIndex(where: { $0.name == text }) { return (exact, 0) }
        let matching = states.indices.filter { !text.isEmpty && states[$0].name.hasPrefix(text) }
        return matching.count == 1 ? (matching[0], 0) : (nil, matching.isEmpty ? 1 : 2)
    }
    func goToImagingState(_ text: String) async -> [ReportedValue] {
        let found = imagingState(text)
        guard let place = found.place else { return [.count(found.code)] }
        guard column.priorState?.isForMap != true else { return [.number(4)] }
        if column.priorState == nil { column.priorState = StateBefore(column) }
        let state = column.imagingStates[place]
        if let area = LowDoseArea(rawValue: state.type == 5 ? 3 : state.type) {
            _ = await setLowDoseMode(true)
            column.areas[area]?.magnification = state.magnification
            column.areas[area]?.spotSize = state.spotSize
            column.areas[area]?.beamSpread = state.beamSpread
            if column.area == area { column.magnification = state.magnification }
            await goTo(area)
        } else {
            _ = await setLowDoseMode(false)
            column.magnification = state.magnification
            column.spotSize = state.spotSize
            column.beamSpread = state.beamSpread
            column.cameraLength = nil
            column.slitIsIn = false
        }
        await setObjectiveAperture(state.objectiveAperture)
        column.imageShift = .zero
        await wait(Seconds(3))
        return [.number(0)]
    }
    private func setObjectiveAperture(_ size: Int) async {
        guard column.apertures[2] != size else { return }
        await wait(Seconds(6))
        if size == 0 { column.apertures.remove(2) } else { column.apertures.insert(2, size: size) }
    }
    func updateImagingState(_ text: String) -> [ReportedValue] {
        let found = imagingState(text)
        guard let place = found.place else { return [.count(found.code)] }
        column.imagingStates[place].magnification = column.magnification
        column.imagingStates[place].objectiveAperture = column.apertures[2] ?? 0
        column.imagingStates[place].spotSize = column.spotSize
        column.imagingStates[place].beamSpread = column.beamSpread
        return [.number(0)]
    }
    func imagingStateProperties(_ text: String) -> [ReportedValue] {
        let found = imagingState(text)
        guard let place = found.place else { return [.count(found.code)] }
        let state = column.imagingStates[place]
        return [.number(0), .count(place + 1), .count(state.type), .number(1), .count(state.magnification), .text(state.name)]
    }
    /// -1 all, 0 the selected one, of which there is none without the dialog.
    func listImagingStates(_ text: String) -> [ReportedValue] {
        if text == "-1" {
            for (place, state) in column.imagingStates.enumerated() { log.append("\(place + 1)  \(state.name)  type \(state.type)") }
            return []
        }
        let found = imagingState(text)
        guard let place = found.place else { return [.count(found.code)] }
        log.append("\(place + 1)  \(column.imagingStates[place].name)  type \(column.imagingStates[place].type)")
        return []
    }

    /// The column as it was when the map of an item was taken.
    func setMapState(_ item: Int) async throws -> [ReportedValue] {
        let place = try place(ofItem: item)
        guard items[place].kind == .map else { throw CommandFailure("Item \(place + 1) is not a map.") }
        guard let entry = items[place]["MapMagInd"].flatMap(Int.init).flatMap(Magnifications.entry) else {
            throw CommandFailure("Map \(place + 1) does not say at which magnification it was taken.")
        }
        if column.priorState == nil { column.priorState = StateBefore(column, isForMap: true) }
        let area = items[place]["MapLDConSet"].flatMap(Int.init).flatMap(LowDoseArea.init(rawValue:))
        _ = await setLowDoseMode(area != nil)
        if let area { await goTo(area) }
        return try await setMagnification(entry, entry.value)
    }
    func restoreState(orFail: Bool) async throws -> [ReportedValue] {
        guard let before = column.priorState else {
            guard !orFail else { throw CommandFailure("There is no prior state to restore.") }
            return []
        }
        _ = await setLowDoseMode(before.lowDoseIsOn)
        column.areas = before.areas
        if let area = before.area { await goTo(area) }
        column.magnification = before.magnification
        column.slitIsIn = before.slitIsIn
        column.spotSize = before.spotSize
        column.beamSpread = before.beamSpread
        column.imageShift = before.imageShift
        column.sets = before.sets
        if column.apertures != before.apertures { await wait(Seconds(6)) }
        column.apertures = before.apertures
        column.priorState = nil
        await wait(Seconds(3))
        return []
    }
    func forgetPriorState(orFail: Bool) throws -> [ReportedValue] {
        guard column.priorState != nil || !orFail else { throw CommandFailure("There is no prior state to forget.") }
        column.priorState = nil
        return []
    }
}
