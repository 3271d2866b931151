internal import Foundation
internal import Geometry
internal import HTTPTypes
internal import Hummingbird
internal import ImageFiles
internal import NIOCore
internal import Units

/// A request that makes no sense, in one sentence.
private struct Refusal: Error {
    let status: HTTPResponse.Status
    let sentence: String
    /// The methods that a path knows, where another was used.
    var allow: [String] = []
}

/// The paths of the control port.
struct ControlRoutes: HTTPResponder {
    let server: SimulatorServer

    /// The longest list of faults that is taken, in bytes.
    private static let longestBody = 1 << 20
    private static let methods: [(path: String, methods: [String])] = [
        ("/faults", ["GET", "POST", "DELETE"]), ("/status", ["GET"]), ("/events", ["GET"]), ("/dialog", ["POST"]), ("/stop", ["POST"]),
        ("/crash", ["POST"]), ("/cassette", ["GET", "POST"]),
    ]

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        do {
            return Self.json(try await answer(request), status: .ok)
        } catch let refusal as Refusal {
            var response = Self.json(Self.text(["error": .string(refusal.sentence)]), status: refusal.status)
            if !refusal.allow.isEmpty { response.headers[.allow] = refusal.allow.joined(separator: ", ") }
            return response
        } catch let error as FaultError {
            return Self.json(Self.text(["error": .string(error.description)]), status: .badRequest)
        }
    }

    private static func json(_ text: String, status: HTTPResponse.Status) -> Response {
        Response(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
    private static func text(_ value: JSONValue) -> String { value.text + "\n" }

    private func answer(_ request: Request) async throws -> String {
        let (method, path) = (request.method.rawValue, request.uri.path)
        guard let methods = Self.methods.first(where: { $0.path == path })?.methods else {
            let possible = Self.methods.map(\.path).joined(separator: ", ")
            throw Refusal(status: .notFound, sentence: "There is no \(path.prefix(100)); possible are \(possible).")
        }
        guard methods.contains(method) else {
            throw Refusal(
                status: .methodNotAllowed, sentence: "\(path) does not know \(method), only \(methods.joined(separator: ", ")).", allow: methods)
        }
        // A page in a browser of this computer could otherwise drive the simulator.
        guard request.headers[.origin] == nil else {
            throw Refusal(status: .badRequest, sentence: "Pages of a browser may not use the control port.")
        }
        return try await perform(method, path, body: body(of: request))
    }

    private func body(of request: Request) async throws -> String {
        var bytes: [UInt8] = []
        var count = 0
        for try await part in request.body {
            count += part.readableBytes
            // What is too long is read to its end all the same, or its sender would see the answer's end only.
            if count <= Self.longestBody { bytes += part.readableBytesView }
            guard count <= 64 * Self.longestBody else { break }
        }
        guard count <= Self.longestBody else {
            throw Refusal(status: .contentTooLarge, sentence: "A body has at most \(Self.longestBody) bytes.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func perform(_ method: String, _ path: String, body: String) async throws -> String {
        let faults = server.microscope.faults
        switch (method, path) {
        case ("GET", "/faults"): return Self.text(faults.json)
        case ("POST", "/faults"):
            let new = try Fault.list(text: body, place: "body")
            faults.add(new)
            return Self.text(["added": .integer(new.count)])
        case ("DELETE", "/faults"): return Self.text(["removed": .integer(faults.removeAll())])
        case ("GET", "/status"): return Self.text(await server.status())
        case ("POST", "/dialog"):
            var fields = try Self.fields(body)
            let answer = try Self.dialogAnswer(&fields)
            try fields.finish()
            guard await server.microscope.answerAnyDialog(answer) else { throw FaultError("No dialog is open.") }
            return Self.text(["answered": .bool(true)])
        case ("GET", "/cassette"): return Self.text(await server.microscope.cassetteNames())
        case ("POST", "/cassette"):
            try await changeCassette(body)
            return Self.text(await server.microscope.cassetteNames())
        case ("POST", "/stop"): return Self.text(["stop": .string(await server.microscope.pressStop())])
        case ("POST", "/crash"):
            var fields = try Self.fields(body)
            let seconds = try fields.number("seconds", 0 ... 86_400) ?? 5
            try fields.finish()
            guard server.crash(seconds: seconds) else { throw FaultError("SerialEM is away already.") }
            return Self.text(["backAfterSeconds": .number(seconds)])
        default: return try await events()
        }
    }

    /// An operator's hand in the cassette: `"slot"` with the `"other"` slot whose cartridge it is changed about with, or a new `"name"`.
    private func changeCassette(_ body: String) async throws {
        let slots = 1 ... 12
        var fields = try Self.fields(body)
        let slot = try fields.required("slot", "a slot of the cassette") { fields throws(FaultError) in try fields.integer("slot", slots) }
        let other = try fields.integer("other", slots)
        let name = try fields.text("name")
        try fields.finish()
        guard (other == nil) != (name == nil) else { throw FaultError("body: give either 'other' or 'name' with 'slot'.") }
        if let other { try await server.microscope.swapCartridges(slot, other) }
        if let name { try await server.microscope.renameCartridge(slot, to: name) }
    }

    /// The keys of a body that may be left out.
    private static func fields(_ text: String) throws(FaultError) -> FaultFields {
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

    private func events() async throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(["exposures": await server.microscope.exposureLog()]), as: UTF8.self)
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
    /// The name of the cartridge in each slot, and which is on the stage.
    func cassetteNames() -> JSONValue {
        var slots: JSONObject = [:]
        for slot in cassette.inventory { slots["\(slot)"] = .string(cassette.names[slot] ?? "") }
        return ["slots": .object(slots), "onStage": cassette.loaded.map { .integer($0) } ?? .null]
    }

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
