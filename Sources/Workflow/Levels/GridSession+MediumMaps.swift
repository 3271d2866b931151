import AnalysisJobs
import Detection
import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Microscope
import Navigator
import Raster
import Units

/// Level 2, second half, with the analysis of levels 3 and 4 running beside it.
extension GridSession {
    /// What is known of a lamella when its map and its analysis are done.
    struct AnalysedLamella: Sendable {
        let map: LamellaMap
        let segmented: SegmentedLamella?
        let targeted: TargetedLamella?
    }

    /// Maps every lamella. The analysis of one runs while the next is imaged; never more than two analyses wait.
    func mapAndAnalyse(_ lamellae: [RecentredLamella]) async throws -> [AnalysedLamella] {
        let present = lamellae.filter { $0.outcome == .found }
        guard !present.isEmpty else { return [] }
        try await checkGeometry(before: present)
        let geometry = try await lowDoseGeometry()
        // Programs that watch the folder start when these are there; they come before the maps that they belong to.
        try writeParameters(geometry, intermediateImages: present.map { folder.intermediateFile($0.number) })
        let onMaps = await geometry.turned(by: placed.placement)
        return try await withThrowingTaskGroup(of: AnalysedLamella?.self) { group in
            var waiting = 0
            var done: [AnalysedLamella] = []
            // How View is shifted against the intermediate magnification, as every map measures it again.
            var offsets: [Vector<Frame.Stage>] = []
            var stop: WorkflowError?
            for lamella in present {
                do {
                    guard try await mayGoOn(lamella.number, before: .mapping) else { continue }
                } catch let error as WorkflowError where error.code == .stopped {
                    // What is imaged already is analysed before the session ends.
                    stop = error
                    break
                }
                let name = "L\(twoDigits(lamella.number))"
                let known = median(offsets)
                // All that talks to the microscope is done here, in turn; the analysis beside it does not.
                let imaged = try await sparing(lamella: name, at: .mapping) { [self] in
                    try await mapLamella(lamella, offset: known)
                    let map = try await centreLamella(lamella)
                    let doses = try await writeDoses(of: [lamella.number])
                    await tellExcess(of: lamella.number, doses[lamella.number])
                    return map
                }
                await context.progress.finish(Work.mediumMap)
                guard let map = imaged else { continue }
                if map.measured { offsets.append(map.stage - lamella.stage) }
                if waiting >= context.models.analysis.width, let finished = try await group.next() {
                    waiting -= 1
                    if let finished { done.append(finished) }
                }
                group.addTask { [self] in
                    let analysed = try await sparing(lamella: name, at: .analysis) { [self] in
                        try await analyse(lamella, map: map, geometry: onMaps)
                    }
                    await context.progress.finish(Work.segmentation)
                    return analysed
                }
                waiting += 1
            }
            // Nothing more is exposed on this grid: while the last analysis runs, the microscope is made what it has to be anyway
            // at the end of a session and before the next load. What fails here is told of there.
            if stop == nil, settings.automationLevel < 5 { _ = await microscope.makeSafe(settings.safety.measures) }
            for try await finished in group {
                if let finished { done.append(finished) }
            }
            if let stop { throw stop }
            return done.sorted { $0.map.number < $1.map.number }
        }
    }

    private struct GeometryInput: Encodable, Sendable {
        let setup: ImagingSetup
        /// nil until a person lets the session go on with areas that have changed.
        let accepted: Int?
    }

    /// As it was read; a grid that was loaded again lies otherwise to it than its maps do.
    func lowDoseGeometry() async throws -> LowDoseGeometry {
        let accepted = try await acceptedGeometries()
        return try await engine.run(
            Step(
                .grid(slot, "low-dose-geometry"), title: "Read the Low Dose areas", input: GeometryInput(setup: mediumSetup, accepted: accepted)
            ) { [self] in
                try await use(mediumSetup)
                await noteGeometryOfNow()
                return try await microscope.lowDoseGeometry()
            })
    }

    private struct MapInput: Encodable, Sendable {
        let number: Int
        let setup: ImagingSetup
        let overlap: Double
    }

    private func mapLamella(_ lamella: RecentredLamella, offset: Vector<Frame.Stage>?) async throws {
        let step = mapStep(lamella, offset: offset)
        do {
            _ = try await engine.run(step)
        } catch let error as WorkflowError where error.code == .dark {
            // What becomes of it is asked now, and not only by the next run.
            _ = try await engine.run(step)
        }
    }

    private func mapStep(_ lamella: RecentredLamella, offset: Vector<Frame.Stage>?) -> Step<MapInput, String> {
        let number = lamella.number
        let request = MontageRequest(
            file: folder.mediumFile(lamella.number), label: "L\(twoDigits(lamella.number))", overlap: settings.mediumOverlap)
        return Step<MapInput, String>(
            exposing: .lamella(slot, number, "medium-map"), title: "Map lamella \(lamella.number)",
            input: MapInput(number: lamella.number, setup: mediumSetup, overlap: request.overlap),
            products: { [folder] in [folder.inFolder($0)] }
        ) { [self] in
            try await evidence(ofMap: number, request)
        } takenAsDone: { [self] in
            let file = try await mapOfWhatIsThere(request, setup: mediumSetup)
            try await place(mapOf: number, request)
            try await settleDarkness(ofMap: number)
            return file
        } perform: { [self] in
            try await use(mediumSetup)
            if try await isDark(map: number) { try await forget(map: request) } else { try await noteUnsavedPiece(of: request) }
            let centre = lamella.stage + (offset ?? .zero)
            try await writePolygon(of: lamella, at: centre, margin: offset == nil ? 5 : 0)
            try await move(to: centre, z: lamella.z)
            // A montage that was cut short, or is dark, where the settings let it be taken again.
            try setAside(folder.inFolder(request.file))
            try await settleDarkness(ofMap: number)
            try await noteLoading(ofMap: number)
            try await notingDarkness(ofMap: number) { try await microscope.mapPolygon(label: "FP\(number)", request) }
            return request.file
        }
    }

