public import SerialEMProtocol

/// A command that SerialEM refuses; the text goes to the client in the frame of a script error.
public struct CommandFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, one sentence.
    public let description: String
    init(_ description: String) { self.description = description }
}

/// The arguments of one command, read by position from 1 as SerialEM counts them.
public struct CommandArguments: Sendable, Hashable {
    let arguments: [Argument]
    public init(_ arguments: [Argument]) { self.arguments = arguments }

    var count: Int { arguments.count }
    func has(_ place: Int) -> Bool { place <= arguments.count }
    /// A missing number reads as zero, as in SerialEM.
    func number(_ place: Int) -> Double { has(place) ? arguments[place - 1].number : 0 }
    func number(_ place: Int, default value: Double) -> Double { has(place) ? arguments[place - 1].number : value }
    func integer(_ place: Int, default value: Int = 0) -> Int { has(place) ? arguments[place - 1].integer : value }
    func text(_ place: Int) -> String { has(place) ? arguments[place - 1].text : "" }
    /// SerialEM takes names, notes and texts from the last string sent.
    var lastText: String { arguments.last?.text ?? "" }
    /// The command as its error text shows it.
    func call(_ name: String) -> String { "\(name)(\(arguments.map(\.text).joined(separator: ", ")))" }
}
