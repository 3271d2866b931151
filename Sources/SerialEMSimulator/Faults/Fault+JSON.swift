internal import Foundation
public import ImageFiles
internal import SerialEMProtocol

extension Fault {
    /// All kinds by their names in JSON.
    public static let kinds = [
        "dropBeforeReply", "dropInReply", "dropAfterReply", "delayReply", "busy", "stop", "stopWhileWaiting", "newcomer", "error", "noEffect",
        "blankImage", "slowExposure", "missingPiece", "stageShort", "jam", "displaced", "vacuum", "closedValve", "reloaded", "refill", "lowDisk", "crash", "diskFull", "dialog", "truncateReply", "glueReply",
        "garbageReply", "wrongCount", "wrongLength", "silence",
    ]

    /// The faults of a file: one object or a list of them.
    public static func read(file path: String) throws(FaultError) -> [Fault] {
        let value: JSONValue
        do throws(ImageFileError) { value = try JSONValue.read(path) } catch { throw FaultError(error.message) }
        return try list(value, place: path)
    }

    /// The faults of a text; `place` says in messages where the text comes from.
    public static func list(text: String, place: String) throws(FaultError) -> [Fault] {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(text: text) } catch {
            throw FaultError("\(place): it is not JSON at byte \(error.offset): \(error.message).")
        }
        return try list(value, place: place)
    }

    private static func list(_ value: JSONValue, place: String) throws(FaultError) -> [Fault] {
        guard let values = value.array else { return [try Fault(value, place: "\(place), fault 1")] }
        guard values.count <= 10_000 else { throw FaultError("\(place): \(values.count) faults are too many; the most are 10000.") }
        var faults: [Fault] = []
        for (number, value) in values.enumerated() { faults.append(try Fault(value, place: "\(place), fault \(number + 1)")) }
        return faults
    }

    /// Reads one fault; keys that do not belong to its kind are errors.
    public init(_ value: JSONValue, place: String) throws(FaultError) {
        var fields = try FaultFields(value, place: place)
        let wanted = "one of \(Self.kinds.joined(separator: ", "))"
        guard let name = fields.value("kind")?.string, Self.kinds.contains(name) else { throw fields.wrong("kind", wanted) }
        kind = try Kind(named: name, &fields)
        when = try fields.value("when").map { value throws(FaultError) in try When(value, place: "\(place), when") } ?? When()
        try fields.finish()
        if kind.occasion == .command, let command = when.command, Self.otherRequests.contains(command) {
            throw FaultError("\(place): '\(kind.name)' can strike commands only, and \(command) is none.")
        }
    }
}

extension Fault.Kind {
    /// No test and no night waits longer than a day, and no reply is larger than this.
    private static let seconds = 0.0 ... 86_400
    private static let bytes = 0 ... 1 << 30
    private static let strayBytes = 1 ... 1 << 20

    init(named name: String, _ fields: inout FaultFields) throws(FaultError) {
        func count(_ range: ClosedRange<Int>) throws(FaultError) -> Int {
            try fields.required("bytes", "a whole number of bytes") { fields throws(FaultError) in try fields.integer("bytes", range) }
        }
        func time(_ range: ClosedRange<Double> = Self.seconds) throws(FaultError) -> Double {
            try fields.required("seconds", "a number of seconds") { fields throws(FaultError) in try fields.number("seconds", range) }
        }
        switch name {
        case "dropBeforeReply": self = .dropBeforeReply(executed: try fields.flag("executed") ?? true)
        case "dropInReply": self = .dropInReply(bytes: try count(Self.bytes))
        case "dropAfterReply": self = .dropAfterReply
        case "delayReply": self = .delayReply(seconds: try time())
        case "busy": self = .busy(seconds: try fields.number("seconds", Self.seconds) ?? 0)
        case "stop": self = .stop
        case "stopWhileWaiting": self = .stopWhileWaiting
        case "newcomer": self = .newcomer(seconds: try fields.number("seconds", Self.seconds) ?? 60)
        case "error":
            self = .error(text: try fields.required("text", "what SerialEM says") { fields throws(FaultError) in try fields.text("text") })
        case "noEffect": self = .noEffect
        case "blankImage": self = .blankImage
        case "slowExposure": self = .slowExposure(seconds: try time())
        case "missingPiece": self = .missingPiece
        case "stageShort":
            self = .stageShort(micrometers: try fields.required("micrometers", "how far it stays away") { fields throws(FaultError) in
                try fields.number("micrometers", 0 ... 2000)
            })
        case "jam": self = .jam
        case "displaced":
            self = .displaced(
                micrometers: try fields.number("micrometers", -2000 ... 2000) ?? 0, degrees: try fields.number("degrees", -180 ... 180) ?? 0)
        case "vacuum":
            self = .vacuum(severity: try fields.integer("severity", 1 ... 2) ?? 2, seconds: try fields.number("seconds", Self.seconds) ?? 600)
        case "closedValve": self = .closedValve
        case "reloaded": self = .reloaded
        case "refill": self = .refill(seconds: try time())
        case "lowDisk":
            let room = try fields.required("megabytes", "how much room is left") { fields throws(FaultError) in
                try fields.number("megabytes", 0 ... 1e9)
            }
            self = .lowDisk(megabytes: room, seconds: try fields.number("seconds", Self.seconds) ?? 600)
        case "crash": self = .crash(seconds: try time())
        case "diskFull": self = .diskFull
        case "dialog":
            self = .dialog(text: try fields.text("text") ?? "A question waits for a person.", seconds: try fields.number("seconds", Self.seconds))
        case "truncateReply": self = .truncateReply(bytes: try count(Self.bytes))
        case "glueReply": self = .glueReply(bytes: try count(Self.strayBytes))
        case "garbageReply": self = .garbageReply(bytes: try count(Self.strayBytes))
        case "wrongCount":
            let values = try fields.integer("values", Self.wire).map { Int32(truncatingIfNeeded: $0) }
            let longs = try fields.integer("longs", Self.wire).map { Int32(truncatingIfNeeded: $0) }
            guard values != nil || longs != nil else { throw fields.wrong("values", "the index of the last value, or give 'longs'") }
            self = .wrongCount(values: values, longs: longs)
        case "wrongLength":
            let length = try fields.required("length", "a whole number") { fields throws(FaultError) in
                try fields.integer("length", Self.wire)
            }
            self = .wrongLength(Int32(truncatingIfNeeded: length))
        default: self = .silence
        }
    }

