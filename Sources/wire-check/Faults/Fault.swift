import SerialEMClient
import SerialEMProtocol

/// What the server does with a request.
enum Fault: CaseIterable {
    // The connection stays.
    case none, fragments, busy, stopPending, stopped, errorWithText, errorWithoutText, otherRefusal
    // The reply is whole, and the connection is of no use afterwards.
    case surplus, closedAfterReply, resetAfterReply
    // There is no whole reply.
    case closedBeforeReply, resetBeforeReply, closedInReply, silence, late, truncated, longLength
    // The reply is wrong.
    case hugeLength, negativeLength, shortLength, wrongCounts, otherReply, webServer

    /// A client can learn of it only by waiting.
    var endsByDeadline: Bool {
        switch self {
        case .silence, .late, .truncated, .longLength: true
        default: false
        }
    }

    /// How the request must end.
    var expectation: Expectation {
        switch self {
        case .none, .fragments, .surplus, .closedAfterReply: .success
        case .busy: .failure([.busy], mayHaveBeenExecuted: false)
        case .stopPending: .failure([.stopped], mayHaveBeenExecuted: false)
        case .stopped: .failure([.stopped], mayHaveBeenExecuted: true)
        case .errorWithText, .errorWithoutText: .failure([.commandFailed], mayHaveBeenExecuted: true)
        case .otherRefusal: .failure([.badReply], mayHaveBeenExecuted: true)
        // A reset may overtake the reply, or not.
        case .resetAfterReply: .successOr([.connectionLost])
        case .closedBeforeReply, .resetBeforeReply, .closedInReply: .failure([.connectionLost], mayHaveBeenExecuted: true)
        case .silence, .late, .truncated, .longLength: .failure([.deadline], mayHaveBeenExecuted: true)
        case .hugeLength, .negativeLength, .shortLength, .wrongCounts, .otherReply, .webServer:
            .failure([.badReply], mayHaveBeenExecuted: true)
        }
    }

    /// Whether the next request can be sent on the same connection.
    var keepsConnection: Bool {
        switch self {
        case .none, .fragments, .busy, .stopPending, .stopped, .errorWithText, .errorWithoutText, .otherRefusal: true
        default: false
        }
    }

    /// Commands alone have a field for these.
    static let forImages: [Fault] = allCases.filter {
        $0 != .stopped && $0 != .errorWithText && $0 != .errorWithoutText
    }
}

/// How a request may end.
enum Expectation {
    case success
    case successOr(Set<SerialEMError.Code>)
    case failure(Set<SerialEMError.Code>, mayHaveBeenExecuted: Bool)
}

/// What goes wrong inside the image after a good header.
enum ImageFault: CaseIterable {
    case none, fragments, surplusBeforeHandshake, closedInChunk, silentInChunk, silentAfterHandshake, announcedAndMissing

    /// How the request must end.
    var expectation: Expectation {
        switch self {
        case .none, .fragments: .success
        case .surplusBeforeHandshake: .failure([.badReply], mayHaveBeenExecuted: true)
        case .closedInChunk: .failure([.connectionLost], mayHaveBeenExecuted: true)
        case .silentInChunk, .silentAfterHandshake, .announcedAndMissing: .failure([.deadline], mayHaveBeenExecuted: true)
        }
    }
}

/// What the server does while it should take an image.
enum TakingFault: CaseIterable {
    case none, slow, stopsReading, closes, answersEarly

    /// How the request must end. Nothing acknowledges an image, so a small one may be on its way when the server closes.
    var expectation: Expectation {
        switch self {
        case .none, .slow: .success
        case .stopsReading: .failure([.deadline], mayHaveBeenExecuted: true)
        case .closes: .successOr([.connectionLost])
        case .answersEarly: .successOr([.badReply])
        }
    }
}

/// One request and what is done with it.
struct Plan {
    /// What the client asks.
    enum Request {
        case command
        case bufferImage(index: Int, ImageFault)
        case putImage(TakingFault)
    }

    var number: Int
    var request: Request
    var fault: Fault
    var seed: UInt64

    /// How the request must end.
    var expectation: Expectation {
        guard case .none = fault else {
            // All images come in several chunks, and only the first follows the header.
            if case .bufferImage = request, [.closedAfterReply, .resetAfterReply].contains(fault) {
                return .failure([.connectionLost], mayHaveBeenExecuted: true)
            }
            if case .bufferImage = request, case .surplus = fault { return .failure([.badReply], mayHaveBeenExecuted: true) }
            if case .putImage = request, case .surplus = fault { return .successOr([.badReply, .connectionLost]) }
            if case .putImage = request, [.closedAfterReply, .resetAfterReply].contains(fault) { return .successOr([.connectionLost]) }
            return fault.expectation
        }
        return switch request {
        case .command: .success
        case .bufferImage(_, let imageFault): imageFault.expectation
        case .putImage(let takingFault): takingFault.expectation
        }
    }

    /// A request that ends by itself may take as long as a busy computer needs; the others shall not make the run long.
    var deadline: Duration {
        if fault.endsByDeadline { return .milliseconds(20) }
        if case .failure(let codes, _) = expectation, codes == [.deadline] { return .milliseconds(20) }
        return .seconds(60)
    }

    /// Whether the next request can be sent on the same connection.
    var keepsConnection: Bool {
        guard fault.keepsConnection else { return false }
        guard case .none = fault else { return true }
        if case .success = expectation { return true }
        return false
    }
}

/// The image of a buffer; its size and bytes tell which.
enum NumberedImage {
    /// What SerialEM would say of it, cut into more chunks than SerialEM would.
    static func header(_ number: Int) -> BufferImageReply {
        BufferImageReply(
            pixelType: number % 2 == 0 ? .unsignedShort : .float, width: 20 + number % 37, height: 30 + number % 11,
            maximumChunk: 700 + number % 500)
    }

    static func bytes(_ number: Int, count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(truncatingIfNeeded: number))
        let word = generator.next()
        return (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt64($0 & 31) &+ UInt64($0 >> 5)) }
    }
}
