/// Reads a pickle of protocols 2 to 5 without executing it.
///
/// Format: Python's `pickletools`. A pickle is a program for a small machine with a stack; this one knows tuples, lists, dictionaries, sets,
/// numbers and text. Where the program would call something, the call is kept as a value. Calls of what no network is made of are
/// refused, since a file that asks for them is no network.
struct PickleReader {
    private let code: [UInt8]
    private var position = 0
    private var graph = PickledGraph()
    private var stack: [Int32] = []
    private var marks: [Int] = []
    private var memo: [Int32?] = []
    /// Bytes that the graph may still take.
    private var room: Int

    /// - Parameter room: bytes that the values may take in memory, about.
    static func read(_ code: [UInt8], room: Int) throws(Damage) -> PickledValue {
        var reader = PickleReader(code: code, room: room)
        try reader.run()
        return reader.graph.value
    }

    private init(code: [UInt8], room: Int) {
        self.code = code
        self.room = room
    }

    private static let cutShort = Damage("its description of the network is cut short.")
    private func damage(_ what: String) -> Damage { Damage("its description of the network is damaged at byte \(position): \(what).") }

    private mutating func run() throws(Damage) {
        while true {
            let code = try byte()
            if code == UInt8(ascii: ".") { break }
            guard let known = Opcode(rawValue: code) else {
                throw damage("code \(code) is none of protocols 2 to 5")
            }
            try perform(known)
        }
        guard stack.count == 1, marks.isEmpty else { throw damage("it does not end with one value") }
        graph.root = stack[0]
    }

    private mutating func perform(_ opcode: Opcode) throws(Damage) {
        switch opcode {
        case .protocolNumber:
            let version = try byte()
            guard (2 ... 5).contains(version) else { throw damage("protocol \(version) is not read") }
        case .frame: _ = try number(8)
        case .mark:
            try take(8)
            marks.append(stack.count)
        case .pop: if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try popped() }
        case .popMark: _ = try sinceMark()
        case .duplicate: try push(node: try top())
        case .none: try push(.none)
        case .true: try push(.bool(true))
        case .false: try push(.bool(false))
        case .int4: try push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
        case .int1: try push(.int(Int(try byte())))
        case .int2: try push(.int(try number(2)))
        case .long1: try pushLong(try Int(byte()))
        case .long4: try pushLong(try number(4))
        case .double:
            var bits: UInt64 = 0
            for byte in try bytes(8) { bits = bits << 8 | UInt64(byte) }
            try push(.double(Double(bitPattern: bits)))
        case .text1: try pushText(try Int(byte()))
        case .text4: try pushText(try number(4))
        case .text8: try pushText(try number(8))
        case .bytes1, .string1: try pushBytes(try Int(byte()))
        case .bytes4, .string4: try pushBytes(try number(4))
        case .bytes8, .byteArray8: try pushBytes(try number(8))
        case .emptyTuple: try push(.tuple([]))
        case .tuple1: try pushTuple(1)
        case .tuple2: try pushTuple(2)
        case .tuple3: try pushTuple(3)
        case .tuple: try push(.tuple(try sinceMark()))
        case .emptyList: try push(.list([]))
        case .list: try push(.list(try sinceMark()))
        case .append: try append([try popped()])
        case .appends: try append(try sinceMark())
        case .emptyDictionary: try push(.dictionary([]))
        case .dictionary: try push(.dictionary(try pairsSinceMark()))
        case .setItem:
            let value = try popped()
            try set([try popped(), value])
        case .setItems: try set(try pairsSinceMark())
        case .emptySet: try push(.set([]))
        case .addItems: try append(try sinceMark())
        case .frozenSet: try push(.set(try sinceMark()))
        case .global:
            let module = try line()
            try pushName(module, try line())
        case .stackGlobal:
            let name = try popped()
            let module = try popped()
            guard case .string(let last) = graph.nodes[Int(name)], case .string(let first) = graph.nodes[Int(module)] else {
                throw damage("a class has no name")
            }
            try pushName(first, last)
        case .reduce, .newObject:
            let arguments = try popped()
            try pushObject(try popped(), arguments)
        case .newObjectWithKeys:
            // Keywords are of use to a constructor only, which none here is.
            _ = try popped()
            let arguments = try popped()
            try pushObject(try popped(), arguments)
        case .build:
            let state = try popped()
            guard case .object(var object) = graph.nodes[Int(try top())] else { throw damage("it gives attributes to what is no object") }
            object.state = state
            graph.nodes[Int(try top())] = .object(object)
        case .persistent: try push(.outside(try popped()))
        case .put1: try put(Int(try byte()))
        case .put4: try put(try number(4))
        case .memoize: try put(memo.count)
        case .get1: try get(Int(try byte()))
        case .get4: try get(try number(4))
        }
    }

    /// What is no name of a class or function, or one that no network is made of, is not even noted as called.
    private mutating func pushObject(_ maker: Int32, _ arguments: Int32) throws(Damage) {
        guard case .name(let module, let name) = graph.nodes[Int(maker)] else { throw damage("it calls what is no function") }
        guard Self.isKnown(module, name) else {
            throw Damage("it asks for a call of \("\(module).\(name)".forPeople), which no network needs. Nothing of it was executed; do not open this file with other programs.")
        }
        guard case .tuple = graph.nodes[Int(arguments)] else { throw damage("arguments are no tuple") }
        try push(.object(PickledGraph.Object(maker: maker, arguments: arguments)))
    }

    private static let packages: Set = [
        "torch", "torchvision", "ultralytics", "models", "utils", "numpy", "collections", "pathlib", "nnunetv2", "dynamic_network_architectures",
        "batchgenerators", "batchgeneratorsv2", "datetime", "argparse", "types",
    ]
    private static let builtIns: Set = ["set", "frozenset", "list", "tuple", "dict", "bytearray", "complex", "slice", "range", "object", "int", "float", "str", "bool"]

    private static func isKnown(_ module: String, _ name: String) -> Bool {
        switch module {
        case "__builtin__", "builtins": builtIns.contains(name)
        case "copyreg", "copy_reg": name == "_reconstructor"
        case "_codecs": name == "encode"
        // Of these packages too, some functions run what they are given.
        case _ where module.hasPrefix("torch.hub") || module.hasPrefix("torch.utils.cpp_extension") || module.hasPrefix("numpy.testing"): false
        default: packages.contains(String(module.prefix { $0 != "." }))
        }
    }
}

