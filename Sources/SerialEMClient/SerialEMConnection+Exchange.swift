import Logging
import SerialEMProtocol

extension SerialEMConnection {
    /// Sends a request when its turn comes, waits for what comes back, and turns whatever goes wrong into a
    /// ``SerialEMError``. The deadline counts from the sending.
    func exchange<Value: Sendable>(
        _ context: RequestContext, deadline: Duration, _ request: [UInt8], _ course: Course = .reply,
        read: (Received) throws(ProtocolError) -> Value
    ) async throws(SerialEMError) -> Value {
        guard await turnstile.enter() else { throw .cancelled(context) }
        let received = await exchangeInTurn(context, deadline: deadline, request, course)
        let result = received.flatMap { received in
            Result { () throws(ProtocolError) in try read(received) }.mapError { unreadable($0, context) }
        }
        if case .success = result { noteAnswer() }
        await turnstile.leave()
        if case .failure(let error) = result {
            // Whoever asked is told, and knows whether it matters.
            logger.debug(
                "A request to SerialEM has no result", metadata: ["request": "\(context.name)", "reason": "\(error.message)"])
        }
        return try result.get()
    }

    private func exchangeInTurn(
        _ context: RequestContext, deadline: Duration, _ request: [UInt8], _ course: Course
    ) async -> Result<Received, SerialEMError> {
        if Task.isCancelled { return .failure(.cancelled(context)) }
        let outcome = await wire.exchange(request, course, deadline: deadline)
        return outcome.mapError { explain($0, context, deadline) }
    }

    /// What to say when the connection was closed before the request: unasked bytes from something else close it too.
    private func afterClose(_ context: RequestContext) -> SerialEMError {
        if case .unasked(let bytes) = wire.socket.endReason, !hasAnsweredOnce {
            return .notSerialEM(address, Self.unaskedText(bytes), command: context.name)
        }
        return .connectionLost(context, requestWasSent: false)
    }

    private func explain(_ failure: ExchangeFailure, _ context: RequestContext, _ deadline: Duration) -> SerialEMError {
        guard failure.requestWasSent else { return afterClose(context) }
        switch failure.reason {
        case .closed: return .connectionLost(context, requestWasSent: true)
        case .deadline: return .deadline(context, deadline)
        case .malformed(let error, let bytes):
            return unusable(context, hasAnsweredOnce ? error.message : Self.answerText(bytes))
        case .unasked(let bytes): return unusable(context, Self.unaskedText(bytes))
        }
    }

    /// Keeps that SerialEM has answered; a refusal counts when it is one that only SerialEM gives.
    func noteAnswer(_ status: ReturnStatus = .handled) {
        hasAnsweredOnce = hasAnsweredOnce || status == .handled || status == .busy || status == .stopPending
    }

    /// What to say of a packet that is not the reply that was expected.
    private func unreadable(_ error: ProtocolError, _ context: RequestContext) -> SerialEMError {
        if case .refused(let status) = error.code {
            // A refusal is a whole reply and SerialEM keeps the connection, so the next request may follow.
            noteAnswer(status)
            return .refused(context, status)
        }
        wire.socket.end(.closed)
        return unusable(context, error.message)
    }

    private func unusable(_ context: RequestContext, _ reason: String) -> SerialEMError {
        hasAnsweredOnce
            ? .badReply(context, reason, endsConnection: true)
            : .notSerialEM(address, reason, command: context.name, requestWasSent: true)
    }

    /// What to tell of an answer that is no packet; a web server gives itself away by its text.
    private static func answerText(_ bytes: [UInt8]) -> String {
        guard bytes.count >= 4, bytes.prefix(4).allSatisfy({ (32..<127).contains($0) }) else {
            return "its answer does not follow SerialEM's protocol"
        }
        return "it answered '\(readable(bytes))'"
    }

    private static func readable(_ bytes: [UInt8]) -> String {
        let line = bytes.prefix { $0 != 10 && $0 != 13 }
        return String(line.map { (32..<127).contains($0) ? Character(UnicodeScalar($0)) : "." })
    }

    private static func unaskedText(_ bytes: [UInt8]) -> String {
        "it sent '\(readable(bytes))' without being asked"
    }
}
