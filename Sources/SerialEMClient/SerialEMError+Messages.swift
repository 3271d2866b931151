import SerialEMProtocol

/// What a message needs to know of the request that failed.
struct RequestContext: Sendable {
    /// Host and port.
    let address: String
    /// The command, or what is done instead of one, such as `GetBufferImage`.
    let name: String
}

extension SerialEMError {
    static func unreachable(_ address: String, _ reason: String) -> SerialEMError {
        SerialEMError(
            .unreachable,
            "No connection to SerialEM at \(address) (\(reason)): start SerialEM there, set its property "
                + "EnableExternalPython to 1 and check host and port.")
    }

    static func notSerialEM(
        _ address: String, _ reason: String, command: String?, requestWasSent: Bool = false
    ) -> SerialEMError {
        SerialEMError(
            .notSerialEM, "What answers at \(address) is not SerialEM (\(reason)): check host and port.", command: command,
            mayHaveBeenExecuted: requestWasSent)
    }

    static func busy(_ context: RequestContext) -> SerialEMError {
        SerialEMError(
            .busy,
            "SerialEM at \(context.address) is busy and did not run \(context.name): wait for its task, or close its "
                + "Acquire at Items dialog or message box, then try again.", command: context.name)
    }

    static func stopPending(_ context: RequestContext) -> SerialEMError {
        SerialEMError(
            .stopped,
            "The operator pressed STOP in SerialEM at \(context.address) before \(context.name), which was not run: ask the "
                + "operator before you go on.", command: context.name)
    }

    static func stopped(_ context: RequestContext) -> SerialEMError {
        SerialEMError(
            .stopped,
            "The operator pressed STOP in SerialEM at \(context.address) during \(context.name), or its task ended without a "
                + "result: ask the operator before you go on.", command: context.name, mayHaveBeenExecuted: true)
    }

    static func commandFailed(_ context: RequestContext, reportedText: String?) -> SerialEMError {
        // SerialEM gives the line of the script under its message; the operator gets one sentence.
        let report = reportedText.map { "reported '\($0.replacing("\n", with: " / "))'" } ?? "gave no message, its log may have one"
        return SerialEMError(
            .commandFailed, "\(context.name) failed: SerialEM at \(context.address) \(report).", command: context.name,
            reportedText: reportedText, mayHaveBeenExecuted: true)
    }

    static func exited(_ context: RequestContext) -> SerialEMError {
        SerialEMError(
            .exited, "\(context.name) ended the external control of SerialEM at \(context.address).", command: context.name,
            mayHaveBeenExecuted: true)
    }

    static func connectionLost(_ context: RequestContext, requestWasSent: Bool) -> SerialEMError {
        SerialEMError(
            .connectionLost,
            requestWasSent
                ? "The connection to SerialEM at \(context.address) broke during \(context.name), which may have been "
                    + "executed: look at the state of the microscope, then connect again."
                : "The connection to SerialEM at \(context.address) is closed and \(context.name) was not sent: connect again.",
            command: context.name, mayHaveBeenExecuted: requestWasSent)
    }

    static func deadline(_ context: RequestContext, _ duration: Duration) -> SerialEMError {
        SerialEMError(
            .deadline,
            "SerialEM at \(context.address) did not answer \(context.name) within \(duration), which may have been executed: "
                + "look for a message box there, then connect again.", command: context.name, mayHaveBeenExecuted: true)
    }

    static func badReply(_ context: RequestContext, _ reason: String, endsConnection: Bool = false) -> SerialEMError {
        SerialEMError(
            .badReply,
            "The reply of SerialEM at \(context.address) to \(context.name) cannot be used: \(reason)",
            command: context.name,
            mayHaveBeenExecuted: true, endsConnection: endsConnection)
    }

    static func badArguments(_ name: String, _ reason: String) -> SerialEMError {
        SerialEMError(.badArguments, "\(name) cannot be sent to SerialEM: \(reason)", command: name)
    }

    static func notSupported(_ context: RequestContext, commandCount: Int) -> SerialEMError {
        SerialEMError(
            .notSupported,
            "SerialEM at \(context.address) has \(commandCount) commands and \(context.name) is not among them: a newer "
                + "version is needed.", command: context.name)
    }

    static func cancelled(_ context: RequestContext) -> SerialEMError {
        SerialEMError(
            .cancelled, "\(context.name) was cancelled before it was sent to SerialEM at \(context.address).",
            command: context.name)
    }

    /// The error for a refusal by a negative return value.
    static func refused(_ context: RequestContext, _ status: ReturnStatus) -> SerialEMError {
        switch status {
        case .busy: busy(context)
        case .stopPending: stopPending(context)
        default: badReply(context, "the request was refused with return value \(status.rawValue).")
        }
    }
}
