/// A targets file of anybody, which keeps what it does not know: read and written again it is the same, byte for byte,
/// and where a value is changed only its line is another.
///
/// PACEtomo carries keys that it does not know from file to file, and so does this. For what PACEtomo makes of the text
/// see ``PACEtomoTargets``, for what it would trip over ``TargetsFileCheck``.
public struct TargetsDocument: Hashable, Sendable {
    private struct Line: Hashable, Sendable {
        var text: String
        var end: String
    }
    private var lines: [Line]

    public init(_ text: String) { lines = PACEtomoLine.split(text).map { Line(text: $0.text, end: $0.end) } }

    /// The content of the file.
    public var text: String { lines.map { $0.text + $0.end }.joined() }

    private var read: [PACEtomoLine] { PACEtomoLine.lines(of: text) }

    /// How many targets there are.
    public var targetCount: Int { read.count { $0.meaning == .target } }

    /// The keys of a target in the order of the file, those that nobody knows among them.
    ///
    /// - Parameter target: counted from 0; none where there is no such target.
    public func keys(ofTarget target: Int) -> [String] { entries(of: target).map(\.key) }

    private func entries(of target: Int) -> [(key: String, value: String, place: Int)] {
        read.compactMap { line in
            guard line.section == .target, line.target == target, case .entry(let key, let value) = line.meaning else { return nil }
            return (key, value, line.number - 1)
        }
    }

    /// What PACEtomo reads for a key of a target, counted from 0.
    ///
    /// Setting changes the line in place, or adds one behind the target's others; nil removes it. A value that would not
    /// be read as it stands, with a blank in it or empty, is not taken, nor is one for a target that is not there.
    public subscript(key: String, ofTarget target: Int) -> String? {
        get { entries(of: target).last { $0.key == key }?.value }
        set {
            let all = entries(of: target)
            guard let newValue else {
                for entry in all.reversed() where entry.key == key { lines.remove(at: entry.place) }
                return
            }
            guard Self.isWord(key), Self.isWord(newValue) else { return }
            let text = "\(key) = \(newValue)"
            if let entry = all.last(where: { $0.key == key }) {
                lines[entry.place].text = text
            } else if let head = read.first(where: { $0.meaning == .target && $0.target == target }) {
                insert(text, behind: all.last?.place ?? head.number - 1)
            }
        }
    }

    private mutating func insert(_ text: String, behind place: Int) {
        // The last line of a file may have no end.
        let end = lines[place].end.isEmpty ? lines.first { !$0.end.isEmpty }?.end ?? "\n" : lines[place].end
        lines[place].end = end
        lines.insert(Line(text: text, end: end), at: place + 1)
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
