import ImageFiles

/// A section of a Navigator file behind its items: parameters of tilt series, montages or files, which items refer to by
/// the section's place among those of its kind.
public struct NavigatorParameters: Sendable, Hashable {
    var section: Autodoc.Section

    init(section: Autodoc.Section) { self.section = section }

    init(kind: String, name: String) { section = Autodoc.Section(kind: kind, name: name) }

    /// What the section is about: `ParallelTSParam`, `TSParam`, `MontParam` and others.
    public var kind: String { section.kind }

    /// The value of a key as text.
    public subscript(key: String) -> String? {
        get { section.entries[key] }
        set { section.entries[key] = newValue }
    }

    func numbers(_ key: String) -> [Double]? { section.entries.doubles(key) }

    mutating func set(_ key: String, numbers: [Double]) { section.entries.set(key, numbers) }

    /// Gives the section another name; SerialEM counts sections of a kind from 0.
    mutating func rename(_ name: String) {
        guard section.name != name else { return }
        section.name = name
        section.headLine = "[\(section.kind) = \(name)]"
    }

    /// Takes the sections of other kinds than items from the lines behind the last item.
    static func taken(from last: inout NavigatorItem) -> [Self] {
        let lines = last.section.entries.lines
        guard let start = lines.firstIndex(where: { Autodoc.Section(headLine: $0.text) != nil }) else { return [] }
        last.section.entries.lines = Array(lines[..<start])
        var sections: [Autodoc.Section] = []
        for line in lines[start...] {
            if let section = Autodoc.Section(headLine: line.text) {
                sections.append(section)
            } else if !sections.isEmpty {
                sections[sections.count - 1].entries.lines.append(line)
            }
        }
        return sections.map { Self(section: $0) }
    }
}
