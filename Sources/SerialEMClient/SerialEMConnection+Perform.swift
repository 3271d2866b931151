public import SerialEMProtocol

/// What is known of the SerialEM at the other end.
public struct SerialEMVersion: Sendable, Hashable {
    /// The number of its commands; codes from this number on must not be sent.
    public let commandCount: Int
}

extension SerialEMConnection {
    /// Runs a command and gives what it reports.
    ///
    /// An Exit ends external control as it should, so its reply is a success here; any other command that is answered
    /// with an exit throws ``SerialEMError/Code/exited``.
    @discardableResult
    public func perform(_ command: SerialEMCommand) async throws(SerialEMError) -> [ReportedValue] {
        let context = RequestContext(address: address, name: command.name)
        if let commandCount, command.code >= commandCount {
            throw .notSupported(context, commandCount: commandCount)
        }
        let packet = try command.packet()
        let begin = ContinuousClock.now
        let deadline = times.deadline(for: command.name, longest: command.deadline, expected: command.expected)
        let reply = try await exchange(context, deadline: deadline, packet) { received throws(ProtocolError) in
            try CommandReply.decode(received.packet)
        }
        switch reply.status {
        case .success:
            // It counts from when it was asked for: those that wait for another are none the faster for it.
            if command.deadline > CommandTimes.soon { times.note(command.name, took: ContinuousClock.now - begin) }
            return reply.values
        case .normalExit, .exitWithCode:
            if command.name == "Exit" { return reply.values }
            throw .exited(context)
        case .stopped: throw .stopped(context)
        default: throw .commandFailed(context, reportedText: reply.failureMessage)
        }
    }

    /// Runs a command by its name.
    @discardableResult
    public func perform(
        _ name: String, _ arguments: [Argument] = [], kind: SerialEMCommand.Kind = .reading,
        deadline: Duration = .seconds(30)
    ) async throws(SerialEMError) -> [ReportedValue] {
        try await perform(SerialEMCommand(name, arguments, kind: kind, deadline: deadline))
    }

    /// Takes control: suppresses message boxes and finds out which commands this SerialEM has.
    ///
    /// A code that the program does not have would stop it from listening, and the first one beyond its list would crash
    /// it, so later commands are checked against the number. SerialEM forgets the suppression when control ends; call
    /// this again after every loss of control.
    ///
    /// - Parameter limit: how long to wait for the first answer.
    @discardableResult
    public func beginControl(answerWithin limit: Duration = .seconds(30)) async throws(SerialEMError) -> SerialEMVersion {
        commandCount = Self.commandsOfFirstRelease
        try await noMessageBoxOnError(deadline: limit)
        var count = Self.commandsOfFirstRelease
        if try await isVersionAtLeast("40100", built: "20231212") {
            commandCount = nil
            count = try await reportNumExeFuncs()
        } else if try await isVersionAtLeast("40000", built: "20220307") {
            count = Self.commandsOfSecondRelease
        }
        commandCount = count
        return SerialEMVersion(commandCount: count)
    }

    /// Commands of SerialEM 4.0.0.
    private static let commandsOfFirstRelease = 601
    /// Commands of SerialEM 4.0.2 to 4.0.28.
    private static let commandsOfSecondRelease = 603

    /// Asks SerialEM to start external control. False when it is busy, and also when control is on already, so that this
    /// is no test of either; any command starts control by itself.
    public func okToRun() async throws(SerialEMError) -> Bool {
        let context = RequestContext(address: address, name: "OKtoRunExternalScript")
        return try await exchange(context, deadline: .seconds(30), OKToRunRequest.bytes) { received throws(ProtocolError) in
            try OKToRunReply.decode(received.packet).ok
        }
    }
}
