import Foundation
import Microscope
import Synchronization
import Units

/// Exposures that are in no image file with a dose, written down as they are made: `<grid>_exposures.jsonl`, one line each.
///
/// Lines are only ever appended, so that nothing is lost with a run; a last line that was cut off is ignored.
struct ExposureBook: Sendable {
    /// For which lamella the exposures of a task are made, as `L01`; ``wholeGrid`` where they are made for all.
    @TaskLocal static var lamella: String?

    /// In the place of a lamella: what counts for each of them.
    static let wholeGrid = "grid"

    /// What an exposure was for.
    enum Purpose: String, Codable, Sendable { case eucentricity, intermediate, realignment }

    struct Line: Codable, Sendable, Hashable {
        let lamella: String
        let purpose: Purpose
        let images: Int
        /// Electrons per square angstrom of one image; nil where SerialEM has no calibration of the beam.
        let dosePerImage: Double?
        /// Whether the images could be counted.
        let isCounted: Bool
        let datetime: String

        var dose: Double { Double(images) * (dosePerImage ?? 0) }
    }

    let path: String

    init(folder: String, grid: String) { path = "\(folder)/\(grid)_exposures.jsonl" }

    /// - Throws: where the disk does not take it; an exposure that is not in the book would be forgotten.
    func append(_ runs: [ExposureRun], for purpose: Purpose) throws {
        guard let lamella = Self.lamella, !runs.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var bytes = Data()
        for run in runs {
            let line = Line(
                lamella: lamella, purpose: purpose, images: run.images, dosePerImage: run.dosePerImage?.value,
                isCounted: run.isCounted, datetime: timestamp())
            bytes += try encoder.encode(line) + Data("\n".utf8)
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw WorkflowError.refused("The doses cannot be written to \(path): \(String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: bytes)
        try file.synchronize()
    }

    /// All lines that are whole; none where nothing was written yet.
    func lines() -> [Line] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONDecoder().decode(Line.self, from: Data($0)) }
    }
}
