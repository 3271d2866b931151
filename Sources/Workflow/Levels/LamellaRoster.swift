import Detection
import Geometry
import Units

/// The lamellae of a grid with their numbers: as they were detected, and as people have changed the boxes since.
///
/// A number stays with its lamella for good: one that was removed keeps it, and one that is added gets the next.
struct LamellaRoster: Codable, Sendable, Hashable {
    /// Those that are processed, by number.
    var lamellae: [FoundLamella]
    /// Those that people have removed.
    var removed: [FoundLamella] = []
    /// SHA-256 of the boxes file that this was taken from, and what was left out of it by the settings.
    var source: Source?

    struct Source: Codable, Sendable, Hashable {
        let checksum: String
        let excluded: [String]
        let stageLimit: Micrometers
    }

    /// What people changed, by numbers.
    struct Changes: Sendable, Hashable {
        var removed: [Int] = []
        var added: [Int] = []
        var moved: [Int] = []
        var classified: [Int] = []
        /// Imaged already when they were moved or given another class, so they stay as they were.
        var tooLate: [Int] = []
        /// Boxes beyond the stage limit, in words: those are no lamellae.
        var tooFar: [String] = []
        var before = 0
        var after = 0

        /// `3 lamellae instead of 5: 2 and 4 removed by hand`; nil where nothing changed.
        var words: String? {
            let parts = [(removed, "removed"), (added, "added"), (moved, "moved"), (classified, "given another class")]
                .filter { !$0.0.isEmpty }.map { "\(Self.list($0.0)) \($0.1)" }
            guard !parts.isEmpty else { return nil }
            let count = "\(after) lamella\(after == 1 ? "" : "e")" + (after == before ? "" : " instead of \(before)")
            return "\(count): \(parts.joined(separator: ", ")) by hand"
        }

        /// `2, 4 and 7`.
        static func list(_ numbers: [Int]) -> String {
            let words = numbers.sorted().map(String.init)
            guard let last = words.last, words.count > 1 else { return words.first ?? "" }
            return words.dropLast().joined(separator: ", ") + " and " + last
        }
    }

    /// Programs that show boxes in micrometres give them back a little off.
    private static let tolerance = 0.5
    /// From this overlap on, two boxes are of one lamella.
    private static let sameFrom = 0.1

    /// What remains, and what changed, when a boxes file is taken for what people want.
    ///
    /// - Parameters:
    ///   - boxes: all boxes of the file, also of lamellae that are not processed.
    ///   - begun: whether a lamella has been imaged beyond the grid map; then only its removal is taken up.
    func taking(_ boxes: [DetectedLamella], from source: Source, on picture: MapPicture, begun: Set<Int>) -> (roster: Self, changes: Changes) {
        let known = lamellae + removed
        let limit = source.stageLimit.value
        var tooFar: [String] = []
        let wanted = boxes.enumerated().filter { index, box in
            guard !source.excluded.contains(box.className) else { return false }
            let stage = picture.pixelToStage(box.box.center)
            guard abs(stage.x) <= limit, abs(stage.y) <= limit else {
                tooFar.append("box \(index + 1) lies at \(Int(clamped(stage.x))), \(Int(clamped(stage.y))) µm")
                return false
            }
            return true
        }.map(\.element)
        let partners = Self.partners(known, wanted)
        var next = Self(lamellae: [], removed: [], source: source)
        var changes = Changes(tooFar: tooFar, before: lamellae.count)
        for lamella in known {
            let wasThere = lamellae.contains { $0.number == lamella.number }
            guard let box = partners[lamella.number].map({ wanted[$0] }) else {
                next.removed.append(lamella)
                if wasThere { changes.removed.append(lamella.number) }
                continue
            }
            if !wasThere { changes.added.append(lamella.number) }
            let isMoved = Self.farthest(lamella.box, box.box) > Self.tolerance
            let isClassified = box.className != lamella.className
            guard isMoved || isClassified else {
                next.lamellae.append(lamella)
                continue
            }
            guard !begun.contains(lamella.number) else {
                changes.tooLate.append(lamella.number)
                next.lamellae.append(lamella)
                continue
            }
            if isMoved { changes.moved.append(lamella.number) }
            if isClassified { changes.classified.append(lamella.number) }
            next.lamellae.append(FoundLamella(number: lamella.number, detected: box, on: picture))
        }
        var number = known.map(\.number).max() ?? 0
        let taken = Set(partners.values)
        for (index, box) in wanted.enumerated() where !taken.contains(index) {
            number += 1
            next.lamellae.append(FoundLamella(number: number, detected: box, on: picture))
            changes.added.append(number)
        }
        next.lamellae.sort { $0.number < $1.number }
        next.removed.sort { $0.number < $1.number }
        changes.after = next.lamellae.count
        return (next, changes)
    }

    /// The box of each lamella, by its number: those that overlap most belong together.
    private static func partners(_ known: [FoundLamella], _ boxes: [DetectedLamella]) -> [Int: Int] {
        var pairs: [(overlap: Double, number: Int, box: Int)] = []
        for lamella in known {
            for (index, box) in boxes.enumerated() {
                let overlap = lamella.box.intersectionOverUnion(with: box.box)
                if overlap >= sameFrom { pairs.append((overlap, lamella.number, index)) }
            }
        }
        var found: [Int: Int] = [:]
        var taken: Set<Int> = []
        for pair in pairs.sorted(by: { ($0.overlap, $1.number) > ($1.overlap, $0.number) }) where found[pair.number] == nil && !taken.contains(pair.box) {
            found[pair.number] = pair.box
            taken.insert(pair.box)
        }
        return found
    }

    private static func farthest(_ a: Rectangle<Frame.MapPixels>, _ b: Rectangle<Frame.MapPixels>) -> Double {
        [a.minX - b.minX, a.minY - b.minY, a.maxX - b.maxX, a.maxY - b.maxY].map(abs).max() ?? 0
    }
}

extension FoundLamella {
    /// What a box of the grid map shows.
    init(number: Int, detected: DetectedLamella, on picture: MapPicture) {
        let box = detected.box
        let stage = picture.pixelToStage(box.center)
        self.init(
            number: number, box: box, className: detected.className, classIndex: detected.classIndex, score: detected.score,
            stage: stage, stageCorners: box.corners.map { picture.pixelToStage($0) - stage },
            widthMicrometers: (Pixels(box.width) * picture.pixelSize).inMicrometers.value,
            heightMicrometers: (Pixels(box.height) * picture.pixelSize).inMicrometers.value)
    }
}

extension Rectangle {
    /// The four corners, one after the other around it.
    var corners: [Point<F>] {
        [Point(x: minX, y: minY), Point(x: maxX, y: minY), Point(x: maxX, y: maxY), Point(x: minX, y: maxY)]
    }
}
