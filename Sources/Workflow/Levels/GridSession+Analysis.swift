import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Microscope
import Navigator
import Raster
import Segmentation
import Targets
import Units

/// Levels 3 and 4 as far as the computer alone does them: segmentation and the choice of targets.
extension GridSession {
    /// Everything that is computed for one lamella, as far as the level asks for it.
    func analyse(
        _ lamella: RecentredLamella, map: LamellaMap, geometry: LowDoseGeometry
    ) async throws -> AnalysedLamella {
        try await engine.keepImages(of: .lamella(slot, map.number, "medium-map"))
        let lamellaGeometry = Self.geometry(of: map, in: geometry)
        var segmented: SegmentedLamella?
        var targeted: TargetedLamella?
        // Grids that go farther may have opened it.
        if let segmenter = context.models.segmenter, settings.automationLevel >= 3 {
            let regions = try await segment(map, of: lamella.onGridMap, by: segmenter, geometry: lamellaGeometry)
            if settings.automationLevel >= 4 {
                targeted = try await chooseTargets(on: map, segmented: regions, geometry: lamellaGeometry)
            }
            segmented = regions
        }
        let analysed = AnalysedLamella(map: map, segmented: segmented, targeted: targeted)
        try await drawOverview(of: analysed, lamella: lamella, geometry: geometry)
        return analysed
    }

    static func geometry(of map: LamellaMap, in lowDose: LowDoseGeometry) -> LamellaGeometry {
        let record = lowDose.record
        return LamellaGeometry(
            mapPixelSize: map.picture.pixelSize, beamDiameter: record.beamDiameter,
            recordFieldWidth: (Pixels(Double(lowDose.cameraWidth)) * record.pixelSize).inMicrometers,
            recordFieldHeight: (Pixels(Double(lowDose.cameraHeight)) * record.pixelSize).inMicrometers,
            mapToStage: map.picture.pixelToStage, stageToSpecimen: lowDose.stageToSpecimen)
    }

    nonisolated var targetSettings: TargetSettings { settings.targetSettings(imageShiftLimit: context.facts.imageShiftLimit) }

    private struct SegmentationInput: Encodable, Sendable {
        let map: LamellaMap
        let model: String
        let settings: TargetSettings
        /// nil, which is not written, for all that the model was made for.
        let profile: SegmentationProfile?
    }

    private func segment(
        _ map: LamellaMap, of lamella: FoundLamella, by segmenter: LamellaSegmenter, geometry: LamellaGeometry
    ) async throws -> SegmentedLamella {
        if let byHand = try await labelsByHand(on: map, of: lamella) { return byHand }
        let input = SegmentationInput(
            map: map, model: context.models.segmenterDescription?.sha256 ?? "", settings: targetSettings, profile: settings.segmentationProfile)
        return try await engine.run(
            Step(.lamella(slot, map.number, "segmentation"), title: "Segment lamella \(map.number)", input: input, products: { [$0.labelsFile] }, whenEdited: .readByCaller) { [self] in
                let image: Raster<UInt8> = try PNGFile.readGrey(map.picture.png)
                let (result, labels) = try await segmentation(of: image, on: map, lamella: lamella, by: segmenter)
                let stem = folder.mediumStem(map.number)
                try PNGFile.write(labels, to: stem + "_seg.png")
                let areas = try writeAreas(result, of: map.number)
                try await writeBestPosition(on: map, image: image, labels: labels, geometry: geometry)
                return SegmentedLamella(number: map.number, labelsFile: stem + "_seg.png", areas: areas)
            })
    }

    /// The one place that level 3 would aim at.
    func writeBestPosition(on map: LamellaMap, image: Raster<UInt8>, labels: Raster<UInt8>, geometry: LamellaGeometry) async throws {
        let best = try TargetSelection.bestSingle(
            labels: labels, classes: context.models.segmenterDescription?.classes ?? [], acquired: image.map { $0 != 0 },
            geometry: geometry, settings: targetSettings)
        guard let target = best?.targets.first else { return }
        try await writePosition(of: map.number, level: 3, stage: geometry.stage(of: target.position), score: target.score)
    }

