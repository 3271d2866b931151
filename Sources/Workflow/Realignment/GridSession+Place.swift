import Foundation
import Geometry
import ImageFiles
import Microscope
import Navigator
import Raster
import Units

/// Who works in SerialEM while a session is paused or down may take the grid off the stage and bring it back. Neither SerialEM nor the
/// autoloader tells: an image shows how the grid lies.
extension GridSession {
    /// How far off a grid may be that was not touched: as far as a realignment leaves it.
    private static let mostOff = Realignment.largestResidual
    /// How far off a lamella is looked for.
    private static let reach = Micrometers(16)
    /// Lamellae that are looked at until one is found.
    private static let mostLooks = 3
    /// Half of the side of what is compared at the grid map's magnification, in micrometres.
    private static let surroundings = 40.0
    /// A lamella that agrees as well as this with its image of before is believed alone.
    private static let sureCorrelation = 0.8
    /// An image with less of the counts of the one of before shows no specimen: the beam is gone.
    private static let darkest = 0.1
    /// How long is waited for the beam before it is looked again.
    private static let untilNextLook = Seconds(120)

    /// What one look at the grid showed.
    private struct Look: Codable, Sendable {
        /// The lamella that was found, and how far from its place; nil where none was found.
        let lamella: Int?
        let off: Double?
        /// Whether the images were dark, so that nothing is known.
        var isDark: Bool?
    }

    /// Whether the grid lies as the session left it, by one image of a lamella, each time of another one.
    ///
    /// Before there is a map nothing is known of how it lay.
    func liesAsBefore() async throws -> Bool {
        guard try await engine.lastOutput(of: .grid(slot, "whole-grid-map"), as: String.self) != nil, try await hasMoreToExpose() else { return true }
        guard let seen = try await lookWithBeam() else { return true }
        guard let lamella = seen.lamella, let off = seen.off else {
            engine.note(.warning("grid \(folder.grid) does not lie as the session left it: no lamella is where it was. It was taken off the stage and brought back meanwhile, and is realigned."))
            return false
        }
        guard off > Self.mostOff.value else { return true }
        engine.note(
            .warning(
                "grid \(folder.grid) does not lie as the session left it: lamella \(lamella) is \((off * 10).rounded() / 10) µm from its place. It was taken off the stage and brought back meanwhile, and is realigned."))
        return false
    }

    /// Looks, and again now and then as long as the images are dark; nil where there is nothing to compare with.
    ///
    /// - Throws: where they are dark for longer than `interlock_hours`, and where a person stops the session.
    private func lookWithBeam() async throws -> Look? {
        guard var seen = try await nextLook() else { return nil }
        guard seen.isDark == true else { return seen }
        let dark = "the images by which the place of grid \(folder.grid) is looked at are dark"
        let remedy = "look at the beam, the valves and the camera"
        let hours = settings.safety.hours
        engine.note(.delayed(dark))
        defer { engine.note(.delayOver) }
        engine.note(
            .obstructed(
                "\(GuardedMicroscope.capitalized(dark)), as without a beam.",
                next: "It looks again every two minutes for \(hours) hours, and goes on by itself; \(remedy)."))
        var waited = Seconds.zero
        while seen.isDark == true {
            guard waited.value < hours * 3600 else {
                throw MicroscopeError(.notAsSet, "\(GuardedMicroscope.capitalized(dark)) for \(hours) hours, the limit of interlock_hours: \(remedy).")
            }
            if case .stop(let reason) = await context.gate.supervisor.verdict(at: .map(slot: slot)) { throw WorkflowError.stopped(reason) }
            try await microscope.wait(Self.untilNextLook)
            waited = waited + Self.untilNextLook
            guard let next = try await nextLook() else { return nil }
            seen = next
        }
        engine.note(.cleared("the images of grid \(folder.grid) are not dark any more"))
        return seen
    }

    /// Looks once more, at other lamellae first than last time; nil where there is nothing to compare with.
    private func nextLook() async throws -> Look? {
        var number = 1
        while try await engine.lastOutput(of: .grid(slot, "place-\(number)"), as: Look.self) != nil { number += 1 }
        let views = try await views(first: number)
        guard !views.isEmpty else { return nil }
        return try await engine.run(
            Step<Int, Look>(exposing: .grid(slot, "place-\(number)"), title: "Look whether grid \(folder.grid) lies as before", input: number) {
                // An image at such a magnification is next to nothing: it may be taken again.
                .didNotHappen
            } perform: { [self] in
                try await look(at: views)
            })
    }

    /// Whether there is anything left for which it matters how the grid lies.
    private func hasMoreToExpose() async throws -> Bool {
        guard settings.automationLevel >= 2 else { return false }
        if settings.automationLevel >= 5 {
            guard let acquired = try await engine.lastOutput(of: .grid(slot, "acquisition"), as: [AcquiredTarget].self) else { return true }
            return !acquired.allSatisfy { $0.isAcquired || $0.isLeftOut }
        }
        for lamella in try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? [] {
            guard let again = try await engine.lastOutput(of: .lamella(slot, lamella.number, "recentred"), as: RecentredLamella.self) else { return true }
            if again.outcome == .found, try await engine.lastOutput(of: .lamella(slot, lamella.number, "centre"), as: LamellaMap.self) == nil { return true }
        }
        return false
    }

