import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Microscope
import Navigator
import Pictures
import Raster
import Segmentation
import Targets
import Units

/// Levels 3 and 4 as far as the computer alone does them: segmentation and the choice of targets.
extension GridSession {
    /// Everything that is computed for one lamella, as far as the level asks for it.
    func analyse(
        _ lamella: RecentredLamella, item: NavigatorItem, geometry: LowDoseGeometry
    ) async throws -> AnalysedLamella {
        let map = try await centreLamella(lamella, item: item)
        guard let segmenter = context.models.segmenter else {
            return AnalysedLamella(map: map, segmented: nil, targeted: nil)
        }
        let lamellaGeometry = Self.geometry(of: map, in: geometry)
        let segmented = try await segment(map, by: segmenter, geometry: lamellaGeometry)
        guard settings.automationLevel >= 4 else { return AnalysedLamella(map: map, segmented: segmented, targeted: nil) }
        let targeted = try await chooseTargets(on: map, segmented: segmented, geometry: lamellaGeometry)
        return AnalysedLamella(map: map, segmented: segmented, targeted: targeted)
    }

    static func geometry(of map: LamellaMap, in lowDose: LowDoseGeometry) -> LamellaGeometry {
        let record = lowDose.record
        return LamellaGeometry(
            mapPixelSize: map.picture.pixelSize, beamDiameter: record.beamDiameter,
            recordFieldWidth: (Pixels(Double(lowDose.cameraWidth)) * record.pixelSize).inMicrometers,
            recordFieldHeight: (Pixels(Double(lowDose.cameraHeight)) * record.pixelSize).inMicrometers,
            mapToStage: map.picture.pixelToStage, stageToSpecimen: lowDose.stageToSpecimen)
    }

    nonisolated var targetSettings: TargetSettings {
        TargetSettings(
            targetClasses: settings.targetClasses, avoidedClasses: settings.avoidedClasses,
            scoreThreshold: settings.scoreThreshold, penaltyWeight: settings.penaltyWeight, sparse: settings.sparseTargets,
            edge: settings.targetEdge, maximumTilt: settings.maximumTilt, imageShiftLimit: context.facts.imageShiftLimit,
            extraTracking: settings.extraTracking)
    }

    private struct SegmentationInput: Encodable, Sendable {
        let map: LamellaMap
        let model: String
        let settings: TargetSettings
    }

    private func segment(
        _ map: LamellaMap, by segmenter: LamellaSegmenter, geometry: LamellaGeometry
    ) async throws -> SegmentedLamella {
        let input = SegmentationInput(
            map: map, model: context.models.segmenterDescription?.sha256 ?? "", settings: targetSettings)
        return try await engine.run(
            Step(.lamella(slot, map.number, "segmentation"), title: "Segment lamella \(map.number)", input: input) { [self] in
                let image = try PNGFile.readGrey(map.picture.png)
                // A PNG of a map holds 0 exactly where nothing was acquired.
                let acquired = image.map { $0 != 0 }
                let result = try await segmenter.segment(image, acquired: acquired)
                let stem = folder.mediumStem(map.number)
                try PNGFile.write(result.labels, to: stem + "_seg.png")
                var areas: [String: Double] = [:]
                for name in result.classes { areas[name] = result.areaInSquareMicrometers(of: name) }
                var entries: JSONObject = ["unit": "square micrometres"]
                for name in result.classes { entries[name] = .number(areas[name] ?? 0) }
                try JSONValue.object(entries).write(to: stem + "_areas.json")
                let best = try TargetSelection.bestSingle(
                    labels: result.labels, classes: result.classes, acquired: acquired, geometry: geometry,
                    settings: targetSettings)
                if let target = best?.targets.first {
                    let name = folder.lamella(map.number)
                    try AtomicFile.write(
                        singlePositionFile(name: name, stage: geometry.stage(of: target.position), score: target.score),
                        to: folder.inFolder(name + "_tgts.txt"))
                }
                return SegmentedLamella(number: map.number, labelsFile: stem + "_seg.png", areas: areas)
            })
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
        let settings = targetSettings
        let input = TargetInput(map: map, segmented: segmented, settings: settings, beam: geometry.beamDiameter.value)
        let step = Step<TargetInput, TargetedLamella>(
            .lamella(slot, map.number, "targets"), title: "Choose targets on lamella \(map.number)", input: input
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
            labels: labels, classes: classes, acquired: acquired, geometry: geometry, settings: targetSettings)
        let name = folder.lamella(map.number)
        let metaData = PointsFile.MetaData(
            pixelSize: map.picture.pixelSize, rows: map.picture.height, columns: map.picture.width, datetime: timestamp())
        let names: [AreaNames] = AreaNames.areas(map: name, count: areas.count)
        var written: [TargetedLamella.Area] = []
        for index in areas.indices {
            let file = folder.inMaps(PointsFile.name(map: name, index: index))
            let points = PointsFile(area: areas[index], settings: [:], metaData: metaData)
            try AtomicFile.write(points.data(), to: file)
            written.append(
                TargetedLamella.Area(name: names[index].area, pointsFile: file, targets: areas[index].targets.count))
        }
        if areas.isEmpty {
            try AtomicFile.write(PointsFile.empty.data(), to: folder.inMaps(PointsFile.name(map: name, index: nil)))
        }
        let count = areas.reduce(0) { $0 + $1.targets.count }
        let overview = OverviewPicture.lamella(
            map: image, labels: labels, classes: classes, areas: areas, geometry: geometry,
            maximumTilt: settings.maximumTilt, title: "\(name): \(count) targets")
        try writePicture(overview, to: folder.mediumStem(map.number) + "_overview.png")
        return TargetedLamella(number: map.number, areas: written)
    }
}
