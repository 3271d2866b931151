import Detection
import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Microscope
import Navigator
import Raster
import Units

/// Level 2, first half: each lamella is found again at intermediate magnification and its stage position corrected.
extension GridSession {
    /// Recentres every lamella; one that fails is reported and left out, the others go on.
    func recentre(_ lamellae: [FoundLamella]) async throws -> [RecentredLamella] {
        var results: [RecentredLamella] = []
        for lamella in lamellae {
            guard try await mayGoOn(lamella.number, before: .recentring) else { continue }
            let others = results.filter { $0.outcome == .found }.map(\.stage)
            // Magnifications are shifted against each other by the same amount everywhere: what the last ones taught is used.
            let learned: Vector<Frame.Stage>? = median(
                results.filter { $0.outcome == .found }.compactMap { result in
                    lamellae.first { $0.number == result.number }.map { result.stage - $0.stage }
                })
            let height = results.last?.z
            let result = try await sparing(lamella: "L\(twoDigits(lamella.number))", at: .recentring) { [self] in
                try await recentre(lamella, learned: learned ?? .zero, height: height, others: others)
            }
            await context.progress.finish(Work.recentring)
            guard let result else { continue }
            results.append(result)
            // A lamella that is none, or one twice, must not be acquired from the file that level 1 wrote.
            if result.outcome != .found { try removeTargetFiles(of: result.number) }
            switch result.outcome {
            case .found: break
            case .duplicate: engine.note(.warning("lamella \(result.number) is one that was found before; it is left out"))
            case .absent: engine.note(.warning("lamella \(result.number) was not found at intermediate magnification; it is left out"))
            }
        }
        return results
    }

    private struct Input: Encodable, Sendable {
        let lamella: FoundLamella
        let setup: ImagingSetup
        let model: String
        let duplicateDistance: Micrometers
    }

    private func recentre(
        _ lamella: FoundLamella, learned: Vector<Frame.Stage>, height: Micrometers?, others: [Point<Frame.Stage>]
    ) async throws -> RecentredLamella {
        let input = Input(
            lamella: lamella, setup: intermediateSetup, model: context.models.detectorDescription.sha256,
            duplicateDistance: settings.duplicateDistance)
        return try await engine.run(
            Step(
                exposing: .lamella(slot, lamella.number, "recentred"), title: "Recentre lamella \(lamella.number)", input: input
            ) {
                // Only these few images could have been taken; at this magnification they may be taken again.
                .didNotHappen
            } perform: { [self] in
                try await use(intermediateSetup)
                return try await findAgain(lamella, learned: learned, height: height, others: others)
            })
    }

    private func findAgain(
        _ lamella: FoundLamella, learned: Vector<Frame.Stage>, height: Micrometers?, others: [Point<Frame.Stage>]
    ) async throws -> RecentredLamella {
        var position = lamella.stage + learned
        try await move(to: position, z: height)
        let z = try await microscope.findRoughEucentricity().z
        // Where nothing was learned yet, the magnifications may be shifted by a dozen micrometres against each other.
        var search = height == nil ? Micrometers(16) : Micrometers(6)
        var best: (stage: Point<Frame.Stage>, found: DetectedLamella?)?
        var images = 0
        while images < 3 {
            images += 1
            let image = try await microscope.takeImage(savingTo: folder.intermediateFile(lamella.number))
            guard let place = try await find(lamella, on: image, expected: position - lamella.stage, within: search) else { break }
            best = place
            if place.stage.distance(to: image.stage.point) < 0.5 { break }
            position = place.stage
            search = Micrometers(3)
            if images < 3 { try await move(to: position) }
        }
        // What neither magnification is sure of is no lamella: the hole of a torn film looks like a milled window.
        guard let best, best.found != nil || lamella.score >= Self.sureScore else {
            return record(lamella, .absent, stage: position, z: z, found: nil, images: images)
        }
        let isDuplicate = others.contains { $0.distance(to: best.stage) <= settings.duplicateDistance.value }
        return record(lamella, isDuplicate ? .duplicate : .found, stage: best.stage, z: z, found: best.found, images: images)
    }

    /// From this score on a lamella of the grid map is believed even where the detector misses it at intermediate magnification.
    private static let sureScore = 0.75

