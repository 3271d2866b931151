internal import Navigator
public import SerialEMProtocol

/// A task of SerialEM that went wrong after its command had started it, such as a movement of the autoloader.
///
/// Only NoMessageBoxOnError makes an error of the command out of it; without, it ends external control as STOP does.
struct TaskFailure: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A period of external control: how it begins, what runs in it, and how it ends.
extension VirtualMicroscope {
    /// Day and time at the microscope.
    var time: String { clock.date.iso }

    /// Starts external control, as the first request of a period does. False if that cannot be.
    public func beginControl() -> Bool { startControl() == .handled }

    /// Starts external control, or says why not. Uses up a STOP that is pending.
    func startControl() -> ReturnStatus {
        switch control {
        case .external: return .handled
        case .acquiring: return .busy
        case .idle:
            if stopIsPending {
                stopIsPending = false
                return .stopPending
            }
            control = .external
            periodVariables = [:]
            messageBoxesAreOff = false
            tryLevel = 0
            fileOverwriteIsAllowed = false
            acquireAtEnd = false
            periodStart = clock.elapsed
            return .handled
        }
    }

    /// OKtoRunExternalScript: true only for the request that starts control. It forgives a pending STOP.
    public func okToRun() -> Bool {
        guard control != .external else { return false }
        stopIsPending = false
        return beginControl()
    }

    /// Ends control because the client went away: nothing that waits for an Exit happens.
    public func clientLeft() {
        stopIsPending = false
        loseControl()
    }

    /// Ends control, whatever the reason, also because something inside SerialEM has begun that keeps programs outside out.
    func loseControl() {
        if control == .external { control = .idle }
    }

    /// The user pressed STOP between two commands.
    func stopWhileWaiting() {
        loseControl()
        stopIsPending = true
    }

    /// The user presses STOP. Says what that did.
    public func pressStop() -> String {
        if !activity.isEmpty {
            stopWasPressed = true
            waitingForTime?.finish()
            presentDialog?.answers.finish()
            return "\(activity) is stopped."
        }
        guard control == .external else { return "Nothing was running." }
        stopWhileWaiting()
        return "External control has ended; the next request is answered -10."
    }

    /// SerialEM keeps asking itself for 5 to 8 s whether it is idle before it says that it is busy. The simulated night does
    /// not get longer by that: the acquisition has the time.
    public nonisolated func keepWaitingWhileBusy() async {
        guard configuration.timeScale > 0 else { return }
        // A cancelled wait only means that the server is going down.
        try? await Task.sleep(for: .seconds(6 / configuration.timeScale))
    }

    /// What is answered to a request.
    enum Answer: Sendable {
        case never
        case status(ReturnStatus)
        case okToRun(Bool)
        case command(CommandReply, startsAcquisition: Bool)
        case image(ImageBuffer?)
        /// The image follows the reply.
        case takesImage(PutImageRequest)
    }

    func answer(_ request: Request, _ faults: CommandFaults) async -> Answer {
        switch await passDialog(isOKToRun: request.isOKToRun) {
        case .goOn: break
        case .refuseToRun: return .okToRun(false)
        case .neverAnswer: return .never
        }
        if request.isOKToRun { return .okToRun(okToRun()) }
        let start = startControl()
        guard start == .handled else { return .status(start) }
        switch request {
        case .okToRun: return .okToRun(true)
        case .command(let command):
            return .command(await perform(command, faults), startsAcquisition: takePendingAcquisition())
        case .bufferImage(let wanted): return .image(bufferImage(wanted.bufferIndex, fromFFTWindow: wanted.fromFFTWindow))
        case .putImage(let put): return .takesImage(put)
        }
    }

    /// Runs one command.
    public func perform(_ request: CommandRequest) async -> CommandReply { await perform(request, CommandFaults()) }

