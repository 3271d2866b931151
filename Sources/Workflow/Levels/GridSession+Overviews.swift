import Detection
import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Microscope
import Pictures
import Raster
import Targets
import Units

/// The pictures that the operator looks at first: one of each grid and one of each lamella, as far as the level goes.
extension GridSession {
    private struct LamellaInput: Encodable, Sendable {
        let lamella: RecentredLamella
        let map: LamellaMap
        let segmented: SegmentedLamella?
        let targeted: TargetedLamella?
        let geometry: LowDoseGeometry
        let maximumTilt: Degrees
        let dose: LamellaDose
        /// What was acquired where an area was cut short; nil where none was.
        let cut: [String]?
    }

    /// Draws the overviews anew that have something to tell of the acquisition.
    func drawOverviews(of analysed: [AnalysedLamella], found: [FoundLamella], recentred: [RecentredLamella], acquired: [AcquiredTarget]) async throws {
        guard !acquired.isEmpty else { return }
        try await drawOverview(found: found, recentred: recentred, analysed: analysed, acquired: acquired)
        guard let geometry = try await engine.lastOutput(of: .grid(slot, "low-dose-geometry"), as: LowDoseGeometry.self) else { return }
        for known in analysed {
            let areas = Set(known.targeted?.areas.map(\.name) ?? [])
            let cut = acquired.filter { areas.contains($0.area) }.cutAreas.map(\.words)
            guard !cut.isEmpty, let lamella = recentred.first(where: { $0.number == known.map.number }) else { continue }
            try await drawOverview(of: known, lamella: lamella, geometry: geometry, cut: cut)
        }
    }

    /// Draws a lamella's map with what is known of it.
    ///
    /// - Parameter cut: what was acquired of its areas that were cut short.
    func drawOverview(
        of analysed: AnalysedLamella, lamella: RecentredLamella, geometry: LowDoseGeometry, cut: [String] = []
    ) async throws {
        let map = analysed.map
        let input = LamellaInput(
            lamella: lamella, map: map, segmented: analysed.segmented, targeted: analysed.targeted, geometry: geometry,
            maximumTilt: settings.maximumTilt, dose: try await dose(of: map.number), cut: cut.isEmpty ? nil : cut)
        _ = try await engine.run(
            Step(.lamella(slot, map.number, "overview"), title: "Draw the overview of lamella \(map.number)", input: input, products: { [$0] }) { [self] in
                let image: Raster<UInt8> = try PNGFile.readGrey(map.picture.png)
                let labels: Raster<UInt8> =
                    try analysed.segmented.map { try PNGFile.readGrey($0.labelsFile) }
                    ?? Raster(width: image.width, height: image.height, filledWith: 0)
                let areas = try (analysed.targeted?.areas ?? []).map {
                    try PointsFile(data: Data(contentsOf: URL(fileURLWithPath: $0.pointsFile))).area
                }
                let lamellaGeometry = Self.geometry(of: map, in: geometry)
                let scene = LamellaScene(
                    map: image, labels: labels, classes: context.models.segmenterDescription?.classes ?? [], areas: areas,
                    geometry: lamellaGeometry, maximumTilt: settings.maximumTilt, beamStretch: 1 / targetSettings.plane(tiltAxisAngle: lamellaGeometry.tiltAxisAngle).factor,
                    imageShiftLimit: targetSettings.imageShiftReach,
                    recordFieldRotation: Self.recordFieldRotation(on: map, in: geometry),
                    centre: map.measured ? map.center : nil,
                    colours: Self.colours(of: context.models.segmenterDescription), heading: heading(of: analysed, lamella: lamella, dose: input.dose, cut: cut))
                let file = folder.mediumStem(map.number) + "_overview.png"
                try writePicture(OverviewPicture.lamella(scene), to: file)
                return file
            })
    }

    private nonisolated func heading(of analysed: AnalysedLamella, lamella: RecentredLamella, dose: LamellaDose, cut: [String]) -> [String] {
        let picture = analysed.map.picture
        let sides = [picture.width, picture.height].map {
            String(format: "%.1f", (Pixels(Double($0)) * picture.pixelSize).inMicrometers.value)
        }
        var facts: [String] = []
        if let areas = analysed.targeted?.areas {
            let targets = areas.reduce(0) { $0 + $1.targets }
            facts.append(
                targets == 0 ? "no place worth a target" : "\(targets) targets" + (areas.count > 1 ? " in \(areas.count) areas" : ""))
        } else {
            facts.append(analysed.segmented == nil ? "not segmented yet" : "targets not chosen yet")
        }
        if !analysed.map.measured { facts.append("its centre was not found on this map") }
        // The picture's letters have no Å.
        facts.append(dose.words.replacing("Å²", with: "A2"))
        facts.append("map \(sides[0]) x \(sides[1]) \u{B5}m")
        let name = folder.lamella(analysed.map.number)
        return ["\(name)  \(lamella.className) \(String(format: "%.2f", lamella.score))", facts.joined(separator: ", ")]
            + cut.map { "cut short: \($0)" }
    }

    /// How the camera's columns in Record lie against the columns of a map, from the map's calibration and Record's.
    static func recordFieldRotation(on map: LamellaMap, in geometry: LowDoseGeometry) -> Degrees {
        guard let toMap = map.picture.pixelToStage.linear.then(geometry.stageToSpecimen).inverse else { return .zero }
        let column = toMap(geometry.record.cameraToSpecimen(Vector(dx: 1, dy: 0)))
        guard column.length.isFinite, column.length > 0 else { return .zero }
        return Degrees(atan2(column.dy, column.dx) * 180 / .pi)
    }

