/// One thing that goes wrong on demand, and when.
///
/// As JSON: `{"kind": "delayReply", "seconds": 5, "when": {"command": "View", "after": 2, "times": 1}}`.
public struct Fault: Sendable, Hashable {
    /// What goes wrong.
    public var kind: Kind
    /// When it does.
    public var when: When

    /// Makes a fault that strikes once, at the first opportunity, if not said otherwise.
    public init(_ kind: Kind, when: When = When()) {
        self.kind = kind
        self.when = when
    }

    /// What goes wrong. Seconds are those of the wall clock, whatever the simulator's time scale is, if not said otherwise.
    public enum Kind: Sendable, Hashable {
        /// The connection is lost when the reply is due. `executed`: whether the command has done its work by then.
        case dropBeforeReply(executed: Bool)
        /// The connection is lost after that many bytes of the answer, an image included.
        case dropInReply(bytes: Int)
        /// The connection is lost after the whole answer.
        case dropAfterReply
        /// The reply comes that much later.
        case delayReply(seconds: Double)
        /// SerialEM takes no commands: -9 for this request, and for all that follow within the time.
        case busy(seconds: Double)
        /// The user presses STOP while the command runs: -234561, and control ends.
        case stop
        /// The user pressed STOP while SerialEM waited: control has ended, the request is answered -10 and not executed.
        case stopWhileWaiting
        /// Another client connects and takes the place of this one, after the reply; it leaves after the time.
        case newcomer(seconds: Double)
        /// The command is refused with this text and does nothing.
        case error(text: String)
        /// The command replies as if all were well, with a 0 for whatever it would report, and does nothing.
        case noEffect
        /// An exposure gives an image of zeros.
        case blankImage
        /// The camera gives its image that much later.
        case slowExposure(seconds: Double)
        /// A piece of a montage is not taken.
        case missingPiece
        /// The stage ends this much short of where it was sent; its readout says so.
        case stageShort(micrometers: Double)
        /// The autoloader fails: the cartridge does not leave its place.
        case jam
        /// A cartridge comes to lie farther off on the stage than it would: along x, and turned.
        case displaced(micrometers: Double, degrees: Double)
        /// Air gets into the column for so many simulated seconds. Severity 1 shows at the gauges; at 2 the column valve closes
        /// and stays closed until the pumps have won.
        case vacuum(severity: Int, seconds: Double)
        /// Somebody closes the column valve before the command.
        case closedValve
        /// Somebody takes the grid off the stage and loads it again.
        case reloaded
        /// Dewars begin to be filled before the command, for so many simulated seconds.
        case refill(seconds: Double)
        /// The disk that images go to has so little room left, for so many simulated seconds.
        case lowDisk(megabytes: Double, seconds: Double)
        /// SerialEM ends and is started again; its port is closed for the time.
        case crash(seconds: Double)
        /// An image cannot be written to its file.
        case diskFull
        /// A dialog that waits for a person; it closes after the time, or when it is answered over the control port.
        case dialog(text: String, seconds: Double?)
        /// The answer ends after that many bytes, and the connection stays open.
        case truncateReply(bytes: Int)
        /// That many stray bytes follow the reply in the same segment.
        case glueReply(bytes: Int)
        /// That many random bytes come in place of the reply.
        case garbageReply(bytes: Int)
        /// The reply to a command names a wrong index of its last value, a wrong number of longs, or both.
        case wrongCount(values: Int32?, longs: Int32?)
        /// The length field of the reply is wrong.
        case wrongLength(Int32)
        /// The request is never answered, and not executed.
        case silence
    }

    /// When a fault strikes: from the opportunities of its command, `after` pass by, then it strikes `times` times.
    public struct When: Sendable, Hashable {
        /// SerialEM's name of a command, one of ``Fault/otherRequests``, or nil for any.
        public var command: String?
        /// How many opportunities pass by first.
        public var after: Int
        /// How many times it strikes; nil for always.
        public var times: Int?
        /// How likely it strikes at each opportunity that is left.
        public var probability: Double
        /// Decides the chances and the random bytes.
        public var seed: UInt64

        /// Makes the first opportunity of all if not said otherwise.
        public init(command: String? = nil, after: Int = 0, times: Int? = 1, probability: Double = 1, seed: UInt64 = 0) {
            self.command = command
            self.after = after
            self.times = times
            self.probability = probability
            self.seed = seed
        }
    }

    /// What can be named besides commands: the other functions of the protocol, and the acquisition that runs by itself.
    public static let otherRequests = ["OKtoRunExternalScript", "GetBufferImage", "PutImageInBuffer", acquisition]
    static let acquisition = "AcquireAtItems"

    /// What a kind of fault can strike: only these count as its opportunities.
    enum Occasion: Sendable, Hashable { case request, command, exposure, piece, move, cartridge, seat, gas, imageFile }

    private static let aliases = [
        "V": "View", "F": "Focus", "T": "Trial", "R": "Record", "L": "Preview", "M": "Montage", "S": "Save", "G": "AutoFocus",
    ]
    /// The long form of a command that has a letter too: whoever writes View means V as well.
    static func longName(_ command: String) -> String { aliases[command] ?? command }
}

extension Fault.Kind {
    /// The name in JSON and in the log.
    public var name: String {
        switch self {
        case .dropBeforeReply: "dropBeforeReply"
        case .dropInReply: "dropInReply"
        case .dropAfterReply: "dropAfterReply"
        case .delayReply: "delayReply"
        case .busy: "busy"
        case .stop: "stop"
        case .stopWhileWaiting: "stopWhileWaiting"
        case .newcomer: "newcomer"
        case .error: "error"
        case .noEffect: "noEffect"
        case .blankImage: "blankImage"
        case .slowExposure: "slowExposure"
        case .missingPiece: "missingPiece"
        case .stageShort: "stageShort"
        case .jam: "jam"
        case .displaced: "displaced"
        case .vacuum: "vacuum"
        case .closedValve: "closedValve"
        case .reloaded: "reloaded"
        case .refill: "refill"
        case .lowDisk: "lowDisk"
        case .crash: "crash"
        case .diskFull: "diskFull"
        case .dialog: "dialog"
        case .truncateReply: "truncateReply"
        case .glueReply: "glueReply"
        case .garbageReply: "garbageReply"
        case .wrongCount: "wrongCount"
        case .wrongLength: "wrongLength"
        case .silence: "silence"
        }
    }

    var occasion: Fault.Occasion {
        switch self {
        case .error, .noEffect, .stop, .wrongCount, .closedValve, .reloaded, .refill, .lowDisk: .command
        case .blankImage, .slowExposure: .exposure
        case .missingPiece: .piece
        case .stageShort: .move
        case .jam: .cartridge
        case .displaced: .seat
        case .vacuum: .gas
        case .diskFull: .imageFile
        default: .request
        }
    }
}
