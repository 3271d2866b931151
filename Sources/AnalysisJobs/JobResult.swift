public import Detection
public import Foundation
import Geometry
import InferenceWire
public import Raster

/// What a worker has found.
///
/// It travels as one line of JSON and, after it, the labels of a segmentation, one byte a pixel, row by row from the top.
public struct JobResult: Sendable, Hashable {
    public enum Found: Sendable, Hashable {
        case lamellae([DetectedLamella])
        case labels(Raster<UInt8>)
    }
    public let found: Found
    /// How long the worker worked.
    public let seconds: Double
    /// Of the file with the probabilities, which travels before the result; nil where there is none.
    public let probabilitiesSha256: String?

    public init(_ found: Found, seconds: Double, probabilitiesSha256: String? = nil) {
        self.found = found
        self.seconds = seconds
        self.probabilitiesSha256 = probabilitiesSha256
    }

    private struct Head: Codable {
        let schema: Int
        let seconds: Double
        var lamellae: [DetectedLamella]?
        /// Of the labels.
        var sha256: String?
        var probabilitiesSha256: String?
    }

    /// The most bytes that the line may have: ten thousand boxes.
    public static let longestHead = 4 << 20

    public func encoded() throws -> Data {
        var head = Head(schema: JobSchema.version, seconds: seconds, probabilitiesSha256: probabilitiesSha256)
        var body = Data()
        switch found {
        case .lamellae(let lamellae): head.lamellae = lamellae
        case .labels(let labels):
            head.sha256 = SHA256.hexadecimal(of: labels.pixels)
            body = Data(labels.pixels)
        }
        return try JobCoding.encoded(head) + Data([0x0A]) + body
    }

    /// Reads a result and holds it against the job.
    ///
    /// - Parameter classes: how many the model knows.
    /// - Throws: ``AnalysisJobError`` where it cannot be the job's result.
    public init(_ data: Data, of job: AnalysisJob, classes: Int) throws {
        guard let end = data.firstIndex(of: 0x0A) else { throw AnalysisJobError("The result of '\(job.title)' has no head.") }
        let head = try JobCoding.decoded(Head.self, from: data[data.startIndex ..< end])
        let body = data[(end + 1)...]
        seconds = head.seconds
        probabilitiesSha256 = head.probabilitiesSha256
        switch job.kind {
        case .detection:
            guard let lamellae = head.lamellae, body.isEmpty else { throw AnalysisJobError("The result of '\(job.title)' has no boxes.") }
            let isSound = lamellae.allSatisfy { found in
                let sides = [found.box.minX, found.box.minY, found.box.maxX, found.box.maxY, found.score]
                return sides.allSatisfy(\.isFinite) && (0 ..< classes).contains(found.classIndex)
            }
            guard isSound else { throw AnalysisJobError("The result of '\(job.title)' has impossible boxes.") }
            found = .lamellae(lamellae)
        case .segmentation:
            guard body.count == job.width * job.height else {
                throw AnalysisJobError("The result of '\(job.title)' has \(body.count) labels for \(job.width * job.height) pixels.")
            }
            let labels = [UInt8](body)
            guard head.sha256 == SHA256.hexadecimal(of: labels) else { throw AnalysisJobError("The labels of '\(job.title)' were damaged on their way (SHA-256 differs).") }
            guard labels.allSatisfy({ Int($0) < classes }) else { throw AnalysisJobError("The labels of '\(job.title)' name a class that the model does not have.") }
            found = .labels(Raster(width: job.width, height: job.height, pixels: labels))
        }
    }
}