    private static func colours(of model: ModelDescription?) -> [String: RGB] {
        (model?.colours ?? [:]).mapValues { RGB(red: $0.red, green: $0.green, blue: $0.blue) }
    }

    private struct GridInput: Encodable, Sendable {
        let picture: MapPicture
        let boxes: [GridBox]
        let heading: [String]
    }

    /// Draws the grid's map with every box that the detector found and what became of each lamella so far.
    func drawOverview(
        found: [FoundLamella], recentred: [RecentredLamella]? = nil, analysed: [AnalysedLamella]? = nil, acquired: [AcquiredTarget] = []
    ) async throws {
        guard let picture = wholeGridPicture else { return }
        let colours = Self.colours(of: context.models.detectorDescription)
        let kept = found.map { lamella in
            GridBox(
                rectangle: lamella.box, className: lamella.className, score: lamella.score, label: "L\(twoDigits(lamella.number))",
                leftOut: skipped[lamella.number] != nil ? "skipped" : Self.reasonLeftOut(lamella, recentred: recentred, analysed: analysed),
                reached: Self.reached(lamella, analysed: analysed, acquired: acquired), classColour: colours[lamella.className])
        }
        let all = try boxesOfGrid()
        let others = all.filter { box in !found.contains { $0.box.intersectionOverUnion(with: box.box) > 0.5 } }.map { box in
            GridBox(
                rectangle: box.box, className: box.className, score: box.score, label: "",
                leftOut: settings.excludedLamellaClasses.contains(box.className) ? box.className : "beyond stage limit", classColour: colours[box.className])
        }
        let input = GridInput(
            picture: picture, boxes: others + kept, heading: gridHeading(kept, targets: analysed.map(Self.targets)))
        _ = try await engine.run(
            Step(.grid(slot, "overview"), title: "Draw the overview of grid \(folder.grid)", input: input, products: { [$0] }) { [self] in
                let drawn = OverviewPicture.grid(
                    map: try PNGFile.readGrey(picture.png), pixelSize: picture.pixelSize, boxes: input.boxes,
                    heading: [input.heading[0], "\(input.heading[1]), drawn \(timestamp())"], stageLimit: stageLimit(on: picture))
                let file = folder.inMaps(folder.grid + "_overview.png")
                try writePicture(drawn, to: file)
                return file
            })
    }

    private static func targets(of analysed: [AnalysedLamella]) -> Int {
        analysed.flatMap { $0.targeted?.areas ?? [] }.reduce(0) { $0 + $1.targets }
    }

    private nonisolated func gridHeading(_ kept: [GridBox], targets: Int?) -> [String] {
        let processed = kept.filter { $0.leftOut == nil }.count
        var first = "\(folder.grid)  \(processed) lamella\(processed == 1 ? "" : "e")"
        if let targets, settings.automationLevel >= 4 { first += ", \(targets) targets" }
        return [first, "cassette slot \(slot)"]
    }

    private static func reasonLeftOut(
        _ lamella: FoundLamella, recentred: [RecentredLamella]?, analysed: [AnalysedLamella]?
    ) -> String? {
        guard let recentred else { return nil }
        guard let again = recentred.first(where: { $0.number == lamella.number }) else { return "failed" }
        switch again.outcome {
        case .duplicate: return "found twice"
        case .absent: return "not found again"
        case .found: break
        }
        guard let analysed else { return nil }
        return analysed.contains { $0.map.number == lamella.number } ? nil : "failed"
    }

    private static func reached(_ lamella: FoundLamella, analysed: [AnalysedLamella]?, acquired: [AcquiredTarget]) -> String {
        guard let known = analysed?.first(where: { $0.map.number == lamella.number }) else { return "" }
        guard let areas = known.targeted?.areas else { return known.segmented == nil ? "mapped" : "segmented" }
        let names = Set(areas.map(\.name))
        let own = acquired.filter { names.contains($0.area) }
        if !own.isEmpty {
            let cut = own.cutAreas.isEmpty ? "" : ", cut short: \(own.filter { !$0.isAcquired }.tiltWords)"
            return "\(own.count(where: \.isAcquired)) of \(own.count) tilt series\(cut)"
        }
        let targets = areas.reduce(0) { $0 + $1.targets }
        return targets == 0 ? "no targets" : "\(targets) target\(targets == 1 ? "" : "s")"
    }

    /// Everything that the detector found, also what is not processed.
    private nonisolated func boxesOfGrid() throws -> [DetectedLamella] {
        let path = folder.wholeGridStem + "_boxes.json"
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try BoxesFile.decode([UInt8](data), classes: context.models.detectorDescription.classes).lamellae
    }

    /// The corners of the square that the stage may reach, on the grid's picture.
    private nonisolated func stageLimit(on picture: MapPicture) -> [Point<Frame.MapPixels>] {
        guard let toPixel = picture.pixelToStage.inverse else { return [] }
        let limit = settings.stageLimit.value
        return [(-limit, -limit), (limit, -limit), (limit, limit), (-limit, limit)].map { toPixel(Point(x: $0.0, y: $0.1)) }
    }

    private nonisolated func writePicture(_ picture: Raster<RGB>, to path: String) throws {
        try PNGFile.write(
            RGBImage(width: picture.width, height: picture.height, pixels: picture.interleavedBytes), to: path)
    }
}