    func perform(_ request: CommandRequest, _ faults: CommandFaults) async -> CommandReply {
        guard let definition = FunctionCodes.definition(code: request.code) else {
            return .failure("No command has the function code \(request.code).")
        }
        let arguments = CommandArguments(request.arguments)
        mechanics.command = definition.name
        for kind in faults.surroundings { change(kind) }
        if let text = faults.error { return await refusal(text, definition.name, arguments) }
        if definition.name == "Exit" { return exit(code: arguments.integer(1), text: arguments.text(2)) }
        // Outside of a script there is nothing to return to.
        if definition.name == "Return" { return exit(code: 0, text: "") }
        guard let handler = CommandTable.handlers[request.code] else {
            let reason = CommandTable.refusalReasons[definition.name] ?? "\(definition.name) is not simulated."
            return await refusal(reason, definition.name, arguments)
        }
        // 0 is also what SerialEM reports of imaging states, cartridges and image shifts that went well.
        if faults.hasNoEffect { return CommandReply(values: [.number(0)], status: .success) }
        do {
            guard let values = try await untilStopped(definition.name, pressed: faults.stop, { try await handler(self, arguments) })
            else { return stopped() }
            return CommandReply(values: values, status: .success)
        } catch let failure as CommandFailure {
            return await refusal(failure.description, definition.name, arguments)
        } catch let failure as TaskFailure {
            guard messageBoxesAreOff else {
                note("ERROR: \(failure)")
                _ = await ask(Dialog(.message, failure.description))
                return stopped()
            }
            return await refusal(failure.description, definition.name, arguments)
        } catch {
            return await refusal("\(error)", definition.name, arguments)
        }
    }

    /// Runs something to its end, or until STOP is pressed: waits end at once, and the next exposure or movement is not
    /// begun. Nil if it was pressed.
    private func untilStopped<Value>(_ name: String, pressed: Bool = false, _ body: () async throws -> Value) async throws -> Value? {
        activity = name
        stopWasPressed = pressed
        defer {
            activity = ""
            stopWasPressed = false
        }
        do {
            let value = try await body()
            return stopWasPressed ? nil : value
        } catch {
            guard stopWasPressed else { throw error }
            return nil
        }
    }

    /// Whether nothing more is to begin: STOP was pressed, or the server goes down.
    var isStopped: Bool { stopWasPressed || Task.isCancelled }

    /// Ends what was to begin something after a STOP.
    func checkStop() throws {
        if isStopped { throw CancellationError() }
    }

    /// Lets real time pass until STOP is pressed.
    func sleep(_ duration: Duration) async {
        guard !stopWasPressed else { return }
        let (pressed, button) = AsyncStream.makeStream(of: Void.self)
        waitingForTime = button
        await withTaskGroup(of: Void.self) { group in
            // Cancelled when the server goes down: what waits finds that out before it begins anything else.
            group.addTask { try? await Task.sleep(for: duration) }
            group.addTask { for await _ in pressed {} }
            await group.next()
            group.cancelAll()
        }
        waitingForTime = nil
    }

    private func stopped() -> CommandReply {
        loseControl()
        stopIsPending = true
        // Oddly, SerialEM honours it here too.
        startAcquisitionIfAsked()
        return CommandReply(values: [], status: .stopped)
    }

    private func refusal(_ message: String, _ name: String, _ arguments: CommandArguments) async -> CommandReply {
        note("ERROR: \(message)")
        // With boxes on, a human has to answer one before the reply leaves, and the reply has no text.
        guard boxesAreSuppressed else {
            _ = await ask(Dialog(.message, message))
            return CommandReply(values: [.text("")], status: .failed)
        }
        return .failure("\(message)\r\n\(arguments.call(name))")
    }

    private func exit(code: Int, text: String) -> CommandReply {
        if !text.isEmpty { note(text) }
        loseControl()
        startAcquisitionIfAsked()
        return CommandReply(values: [], status: code == 0 ? .normalExit : .exitWithCode)
    }

    private func startAcquisitionIfAsked() {
        if acquireAtEnd, items.contains(where: \.acquire) {
            control = .acquiring
            acquisitionIsPending = true
        }
        acquireAtEnd = false
    }

    /// Runs Acquire at Items until its end or the user's STOP.
    func acquireUntilStopped() async {
        _ = try? await untilStopped(Fault.acquisition) { await acquireAtItems() }
    }
}
