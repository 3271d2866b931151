import Logging
import SerialEMClient
import SerialEMProtocol
import Locks

/// A client and a faulty server, and requests one after the other.
struct FaultRun {
    /// What was seen.
    struct Tally {
        var injected = 0
        var ends: [String: Int] = [:]
        /// What was not as it should be.
        var complaints: [String] = []
    }

    private let server: FaultyServer
    private let logger: Logger
    private var generator: SeededGenerator
    private var connection: SerialEMConnection?
    private(set) var tally = Tally()

    init(seed: UInt64, server: FaultyServer, logger: Logger) {
        self.server = server
        self.logger = logger
        generator = SeededGenerator(seed: seed)
    }

    mutating func run(count: Int, from first: Int) async throws {
        for number in first..<first + count {
            let plan = makePlan(number)
            let connection = try await self.connected()
            server.desk.hasArrived.withLock { $0 = false }
            server.desk.plan.withLock { $0 = plan }
            // Some requests wait behind this one; a few of them are called off.
            let followers = plan.keepsConnection || generator.below(8) > 0 ? 0 : 2
            let desk = server.desk
            let complaints = await withTaskGroup(of: String?.self) { group in
                group.addTask { await Self.check(plan, connection, desk) }
                var complaints: [String] = []
                if followers > 0 {
                    complaints += [await group.next() ?? nil].compactMap { $0 }
                    for _ in 0..<followers { group.addTask { await Self.checkUseless(connection) } }
                    group.addTask { await Self.checkCancelled(connection) }
                }
                for await complaint in group { if let complaint { complaints.append(complaint) } }
                return complaints
            }
            tally.complaints += complaints.map { "request \(number), \(plan.request), \(plan.fault): \($0)" }
            tally.injected += 1
            tally.ends["\(plan.fault)", default: 0] += 1
            server.desk.plan.withLock { $0 = nil }
            if !plan.keepsConnection { await disconnect() }
        }
        await disconnect()
    }

    private mutating func connected() async throws -> SerialEMConnection {
        if let connection { return connection }
        let made = try await SerialEMConnection.connect(host: "127.0.0.1", port: server.port, logger: logger)
        try await made.noMessageBoxOnError()
        connection = made
        return made
    }

    private mutating func disconnect() async {
        await connection?.close()
        connection = nil
    }

    private mutating func makePlan(_ number: Int) -> Plan {
        let seed = generator.next()
        switch generator.below(4) {
        case 0:
            let fault = generator.below(2) == 0 ? .none : Fault.forImages[generator.below(Fault.forImages.count)]
            let imageFault = ImageFault.allCases[generator.below(ImageFault.allCases.count)]
            return Plan(number: number, request: .bufferImage(index: number % 20, imageFault), fault: fault, seed: seed)
        case 1:
            let fault = generator.below(2) == 0 ? .none : Fault.forImages[generator.below(Fault.forImages.count)]
            let takingFault = TakingFault.allCases[generator.below(TakingFault.allCases.count)]
            return Plan(number: number, request: .putImage(takingFault), fault: fault, seed: seed)
        default:
            return Plan(
                number: number, request: .command, fault: Fault.allCases[generator.below(Fault.allCases.count)], seed: seed)
        }
    }

    private static func check(_ plan: Plan, _ connection: SerialEMConnection, _ desk: Desk) async -> String? {
        let end: SerialEMError?
        do {
            if let wrong = try await ask(plan, connection, desk) { return wrong }
            end = nil
        } catch {
            end = error as? SerialEMError
            if end == nil { return "another kind of error: \(error)" }
        }
        if let end, !end.mayHaveBeenExecuted, desk.hasArrived.withLock({ $0 }), end.code != .busy, end.code != .stopped {
            return "the server has the request, and the client says that it was not sent: \(end)"
        }
        switch (plan.expectation, end) {
        case (.success, nil), (.successOr, nil): return nil
        case (.successOr(let codes), let end?) where codes.contains(end.code) && end.mayHaveBeenExecuted: return nil
        case (.failure(let codes, let mayHaveBeenExecuted), let end?)
        where codes.contains(end.code) && end.mayHaveBeenExecuted == mayHaveBeenExecuted:
            if plan.fault == .errorWithText, end.reportedText != "number \(plan.number)" { return "another text: \(end)" }
            return nil
        default: return "ended with \(end.map { "\($0.code), may have been executed: \($0.mayHaveBeenExecuted)" } ?? "success")"
        }
    }

    /// Sends the request of the plan; gives what is wrong with the answer.
    private static func ask(_ plan: Plan, _ connection: SerialEMConnection, _ desk: Desk) async throws -> String? {
        switch plan.request {
        case .command:
            let values = try await connection.perform(
                "TiltTo", [.number(Double(plan.number))], kind: .exposing, deadline: plan.deadline)
            return values == [.number(Double(plan.number)), .text("sent")] ? nil : "the reply of another request: \(values)"
        case .bufferImage(let index, _):
            guard let letter = BufferLetter.letter(index) else { return "no letter" }
            let image = try await connection.bufferImage(letter, deadline: plan.deadline)
            let header = NumberedImage.header(index)
            let expected = NumberedImage.bytes(index, count: header.byteCount)
            return image?.bytes == expected && image?.width == header.width ? nil : "another image"
        case .putImage(let fault):
            // Where the server does not read, the image must be more than the network takes.
            let large = [.slow, .stopsReading].contains(fault) && plan.fault == .none
            let side = large ? 2048 : 16 + plan.number % 90
            let bytes = NumberedImage.bytes(plan.number, count: 2 * side * side)
            guard let image = BufferImage(width: side, height: side, pixelType: .unsignedShort, bytes: bytes) else { return "no image" }
            try await connection.putImage(image, into: "B", base: "A", deadline: plan.deadline)
            guard case .success = plan.expectation, plan.keepsConnection else { return nil }
            // The reply to the next command tells that the image has been taken.
            desk.plan.withLock { $0 = nil }
            try await connection.perform("ReportStageXYZ", deadline: .seconds(60))
            return desk.taken.withLock { $0 == bytes } ? nil : "another image was taken"
        }
    }

    /// A request on a connection that is of no use must not be sent, or be told to be lost.
    private static func checkUseless(_ connection: SerialEMConnection) async -> String? {
        do {
            try await connection.perform("ReportStageXYZ", deadline: .milliseconds(20))
            return "a request after the connection was of no use succeeded"
        } catch {
            return [.connectionLost, .deadline, .badReply].contains(error.code) ? nil : "a request after the end: \(error)"
        }
    }

    private static func checkCancelled(_ connection: SerialEMConnection) async -> String? {
        let task = Task { try await connection.perform("ReportStageXYZ", deadline: .milliseconds(20)) }
        task.cancel()
        let error = await task.result
        if case .failure(let error as SerialEMError) = error {
            return [.cancelled, .connectionLost, .deadline, .badReply].contains(error.code) ? nil : "a cancelled request: \(error)"
        }
        return "a cancelled request succeeded on a connection of no use"
    }
}
