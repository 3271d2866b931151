import Logging
import NIOCore
import SerialEMProtocol

/// What is done with the replies inside one exchange.
struct Exchange: Sendable {
    let channel: any Channel

    /// Sends bytes without waiting until they are gone: if they cannot go, the wait for the reply fails.
    func send(_ bytes: [UInt8]) {
        let channel = channel
        channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenFailure { _ in channel.close(promise: nil) }
    }

    /// Sends bytes and waits until the network has taken them.
    func sendAll(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    /// The next packet.
    func packet() async throws -> [UInt8] {
        let promise = channel.eventLoop.makePromise(of: [UInt8].self)
        return try await wait(HandlerEvent.readPacket(promise), promise)
    }

    /// A number of raw bytes.
    func bytes(_ count: Int) async throws -> [UInt8] {
        let promise = channel.eventLoop.makePromise(of: [UInt8].self)
        return try await wait(HandlerEvent.readBytes(count, promise), promise)
    }

    private func wait(_ event: HandlerEvent, _ promise: EventLoopPromise<[UInt8]>) async throws -> [UInt8] {
        // A pipeline that is gone fails the event without showing it to the handler.
        channel.triggerUserOutboundEvent(event).whenFailure { _ in promise.fail(ChannelFailure.closed) }
        return try await promise.futureResult.get()
    }
}

extension SerialEMConnection {
    /// Runs one exchange when its turn comes, and turns whatever goes wrong into a ``SerialEMError``.
    func exchange<Result: Sendable>(
        _ context: RequestContext, deadline: Duration, _ body: @Sendable (Exchange) async throws -> Result
    ) async throws(SerialEMError) -> Result {
        guard await turnstile.enter() else { throw .cancelled(context) }
        let result = await exchangeInTurn(context, deadline: deadline, body)
        await turnstile.leave()
        return try result.get()
    }

    private func exchangeInTurn<Value: Sendable>(
        _ context: RequestContext, deadline: Duration, _ body: @Sendable (Exchange) async throws -> Value
    ) async -> Result<Value, SerialEMError> {
        if Task.isCancelled { return .failure(.cancelled(context)) }
        let channel = channel
        guard isOpen else { return .failure(afterClose(context)) }
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(deadline)) {
            channel.triggerUserOutboundEvent(HandlerEvent.deadline, promise: nil)
        }
        defer { timer.cancel() }
        do {
            try await channel.triggerUserOutboundEvent(HandlerEvent.beginExchange).get()
            let value = try await body(Exchange(channel: channel))
            channel.triggerUserOutboundEvent(HandlerEvent.endExchange, promise: nil)
            hasAnsweredOnce = true
            return .success(value)
        } catch {
            let reason = explain(error, context, deadline)
            // Whoever asked is told, and knows whether it matters.
            logger.debug(
                "A request to SerialEM has no result",
                metadata: ["request": "\(context.name)", "reason": "\(reason.message)"])
            return .failure(reason)
        }
    }

    /// What to say when the connection was closed before the request: unasked bytes from something else close it too.
    private func afterClose(_ context: RequestContext) -> SerialEMError {
        if case .unasked(let bytes) = failure.reason, !hasAnsweredOnce {
            return .notSerialEM(address, Self.unaskedText(bytes), command: context.name)
        }
        return .connectionLost(context, requestWasSent: false)
    }

    private func explain(_ error: any Error, _ context: RequestContext, _ deadline: Duration) -> SerialEMError {
        switch error {
        case let error as SerialEMError: return error
        case let error as ProtocolError:
            if case .refused(let status) = error.code {
                // A refusal is a whole reply and SerialEM keeps the connection, so the next request may follow.
                channel.triggerUserOutboundEvent(HandlerEvent.endExchange, promise: nil)
                hasAnsweredOnce = hasAnsweredOnce || status == .busy || status == .stopPending
                return .refused(context, status)
            }
            abandon()
            return unusable(context, error.message)
        default: break
        }
        abandon()
        switch failure.reason {
        case .deadline: return .deadline(context, deadline)
        case .malformed(let error, let bytes):
            return unusable(context, hasAnsweredOnce ? error.message : Self.answerText(bytes))
        case .unasked(let bytes): return unusable(context, Self.unaskedText(bytes))
        case .closed, nil: break
        }
        return .connectionLost(context, requestWasSent: true)
    }

    /// Ends the connection for good. The channel closes a moment later; the next request must not slip in before.
    private func abandon() {
        failure.record(.closed)
        channel.close(promise: nil)
    }

    private func unusable(_ context: RequestContext, _ reason: String) -> SerialEMError {
        hasAnsweredOnce
            ? .badReply(context, reason) : .notSerialEM(address, reason, command: context.name)
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
