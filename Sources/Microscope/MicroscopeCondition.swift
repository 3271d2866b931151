public import Units

/// What is watched so that nothing is exposed while the microscope is not well.
public enum Interlock: String, Sendable, Hashable, Codable, CaseIterable {
    /// Dewars are not being filled.
    case dewars
    case vacuum
    /// The column valves are as the session left them.
    case valves
    /// Before a grid is moved: the autoloader knows where its cartridge is, and the slot of the one on the stage is free.
    case autoloader
    /// The stage stands still.
    case stage
    /// The gun emits, and enough.
    case beam
    /// There is room for the files of the next map or series.
    case disk
}

/// What a microscope tells of itself; nil for what was not asked or cannot be told.
public struct MicroscopeCondition: Sendable, Hashable {
    public enum Vacuum: String, Sendable, Hashable { case ready, pumping, bad }
    public var vacuum: Vacuum?
    public var valvesAreOpen: Bool?
    public var dewarsAreFilling: Bool?
    /// Until the dewars are filled; nil also where no refill is planned.
    public var timeToRefill: Seconds?
    public var stageIsBusy: Bool?
    public var gunEmits: Bool?
    /// Nanoamperes.
    public var beamCurrent: Double?
    /// What cannot be told, with the reason.
    public var untold: [Interlock: String]
    public init(
        vacuum: Vacuum? = nil, valvesAreOpen: Bool? = nil, dewarsAreFilling: Bool? = nil, timeToRefill: Seconds? = nil,
        stageIsBusy: Bool? = nil, gunEmits: Bool? = nil, beamCurrent: Double? = nil, untold: [Interlock: String] = [:]
    ) {
        self.vacuum = vacuum
        self.valvesAreOpen = valvesAreOpen
        self.dewarsAreFilling = dewarsAreFilling
        self.timeToRefill = timeToRefill
        self.stageIsBusy = stageIsBusy
        self.gunEmits = gunEmits
        self.beamCurrent = beamCurrent
        self.untold = untold
    }
}

/// What can be done to leave a microscope safe, in the order in which it is done.
public enum SafetyMeasure: String, Sendable, Hashable, Codable, CaseIterable {
    /// The beam is blanked.
    case beam
    /// The stage is tilted to 0.
    case tilt
    /// The column valves are closed.
    case valves
    /// The fluorescent screen is down.
    case screen
}

/// A file does not fit. Nothing was exposed for it.
public struct NotEnoughSpace: Error, Sendable, Hashable, CustomStringConvertible {
    public let file: String
    /// Bytes that the file needs, and that are to be left after it.
    public let needed: Double
    public let free: Double
    public init(file: String, needed: Double, free: Double) {
        self.file = file
        self.needed = needed
        self.free = free
    }
    public var description: String {
        "There are \(Self.words(free)) free for \(file), and \(Self.words(needed)) are needed with what is to be left after it."
    }
    private static func words(_ bytes: Double) -> String {
        bytes >= 1e9 ? "\((bytes / 1e8).rounded() / 10) GB" : "\((bytes / 1e6).rounded()) MB".replacing(".0 ", with: " ")
    }
}

/// What an exposing command put on the specimen.
public struct ExposureRun: Sendable, Hashable, Codable {
    public let images: Int
    /// Of one image; nil where the microscope cannot tell.
    public let dosePerImage: Dose?
    /// Whether the number of images is certain.
    public let isCounted: Bool
    public init(images: Int, dosePerImage: Dose?, isCounted: Bool) {
        self.images = images
        self.dosePerImage = dosePerImage
        self.isCounted = isCounted
    }
}