    private static let wire = Int(Int32.min) ... Int(Int32.max)
}

extension Fault.When {
    init(_ value: JSONValue, place: String) throws(FaultError) {
        self.init()
        var fields = try FaultFields(value, place: place)
        if let command = fields.value("command") {
            guard let name = command.string,
                name == "any" || Fault.otherRequests.contains(name) || FunctionCodes.definition(named: name) != nil
            else {
                throw fields.wrong("command", "the name of a SerialEM command, any, or one of \(Fault.otherRequests.joined(separator: ", "))")
            }
            self.command = name == "any" ? nil : name
        }
        after = try fields.integer("after", 0 ... 1_000_000_000) ?? 0
        if fields.value("times")?.string == "always" {
            times = nil
        } else if fields.value("times")?.string != nil {
            throw fields.wrong("times", "a whole number from 1 to 1000000000, or \"always\"")
        } else {
            times = try fields.integer("times", 1 ... 1_000_000_000) ?? 1
        }
        probability = try fields.number("probability", 0 ... 1) ?? 1
        seed = UInt64(try fields.integer("seed", 0 ... Int.max) ?? 0)
        try fields.finish()
    }
}

extension Fault {
    /// As it is read.
    public var json: JSONValue {
        var out: JSONObject = ["kind": .string(kind.name)]
        switch kind {
        case .dropBeforeReply(let executed): out["executed"] = .bool(executed)
        case .dropInReply(let bytes), .truncateReply(let bytes), .glueReply(let bytes), .garbageReply(let bytes):
            out["bytes"] = .integer(bytes)
        case .delayReply(let seconds), .busy(let seconds), .newcomer(let seconds), .crash(let seconds), .refill(let seconds), .slowExposure(let seconds):
            out["seconds"] = .number(seconds)
        case .error(let text): out["text"] = .string(text)
        case .vacuum(let severity, let seconds):
            out["severity"] = .integer(severity)
            out["seconds"] = .number(seconds)
        case .lowDisk(let room, let seconds):
            out["megabytes"] = .number(room)
            out["seconds"] = .number(seconds)
        case .displaced(let distance, let turn):
            out["micrometers"] = .number(distance)
            out["degrees"] = .number(turn)
        case .stageShort(let distance): out["micrometers"] = .number(distance)
        case .dialog(let text, let seconds):
            out["text"] = .string(text)
            out["seconds"] = seconds.map { .number($0) }
        case .wrongCount(let values, let longs):
            out["values"] = values.map { .integer(Int($0)) }
            out["longs"] = longs.map { .integer(Int($0)) }
        case .wrongLength(let length): out["length"] = .integer(Int(length))
        default: break
        }
        let condition: JSONObject = [
            "command": .string(when.command ?? "any"), "after": .integer(when.after),
            "times": when.times.map { .integer($0) } ?? "always", "probability": .number(when.probability),
            "seed": .integer(Int(clamping: when.seed)),
        ]
        out["when"] = .object(condition)
        return .object(out)
    }
}
