import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Raster
import Segmentation

/// Segmentations as people leave them.
extension GridSession {
    private nonisolated func labelsFile(_ number: Int) -> String { folder.mediumStem(number) + "_seg.png" }

    /// The segmentation that somebody drew in place of the network's; nil where the file is the network's, or where there is none.
    ///
    /// - Throws: ``WorkflowError`` where it cannot be used.
    func labelsByHand(on map: LamellaMap, of lamella: FoundLamella) async throws -> SegmentedLamella? {
        let file = labelsFile(map.number)
        guard try await isLabelsFileEdited(of: map.number), let checksum = SHA256.hexadecimal(ofFile: file) else { return nil }
        let step = StepIdentifier.lamella(slot, map.number, "segmentation-by-hand")
        if let known = try await engine.lastOutput(of: step, as: SegmentedLamella.self), known.checksum == checksum { return known }
        let labels = try readLabels(of: map)
        let taken = try await engine.run(
            Step(step, title: "Take up the segmentation of lamella \(map.number)", input: checksum) { [self] in
                let part = lamellaPart(of: map, lamella: lamella)
                let (x, y) = (Int(part.minX), Int(part.minY))
                let crop = labels.cropped(x: x, y: y, width: Int(part.maxX) - x, height: Int(part.maxY) - y, fill: 0)
                let result = SegmentationResult(
                    labels: crop, classes: context.models.segmenterDescription?.classes ?? [], pixelSize: map.picture.pixelSize)
                return SegmentedLamella(
                    number: map.number, labelsFile: file, areas: try writeAreas(result, of: map.number), checksum: checksum)
            })
        engine.note(.note("lamella \(map.number) has a segmentation by hand; its targets are chosen anew unless they were set by hand"))
        return taken
    }

    private func isLabelsFileEdited(of number: Int) async throws -> Bool {
        let file = labelsFile(number)
        return try await engine.products(of: .lamella(slot, number, "segmentation")).contains { $0.path == file && $0.isChanged }
    }

    /// Looks at everything of a lamella that people may have changed since its targets were chosen.
    ///
    /// - Throws: ``WorkflowError`` with a sentence that names the file which cannot be used.
    func checkEdits(of map: LamellaMap) async throws {
        if try await isLabelsFileEdited(of: map.number) { _ = try readLabels(of: map) }
        _ = try targetsOnDisk(of: map)
        for path in try await editedTargetsFiles(of: map.number) { try requireWithinImageShift(readTargetsFile(path), path) }
    }

    /// Writes the area of each class beside a segmentation, in square micrometres.
    nonisolated func writeAreas(_ result: SegmentationResult, of number: Int) throws -> [String: Double] {
        let areas = result.areasInSquareMicrometers
        try JSONValue.areas(areas).write(to: folder.mediumStem(number) + "_areas.json")
        return Dictionary(areas.map { ($0.className, $0.area) }) { first, _ in first }
    }

    private nonisolated func readLabels(of map: LamellaMap) throws -> Raster<UInt8> {
        let file = labelsFile(map.number)
        func refused(_ reason: String) -> WorkflowError {
            .refused("\(file) cannot be taken up: \(reason). Put it right, or delete it, and the lamella is segmented anew.")
        }
        let labels: Raster<UInt8>
        do {
            labels = try PNGFile.readGrey(file)
        } catch {
            throw refused(error.message.trimmingCharacters(in: ["."]))
        }
        let picture = map.picture
        guard labels.width == picture.width, labels.height == picture.height else {
            throw refused("it has \(labels.width) x \(labels.height) pixels, and its map has \(picture.width) x \(picture.height)")
        }
        let classes = context.models.segmenterDescription?.classes ?? []
        if let largest = labels.pixels.max(), Int(largest) >= classes.count {
            throw refused(
                "it holds the grey level \(largest); each must be the index of a class, 0 to \(classes.count - 1) for \(classes.joined(separator: ", "))")
        }
        return labels
    }
}
