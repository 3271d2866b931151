import Detection
import Foundation
import Geometry
import ImageFiles
import InferenceWire
import Units

/// The boxes of a grid's lamellae, which people and SPACEtomo's tools may change at any time.
extension GridSession {
    private nonisolated var boxesFile: String { folder.wholeGridStem + "_boxes.json" }

    /// The lamellae as the boxes file has them now: those that the detector found, unless somebody changed the file. What a
    /// person changed is never detected again.
    func lamellaeInForce(on picture: MapPicture) async throws -> LamellaRoster {
        if let last = try await lastRoster() { return try await takeUpBoxes(last.roster, on: picture) }
        let detected = try await engine.lastOutput(of: .grid(slot, "lamellae"), as: [FoundLamella].self)
        if try await isEdited(detected) {
            return try await takeUpBoxes(LamellaRoster(lamellae: detected ?? []), on: picture)
        }
        return LamellaRoster(lamellae: try await detectLamellae(on: picture))
    }

    /// Whether the boxes file is another's work than the detector's of this session.
    private func isEdited(_ detected: [FoundLamella]?) async throws -> Bool {
        guard FileManager.default.fileExists(atPath: boxesFile) else { return false }
        guard detected != nil else {
            // One that was there before anything was detected is somebody's; one of a detection that was cut short is not.
            return try await !engine.wasBegun(.grid(slot, "lamellae"))
        }
        let product = try await engine.products(of: .grid(slot, "lamellae")).first { $0.path == boxesFile }
        return product?.isChanged ?? false
    }

    /// The newest roster that was taken up, with its number. Each is a step of its own, so that none is lost in a crash.
    private func lastRoster() async throws -> (roster: LamellaRoster, number: Int)? {
        var last: (roster: LamellaRoster, number: Int)?
        var number = 1
        while let roster = try await engine.lastOutput(of: rosterStep(number), as: LamellaRoster.self) {
            last = (roster, number)
            number += 1
        }
        return last
    }

    private nonisolated func rosterStep(_ number: Int) -> StepIdentifier { .grid(slot, "lamellae-by-hand-\(number)") }

    private func takeUpBoxes(_ roster: LamellaRoster, on picture: MapPicture) async throws -> LamellaRoster {
        guard FileManager.default.fileExists(atPath: boxesFile) else {
            try writeBoxes(
                roster.lamellae.map { DetectedLamella(box: $0.box, classIndex: $0.classIndex, className: $0.className, score: $0.score) },
                of: picture, to: boxesFile)
            engine.note(.warning("\(boxesFile) has been deleted; it is written again as it was known last"))
            return roster
        }
        let source = try boxesSource()
        guard source != roster.source else { return roster }
        let boxes = try readBoxes(on: picture)
        var begun: Set<Int> = []
        for lamella in roster.lamellae + roster.removed
        where try await engine.wasBegun(.lamella(slot, lamella.number, "recentred")) { begun.insert(lamella.number) }
        let (next, changes) = roster.taking(boxes, from: source, on: picture, begun: begun)
        let number = try await lastRoster().map { $0.number + 1 } ?? 1
        let taken = try await engine.run(
            Step(rosterStep(number), title: "Take up the boxes of grid \(folder.grid)", input: source) { next })
        if let words = changes.words { engine.note(.note("grid \(folder.grid) has \(words)")) }
        if !changes.tooFar.isEmpty {
            let limit = Int(clamped(settings.stageLimit.value))
            engine.note(.warning("\(boxesFile): \(changes.tooFar.joined(separator: "; ")), beyond stage_limit (\(limit) µm), where the stage is never sent"))
        }
        if !changes.tooLate.isEmpty {
            let list = LamellaRoster.Changes.list(changes.tooLate)
            engine.note(.warning("what was changed by hand of lamella \(list) is not taken up: it had been imaged; remove it and add another"))
        }
        return taken
    }

    private nonisolated func boxesSource() throws -> LamellaRoster.Source {
        guard let checksum = SHA256.hexadecimal(ofFile: boxesFile) else { throw refusedBoxes("it cannot be read") }
        return LamellaRoster.Source(checksum: checksum, excluded: settings.excludedLamellaClasses, stageLimit: settings.stageLimit)
    }

    private nonisolated func refusedBoxes(_ reason: String) -> WorkflowError {
        .refused("\(boxesFile) cannot be taken up: \(reason). Put it right; each box must be x, y, x, y, class index, confidence.")
    }

    /// The boxes of the file, each of which has to be a lamella on the picture.
    ///
    /// - Throws: ``WorkflowError`` with a sentence that names the file.
    nonisolated func readBoxes(on picture: MapPicture) throws -> [DetectedLamella] {
        guard let data = FileManager.default.contents(atPath: boxesFile) else { throw refusedBoxes("it cannot be read") }
        let file: BoxesFile
        do {
            file = try BoxesFile.decode([UInt8](data), classes: context.models.detectorDescription.classes)
        } catch {
            throw refusedBoxes(error.description.trimmingCharacters(in: ["."]))
        }
        if let other = file.pixelSize?.value, abs(other / picture.pixelSize.value - 1) > 0.01 {
            throw refusedBoxes("it is for a map of \(other) nm/px, and this one has \(picture.pixelSize.value)")
        }
        for (index, lamella) in file.lamellae.enumerated() {
            let centre = lamella.box.center
            guard lamella.box.width >= 1, lamella.box.height >= 1 else { throw refusedBoxes("box \(index + 1) is empty") }
            guard (0 ... Double(picture.width)).contains(centre.x), (0 ... Double(picture.height)).contains(centre.y) else {
                throw refusedBoxes("box \(index + 1) lies outside the map of \(picture.width) x \(picture.height) pixels")
            }
            guard lamella.box.width <= Double(picture.width), lamella.box.height <= Double(picture.height) else {
                throw refusedBoxes(
                    "box \(index + 1) has \(Int(clamped(lamella.box.width))) x \(Int(clamped(lamella.box.height))) pixels, more than the map of "
                        + "\(picture.width) x \(picture.height)")
            }
            // The detector leaves none that overlap more.
            if let other = file.lamellae[..<index].firstIndex(where: { $0.box.intersectionOverUnion(with: lamella.box) > 0.5 }) {
                throw refusedBoxes("box \(index + 1) is of the same lamella as box \(other + 1), which would be exposed twice")
            }
        }
        return file.lamellae
    }
}
