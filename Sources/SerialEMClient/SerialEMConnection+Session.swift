public import SerialEMProtocol
public import Units

extension SerialEMConnection {
    /// Returns errors as texts instead of message boxes that wait for a person, until control ends.
    public func noMessageBoxOnError(
        _ on: Bool = true, deadline: Duration = .seconds(30)
    ) async throws(SerialEMError) {
        try await run("NoMessageBoxOnError", [.flag(on)], kind: .repeatable, deadline: deadline)
    }

    /// Whether the program is of a version such as "40200" or later, built on a day yyyymmdd or later.
    public func isVersionAtLeast(_ version: String, built: String? = nil) async throws(SerialEMError) -> Bool {
        try await read("IsVersionAtLeast", [.text(version), .text(built)]).flag(0)
    }

    /// The number of commands; SerialEM before 4.1.0 must not be asked.
    public func reportNumExeFuncs() async throws(SerialEMError) -> Int {
        try await read("ReportNumExeFuncs").integer(0)
    }

    /// Keeps reports out of SerialEM's log.
    public func suppressReports(_ on: Bool = true) async throws(SerialEMError) {
        try await run("SuppressReports", [.flag(on)], kind: .repeatable)
    }

    /// Copies the texts of errors to SerialEM's log.
    public func errorsToLog(_ on: Bool = true) async throws(SerialEMError) {
        try await run("ErrorsToLog", [.flag(on)], kind: .repeatable)
    }

    /// Waits inside SerialEM; zero is a harmless sign of life.
    public func delay(_ time: Seconds) async throws(SerialEMError) {
        let limit = Duration.seconds(max(0, time.value.isFinite ? min(time.value, 86_400) : 0) + 30)
        try await run("Delay", [.number(time.value), .text("s")], kind: .repeatable, deadline: limit)
    }

    /// Ends external control; SerialEM then starts the acquisition that ``startNavAcquireAtEnd()`` asked for.
    public func exit(code: Int = 1, text: String? = nil) async throws(SerialEMError) {
        try await run("Exit", [.number(Double(code)), .text(text)], kind: .repeatable)
    }

    /// A property of the instrument that is one number, such as `MaximumTiltAngle`.
    public func reportProperty(_ name: String) async throws(SerialEMError) -> Double {
        try await read("ReportProperty", [.text(name)]).number(0)
    }

    /// Sets a variable that lasts until control ends.
    public func setVariable(_ name: String, _ value: String) async throws(SerialEMError) {
        try await run("SetVariable", [.text(name), .text(value)], kind: .repeatable)
    }

    /// Sets a variable that lasts until SerialEM exits.
    public func setPersistentVar(_ name: String, _ value: String) async throws(SerialEMError) {
        try await run("SetPersistentVar", [.text(name), .text(value)], kind: .repeatable)
    }

    /// The value of a variable.
    public func getVariable(_ name: String) async throws(SerialEMError) -> ReportedValue {
        let reply = try await read("GetVariable", [.text(name)])
        guard let value = reply.values.first else { throw .badReply(reply.context, "it has no value.") }
        return value
    }
}
