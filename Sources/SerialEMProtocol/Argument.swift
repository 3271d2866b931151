import Foundation

/// One argument of a command. The wire carries each as a number and as a text, and some commands look at one and some
/// at the other, so both are kept.
public struct Argument: Sendable, Hashable {
    /// The numeric form.
    public var number: Double
    /// The text form.
    public var text: String

    /// Makes an argument of both forms as they came from the wire.
    public init(number: Double, text: String) {
        self.number = number
        self.text = text
    }

    /// An argument of letter D: the text has six decimals without trailing zeros, and keeps the point.
    public static func number(_ value: Double) -> Argument {
        var text = String(format: "%f", value)
        while text.hasSuffix("0") { text.removeLast() }
        return Argument(number: value, text: text)
    }

    /// An argument of letter I.
    public static func integer(_ value: Int) -> Argument { Argument(number: Double(value), text: String(value)) }

    /// An argument of letter S: the number is what the text begins with, or zero.
    public static func text(_ value: String) -> Argument {
        Argument(number: leadingNumber(of: value), text: value)
    }

    /// The number without its fraction, which is what a command that wants an integer sees.
    public var integer: Int { number.isNaN ? 0 : Int(max(-2_147_483_648, min(2_147_483_647, number))) }
}

/// The number that a text begins with, as C's `atof` finds it for decimal notation.
func leadingNumber(of text: String) -> Double {
    let bytes = Array(text.utf8.drop { $0 == UInt8(ascii: " ") || (9...13).contains($0) })
    func skipDigits(_ start: Int) -> Int {
        var index = start
        while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index += 1 }
        return index
    }
    func skipSign(_ start: Int) -> Int {
        start < bytes.count && (bytes[start] == UInt8(ascii: "+") || bytes[start] == UInt8(ascii: "-")) ? start + 1 : start
    }
    let start = skipSign(0)
    var end = skipDigits(start)
    var digits = end - start
    if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
        let fractionEnd = skipDigits(end + 1)
        digits += fractionEnd - end - 1
        end = fractionEnd
    }
    guard digits > 0 else { return 0 }
    if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
        let exponent = skipSign(end + 1)
        let exponentEnd = skipDigits(exponent)
        if exponentEnd > exponent { end = exponentEnd }
    }
    // A label such as 7e999 is a text that can be sent; its number is not one.
    let number = strtod(String(decoding: bytes[..<end], as: UTF8.self), nil)
    return number.isFinite ? number : 0
}
