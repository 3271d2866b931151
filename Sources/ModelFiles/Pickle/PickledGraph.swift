/// What a pickle describes: values that refer to one another by number, as a pickle may share them and even close circles.
///
/// Nothing of it was executed. An object is kept as the name of what would have made it, the arguments, and what was put into it.
struct PickledGraph: Sendable {
    enum Node: Sendable {
        case none
        case bool(Bool)
        case int(Int)
        /// A whole number of more than 64 bits.
        case hugeInt
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case list([Int32])
        case tuple([Int32])
        /// Keys and values in turn.
        case dictionary([Int32])
        case set([Int32])
        /// A class or function by name.
        case name(module: String, name: String)
        case object(Object)
        /// What stands in for something outside of the pickle; torch's storages.
        case outside(Int32)
    }
    struct Object: Sendable {
        /// The node of what would make it: a name.
        let maker: Int32
        /// The node of the arguments: a tuple.
        let arguments: Int32
        /// The node of what `__setstate__` would have got.
        var state: Int32?
        /// What was appended, and keys and values in turn that were set.
        var items: [Int32] = []
        var pairs: [Int32] = []
    }
    var nodes: [Node] = []
    var root: Int32 = 0
    var value: PickledValue { PickledValue(graph: self, node: root) }
}

/// One value of a pickle, and the way to what it refers to.
struct PickledValue: Sendable {
    let graph: PickledGraph
    let node: Int32

    private var content: PickledGraph.Node { graph.nodes[Int(node)] }
    private func value(_ node: Int32) -> PickledValue { PickledValue(graph: graph, node: node) }

    var isNone: Bool { if case .none = content { true } else { false } }
    var bool: Bool? { if case .bool(let value) = content { value } else { nil } }
    var int: Int? {
        switch content {
        case .int(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }
    var double: Double? {
        switch content {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }
    var string: String? { if case .string(let value) = content { value } else { nil } }
    /// Members of a list, a tuple or a set, also of an object that is one.
    var elements: [PickledValue]? {
        var inner = self
        for _ in 0 ..< Self.deepest {
            switch inner.content {
            case .list(let nodes), .tuple(let nodes), .set(let nodes): return nodes.map(value)
            case .object(let object) where !object.items.isEmpty: return object.items.map(value)
            // A set, and other collections, from a list of their members; torch's sizes are made from a tuple.
            case .object(let object):
                guard case .tuple(let members) = value(object.arguments).content, members.count == 1 else { return nil }
                inner = value(members[0])
            default: return nil
            }
        }
        return nil
    }
    /// Objects within objects that are looked through; nobody writes more than two.
    private static let deepest = 32
    /// Keys and values of a dictionary in its order, also of an object that is one.
    var pairs: [(key: PickledValue, value: PickledValue)]? {
        let nodes: [Int32]
        switch content {
        case .dictionary(let found): nodes = found
        case .object(let object) where className == "collections.OrderedDict" || !object.pairs.isEmpty: nodes = object.pairs
        default: return nil
        }
        return stride(from: 0, to: nodes.count - 1, by: 2).map { (value(nodes[$0]), value(nodes[$0 + 1])) }
    }
    /// The value of a key; the last one of several.
    subscript(_ key: String) -> PickledValue? { pairs?.last { $0.key.string == key }?.value }
    /// `module.name` of a class or function, also of what made an object.
    var className: String? {
        var inner = self
        for _ in 0 ..< Self.deepest {
            switch inner.content {
            case .name(let module, let name): return "\(module).\(name)"
            case .object(let object): inner = value(object.maker)
            default: return nil
            }
        }
        return nil
    }
    var isObject: Bool { if case .object = content { true } else { false } }
    /// What an object was made from.
    var arguments: [PickledValue] { if case .object(let object) = content { value(object.arguments).elements ?? [] } else { [] } }
    /// What an object was set to: the attributes of most.
    var attributes: PickledValue? { if case .object(let object) = content { object.state.map(value) } else { nil } }
    /// What stands for something outside of the pickle.
    var outside: PickledValue? { if case .outside(let node) = content { value(node) } else { nil } }
}
