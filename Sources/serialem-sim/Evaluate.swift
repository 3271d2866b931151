import ArgumentParser
import Foundation

/// Compares finished sessions with what was truly on the grids: the table that the README shows.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare sessions that ran on this simulator with the truth; exit 1 where a line falls short.")

    @Argument(help: "Folders of finished sessions; each holds the truth.json that the simulator wrote.")
    var sessions: [String]

    func run() throws {
        var total = SessionScore()
        for folder in sessions {
            let score = try SessionComparison(folder: folder).score()
            print("\(folder): \(score.summary)")
            total.add(score)
        }
        print("")
        var short = false
        for line in total.lines {
            print(line.text)
            short = short || !line.holds
        }
        if short { throw ExitCode(1) }
    }
}

/// What is counted, over any number of sessions.
struct SessionScore {
    var lamellae = 0
    var found = 0
    var boxes = 0
    var rightBoxes = 0
    var rightClasses = 0
    var centred = 0
    var centres = 0
    var dice: [String: [Double]] = [:]
    var targets = 0
    var beyondLimit = 0
    var overlapping = 0
    var onAvoided = 0
    var refused = 0
    var acquired = 0

    mutating func add(_ other: SessionScore) {
        lamellae += other.lamellae
        found += other.found
        boxes += other.boxes
        rightBoxes += other.rightBoxes
        rightClasses += other.rightClasses
        centred += other.centred
        centres += other.centres
        dice.merge(other.dice) { $0 + $1 }
        targets += other.targets
        beyondLimit += other.beyondLimit
        overlapping += other.overlapping
        onAvoided += other.onAvoided
        refused += other.refused
        acquired += other.acquired
    }

    /// Mean over the target classes of the mean over the maps.
    var meanDice: Double {
        let means = dice.values.filter { !$0.isEmpty }.map { $0.reduce(0, +) / Double($0.count) }
        return means.isEmpty ? 0 : means.reduce(0, +) / Double(means.count)
    }

    var summary: String {
        "found \(found)/\(lamellae), boxes right \(rightBoxes)/\(boxes), class right \(rightClasses)/\(rightBoxes), "
            + "centred \(centred)/\(centres), Dice \(Self.text(meanDice)), targets acquired \(acquired)/\(targets)"
    }

    var lines: [(text: String, holds: Bool)] {
        [
            share("lamellae (not gone) found", found, of: lamellae),
            share("boxes right (IoU 0.5 or more)", rightBoxes, of: boxes),
            share("centre within 1 um of the truth", centred, of: centres),
            line("mean Dice of the target classes", Self.text(meanDice), "0.80 or more", meanDice >= 0.80),
            none("targets beyond the image-shift limit", beyondLimit),
            none("pairs of beams that overlap at the maximum tilt", overlapping),
            none("target centres in an avoided class", onAvoided),
            none("targets files refused", refused),
            line("targets acquired", "\(acquired) of \(targets)", "all, at least one", targets > 0 && acquired == targets),
        ]
    }

    private func share(_ what: String, _ part: Int, of whole: Int) -> (String, Bool) {
        let value = whole > 0 ? Double(part) / Double(whole) : 0
        return line(what, "\(part) of \(whole) (\(Self.text(100 * value)) %)", "95 % or more", value >= 0.95)
    }
    private func none(_ what: String, _ count: Int) -> (String, Bool) { line(what, "\(count)", "0", count == 0) }
    private func line(_ what: String, _ seen: String, _ wanted: String, _ holds: Bool) -> (String, Bool) {
        func padded(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
        return ("| \(padded(what, 48)) | \(padded(seen, 22)) | \(padded(wanted, 16)) | \(holds ? "ok" : "SHORT") |", holds)
    }
    private static func text(_ value: Double) -> String { String(format: "%.3g", value) }
}
