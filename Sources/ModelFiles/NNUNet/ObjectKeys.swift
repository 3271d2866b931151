import Foundation

/// The names of an object's values in the order of the file, which Foundation's decoder does not keep.
enum ObjectKeys {
    /// - Parameters:
    ///   - name: of an object in the outermost one.
    ///   - text: JSON that was found to be right.
    static func of(_ name: String, in text: Data) -> [String] {
        var keys: [String] = []
        // Names of the objects that the place lies in; those of lists are empty.
        var path: [String] = []
        var isObject: [Bool] = []
        var last = ""
        var bytes = Array(text)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                var literal = [byte]
                while let next = bytes.popFirst() {
                    literal.append(next)
                    if next == UInt8(ascii: "\\") {
                        if let escaped = bytes.popFirst() { literal.append(escaped) }
                    } else if next == UInt8(ascii: "\"") {
                        break
                    }
                }
                last = (try? JSONDecoder().decode(String.self, from: Data(literal))) ?? ""
            case UInt8(ascii: ":"):
                // What stands before a colon is a name.
                if isObject.last == true, path.count == 2, path[1] == name { keys.append(last) }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                path.append(isObject.last == true ? last : "")
                isObject.append(byte == UInt8(ascii: "{"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = path.popLast()
                _ = isObject.popLast()
            default: break
            }
        }
        return keys
    }
}
