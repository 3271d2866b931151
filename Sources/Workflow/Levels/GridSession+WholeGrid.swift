import Detection
import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Microscope
import Navigator
import Raster
import Units

/// Level 1: the map of the whole grid and the lamellae on it.
extension GridSession {
    func findLamellae() async throws -> [FoundLamella] {
        try await mapWholeGrid()
        // The microscope takes its next state while the computer looks for lamellae.
        async let isReady: Void = prepareToRecentre()
        async let isKept: Void = engine.keepImages(of: .grid(slot, "whole-grid-map"))
        let picture = try await saveWholeGridPicture()
        wholeGridPicture = picture
        let found = try await settledLamellae(on: picture)
        try await isReady
        try await isKept
        return found
    }

    /// Only where the map was taken just now: else nothing is known of what comes next.
    private func prepareToRecentre() async throws {
        guard settings.automationLevel >= 2, isSet(to: wholeGridSetup) else { return }
        try await use(intermediateSetup)
    }

    /// The lamellae as they are now, in the Navigator, the targets files and the overview too.
    func settledLamellae(on picture: MapPicture) async throws -> [FoundLamella] {
        let roster = try await lamellaeInForce(on: picture)
        lamellae = roster.lamellae
        removed = roster.removed
        try await writeLamellae(roster, picture: picture)
        for lamella in roster.removed {
            passBy(lamella.number, because: "removed by hand")
            if try await targetsBeingAcquired(of: lamella.number) == nil { try removeTargetFiles(of: lamella.number) }
        }
        try await drawOverview(found: roster.lamellae)
        return roster.lamellae
    }

    private struct MapInput: Encodable, Sendable {
        let setup: ImagingSetup
        let file: String
        let overlap: Double
    }

    private func mapWholeGrid() async throws {
        let folder = folder
        let request = MontageRequest(
            file: folder.wholeGridFile, label: String(folder.grid.prefix(6)), overlap: settings.wholeGridOverlap)
        let step = Step<MapInput, String>(
            exposing: .grid(slot, "whole-grid-map"), title: "Map grid \(folder.grid)",
            input: MapInput(setup: wholeGridSetup, file: request.file, overlap: request.overlap),
            products: { [folder.inFolder($0)] }
        ) { [self] in
            let evidence: Step<MapInput, String>.Evidence = try await evidence(of: request, setup: wholeGridSetup)
            // At this magnification the dose is negligible: a map that was cut short is kept aside and taken anew.
            if case .unknown = evidence { return .didNotHappen }
            return evidence
        } perform: { [self] in
            try await use(wholeGridSetup)
            try setAside(folder.inFolder(request.file))
            try await microscope.mapWholeGrid(request)
            return request.file
        }
        _ = try await engine.run(step)
        await context.progress.finish(Work.wholeGrid)
    }