    /// Something to compare an image with.
    private struct View: Sendable {
        let lamella: Int
        let stage: Point<Frame.Stage>
        let z: Micrometers?
        let setup: ImagingSetup
        let reference: @Sendable () -> (picture: MapPicture, image: Raster<UInt8>)?
        /// The file of the image of before.
        let file: String
        /// Only what lies about the lamella is compared.
        let isCut: Bool
    }

    /// Lamellae in the order in which they are looked at: at intermediate magnification where they were recentred, else on the grid map.
    private func views(first number: Int) async throws -> [View] {
        let folder = folder
        var views: [View] = try await recentredLamellae().map { lamella in
            View(
                lamella: lamella.number, stage: lamella.stage, z: lamella.z, setup: intermediateSetup,
                reference: { folder.intermediateReference(lamella.number) }, file: folder.inFolder(folder.intermediateFile(lamella.number)), isCut: false)
        }
        if views.isEmpty {
            let found = try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self) ?? []
            views = found.map { lamella in
                View(
                    lamella: lamella.number, stage: lamella.stage, z: nil, setup: wholeGridSetup, reference: { folder.wholeGridReference },
                    file: folder.inFolder(folder.wholeGridFile), isCut: true)
            }
        }
        guard !views.isEmpty else { return [] }
        let first = number % views.count
        return Array((views[first...] + views[..<first]).prefix(Self.mostLooks))
    }

    private func look(at views: [View]) async throws -> Look {
        var compared = 0
        var dark = 0
        var seen: [(lamella: Int, shift: Vector<Frame.Stage>)] = []
        for view in views {
            guard let reference = view.reference() else { continue }
            try await use(view.setup)
            let book = view.isCut ? ExposureBook.wholeGrid : "L\(twoDigits(view.lamella))"
            let image = try await ExposureBook.$lamella.withValue(book) {
                try await move(to: view.stage, z: view.z)
                return try await microscope.takeImage(savingTo: folder.placeFile)
            }
            for suffix in ["", ".mdoc"] { try? FileManager.default.removeItem(atPath: folder.inFolder(folder.placeFile) + suffix) }
            compared += 1
            if let before = try? MRCFile.header(view.file).mean, before > 0, Self.mean(of: image.image) < Self.darkest * Double(before) {
                dark += 1
                continue
            }
            var (reduced, pixelToStage) = image.reduced(to: reference.picture.pixelSize)
            if view.isCut { (reduced, pixelToStage) = Self.surroundings(of: view.stage, on: reduced, pixelToStage, pixelSize: reference.picture.pixelSize) }
            let found = Registration(reference: reference.image, pixelToStage: reference.picture.pixelToStage)?
                .shift(of: reduced, pixelToStage: pixelToStage, expected: .zero, within: Self.reach)
            guard let found, found.correlation > 0.5 else { continue }
            // Other parts of a grid may look alike: who is not sure asks a second lamella.
            let agrees = seen.contains { ($0.shift - found.shift).length < Self.mostOff.value }
            if found.correlation > Self.sureCorrelation || agrees { return Look(lamella: view.lamella, off: found.shift.length) }
            seen.append((view.lamella, found.shift))
        }
        // Without pictures nothing speaks against its place.
        guard compared > 0 else { return Look(lamella: views[0].lamella, off: 0) }
        guard dark < compared else { return Look(lamella: nil, off: nil, isDark: true) }
        // There is no second one to ask.
        if compared - dark == 1, let only = seen.first { return Look(lamella: only.lamella, off: only.shift.length) }
        return Look(lamella: nil, off: nil)
    }

    private static func mean(of image: Raster<Float>) -> Double {
        guard !image.pixels.isEmpty else { return 0 }
        return image.pixels.reduce(0) { $0 + Double($1) } / Double(image.pixels.count)
    }

    private static func surroundings(
        of stage: Point<Frame.Stage>, on image: Raster<Float>, _ pixelToStage: AffineMap<Frame.MapPixels, Frame.Stage>, pixelSize: PixelSize
    ) -> (Raster<Float>, AffineMap<Frame.MapPixels, Frame.Stage>) {
        guard let middle = pixelToStage.inverse?(stage) else { return (image, pixelToStage) }
        let half = Int(surroundings * 1000 / pixelSize.value)
        let x0 = max(0, min(Int(middle.x) - half, image.width - 1)), x1 = max(x0 + 1, min(Int(middle.x) + half, image.width))
        let y0 = max(0, min(Int(middle.y) - half, image.height - 1)), y1 = max(y0 + 1, min(Int(middle.y) + half, image.height))
        let corner = Point<Frame.MapPixels>(x: Double(x0), y: Double(y0))
        return (
            image.cropped(x: x0, y: y0, width: x1 - x0, height: y1 - y0, fill: 0),
            AffineMap(linear: pixelToStage.linear, sending: .origin, to: pixelToStage(corner))
        )
    }
}

extension GridFolder {
    /// The image by which a grid's place is looked at; gone when it was compared.
    fileprivate var placeFile: String { "\(grid)_place.mrc" }

    func intermediateReference(_ number: Int) -> (picture: MapPicture, image: Raster<UInt8>)? { reference(intermediateStem(number)) }
    fileprivate var wholeGridReference: (picture: MapPicture, image: Raster<UInt8>)? { reference(wholeGridStem) }

    /// A picture that was saved, if it can still be read.
    private func reference(_ stem: String) -> (picture: MapPicture, image: Raster<UInt8>)? {
        guard let image: Raster<UInt8> = try? PNGFile.readGrey(stem + ".png"), let picture = MapPicture(stem: stem, width: image.width, height: image.height) else { return nil }
        return (picture, image)
    }
}
