import Foundation
import ImageFiles
import Microscope
import Locks
import Units

/// Exposures that are in no image file with a dose, written down as they are made: `<grid>_exposures.jsonl`, one line each.
///
/// Each exposure has a line before it is made and another one after it, so that one that a crash fell into is not lost: it
/// counts as if it had been made in full. Lines are only ever appended; a last line that was cut off is ignored.
struct ExposureBook: Sendable {
    /// For which lamella the exposures of a task are made, as `L01`; ``wholeGrid`` where they are made for all.
    @TaskLocal static var lamella: String?

    /// In the place of a lamella: what counts for each of them.
    static let wholeGrid = "grid"

    /// What an exposure was for.
    enum Purpose: String, Codable, Sendable {
        case eucentricity, intermediate, realignment
        /// A piece of a map that is in no file: the disk was full, or the map was ended before it was written.
        case unsavedPiece
        /// More images than it usually takes.
        var mostImages: Int { self == .intermediate || self == .unsavedPiece ? 1 : 8 }
    }

    struct Line: Codable, Sendable, Hashable {
        let lamella: String
        let purpose: Purpose
        let images: Int
        /// Electrons per square angstrom of one image; nil where SerialEM has no calibration of the beam.
        let dosePerImage: Double?
        /// Whether the images could be counted.
        let isCounted: Bool
        let datetime: String
        /// What the lines of one exposure have in common; nil in books of earlier builds.
        var exposure: String?
        /// Whether this is the line before it.
        var isIntent: Bool?

        var dose: Double { Double(images) * (dosePerImage ?? 0) }
    }

    let path: String

    init(folder: String, grid: String) { path = "\(folder)/\(grid)_exposures.jsonl" }

    /// Writes down that an exposure is about to be made; nil where it is made for no lamella.
    ///
    /// - Throws: where the disk does not take it; an exposure that is not in the book would be forgotten.
    func begin(_ purpose: Purpose) throws -> String? {
        guard let lamella = Self.lamella else { return nil }
        let exposure = UUID().uuidString
        try write([
            Line(
                lamella: lamella, purpose: purpose, images: purpose.mostImages, dosePerImage: nil, isCounted: false, datetime: timestamp(),
                exposure: exposure, isIntent: true)
        ])
        return exposure
    }

    /// Writes down what came of it. Where nothing is known, as after an error, what was written before it stands.
    func append(_ runs: [ExposureRun], for purpose: Purpose, of exposure: String?) throws {
        guard let lamella = Self.lamella, !runs.isEmpty else { return }
        try write(runs.map { run in
            Line(
                lamella: lamella, purpose: purpose, images: run.images, dosePerImage: run.dosePerImage?.value, isCounted: run.isCounted,
                datetime: timestamp(), exposure: exposure)
        })
    }

    private func write(_ lines: [Line]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var bytes = Data()
        for line in lines { bytes += try encoder.encode(line) + Data("\n".utf8) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw WorkflowError.refused("The doses cannot be written to \(path): \(String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: bytes)
        try file.synchronize()
    }

    /// What was exposed, or may have been; nothing where nothing was written yet. An exposure without its second line counts with
    /// the largest dose that an image of its purpose had.
    func lines() -> [Line] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let all = data.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONDecoder().decode(Line.self, from: Data($0)) }
        let made = Set(all.filter { $0.isIntent != true }.compactMap(\.exposure))
        return all.compactMap { line in
            guard line.isIntent == true, let exposure = line.exposure else { return line }
            guard !made.contains(exposure) else { return nil }
            let dose = all.filter { $0.purpose == line.purpose }.compactMap(\.dosePerImage).max()
            return Line(
                lamella: line.lamella, purpose: line.purpose, images: line.images, dosePerImage: dose, isCounted: false, datetime: line.datetime,
                exposure: exposure, isIntent: true)
        }
    }
}
