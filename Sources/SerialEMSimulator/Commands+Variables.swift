internal import SerialEMProtocol

extension CommandTable {
    static let variableCommands: [String: CommandHandler] = [
        "SetVariable": { await $0.setVariable($1.text(1), .text($1.text(2)), persistent: false) },
        "SetPersistentVar": { await $0.setVariable($1.text(1), .text($1.text(2)), persistent: true) },
        "SetFloatVariable": {
            try await $0.setVariable(
                $1.text(1), .number($1.number(2, upTo: .greatestFiniteMagnitude)), persistent: $1.integer(3) != 0)
        },
        "GetVariable": { [try await $0.variable($1.text(1))] },
        "IsVariableDefined": { [.flag((try? await $0.variable($1.text(1))) != nil)] },
        "MakeVarPersistent": { try await $0.makePersistent($1.text(1), $1.integer(2, default: 1) != 0) },
        "ClearPersistentVars": { m, _ in await m.clearVariables(persistent: true) },
        "ClearNonPersistentVars": { m, _ in await m.clearVariables(persistent: false) },
        "ListVars": { m, _ in await m.listVariables(persistentOnly: false) },
        "ListPersistentVars": { m, _ in await m.listVariables(persistentOnly: true) },
        "ArrayStatistics": { try await $0.arrayStatistics($1.text(1)) },
    ]
}

extension VirtualMicroscope {
    func setVariable(_ name: String, _ value: ReportedValue, persistent: Bool) -> [ReportedValue] {
        let key = name.uppercased()
        // A name is a variable of one kind only.
        if persistent {
            persistentVariables[key] = value
            periodVariables[key] = nil
        } else if persistentVariables[key] != nil {
            persistentVariables[key] = value
        } else {
            periodVariables[key] = value
        }
        return []
    }
    func setVariable(_ name: String, lines: [String]) {
        _ = setVariable(name, .text(lines.joined(separator: "\n")), persistent: false)
    }
    func setVariable(_ name: String, numbers: [Double]) { setVariable(name, lines: numbers.map { fixed($0, 6) }) }
    func variable(_ name: String) throws -> ReportedValue {
        if let value = periodVariables[name.uppercased()] ?? persistentVariables[name.uppercased()] { return value }
        throw CommandFailure("The variable \(name) is not defined.")
    }
    func text(ofVariable name: String) throws -> String {
        switch try variable(name) {
        case .number(let value): value == value.rounded() && value.magnitude < 1e9 ? "\(Int(clamped: value))" : "\(value)"
        case .text(let text): text
        }
    }
    /// The elements of an array variable as numbers; SerialEM separates them by newlines.
    func numbers(inVariable name: String) throws -> [Double] {
        let numbers: [Double] =
            switch try variable(name) {
            case .number(let value): [value]
            case .text(let text): text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            }
        guard numbers.allSatisfy({ $0.magnitude <= CommandArguments.largest }) else {
            throw CommandFailure("The variable \(name) holds what is no number, or one that is too large.")
        }
        return numbers
    }
    func makePersistent(_ name: String, _ persistent: Bool) throws -> [ReportedValue] {
        let key = name.uppercased()
        let value = try variable(name)
        guard (persistentVariables[key] != nil) != persistent else {
            throw CommandFailure("The variable \(name) is \(persistent ? "persistent" : "regular") already.")
        }
        persistentVariables[key] = persistent ? value : nil
        periodVariables[key] = persistent ? nil : value
        return []
    }
    func clearVariables(persistent: Bool) -> [ReportedValue] {
        if persistent { persistentVariables = [:] } else { periodVariables = [:] }
        return []
    }
    func listVariables(persistentOnly: Bool) -> [ReportedValue] {
        let all = persistentOnly ? persistentVariables : persistentVariables.merging(periodVariables) { first, _ in first }
        for name in all.keys.sorted() { if let text = try? text(ofVariable: name) { _ = note("\(name) = \(text)") } }
        return []
    }
    /// Count, minimum, maximum, mean, standard deviation and median.
    func arrayStatistics(_ name: String) throws -> [ReportedValue] {
        let numbers = try numbers(inVariable: name).sorted()
        guard let least = numbers.first, let most = numbers.last else { throw CommandFailure("The variable \(name) holds no numbers.") }
        let count = Double(numbers.count)
        let mean = numbers.reduce(0, +) / count
        let squares = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = numbers.count > 1 ? (squares / (count - 1)).squareRoot() : 0
        let middle = numbers.count / 2
        let median = numbers.count % 2 == 1 ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2
        return [count, least, most, mean, deviation, median].map { .number($0) }
    }
}