/// The machine's memory: stack, marks, memo, and what they may take.
extension PickleReader {
    /// Counts what is kept, so that a small file cannot describe a large graph.
    private mutating func take(_ bytes: Int) throws(Damage) {
        room -= bytes
        guard room >= 0 else { throw Damage("it describes more than a file of its size can hold.") }
    }

    private mutating func push(_ node: PickledGraph.Node) throws(Damage) {
        try take(MemoryLayout<PickledGraph.Node>.stride + 4)
        guard let number = Int32(exactly: graph.nodes.count) else { throw Damage("it describes too many things.") }
        graph.nodes.append(node)
        stack.append(number)
    }
    private mutating func push(node: Int32) throws(Damage) {
        try take(4)
        stack.append(node)
    }
    private func top() throws(Damage) -> Int32 {
        guard let last = stack.last, stack.count > marks.last ?? 0 else { throw damage("a value is missing") }
        return last
    }
    private mutating func popped() throws(Damage) -> Int32 {
        let last = try top()
        stack.removeLast()
        return last
    }
    private mutating func sinceMark() throws(Damage) -> [Int32] {
        guard let mark = marks.popLast(), mark <= stack.count else { throw damage("a mark is missing") }
        try take(32 + 4 * (stack.count - mark))
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }
    private mutating func pairsSinceMark() throws(Damage) -> [Int32] {
        let nodes = try sinceMark()
        guard nodes.count.isMultiple(of: 2) else { throw damage("a key has no value") }
        return nodes
    }
    private mutating func append(_ nodes: [Int32]) throws(Damage) {
        try take(4 * nodes.count)
        let target = Int(try top())
        // Taken out first: else the list would be copied each time.
        let node = graph.nodes[target]
        graph.nodes[target] = .none
        switch consume node {
        case .list(var list):
            list.append(contentsOf: nodes)
            graph.nodes[target] = .list(list)
        case .set(var set):
            set.append(contentsOf: nodes)
            graph.nodes[target] = .set(set)
        case .object(var object):
            object.items.append(contentsOf: nodes)
            graph.nodes[target] = .object(object)
        default: throw damage("it appends to what is no list")
        }
    }
    private mutating func set(_ nodes: [Int32]) throws(Damage) {
        try take(4 * nodes.count)
        let target = Int(try top())
        let node = graph.nodes[target]
        graph.nodes[target] = .none
        switch consume node {
        case .dictionary(var pairs):
            pairs.append(contentsOf: nodes)
            graph.nodes[target] = .dictionary(pairs)
        case .object(var object):
            object.pairs.append(contentsOf: nodes)
            graph.nodes[target] = .object(object)
        default: throw damage("it sets keys of what is no dictionary")
        }
    }
    private mutating func put(_ place: Int) throws(Damage) {
        // Picklers number from 0 on; a gap as wide as the code is long is no pickler's.
        guard place <= code.count else { throw damage("it notes a value under number \(place)") }
        if place >= memo.count {
            try take(8 * (place + 1 - memo.count))
            memo.append(contentsOf: repeatElement(nil, count: place + 1 - memo.count))
        }
        memo[place] = try top()
    }
    private mutating func get(_ place: Int) throws(Damage) {
        guard memo.indices.contains(place), let node = memo[place] else { throw damage("nothing was noted under number \(place)") }
        try push(node: node)
    }
}

