public import InferenceWire
public import Units
public import Segmentation

/// The agreement between a session and its workers. It has a number, so that two programs that do not mean the same find out at once.
public enum JobSchema {
    /// The version of everything in this module that travels.
    public static let version = 1

    /// - Throws: ``AnalysisJobError`` where the other side has another version.
    public static func require(_ theirs: Int, of who: String) throws(AnalysisJobError) {
        guard theirs != version else { return }
        throw AnalysisJobError("\(who) has version \(theirs) of the analysis jobs and this program version \(version); install the same TomoPilot on both sides.")
    }
}

/// Why an analysis job cannot be done or taken; the description is one sentence for the operator.
public struct AnalysisJobError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// A model by its name and by what is in it: the same name alone may be another's on another machine.
public struct ModelReference: Codable, Sendable, Hashable {
    public let name: String
    /// Of the networks, as ``ModelDescription/sha256``.
    public let sha256: String
    /// Of the file `model.json`, which says how the networks are run.
    public let descriptionSha256: String
    /// The files of the model folder.
    public let files: [String]

    public init(_ folder: ModelFolder) throws(AnalysisJobError) {
        guard let sum = SHA256.hexadecimal(ofFile: folder.path + "/model.json") else {
            throw AnalysisJobError("\(folder.path)/model.json cannot be read.")
        }
        name = folder.description.name
        sha256 = folder.description.sha256
        descriptionSha256 = sum
        files = ["model.json"] + folder.description.networks.map(\.file)
    }

    /// Whether a folder holds this very model; every byte is looked at.
    public func isMet(by path: String) -> ModelFolder? {
        guard let folder = try? ModelFolder.open(path), let found = try? ModelReference(folder) else { return nil }
        return found.sha256 == sha256 && found.descriptionSha256 == descriptionSha256 ? folder : nil
    }
}

/// What is asked of a worker: one map and one model. The map's grey levels travel beside it, one byte a pixel, row by row from the top.
public struct AnalysisJob: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable { case detection, segmentation }
    public let kind: Kind
    /// What it is, for people, such as `lamella 3 of Grid_1`; comes from names of files, and over a network.
    public var title: String { givenTitle.plain }
    private let givenTitle: String
    public let width: Int
    public let height: Int
    /// nil for a map to be segmented at the model's own.
    public let pixelSize: PixelSize?
    public let model: ModelReference
    /// Of detection: boxes with a lower score are left out.
    public let confidence: Double?
    /// Of segmentation: how much is calculated.
    public let profile: SegmentationProfile?
    /// Of segmentation: whether a grey level of 0 says that nothing was acquired.
    public let zeroIsUnacquired: Bool
    /// Of segmentation: whether the probabilities of all classes are wanted, too.
    public let probabilities: Bool

    public init(
        kind: Kind, title: String, width: Int, height: Int, pixelSize: PixelSize?, model: ModelReference, confidence: Double? = nil,
        profile: SegmentationProfile? = nil, zeroIsUnacquired: Bool = false, probabilities: Bool = false
    ) {
        self.kind = kind
        givenTitle = title
        self.width = width
        self.height = height
        self.pixelSize = pixelSize
        self.model = model
        self.confidence = confidence
        self.profile = profile
        self.zeroIsUnacquired = zeroIsUnacquired
        self.probabilities = probabilities
    }

    private enum CodingKeys: String, CodingKey {
        case kind, givenTitle = "title", width, height, pixelSize, model, confidence, profile, zeroIsUnacquired, probabilities
    }

    /// Whether there can be such a map; what comes over a network is not believed.
    public var isPossible: Bool { (1 ... 1_000_000).contains(width) && (1 ... 1_000_000).contains(height) }

    /// Bytes that the probabilities of a model with so many classes take; nil where none are wanted, or where they are too many for any file.
    public func probabilityBytes(classes: Int) -> Int? {
        guard probabilities, kind == .segmentation else { return nil }
        let (pixels, isTooMany) = width.multipliedReportingOverflow(by: height)
        let (bytes, isTooLong) = pixels.multipliedReportingOverflow(by: 4 * classes)
        return isTooMany || isTooLong ? nil : bytes
    }
}

/// A worker that asks for work.
public struct JobRequest: Codable, Sendable, Hashable {
    public let schema: Int
    /// A name for people.
    public let worker: String
    /// The computer that it runs on, by the name that the cluster gives it.
    public let node: String
    /// The one job that it was started for; nil takes any.
    public let job: Int?

    public init(worker: String, node: String, job: Int? = nil, schema: Int = JobSchema.version) {
        self.schema = schema
        self.worker = worker
        self.node = node
        self.job = job
    }
}

/// A job that a worker has got, for a while.
public struct JobOffer: Codable, Sendable, Hashable {
    public let schema: Int
    public let number: Int
    /// The key to all that concerns it; nobody else has it.
    public let lease: String
    /// How long it holds unless it is renewed.
    public let seconds: Double
    public let job: AnalysisJob

    public init(number: Int, lease: String, seconds: Double, job: AnalysisJob) {
        schema = JobSchema.version
        self.number = number
        self.lease = lease
        self.seconds = seconds
        self.job = job
    }
}

/// A lease that goes on.
public struct JobRenewal: Codable, Sendable, Hashable {
    public let seconds: Double
    public init(seconds: Double) { self.seconds = seconds }
}

/// Why a worker cannot do a job.
public struct JobRefusal: Codable, Sendable, Hashable {
    public let reason: String
    public init(reason: String) { self.reason = reason }
}
