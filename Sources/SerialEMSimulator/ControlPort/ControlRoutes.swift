internal import Foundation
internal import Geometry
internal import ImageFiles
internal import Units

/// What somebody wants of the control port.
struct ControlRequest: Sendable {
    let method: String
    let path: String
    /// A page in a browser of this computer could otherwise drive the simulator.
    let isFromWebPage: Bool
    let body: [UInt8]
}

/// What the control port says.
struct ControlAnswer: Sendable {
    var status = 200
    let body: [UInt8]
    /// The methods that a path knows, where another was used.
    var allow: [String] = []

    init(_ value: JSONValue) { body = Array((value.text + "\n").utf8) }
    init(bytes: some Sequence<UInt8>) { body = Array(bytes) }

    /// A request that makes no sense, in one sentence.
    static func wrong(_ status: Int, _ sentence: String, allow: [String] = []) -> ControlAnswer {
        var answer = ControlAnswer(["error": .string(sentence)])
        answer.status = status
        answer.allow = allow
        return answer
    }
}

/// The paths of the control port.
struct ControlRoutes: Sendable {
    let server: SimulatorServer

    private static let methods: [(path: String, methods: [String])] = [
        ("/faults", ["GET", "POST", "DELETE"]), ("/status", ["GET"]), ("/events", ["GET"]), ("/dialog", ["POST"]), ("/stop", ["POST"]),
        ("/crash", ["POST"]),
    ]

    func answer(_ request: ControlRequest) async -> ControlAnswer {
        guard let methods = Self.methods.first(where: { $0.path == request.path })?.methods else {
            return .wrong(404, "There is no \(request.path.prefix(100)); possible are \(Self.methods.map(\.path).joined(separator: ", ")).")
        }
        guard methods.contains(request.method) else {
            return .wrong(405, "\(request.path) does not know \(request.method), only \(methods.joined(separator: ", ")).", allow: methods)
        }
        guard !request.isFromWebPage else { return .wrong(400, "Pages of a browser may not use the control port.") }
        do throws(FaultError) {
            return try await perform(request)
        } catch { return .wrong(400, error.description) }
    }

    private func perform(_ request: ControlRequest) async throws(FaultError) -> ControlAnswer {
        let faults = server.microscope.faults
        switch (request.method, request.path) {
        case ("GET", "/faults"): return ControlAnswer(faults.json)
        case ("POST", "/faults"):
            let new = try Fault.list(text: String(decoding: request.body, as: UTF8.self), place: "body")
            faults.add(new)
            return ControlAnswer(["added": .integer(new.count)])
        case ("DELETE", "/faults"): return ControlAnswer(["removed": .integer(faults.removeAll())])
        case ("GET", "/status"): return ControlAnswer(await server.status())
        case ("POST", "/dialog"):
            var fields = try Self.fields(request.body)
            let answer = try Self.dialogAnswer(&fields)
            try fields.finish()
            guard await server.microscope.answerAnyDialog(answer) else { throw FaultError("No dialog is open.") }
            return ControlAnswer(["answered": .bool(true)])
        case ("POST", "/stop"): return ControlAnswer(["stop": .string(await server.microscope.pressStop())])
        case ("POST", "/crash"):
            var fields = try Self.fields(request.body)
            let seconds = try fields.number("seconds", 0 ... 86_400) ?? 5
            try fields.finish()
            guard server.crash(seconds: seconds) else { throw FaultError("SerialEM is away already.") }
            return ControlAnswer(["backAfterSeconds": .number(seconds)])
        default: return await events()
        }
    }

    /// The keys of a body that may be left out.
    private static func fields(_ body: [UInt8]) throws(FaultError) -> FaultFields {
        let text = String(decoding: body, as: UTF8.self)
        if text.allSatisfy(\.isWhitespace) { return try FaultFields([:], place: "body") }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(text: text) } catch {
            throw FaultError("body: it is not JSON at byte \(error.offset): \(error.message).")
        }
        return try FaultFields(value, place: "body")
    }

    /// A button by its number, what is written into the box, or `"cancel": true`.
    private static func dialogAnswer(_ fields: inout FaultFields) throws(FaultError) -> DialogAnswer? {
        let button = try fields.integer("button", 1 ... 20)
        let number = try fields.number("number", -CommandArguments.largest ... CommandArguments.largest)
        let text = try fields.text("text")
        if try fields.flag("cancel") == true { return .cancel }
        return button.map { .button($0) } ?? number.map { .number($0) } ?? text.map { .text($0) }
    }

    private func events() async -> ControlAnswer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let exposures = try? encoder.encode(["exposures": await server.microscope.exposureLog()]) else {
            return .wrong(500, "The exposures cannot be written as JSON.")
        }
        return ControlAnswer(bytes: exposures)
    }
}

extension SimulatorServer {
    /// The state of the microscope for the control port.
    func status() async -> JSONValue {
        var status = await microscope.status()
        status["requests"] = .integer(requestsSoFar)
        return .object(status)
    }
}

extension VirtualMicroscope {
    func status() -> JSONObject {
        [
            "time": .string(time), "elapsedSeconds": .number(clock.elapsed), "control": .string("\(control)"),
            "running": activity.isEmpty ? nil : .string(activity), "stopIsPending": .bool(stopIsPending),
            "dialog": (openDialogText ?? openDialog?.text).map { .string($0) } ?? nil, "loadedSlot": cassette.loaded.map { .integer($0) } ?? nil,
            "stage": [
                "x": .number(stage.position.x), "y": .number(stage.position.y), "z": .number(stage.height.value),
                "tilt": .number(stage.tilt.value),
            ],
            "exposures": .integer(exposures.count), "openFiles": .integer(openFiles.count), "navigatorItems": .integer(items.count),
        ]
    }
}