/// The code's bytes.
extension PickleReader {
    private mutating func byte() throws(Damage) -> UInt8 {
        guard position < code.count else { throw Self.cutShort }
        defer { position += 1 }
        return code[position]
    }
    private mutating func bytes(_ count: Int) throws(Damage) -> ArraySlice<UInt8> {
        guard count >= 0, count <= code.count - position else { throw Self.cutShort }
        defer { position += count }
        return code[position ..< position + count]
    }
    private mutating func number(_ count: Int) throws(Damage) -> Int {
        var value: UInt64 = 0
        for byte in try bytes(count).reversed() { value = value << 8 | UInt64(byte) }
        guard let number = Int(exactly: value) else { throw damage("a length is impossible") }
        return number
    }
    private mutating func line() throws(Damage) -> String {
        guard let end = code[position...].prefix(512).firstIndex(of: UInt8(ascii: "\n")), let text = String(validating: code[position ..< end], as: UTF8.self)
        else { throw damage("a name does not end") }
        position = end + 1
        return text
    }
    private mutating func pushText(_ count: Int) throws(Damage) {
        let text = try bytes(count)
        try take(count)
        try push(.string(String(decoding: text, as: UTF8.self)))
    }
    private mutating func pushBytes(_ count: Int) throws(Damage) {
        let content = try bytes(count)
        try take(count)
        try push(.bytes(Array(content)))
    }
    private mutating func pushName(_ module: String, _ name: String) throws(Damage) {
        try take(module.utf8.count + name.utf8.count)
        try push(.name(module: module, name: name))
    }
    private mutating func pushTuple(_ count: Int) throws(Damage) {
        var members: [Int32] = []
        for _ in 0 ..< count { members.append(try popped()) }
        try take(32 + 4 * count)
        try push(.tuple(members.reversed()))
    }
    /// A whole number as two's complement of any length.
    private mutating func pushLong(_ count: Int) throws(Damage) {
        let digits = try bytes(count)
        guard count <= 8 else { return try push(.hugeInt) }
        var value: UInt64 = digits.last.map { $0 >= 0x80 } == true ? .max : 0
        for digit in digits.reversed() { value = value << 8 | UInt64(digit) }
        try push(.int(Int(Int64(bitPattern: value))))
    }
}