    /// Renames a file that would be in the way of a montage.
    nonisolated func setAside(_ path: String) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else { return }
        let stem = String(path.dropLast(4))
        var k = 1
        while manager.fileExists(atPath: "\(stem)_old\(k).mrc") { k += 1 }
        for suffix in ["", ".mdoc"] where manager.fileExists(atPath: path + suffix) {
            try manager.moveItem(atPath: path + suffix, toPath: "\(stem)_old\(k).mrc\(suffix)")
        }
        engine.note(.warning("\(path) was there from an earlier attempt; it is kept as \(stem)_old\(k).mrc"))
    }

    private func saveWholeGridPicture() async throws -> MapPicture {
        let pixelSize = context.models.detectorDescription.pixelSize
        let folder = folder
        return try await engine.run(
            Step(.grid(slot, "whole-grid-picture"), title: "Save the map of grid \(folder.grid)", input: pixelSize, products: { [$0.png] }) { [self] in
                guard let item = try await mapItem(note: folder.wholeGridFile) else {
                    throw WorkflowError.badImage("The navigator has no map '\(folder.wholeGridFile)'.")
                }
                return try MapPicture.save(
                    montage: folder.inFolder(folder.wholeGridFile), item: item, at: pixelSize, stem: folder.wholeGridStem)
            })
    }

    private struct DetectionInput: Encodable, Sendable {
        let picture: MapPicture
        let model: String
        let threshold: Double
        let excluded: [String]
        let stageLimit: Micrometers
    }

    func detectLamellae(on picture: MapPicture) async throws -> [FoundLamella] {
        let folder = folder
        let input = DetectionInput(
            picture: picture, model: context.models.detectorDescription.sha256, threshold: settings.detectionThreshold,
            excluded: settings.excludedLamellaClasses, stageLimit: settings.stageLimit)
        return try await engine.run(
            Step(.grid(slot, "lamellae"), title: "Find lamellae on grid \(folder.grid)", input: input, products: { _ in [folder.wholeGridStem + "_boxes.json"] }, whenEdited: .readByCaller) { [self] in
                let image = try PNGFile.readGrey(picture.png)
                let all = try await context.models.detect(in: image, pixelSize: picture.pixelSize, of: "grid \(folder.grid)") { [engine] in engine.note($0) }
                try writeBoxes(all, of: picture, to: folder.wholeGridStem + "_boxes.json")
                let limit = settings.stageLimit.value
                let kept = all.filter { found in
                    let stage = picture.pixelToStage(found.box.center)
                    return !settings.excludedLamellaClasses.contains(found.className)
                        && abs(stage.x) <= limit && abs(stage.y) <= limit
                }
                engine.note(.note("\(all.count) lamellae found on grid \(folder.grid), \(kept.count) of them to be processed"))
                return numbered(kept, on: picture)
            })
    }

    nonisolated func writeBoxes(_ lamellae: [DetectedLamella], of picture: MapPicture, to path: String) throws {
        let file = BoxesFile(
            lamellae: lamellae, pixelSize: picture.pixelSize, imageRows: picture.height, imageColumns: picture.width,
            date: timestamp())
        try WholeFile.write(try file.encoded(), to: path)
    }

    /// Numbers lamellae along a short way of the stage: each next one is the nearest that is left.
    private nonisolated func numbered(_ lamellae: [DetectedLamella], on picture: MapPicture) -> [FoundLamella] {
        var left = lamellae.map { ($0, picture.pixelToStage($0.box.center)) }.sorted { $0.1.x < $1.1.x }
        var ordered: [FoundLamella] = []
        var here = left.first?.1 ?? .origin
        while let next = left.indices.min(by: { left[$0].1.distance(to: here) < left[$1].1.distance(to: here) }) {
            let (found, stage) = left.remove(at: next)
            here = stage
            ordered.append(FoundLamella(number: ordered.count + 1, detected: found, on: picture))
        }
        return ordered
    }

    private struct WritingInput: Encodable, Sendable {
        let lamellae: [FoundLamella]
        let removed: [Int]
        let padding: Double
    }

    private func writeLamellae(_ roster: LamellaRoster, picture: MapPicture) async throws {
        let lamellae = roster.lamellae
        let removed = roster.removed.map(\.number)
        let folder = folder
        let padding = settings.paddingFactor
        _ = try await engine.run(
            Step(
                .grid(slot, "lamella-polygons"), title: "Write the lamellae of grid \(folder.grid)",
                input: WritingInput(lamellae: lamellae, removed: removed, padding: padding)
            ) { [self] in
                let registration = try await mapItem(note: folder.wholeGridFile)?.registration ?? 1
                _ = try await microscope.editNavigator { file in
                    let gone = Set(removed.map { "PP\($0)" })
                    file.items.removeAll { gone.contains($0.label) && $0.kind == .polygon }
                    for lamella in lamellae {
                        let label = "PP\(lamella.number)"
                        file.items.removeAll { $0.label == label && $0.kind == .polygon }
                        file.items.append(
                            NavigatorItem.polygon(
                                label: label, vertices: outline(of: lamella.box.scaled(by: padding), through: picture.pixelToStage),
                                z: picture.z, note: "\(label): \(lamella.className) (\(Int((lamella.score * 100).rounded())) %)",
                                color: Self.color(of: lamella.className), registration: registration,
                                mapID: file.unusedMapID(), userValue1: lamella.score))
                    }
                }
                for lamella in lamellae {
                    try await writePosition(of: lamella.number, level: 1, stage: lamella.stage, score: lamella.score)
                }
                return lamellae.count
            })
    }

    /// The four corners of a box on the stage; a turned box stays a turned box and keeps its centre.
    nonisolated func outline(
        of box: Rectangle<Frame.MapPixels>, through map: AffineMap<Frame.MapPixels, Frame.Stage>
    ) -> [Point<Frame.Stage>] {
        box.corners.map { map($0) }
    }

    static func color(of className: String) -> NavigatorColor {
        switch className {
        case "good": .green
        case "contaminated": .yellow
        case "thick", "wedge": .blue
        default: .red
        }
    }
}
