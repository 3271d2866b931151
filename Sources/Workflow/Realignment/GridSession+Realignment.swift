import Geometry
import ImageFiles
import Microscope
import Navigator
import Raster
import Targets
import Units

/// One of the times that a grid was brought to the stage.
struct Loading: Sendable, Hashable {
    /// Counted from 1; 0 for a grid that lay on the stage when the session came to it.
    let number: Int
    /// The loading that the session's positions are of.
    let mapped: Int
    /// Whether a grid map was begun in an earlier loading and did not come to its end: its pieces lie elsewhere now.
    let mapIsStale: Bool
    /// Whether it began just now.
    let isFresh: Bool
}

/// How a grid gets to the stage.
enum WayToStage: Sendable, Hashable {
    /// It is loaded unless it is there.
    case asNeeded
    /// Taken off the stage first.
    case anew
    /// It is there, and was loaded by somebody else since the session left it there.
    case byOthers
}

/// A grid that comes back onto the stage lies otherwise than it did. SerialEM finds it roughly by its grid map; images of
/// several lamellae, held against those of before, then tell exactly.
extension GridSession {
    /// At most so many lamellae are looked at.
    private static let mostSightings = 5
    /// Lamellae farther than this from one another tell the rotation better than the grid map does, in micrometres.
    private static let baseline = 100.0
    /// How far a lamella may be from where the grid map says.
    private static let reach = Micrometers(16)

    private struct Input: Encodable, Sendable {
        let loading: Int
        let mapped: Int
    }

    /// Finds out how the grid lies, if it was loaded again since it was mapped.
    ///
    /// - Throws: ``WorkflowError`` with the code `lostGrid` where it does not lie within the limits.
    func findPlace(in loading: Loading) async throws {
        guard loading.number != loading.mapped else {
            await placed.place(.asMapped)
            return
        }
        let earlier = try await placement(before: loading)
        let found = try await engine.run(
            Step(
                exposing: .grid(slot, "realignment-\(loading.number)"), title: "Realign grid \(folder.grid), which was loaded again",
                input: Input(loading: loading.number, mapped: loading.mapped)
            ) {
                // These few images are next to nothing at their magnifications: they may be taken again.
                .didNotHappen
            } perform: { [self] in
                try await measurePlace(in: loading, earlier: earlier)
            })
        await placed.place(found.placement)
        realigned = found
        try await writeRealignments(until: loading)
    }

    func placement(before loading: Loading) async throws -> Placement {
        for number in stride(from: loading.number - 1, to: loading.mapped, by: -1) {
            if let found = try await realignment(number) { return found.placement }
        }
        return .asMapped
    }

    func realignment(_ number: Int) async throws -> Realignment? {
        try await engine.lastOutput(of: .grid(slot, "realignment-\(number)"), as: Realignment.self)
    }

    private func measurePlace(in loading: Loading, earlier: Placement) async throws -> Realignment {
        let before = try await navigatorBefore(loading)
        do {
            let coarse = try await coarsePlacement(before, earlier: earlier)
            try require(coarse, residual: nil)
            let (sightings, rise) = try await sight(from: coarse, earlier: earlier, loading: loading.number)
            let found = realignment(loading.number, coarse: coarse, sightings: sightings, rise: rise)
            try require(found.placement, residual: found.residual)
            engine.note(.note("grid \(folder.grid) lies otherwise than it was mapped: \(found.words)"))
            try await moveItems(of: before, by: earlier.back(then: found.placement))
            await placed.place(found.placement)
            try await writePositionsAgain()
            return found
        } catch let error as WorkflowError where error.code == .lostGrid {
            // Items that were moved by something that is not true are worse than items that are where they were.
            _ = try await bare.editNavigator { $0.items = before.items }
            throw error
        }
    }

    private func require(_ placement: Placement, residual: Micrometers?) throws {
        guard let excess = Realignment.excess(of: placement, residual: residual) else { return }
        throw WorkflowError.lostGrid("Grid \(folder.grid) was loaded again and does not lie where it can be gone on with: \(excess).")
    }

    /// The navigator as it was before the grid was loaded again; kept in a file, so that a realignment that was cut short
    /// begins anew from there.
    private func navigatorBefore(_ loading: Loading) async throws -> NavigatorFile {
        let path = folder.inFolder(folder.navigatorBefore(loading))
        if let kept = try? NavigatorFile.read(path) { return try await bare.editNavigator { $0.items = kept.items } }
        let file = try await bare.navigator()
        try file.write(to: path)
        return file
    }

