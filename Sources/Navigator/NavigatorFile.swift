import Foundation
public import Geometry
import ImageFiles

/// A Navigator file of SerialEM: points, polygons and maps in stage coordinates.
///
/// What is read is written back byte for byte, unknown keys and line ends too. The XML form and the older table of
/// tab-separated columns are read as well, and written as an autodoc, unless ``tableBytes`` is asked for (SerialEM reads
/// all of them).
public struct NavigatorFile: Sendable, Hashable {
    /// In the order of the Navigator's table; SerialEM counts them from 1.
    public var items: [NavigatorItem]
    /// Sections behind the items, which some of them refer to by place.
    public var parameters: [NavigatorParameters] = []
    private var head: Autodoc

    /// A file without items.
    public init(savedAs: String = "") {
        head = Autodoc()
        head.head["AdocVersion"] = "2.00"
        head.head["LastSavedAs"] = savedAs
        items = []
    }

    /// Reads the content of a file.
    public init(bytes: [UInt8]) throws(NavigatorError) {
        if bytes.prefix(256).first(where: { $0 > 0x20 && $0 < 0x7F }) == UInt8(ascii: "<") {
            (head, items) = try Self.readXML(String(decoding: bytes, as: UTF8.self))
            return
        }
        if NavigatorTable.isTable(bytes) {
            // Files of that time are in the code page of the microscope's Windows.
            let text = String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
            head = Autodoc()
            head.head["AdocVersion"] = "2.00"
            items = try NavigatorTable.read(text)
            return
        }
        var read = Autodoc(bytes: bytes, kinds: ["Item"])
        guard read.head["AdocVersion"] != nil else {
            throw .wrongFormat("it does not start with AdocVersion")
        }
        items = read.sections.map { NavigatorItem(section: $0) }
        if var last = items.popLast() {
            parameters = NavigatorParameters.taken(from: &last)
            items.append(last)
        }
        read.sections = []
        head = read
    }

    /// Reads the content of a file.
    public init(text: String) throws(NavigatorError) { try self.init(bytes: Array(text.utf8)) }

    public static func read(_ path: String) throws(NavigatorError) -> NavigatorFile {
        let data: Data
        do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw .cannotRead(path, error.localizedDescription)
        }
        do throws(NavigatorError) { return try NavigatorFile(bytes: [UInt8](data)) } catch { throw error.at(path) }
    }

    /// Writes the file under a temporary name and renames it, so that SerialEM never reads half of it.
    public func write(to path: String) throws(NavigatorError) {
        do { try WholeFile.write(bytes, to: path) } catch { throw .cannotWrite(path, error.message) }
    }

    /// The content of the file.
    public var bytes: [UInt8] {
        var out = head
        out.sections = items.map(\.section) + parameters.map(\.section)
        return out.bytes
    }

    /// The items in the older form, a table of version 1.52; keys that it has no column for are lost.
    public var tableBytes: [UInt8] { NavigatorTable.bytes(items) }

    /// Writes the older form of the file; it appears whole.
    public func writeTable(to path: String) throws(NavigatorError) {
        do { try WholeFile.write(tableBytes, to: path) } catch { throw .cannotWrite(path, error.message) }
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The place of the first item with a label, counted from 0.
    public func index(ofLabel label: String) -> Int? { items.firstIndex { $0.label == label } }

    /// The place of the item with an identifier, counted from 0.
    public func index(ofMapID mapID: Int) -> Int? { items.firstIndex { $0.mapID == mapID } }

    /// An identifier that no item of the file uses nor refers to.
    public func unusedMapID() -> Int {
        var used: Set<Int> = []
        for item in items {
            for key in ["MapID", "GroupID", "DrawnID", "SamePosId", "FitToPolygonID"] {
                if let identifier = item[key].flatMap({ Int($0) }) { used.insert(identifier) }
            }
        }
        for section in parameters {
            if let identifier = section["NavID"].flatMap({ Int($0) }) { used.insert(identifier) }
        }
        // Small numbers belong to SerialEM.
        var candidate = 11
        while used.contains(candidate) { candidate += 1 }
        return candidate
    }

    /// Moves items, their outlines with them.
    public mutating func shift(items indices: some Sequence<Int>, by shift: Vector<Frame.Stage>) {
        for index in indices where items.indices.contains(index) { items[index].move(by: shift) }
    }
}

extension NavigatorFile {
    /// SerialEM's XML has one element a line: `<Item name="...">`, `<Key>value</Key>`, `</Item>`.
    private static func readXML(_ text: String) throws(NavigatorError) -> (Autodoc, [NavigatorItem]) {
        guard text.contains("<navigator>") else { throw .wrongFormat("it is XML, but not of a Navigator") }
        var head = Autodoc()
        var items: [NavigatorItem] = []
        var open: Autodoc.Section?
        for raw in text.split(whereSeparator: \.isNewline) {
            let line = raw.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("<Item ") {
                let quoted = line.split(separator: "\"", omittingEmptySubsequences: false)
                guard quoted.count == 3 else { throw .wrongFormat("\(line) does not name an item") }
                open = Autodoc.Section(kind: "Item", name: unescaped(quoted[1]))
            } else if line == "</Item>" {
                guard let section = open else { throw .wrongFormat("an item ends that did not begin") }
                items.append(NavigatorItem(section: section))
                open = nil
            } else if let end = line.range(of: "</", options: .backwards), let start = line.firstIndex(of: ">"),
                start < end.lowerBound, line.hasPrefix("<")
            {
                let key = String(line[line.index(after: line.startIndex) ..< start])
                let value = unescaped(line[line.index(after: start) ..< end.lowerBound])
                if open != nil { open?.entries[key] = value } else { head.head[key] = value }
            }
        }
        guard open == nil else { throw .wrongFormat("the last item is not complete") }
        guard head.head["AdocVersion"] != nil else { throw .wrongFormat("its XML holds no AdocVersion") }
        return (head, items)
    }

    private static func unescaped(_ text: some StringProtocol) -> String {
        var out = String(text)
        for (entity, plain) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            out = out.replacingOccurrences(of: entity, with: plain)
        }
        return out
    }
}
