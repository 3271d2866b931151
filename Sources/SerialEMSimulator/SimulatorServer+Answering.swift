internal import NIOCore
internal import Raster
internal import SerialEMProtocol

/// What happens with one request before it reaches the microscope, by the faults that strike it.
struct RequestFaults: Sendable {
    var reply: ReplyFaults?
    var command = CommandFaults()
    var dropsUnexecuted = false
    var dropsExecuted = false
    var isSilent = false
    var stopWhileWaiting = false
    /// Seconds to be busy, 0 for this request alone.
    var busy: Double?
    var crash: Double?
    var newcomer: Double?
    var dialog: FaultDialog?

    init(_ struck: [FaultPlan.Struck]) {
        for fault in struck {
            switch fault.kind {
            case .dropBeforeReply(let executed): if executed { dropsExecuted = true } else { dropsUnexecuted = true }
            case .busy(let seconds): busy = max(busy ?? 0, seconds)
            case .stop: command.stop = true
            case .stopWhileWaiting: stopWhileWaiting = true
            case .newcomer(let seconds): newcomer = seconds
            case .error(let text): command.error = text
            case .noEffect: command.hasNoEffect = true
            case .closedValve, .reloaded, .refill, .lowDisk: command.surroundings.append(fault.kind)
            case .crash(let seconds): crash = seconds
            case .dialog(let text, let seconds): dialog = FaultDialog(text: text, seconds: seconds)
            case .silence: isSilent = true
            default:
                var faults = reply ?? ReplyFaults()
                faults.take(fault)
                reply = faults
            }
        }
    }
}

extension Request {
    /// The name by which faults know it.
    var name: String {
        switch self {
        case .command(let command): FunctionCodes.definition(code: command.code)?.name ?? "\(command.code)"
        case .okToRun: "OKtoRunExternalScript"
        case .bufferImage: "GetBufferImage"
        case .putImage: "PutImageInBuffer"
        }
    }
    var isCommand: Bool { if case .command = self { true } else { false } }
    var isOKToRun: Bool { self == .okToRun }
}

extension SimulatorServer {
    private var plan: FaultPlan { microscope.faults }

    /// Answers one packet, or does to it what the faults want.
    func answer(
        _ packet: [UInt8], _ conversation: inout Conversation, _ seat: Seat, _ acquisitionsWanted: AsyncStream<Void>.Continuation
    ) async throws {
        countRequest()
        conversation.faults = nil
        let request: Request
        do { request = try Request.decode(packet) } catch {
            return try await conversation.send(BareReply(returnStatus: error.returnStatus).encoded())
        }
        // Known without waiting for the microscope, which is exposing most of that time.
        if microscope.isAcquiring { return try await refuseAsBusy(request, &conversation) }
        guard !plan.isEmpty else { return try await execute(request, CommandFaults(), &conversation, seat, acquisitionsWanted) }

        let struck = plan.strike(request.isCommand ? [.request, .command] : [.request], command: request.name, time: await microscope.time)
        let faults = RequestFaults(struck)
        conversation.faults = faults.reply
        if let seconds = faults.crash {
            crash(seconds: seconds)
            // Until the server, which goes down with SerialEM, takes the connection away.
            try await Task.sleep(for: .seconds(86_400))
        }
        if faults.dropsUnexecuted { throw Conversation.Dropped() }
        if faults.isSilent { return }
        if faults.stopWhileWaiting { await microscope.stopWhileWaiting() }
        if let seconds = faults.busy { plan.stayBusy(seconds: seconds) }
        if faults.busy != nil || plan.isBusy {
            await microscope.loseControl()
            return try await refuseAsBusy(request, &conversation)
        }
        if let dialog = faults.dialog { await microscope.open(dialog) }
        if faults.dropsExecuted {
            // What it would have answered goes nowhere.
            var nowhere = ReplyFaults()
            nowhere.take(FaultPlan.Struck(kind: .dropInReply(bytes: 0), salt: 0))
            conversation.faults = nowhere
        }
        try await execute(request, faults.command, &conversation, seat, acquisitionsWanted)
        if conversation.faults?.endsConnection == true { throw Conversation.Dropped() }
        if let seconds = faults.newcomer {
            callNewcomer(seconds: seconds)
            seat.setExecuting(false)
            await seat.untilEvicted()
        }
    }

    private func refuseAsBusy(_ request: Request, _ conversation: inout Conversation) async throws {
        await microscope.keepWaitingWhileBusy()
        try await conversation.send(request.isOKToRun ? OKToRunReply(ok: false).encoded() : BareReply(returnStatus: .busy).encoded())
    }

    private func execute(
        _ request: Request, _ faults: CommandFaults, _ conversation: inout Conversation, _ seat: Seat,
        _ acquisitionsWanted: AsyncStream<Void>.Continuation
    ) async throws {
        seat.setExecuting(true)
        switch await microscope.answer(request, faults) {
        case .never: break
        case .status(let status): try await conversation.send(BareReply(returnStatus: status).encoded())
        case .okToRun(let ok): try await conversation.send(OKToRunReply(ok: ok).encoded())
        case .command(let reply, let startsAcquisition):
            // Before the reply: the client may be gone by then, and the acquisition runs all the same.
            if startsAcquisition { acquisitionsWanted.yield() }
            // A client that does not take its replies keeps nobody else out.
            if !conversation.channel.isWritable { seat.setExecuting(false) }
            try await conversation.send(reply.encoded())
        case .image(let buffer): try await send(buffer, &conversation, seat)
        case .takesImage(let put):
            try await conversation.send(BareReply(returnStatus: .handled).encoded())
            guard !conversation.isMute else { return }
            seat.setExecuting(false)
            guard let image = try await conversation.image(put) else { return }
            await microscope.putImage(image.image, sent: image.sent, into: put.bufferIndex, base: put.baseBufferIndex, addedBinning: put.addedBinning)
        }
    }

    private func send(_ buffer: ImageBuffer?, _ conversation: inout Conversation, _ seat: Seat) async throws {
        guard let buffer else { return try await conversation.send(BufferImageReply.empty.encoded()) }
        let reply = BufferImageReply(pixelType: buffer.pixelType, width: buffer.image.width, height: buffer.image.height)
        try await conversation.send(reply.encoded())
        // A client that does not take its image keeps nobody else out.
        seat.setExecuting(false)
        try await conversation.untilTaken()
        let ranges = reply.chunks.ranges
        for (number, range) in ranges.enumerated() {
            try await conversation.send(buffer, range)
            guard number < ranges.count - 1, !conversation.isMute else { break }
            guard try await conversation.numbers(ChunkHandshake.bytes.count) == ChunkHandshake.bytes else {
                throw CommandFailure("The client did not shake hands between two parts of an image.")
            }
        }
    }
}
