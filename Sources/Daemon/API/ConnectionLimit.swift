import Foundation
import NIOCore
import Locks

/// How many connections the control API serves at a time; those beyond are told so and closed.
final class ConnectionLimit: Sendable {
    private let most: Int
    private let open = Locked(0)

    init(most: Int) { self.most = most }

    /// Whether one more is served; whoever is has to leave again.
    fileprivate func enter() -> Bool {
        open.withLock { open in
            guard open < most else { return false }
            open += 1
            return true
        }
    }

    fileprivate func leave() { open.withLock { $0 -= 1 } }

    /// The answer to those beyond.
    fileprivate func refusal() -> ByteBuffer {
        let sentence = "The service has \(most) connections already and takes no more; close some, or ask again in a minute."
        let body = "{\"error\":\"\(sentence)\"}"
        return ByteBuffer(
            string: "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\n"
                + "Content-Length: \(body.utf8.count)\r\nRetry-After: 60\r\nConnection: close\r\n\r\n\(body)")
    }
}

/// Counts a connection while it is open, or refuses it.
final class ConnectionAdmission: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limit: ConnectionLimit
    private var isCounted = false

    init(_ limit: ConnectionLimit) { self.limit = limit }

    func handlerAdded(context: ChannelHandlerContext) {
        isCounted = limit.enter()
        guard !isCounted else { return }
        do {
            try context.pipeline.syncOperations.addHandler(ConnectionRefusal(limit.refusal()), position: .first)
        } catch {
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if isCounted { limit.leave() }
        isCounted = false
    }
}

/// Answers a connection before anything was asked, and closes it.
private final class ConnectionRefusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Closed at once while bytes are on their way here, the connection would be reset and the answer lost.
    private static let patience = TimeAmount.milliseconds(250)
    private let answer: ByteBuffer

    init(_ answer: ByteBuffer) { self.answer = answer }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(mode: .output, promise: nil)
        context.eventLoop.scheduleTask(in: Self.patience) { [channel = context.channel] in channel.close(promise: nil) }
    }

    /// What is asked is not looked at.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