    /// Segments the part of a map that holds the lamella; all around it is 'black', which no target may lie in.
    private nonisolated func segmentation(
        of image: Raster<UInt8>, on map: LamellaMap, lamella: FoundLamella, by segmenter: LamellaSegmenter
    ) async throws -> (result: SegmentationResult, labels: Raster<UInt8>) {
        let part = lamellaPart(of: map, lamella: lamella)
        let x = Int(part.minX)
        let y = Int(part.minY)
        let crop = image.cropped(x: x, y: y, width: Int(part.maxX) - x, height: Int(part.maxY) - y, fill: 0)
        // A PNG of a map holds 0 exactly where nothing was acquired.
        let result = try await context.models.segment(crop, of: "lamella \(map.number) of grid \(folder.grid)", by: segmenter) { [engine] in engine.note($0) }
        let outside = UInt8(result.classes.firstIndex(of: "black") ?? 0)
        var labels = Raster<UInt8>(width: image.width, height: image.height, filledWith: outside)
        for row in 0 ..< crop.height {
            for column in 0 ..< crop.width { labels[x + column, y + row] = result.labels[column, row] }
        }
        return (result, labels)
    }

    /// The lamella's box of the grid map, a little enlarged, as it lies on its own map about the measured centre.
    nonisolated func lamellaPart(of map: LamellaMap, lamella: FoundLamella) -> Rectangle<Frame.MapPixels> {
        let whole = Rectangle<Frame.MapPixels>(
            minX: 0, minY: 0, maxX: Double(map.picture.width), maxY: Double(map.picture.height))
        guard map.measured, let toPixel = map.picture.pixelToStage.linear.inverse else { return whole }
        let corners = lamella.stageCorners.map { map.center + toPixel($0) }
        let xs = corners.map(\.x)
        let ys = corners.map(\.y)
        let box = Rectangle<Frame.MapPixels>(
            minX: xs.min() ?? 0, minY: ys.min() ?? 0, maxX: xs.max() ?? 0, maxY: ys.max() ?? 0
        ).scaled(by: 1.15)
        return Rectangle(
            minX: max(0, box.minX.rounded(.down)), minY: max(0, box.minY.rounded(.down)),
            maxX: min(whole.maxX, box.maxX.rounded(.up)), maxY: min(whole.maxY, box.maxY.rounded(.up)))
    }

    private struct TargetInput: Encodable, Sendable {
        let map: LamellaMap
        let segmented: SegmentedLamella
        let settings: TargetSettings
        let beam: Double
    }

    private func chooseTargets(
        on map: LamellaMap, segmented: SegmentedLamella, geometry: LamellaGeometry
    ) async throws -> TargetedLamella {
        if let begun = try await targetsBeingAcquired(of: map.number) {
            engine.note(.note("lamella \(map.number): PACEtomo has begun to acquire its targets, so they stay as they are"))
            return begun
        }
        if let byHand = try await targetsByHand(on: map) { return byHand }
        let settings = targetSettings
        let input = TargetInput(map: map, segmented: segmented, settings: settings, beam: geometry.beamDiameter.value)
        let step = Step<TargetInput, TargetedLamella>(
            .lamella(slot, map.number, "targets"), title: "Choose targets on lamella \(map.number)", input: input,
            products: { $0.areas.map(\.pointsFile) }, whenEdited: .readByCaller
        ) { [self] in
            try placeTargets(on: map, labelsFile: segmented.labelsFile, geometry: geometry)
        }
        return try await engine.run(step)
    }

    private nonisolated func placeTargets(
        on map: LamellaMap, labelsFile: String, geometry: LamellaGeometry
    ) throws -> TargetedLamella {
        let image: Raster<UInt8> = try PNGFile.readGrey(map.picture.png)
        let labels: Raster<UInt8> = try PNGFile.readGrey(labelsFile)
        let acquired: Raster<Bool> = image.map { $0 != 0 }
        let classes: [String] = context.models.segmenterDescription?.classes ?? []
        let areas: [TargetArea] = try TargetSelection.select(
            labels: labels, classes: classes, acquired: acquired, image: image, geometry: geometry, settings: targetSettings)
        let name = folder.lamella(map.number)
        let metaData = PointsFile.MetaData(
            pixelSize: map.picture.pixelSize, rows: map.picture.height, columns: map.picture.width, datetime: timestamp())
        let names: [AreaNames] = AreaNames.areas(map: name, count: areas.count)
        try removePoints(of: map.number)
        var written: [TargetedLamella.Area] = []
        for index in areas.indices {
            let file = folder.inMaps(PointsFile.name(map: name, index: index))
            let points = PointsFile(area: areas[index], settings: [:], metaData: metaData)
            try AtomicFile.write(points.data(), to: file)
            written.append(
                TargetedLamella.Area(
                    name: names[index].area, pointsFile: file, targets: areas[index].targets.count,
                    digest: try inputDigest(of: PointsFile(area: areas[index], metaData: nil))))
        }
        if areas.isEmpty {
            try AtomicFile.write(PointsFile.empty.data(), to: folder.inMaps(PointsFile.name(map: name, index: nil)))
        }
        return TargetedLamella(number: map.number, areas: written)
    }
}
