import Foundation
import SerialEMProtocol

/// What SerialEM's own client sent and made of replies, recorded by Tests/Python/record_packets.py.
enum GoldenFiles {
    /// A request that the client sent.
    struct Request {
        let name: String
        let arguments: [Argument]
        let packet: [UInt8]
    }

    /// A reply that the client was given.
    struct Reply {
        /// What it made of it.
        enum Outcome: Equatable {
            case values([ReportedValue])
            case raised(String, text: String)
        }
        let packet: [UInt8]
        let outcome: Outcome
    }

    struct Damaged: Error {
        let line: String
    }

    static func requests() throws -> [Request] {
        try lines("requests").map { fields in
            guard fields.count == 3, let values = json(fields[1]) as? [Any],
                let letters = FunctionCodes.definition(named: fields[0])?.letters, letters.count >= values.count
            else { throw Damaged(line: fields.joined(separator: " ")) }
            let arguments = try zip(values, letters.lowercased()).map { value, letter -> Argument in
                switch (value, letter) {
                case (let text as String, "s"): return .text(text)
                case (let number as NSNumber, "d"): return .number(number.doubleValue)
                case (let number as NSNumber, "i"): return .integer(number.intValue)
                default: throw Damaged(line: fields.joined(separator: " "))
                }
            }
            return Request(name: fields[0], arguments: arguments, packet: try packet(fields[2]))
        }
    }

    static func replies() throws -> [Reply] {
        try lines("replies").map { fields in
            guard fields.count == 2, let outcome = json(fields[1]) as? [String: Any] else {
                throw Damaged(line: fields.joined(separator: " "))
            }
            if let error = outcome["raised"] as? String {
                return Reply(packet: try packet(fields[0]), outcome: .raised(error, text: outcome["text"] as? String ?? ""))
            }
            let returned = outcome["returned"]
            let values = returned is NSNull ? [] : returned as? [Any] ?? [returned as Any]
            return Reply(
                packet: try packet(fields[0]),
                outcome: .values(values.compactMap { value in
                    (value as? String).map { .text($0) } ?? (value as? NSNumber).map { .number($0.doubleValue) }
                }))
        }
    }

    private static func lines(_ name: String) throws -> [[String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name).tsv")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private static func json(_ text: String) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    private static func packet(_ hexadecimal: String) throws -> [UInt8] {
        let digits = hexadecimal.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == hexadecimal.utf8.count, digits.count % 2 == 0 else { throw Damaged(line: hexadecimal) }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) }
    }
}
