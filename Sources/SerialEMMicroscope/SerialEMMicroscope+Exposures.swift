import Foundation
public import Microscope
import SerialEMClient
import SerialEMProtocol
import Units

/// Counts images that SerialEM takes on its own account, by how far they pushed the earlier ones through its buffers.
extension SerialEMMicroscope {
    /// The first buffers; into how many of them images roll is a setting of the user.
    private static let rolling = "ABCDEFGH".map(String.init)
    /// What is taken as the number of images where they cannot be counted: more than a rough eucentricity takes.
    private static let assumedImages = 8

    /// Means of the images in the buffers; noise makes each of them unlike any other. nil for an empty buffer.
    func bufferMarks() async throws -> [Double?] {
        let c = connection
        var marks: [Double?] = []
        for buffer in Self.rolling {
            do {
                marks.append(try await c.reportMeanCounts(buffer))
            } catch {
                // An empty buffer is an error; those behind it do not roll.
                guard error.code == .commandFailed else { throw Self.worded(error) }
                marks.append(nil)
                break
            }
        }
        return marks
    }

    /// Notes what was exposed since the buffers were marked.
    func noteExposures(since before: [Double?]) async {
        // A number that cannot be had is stated as uncertain; the exposure itself succeeded.
        let after = (try? await bufferMarks()) ?? []
        let c = connection
        let dose = try? await c.imageDose("A")
        let count = if let old = before.first ?? nil { after.firstIndex(of: old) } else { after.prefix { $0 != nil }.count }
        exposureRuns.append(ExposureRun(images: count ?? Self.assumedImages, dosePerImage: dose, isCounted: count != nil))
    }

    /// Notes the one image in A.
    func noteExposure() async {
        let c = connection
        let dose = try? await c.imageDose("A")
        exposureRuns.append(ExposureRun(images: 1, dosePerImage: dose, isCounted: true))
    }

    public func exposureTimes() async throws -> [String: Double] {
        let c = connection
        return try await Self.wording {
            var times: [String: Double] = [:]
            for set in ["V", "F", "T", "R", "P"] { times[set] = try await c.reportExposure(set).exposure.value }
            return times
        }
    }

    public func exposuresSinceAsked() -> [ExposureRun] {
        defer { exposureRuns = [] }
        return exposureRuns
    }

    /// Takes away a file that holds no image.
    nonisolated func removeEmptyFile(_ path: String) throws {
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        // A header, and an extended one.
        guard size > 0, size < 65536 else { return }
        try FileManager.default.removeItem(atPath: path)
        let mdoc = path + ".mdoc"
        if FileManager.default.fileExists(atPath: mdoc) { try FileManager.default.removeItem(atPath: mdoc) }
    }
}