    /// What SerialEM finds with the pieces of the grid map, read from how far it moved the map's item.
    private func coarsePlacement(_ before: NavigatorFile, earlier: Placement) async throws -> Placement {
        let note = folder.wholeGridFile
        try await use(wholeGridSetup)
        do {
            try await ExposureBook.$lamella.withValue(ExposureBook.wholeGrid) { try await bare.realignReloadedGrid(toMapWithNote: note) }
        } catch let error as MicroscopeError where error.code == .refused {
            throw WorkflowError.lostGrid("Grid \(folder.grid) was loaded again and SerialEM did not find it by its map: \(error.message)")
        }
        func corners(_ file: NavigatorFile) -> [Point<Frame.Stage>] {
            file.items.first { $0.note == note && $0.kind == .map }.map { [$0.stage] + $0.points } ?? []
        }
        let pairs = Array(zip(corners(before), corners(try await bare.navigator())).map { (from: $0, to: $1) })
        guard let moved = RigidFit(pairs) else {
            throw WorkflowError.badImage("The navigator has no outline of the map '\(note)' of grid \(folder.grid).")
        }
        return Placement(map: earlier.map.then(moved.map), rise: earlier.rise)
    }

    /// Looks at several lamellae that are far from each other, and finds the eucentric height at the first.
    private func sight(
        from coarse: Placement, earlier: Placement, loading: Int
    ) async throws -> (sightings: [Realignment.Sighting], rise: Micrometers) {
        let chosen = try await lamellaeToSight()
        guard !chosen.isEmpty else { return ([], earlier.rise) }
        try await use(intermediateSetup)
        var rise = earlier.rise
        var isHeightKnown = false
        var sightings: [Realignment.Sighting] = []
        for (lamella, reference) in chosen {
            try await ExposureBook.$lamella.withValue("L\(twoDigits(lamella.number))") {
                try await bare.moveStage(to: coarse.map(lamella.stage), z: lamella.z + rise)
                if !isHeightKnown {
                    rise = try await bare.findRoughEucentricity().z - lamella.z
                    isHeightKnown = true
                }
                let image = try await bare.takeImage(savingTo: folder.reloadedFile(lamella.number, loading: loading))
                let (reduced, pixelToStage) = image.reduced(to: reference.picture.pixelSize)
                let registration = Registration(reference: reference.image, pixelToStage: reference.picture.pixelToStage)
                let result = registration?.shift(
                    of: reduced, pixelToStage: pixelToStage.then(coarse.back), expected: .zero, within: Self.reach)
                guard let result, result.correlation > 0.5 else {
                    engine.note(.warning("lamella \(lamella.number) of grid \(folder.grid) was not found again after the grid was loaded"))
                    return
                }
                sightings.append(
                    Realignment.Sighting(
                        number: lamella.number, before: lamella.stage, after: coarse.map(lamella.stage + result.shift),
                        correlation: result.correlation))
            }
        }
        guard sightings.count >= min(2, chosen.count) else {
            throw WorkflowError.lostGrid(
                "Grid \(folder.grid) was loaded again, and \(sightings.count) of \(chosen.count) lamellae were found where its map puts them.")
        }
        return (sightings, rise)
    }

    private typealias Reference = (picture: MapPicture, image: Raster<UInt8>)

    /// Recentred lamellae; none that has had its dose.
    func recentredLamellae() async throws -> [RecentredLamella] {
        var recentred: [RecentredLamella] = []
        for lamella in try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? [] {
            guard let again = try await engine.lastOutput(of: .lamella(slot, lamella.number, "recentred"), as: RecentredLamella.self), again.outcome == .found else { continue }
            if settings.maximumDose > .zero, try await dose(of: lamella.number).beforeAcquisition >= settings.maximumDose { continue }
            recentred.append(again)
        }
        return recentred
    }

    /// Lamellae of which there is an intermediate image, far from each other. Without its picture a lamella cannot be compared; others can.
    private func lamellaeToSight() async throws -> [(RecentredLamella, Reference)] {
        var left = try await recentredLamellae().compactMap { lamella in folder.intermediateReference(lamella.number).map { (lamella, $0) } }
        let middle = left.reduce(Vector<Frame.Stage>.zero) { $0 + ($1.0.stage - .origin) / Double(left.count) }
        var chosen: [(RecentredLamella, Reference)] = []
        func distance(_ lamella: RecentredLamella) -> Double {
            chosen.map { $0.0.stage.distance(to: lamella.stage) }.min() ?? lamella.stage.distance(to: .origin + middle)
        }
        while chosen.count < Self.mostSightings, let next = left.indices.max(by: { distance(left[$0].0) < distance(left[$1].0) }) {
            chosen.append(left.remove(at: next))
        }
        return chosen
    }

