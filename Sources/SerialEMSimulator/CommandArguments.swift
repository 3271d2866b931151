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
    /// No quantity at a microscope is larger, and an `Int` holds it with room for arithmetic.
    static let largest = 1e12
    /// A missing number reads as zero, as in SerialEM. What is not finite, or is beyond the limit, is refused.
    func number(_ place: Int, default value: Double = 0, upTo limit: Double = largest) throws -> Double {
        guard has(place) else { return value }
        let number = arguments[place - 1].number
        guard number.isFinite, number.magnitude <= limit else {
            throw CommandFailure("Argument \(place), \(number), is not a number from -\(limit) to \(limit).")
        }
        return number
    }
    /// Without its fraction, and within 32 bits; what is not a number reads as zero.
    func integer(_ place: Int, default value: Int = 0) -> Int { has(place) ? arguments[place - 1].integer : value }
    func text(_ place: Int) -> String { has(place) ? arguments[place - 1].text : "" }
    /// SerialEM takes names, notes and texts from the last string sent.
    var lastText: String { arguments.last?.text ?? "" }
    /// The command as its error text shows it.
    func call(_ name: String) -> String { "\(name)(\(arguments.map(\.text).joined(separator: ", ")))" }
}

extension Int {
    /// A number without its fraction; the nearest that a double counts exactly where it is beyond, 0 where it is none.
    init(clamped value: Double) { self = value.isNaN ? 0 : Int(Swift.max(-0x1p53, Swift.min(0x1p53, value))) }
}
