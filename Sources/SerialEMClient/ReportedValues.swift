import SerialEMProtocol
import Units

/// What a command reported, read with checks: another number of values or another kind is an error and not a trap.
struct ReportedValues {
    let values: [ReportedValue]
    let context: RequestContext

    var count: Int { values.count }

    func number(_ index: Int) throws(SerialEMError) -> Double {
        guard values.indices.contains(index), let number = values[index].number, number.isFinite else {
            throw .badReply(context, "value \(index + 1) should be a number and the reply has \(values).")
        }
        return number
    }

    func integer(_ index: Int) throws(SerialEMError) -> Int {
        let number = try number(index)
        guard number.magnitude < 1e15 else {
            throw .badReply(context, "value \(index + 1) should be a small integer and is \(number).")
        }
        return Int(number.rounded())
    }

    func flag(_ index: Int) throws(SerialEMError) -> Bool { try number(index) != 0 }

    func text(_ index: Int) throws(SerialEMError) -> String {
        guard values.indices.contains(index), let text = values[index].text else {
            throw .badReply(context, "value \(index + 1) should be a text and the reply has \(values).")
        }
        return text
    }

    func micrometers(_ index: Int) throws(SerialEMError) -> Micrometers { Micrometers(try number(index)) }

    /// A value that some versions or states do not report.
    func optional<Value>(
        _ index: Int, _ read: (Int) throws(SerialEMError) -> Value
    ) throws(SerialEMError) -> Value? {
        values.indices.contains(index) ? try read(index) : nil
    }
}

extension SerialEMConnection {
    /// Runs a command that only reads.
    func read(_ name: String, _ arguments: [Argument?] = []) async throws(SerialEMError) -> ReportedValues {
        try await run(name, arguments, kind: .reading, deadline: .seconds(30))
    }

    /// Runs a command and keeps its values for reading. Optional arguments are positional, so the list ends before the
    /// first one that is not given.
    @discardableResult
    func run(
        _ name: String, _ arguments: [Argument?] = [], kind: SerialEMCommand.Kind, deadline: Duration = .seconds(60), expected: Duration? = nil
    ) async throws(SerialEMError) -> ReportedValues {
        let given = arguments.prefix { $0 != nil }.compactMap { $0 }
        if arguments.dropFirst(given.count).contains(where: { $0 != nil }) {
            throw .badArguments(name, "an argument is given after one that is not.")
        }
        let command = try SerialEMCommand(name, given, kind: kind, deadline: deadline, expected: expected)
        return ReportedValues(
            values: try await perform(command), context: RequestContext(address: address, name: name))
    }
}

/// How long commands of a class may take.
enum Deadline {
    /// Movements of stage, apertures, valves.
    static let movement: Duration = .seconds(300)
    /// One exposure.
    static let exposure: Duration = .seconds(600)
    /// Tasks of many images, such as eucentricity, and work on large images.
    static let task: Duration = .seconds(1800)
    /// Montages, loading of grids, refilling: never longer, whatever is asked.
    static let hours: Duration = .seconds(12 * 3600)
    /// A cartridge to the stage or back, and the realignment of a grid by five images, until a history tells: both take minutes,
    /// and a refill may come before.
    static let hour: Duration = .seconds(3600)

    /// A montage, until a history tells: for each piece a minute for stage, settling and readout and five exposures, and an hour
    /// for a refill between two pieces and the overview.
    ///
    /// - Parameter exposure: of one piece.
    static func montage(pieces: Int, exposure: Seconds) -> Duration {
        let time = exposure.value.isFinite ? max(0, exposure.value) : 0
        return .seconds(min(12, 1 + Double(max(0, pieces)) * (60 + 5 * time) / 3600) * 3600)
    }
}

extension Argument {
    static func number(_ value: Double?) -> Argument? { value.map { Argument.number($0) } }
    static func integer(_ value: Int?) -> Argument? { value.map { Argument.integer($0) } }
    static func text(_ value: String?) -> Argument? { value.map { Argument.text($0) } }
    /// A switch, 1 or 0.
    static func flag(_ value: Bool) -> Argument { .integer(value ? 1 : 0) }
    static func flag(_ value: Bool?) -> Argument? { value.map { Argument.flag($0) } }
}
