import Geometry
import Microscope
import Navigator
import Units

/// A microscope whose stage reads as it did when the grid was mapped: the steps of a session never see that the grid was
/// loaded again. The navigator itself always holds the positions of now.
actor PlacedMicroscope {
    private let base: any Microscope
    private(set) var placement = Placement.asMapped

    init(_ base: any Microscope) { self.base = base }

    /// From now on the grid lies like this.
    func place(_ placement: Placement) { self.placement = placement }

    private func asMapped(_ location: StageLocation) -> StageLocation {
        StageLocation(point: placement.back(location.point), z: location.z - placement.rise)
    }
}

extension PlacedMicroscope: Microscope {
    func stagePosition() async throws -> StageLocation { asMapped(try await base.stagePosition()) }
    func moveStage(to position: Point<Frame.Stage>, z: Micrometers?) async throws {
        try await base.moveStage(to: placement.map(position), z: z.map { $0 + placement.rise })
    }
    func findRoughEucentricity() async throws -> StageLocation { asMapped(try await base.findRoughEucentricity()) }
    func takeImage(savingTo file: String) async throws -> StageImage {
        let image = try await base.takeImage(savingTo: file)
        return StageImage(
            image: image.image, pixelSize: image.pixelSize, stage: asMapped(image.stage),
            pixelToStage: image.pixelToStage.then(placement.back))
    }
    func navigator() async throws -> NavigatorFile {
        var file = try await base.navigator()
        for index in file.items.indices { file.items[index].put(placement.back, rise: -placement.rise) }
        return file
    }
    /// What the edit leaves as it is stays to the last digit.
    func editNavigator(_ edit: @Sendable (inout NavigatorFile) throws -> Void) async throws -> NavigatorFile {
        let placement = placement
        guard placement != .asMapped else { return try await base.editNavigator(edit) }
        _ = try await base.editNavigator { file in
            var originals: [NavigatorItem: NavigatorItem] = [:]
            for index in file.items.indices {
                let original = file.items[index]
                file.items[index].put(placement.back, rise: -placement.rise)
                originals[file.items[index]] = original
            }
            try edit(&file)
            for index in file.items.indices {
                if let original = originals[file.items[index]] {
                    file.items[index] = original
                } else {
                    file.items[index].put(placement.map, rise: placement.rise)
                }
            }
        }
        return try await navigator()
    }

    func begin() async throws -> MicroscopeFacts { try await base.begin() }
    func check(states: [ImagingStateRequirement]) async throws { try await base.check(states: states) }
    func calibrations(of states: [ImagingStateRequirement]) async throws -> Calibrations { try await base.calibrations(of: states) }
    func enter(folder: String, navigatorFile: String) async throws {
        try await base.enter(folder: folder, navigatorFile: navigatorFile)
    }
    func cassetteSlot(_ slot: Int) async throws -> CassetteSlot { try await base.cassetteSlot(slot) }
    func autoloaderObstacle(moving slot: Int) async throws -> String? { try await base.autoloaderObstacle(moving: slot) }
    func watch(_ look: @escaping @Sendable (_ exposes: Bool) async throws -> Void) async { await base.watch(look) }
    func loadGrid(slot: Int) async throws { try await base.loadGrid(slot: slot) }
    func unloadGrid(to slot: Int) async throws { try await base.unloadGrid(to: slot) }
    func realignReloadedGrid(toMapWithNote note: String) async throws { try await base.realignReloadedGrid(toMapWithNote: note) }
    func openValves() async throws { try await base.openValves() }
    func examine(_ request: ExaminationRequest) async -> [Finding] { await base.examine(request) }
    func use(_ setup: ImagingSetup) async throws -> CameraConditions { try await base.use(setup) }
    func mapWholeGrid(_ request: MontageRequest) async throws { try await base.mapWholeGrid(request) }
    func mapPolygon(label: String, _ request: MontageRequest) async throws { try await base.mapPolygon(label: label, request) }
    func recoverMap(_ request: MontageRequest, fileIsWhole: Bool) async throws -> MapRecovery {
        try await base.recoverMap(request, fileIsWhole: fileIsWhole)
    }
    func closeMap(_ request: MontageRequest) async throws { try await base.closeMap(request) }
    func resumeMap(_ request: MontageRequest) async throws { try await base.resumeMap(request) }
    func lowDoseGeometry() async throws -> LowDoseGeometry { try await base.lowDoseGeometry() }
    func startAcquisition(script: Int) async throws { try await base.startAcquisition(script: script) }
    func awaitControl(within limit: Duration, tick: @Sendable (Duration, AcquisitionSign) -> Void) async throws -> AcquisitionEnd {
        try await base.awaitControl(within: limit, tick: tick)
    }
    func makeSafe(_ measures: [SafetyMeasure]) async -> SafeState { await base.makeSafe(measures) }
    func condition(of interlocks: Set<Interlock>) async throws -> MicroscopeCondition { try await base.condition(of: interlocks) }
    func refill() async throws { try await base.refill() }
    func wait(_ time: Seconds) async throws { try await base.wait(time) }
    func freeSpace(in folder: String) async throws -> Double { try await base.freeSpace(in: folder) }
    func exposureTimes() async throws -> [String: Double] { try await base.exposureTimes() }
    func exposuresSinceAsked() async -> [ExposureRun] { await base.exposuresSinceAsked() }
    func reconnect() async throws { try await base.reconnect() }
    func disconnect() async { await base.disconnect() }
}

extension NavigatorItem {
    /// Moves the item with the grid.
    mutating func put(_ map: AffineMap<Frame.Stage, Frame.Stage>, rise: Micrometers) {
        move(by: map)
        z = z + rise
    }
}