    private func record(
        _ lamella: FoundLamella, _ outcome: RecentredLamella.Outcome, stage: Point<Frame.Stage>, z: Micrometers,
        found: DetectedLamella?, images: Int
    ) -> RecentredLamella {
        RecentredLamella(
            number: lamella.number, outcome: outcome, onGridMap: lamella, stage: stage, z: z, className: isSurer(found, than: lamella) ? found?.className ?? lamella.className : lamella.className,
            score: max(found?.score ?? 0, lamella.score), images: images)
    }

    private func isSurer(_ found: DetectedLamella?, than lamella: FoundLamella) -> Bool {
        found.map { $0.score > lamella.score } ?? false
    }

    /// Finds a lamella on an intermediate image: by correlation with the grid map, then by the detector, which knows its
    /// centre better. The image is saved at the detector's pixel size.
    private func find(
        _ lamella: FoundLamella, on image: StageImage, expected: Vector<Frame.Stage>, within search: Micrometers
    ) async throws -> (stage: Point<Frame.Stage>, found: DetectedLamella?)? {
        let number = lamella.number
        let wanted = context.models.detectorDescription.pixelSize
        let (reduced, pixelToStage) = image.reduced(to: wanted)
        let width = reduced.width
        let height = reduced.height
        let limits = try contrast(
            matching: reduced, of: lamella, width: (Pixels(Double(width)) * wanted).inMicrometers,
            height: (Pixels(Double(height)) * wanted).inMicrometers)
        let bytes = reduced.byteScaled(black: limits.black, white: limits.white)
        let picture = MapPicture(
            png: folder.intermediateStem(number) + ".png", width: width, height: height, pixelSize: wanted, pixelToStage: pixelToStage,
            z: image.stage.z)
        try PNGFile.write(bytes, to: picture.png)
        try picture.sidecar(originalMap: folder.inFolder(folder.intermediateFile(number))).write(
            to: folder.intermediateStem(number) + ".json")
        let all = try await context.models.detector.detect(in: bytes, pixelSize: wanted)
        try writeBoxes(all, of: picture, to: folder.intermediateStem(number) + "_boxes.json")
        let place = try locate(
            lamella, in: reduced, pixelToStage: picture.pixelToStage, expected: expected, within: search)
        guard let place else {
            engine.note(.note("lamella \(number): the intermediate image does not agree with the grid map"))
            return nil
        }
        guard let pixel = picture.pixelToStage.inverse?(place.stage),
            let found = nearest(to: pixel, among: all, of: lamella),
            (Pixels(found.box.center.distance(to: pixel)) * wanted).inMicrometers.value < 1.5
        else { return (place.stage, nil) }
        return (picture.pixelToStage(found.box.center), found)
    }

    /// The box nearest to a place. A box of an excluded class counts only where the grid map was surer of another class.
    nonisolated func nearest(
        to center: Point<Frame.MapPixels>, among boxes: [DetectedLamella], of lamella: FoundLamella
    ) -> DetectedLamella? {
        boxes.filter { !settings.excludedLamellaClasses.contains($0.className) || $0.score < lamella.score }
            .min { $0.box.center.distance(to: center) < $1.box.center.distance(to: center) }
    }

    /// The middle one of several displacements, by component; nil for none.
    nonisolated func median(_ vectors: [Vector<Frame.Stage>]) -> Vector<Frame.Stage>? {
        guard !vectors.isEmpty else { return nil }
        let dx = vectors.map(\.dx).sorted()
        let dy = vectors.map(\.dy).sorted()
        return Vector(dx: dx[dx.count / 2], dy: dy[dy.count / 2])
    }
}

extension StageImage {
    /// The image at another pixel size, and where its pixels lie.
    func reduced(to wanted: PixelSize) -> (image: Raster<Float>, pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>) {
        let factor = wanted / pixelSize
        let width = max(1, Int(Double(image.width) / factor))
        let height = max(1, Int(Double(image.height) / factor))
        let m = pixelToStage.linear
        let linear = LinearMap<Frame.MapPixels, Frame.Stage>(
            xpx: m.xpx * factor, xpy: m.xpy * factor, ypx: m.ypx * factor, ypy: m.ypy * factor)
        let middle = pixelToStage(Point(x: Double(image.width) / 2, y: Double(image.height) / 2))
        return (
            image.resized(width: width, height: height),
            AffineMap(linear: linear, sending: Point(x: Double(width) / 2, y: Double(height) / 2), to: middle)
        )
    }
}