    private func realignment(
        _ loading: Int, coarse: Placement, sightings: [Realignment.Sighting], rise: Micrometers
    ) -> Realignment {
        let pairs = sightings.map { (from: $0.before, to: $0.after) }
        func result(_ basis: Realignment.Basis, _ map: AffineMap<Frame.Stage, Frame.Stage>) -> Realignment {
            let residual = pairs.reduce(0) { $0 + map($1.from).distance(to: $1.to) } / Double(max(1, pairs.count))
            return Realignment(
                loading: loading, placement: Placement(map: map, rise: rise), coarse: coarse, basis: basis, sightings: sightings,
                residual: pairs.count >= 2 ? Micrometers(residual) : nil)
        }
        guard !pairs.isEmpty else { return result(.gridMap, coarse.map) }
        let widest = pairs.flatMap { pair in pairs.map { $0.from.distance(to: pair.from) } }.max() ?? 0
        if widest >= Self.baseline, let fit = RigidFit(pairs) { return result(.lamellae, fit.map) }
        let rest = pairs.reduce(Vector<Frame.Stage>.zero) { $0 + ($1.to - coarse.map($1.from)) / Double(pairs.count) }
        return result(.shiftOnLamellae, AffineMap(linear: coarse.map.linear, sending: .origin, to: coarse.map(.origin) + rest))
    }

    /// Puts all items of the navigator where they are now; their registration is the new one that SerialEM gave them.
    private func moveItems(of before: NavigatorFile, by change: Placement) async throws {
        let registrations = try await bare.navigator().items.map(\.registration)
        _ = try await bare.editNavigator { file in
            file.items = before.items
            for index in file.items.indices {
                file.items[index].put(change.map, rise: change.rise)
                file.items[index].noteReload(change.map)
                if registrations.indices.contains(index) { file.items[index].registration = registrations[index] }
            }
        }
    }

    /// The positions that levels 1 to 3 left for PACEtomo; those of level 4 are written with its targets.
    private func writePositionsAgain() async throws {
        let geometry = try await engine.lastOutput(of: .grid(slot, "low-dose-geometry"), as: LowDoseGeometry.self)
        for lamella in try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? [] {
            let number = lamella.number
            let again = try await engine.lastOutput(of: .lamella(slot, number, "recentred"), as: RecentredLamella.self)
            guard again.map({ $0.outcome == .found }) ?? true else { continue }
            try await writePosition(of: number, level: 1, stage: lamella.stage, score: lamella.score)
            guard let map = try await engine.lastOutput(of: .lamella(slot, number, "centre"), as: LamellaMap.self) else { continue }
            try await writePosition(of: number, level: 2, stage: map.stage, score: map.score)
            let segmented = try await engine.lastOutput(of: .lamella(slot, number, "segmentation"), as: SegmentedLamella.self)
            guard let segmented, let geometry, context.models.segmenterDescription != nil else { continue }
            try await writeBestPosition(
                on: map, image: PNGFile.readGrey(map.picture.png), labels: PNGFile.readGrey(segmented.labelsFile),
                geometry: Self.geometry(of: map, in: geometry))
        }
    }

    /// Writes what is known of all loadings into `<grid>_realignment.json`.
    private func writeRealignments(until loading: Loading) async throws {
        var all: [JSONValue] = []
        for number in loading.mapped ... max(loading.mapped, loading.number) {
            if let found = try await realignment(number) { all.append(found.json) }
        }
        try JSONValue.object([
            "grid": .string(folder.grid), "datetime": .string(timestamp()), "mapped_in_loading": .integer(loading.mapped),
            "limits": .object([
                "shift": .number(Realignment.largestShift.value), "rotation": .number(Realignment.largestRotation.value),
                "residual": .number(Realignment.largestResidual.value),
            ]),
            "realignments": .array(all),
        ]).write(to: folder.inFolder(folder.grid + "_realignment.json"))
    }
}

extension Placement {
    /// From how the grid lay in this placement to how it lies in another.
    func back(then other: Placement) -> Placement {
        Placement(map: back.then(other.map), rise: other.rise - rise)
    }
}

extension GridFolder {
    /// The navigator of before the grid was loaded again.
    func navigatorBefore(_ loading: Loading) -> String { "\(grid)_before_loading\(loading.number).nav" }
    /// An intermediate image of a lamella after the grid was loaded again.
    fileprivate func reloadedFile(_ number: Int, loading: Int) -> String { "\(grid)_IM\(number)_loading\(loading).mrc" }
}