    /// The polygon that the montage covers, turned as the lamella's box on the grid map is.
    private func writePolygon(of lamella: RecentredLamella, at centre: Point<Frame.Stage>, margin: Double) async throws {
        let label = "FP\(lamella.number)"
        let source = "PP\(lamella.number)"
        _ = try await microscope.editNavigator { file in
            guard let found = file.items.first(where: { $0.label == source && $0.kind == .polygon }),
                let middle = found.polygon.vertexMean
            else { throw WorkflowError.badImage("The navigator has no polygon '\(source)'.") }
            let vertices = found.polygon.vertices
            // The box was padded when it was written; a margin is added where the shift to View is not known yet.
            let radius = vertices.map { $0.distance(to: middle) }.max() ?? 1
            let enlarge = 1 + margin / max(radius, 1)
            file.items.removeAll { $0.label == label && $0.kind == .polygon }
            file.items.append(
                NavigatorItem.polygon(
                    label: label, vertices: vertices.map { centre + enlarge * ($0 - middle) }, z: lamella.z,
                    note: "\(label): \(lamella.className) (\(Int((lamella.score * 100).rounded())) %)",
                    color: Self.color(of: lamella.className), registration: found.registration,
                    mapID: file.unusedMapID(), userValue1: lamella.score))
        }
    }

    private struct CentreInput: Encodable, Sendable {
        let lamella: RecentredLamella
        let pixelSize: Double
        let model: String
    }

    /// Saves a lamella's map as a picture, measures the lamella's centre on it, and moves the lamella's polygon there.
    private func centreLamella(_ lamella: RecentredLamella) async throws -> LamellaMap {
        let pixelSize = context.models.segmenterDescription?.pixelSize ?? PixelSize(20)
        let input = CentreInput(
            lamella: lamella, pixelSize: pixelSize.value, model: context.models.detectorDescription.sha256)
        return try await engine.run(
            Step(
                .lamella(slot, lamella.number, "centre"), title: "Measure the centre of lamella \(lamella.number)", input: input,
                products: { [$0.picture.png] }
            ) { [self] in
                let file = folder.mediumFile(lamella.number)
                guard let item = try await mapItem(note: file) else {
                    throw WorkflowError.badImage("The navigator has no map '\(file)'.")
                }
                let picture = try MapPicture.save(
                    montage: folder.inFolder(file), item: item, at: pixelSize, stem: folder.mediumStem(lamella.number))
                let centre = try await measureCentre(of: lamella, on: picture)
                let position = centre ?? picture.center
                let map = LamellaMap(
                    number: lamella.number, picture: picture, stage: picture.pixelToStage(position),
                    center: position, score: lamella.score, measured: centre != nil)
                try await write(map, of: lamella)
                if map.measured { try await writePolygon(of: lamella, at: map.stage, margin: 0) }
                return map
            })
    }

    /// The lamella's centre on its map: by correlation with the grid map at the detector's pixel size, then by the detector.
    private func measureCentre(
        of lamella: RecentredLamella, on picture: MapPicture
    ) async throws -> Point<Frame.MapPixels>? {
        let detector = context.models.detectorDescription
        let factor = detector.pixelSize / picture.pixelSize
        let width = max(1, Int(Double(picture.width) / factor))
        let height = max(1, Int(Double(picture.height) / factor))
        let reduced = try PNGFile.readGrey(picture.png).resized(width: width, height: height)
        let scaleX = Double(picture.width) / Double(width)
        let scaleY = Double(picture.height) / Double(height)
        let m = picture.pixelToStage.linear
        let toStage = AffineMap<Frame.MapPixels, Frame.Stage>(
            linear: LinearMap(xpx: m.xpx * scaleX, xpy: m.xpy * scaleY, ypx: m.ypx * scaleX, ypy: m.ypy * scaleY),
            sending: .origin, to: picture.pixelToStage(.origin))
        let place = try locate(
            lamella.onGridMap, in: reduced, pixelToStage: toStage, expected: lamella.stage - lamella.onGridMap.stage,
            within: Micrometers(7)) { $0 > 0.5 }
        guard let place, let pixel = toStage.inverse?(place.stage) else { return nil }
        let limits = try contrast(
            matching: reduced, of: lamella.onGridMap, width: (Pixels(Double(width)) * detector.pixelSize).inMicrometers,
            height: (Pixels(Double(height)) * detector.pixelSize).inMicrometers) { $0 > 0.5 }
        let small = reduced.byteScaled(black: limits.black, white: limits.white)
        let all = try await context.models.detector.detect(in: small, pixelSize: detector.pixelSize)
        var best = pixel
        if let found = nearest(to: pixel, among: all, of: lamella.onGridMap),
            (Pixels(found.box.center.distance(to: pixel)) * detector.pixelSize).inMicrometers.value < 1.5
        {
            best = found.box.center
        }
        return Point(x: best.x * scaleX, y: best.y * scaleY)
    }

    private func write(_ map: LamellaMap, of lamella: RecentredLamella) async throws {
        try await writePosition(of: map.number, level: 2, stage: map.stage, score: map.score)
        let center: JSONObject = [
            "number": .integer(map.number), "stage": [.number(map.stage.x), .number(map.stage.y)],
            "measured": .bool(map.measured), "class": .string(lamella.className),
            "intermediate_stage": [.number(lamella.stage.x), .number(lamella.stage.y)],
        ]
        try JSONValue.object(center).write(to: folder.mediumStem(map.number) + "_center.json")
    }
}
