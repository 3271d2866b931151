/// A module object of torch as a checkpoint keeps it: its attributes, tensors and children. Nothing of it runs.
struct SavedModule {
    let value: PickledValue
    /// Where it is, such as `model.4.m.0`, for messages.
    let path: String
    /// Class without its module, such as `C2f`.
    let kind: String

    init?(_ value: PickledValue, path: String) {
        guard value.isObject, let name = value.className, value.attributes?["_modules"] != nil else { return nil }
        self.value = value
        self.path = path
        kind = String(name.split(separator: ".").last ?? "")
    }

    subscript(_ name: String) -> PickledValue? { value.attributes?[name] }

    func child(_ name: String) throws(Damage) -> SavedModule {
        guard let child = optionalChild(name) else { throw Damage("\(path) (\(kind)) has no part '\(name)'.") }
        return child
    }
    func optionalChild(_ name: String) -> SavedModule? {
        self["_modules"]?[name].flatMap { SavedModule($0, path: "\(path).\(name)") }
    }
    /// Children in their order, as of a Sequential or a ModuleList.
    func children() throws(Damage) -> [SavedModule] {
        var found: [SavedModule] = []
        for (key, value) in self["_modules"]?.pairs ?? [] {
            guard let name = key.string, let child = SavedModule(value, path: "\(path).\(name)") else { throw Damage("\(path) (\(kind)) has a part that is no module.") }
            found.append(child)
        }
        return found
    }
    /// A parameter or buffer.
    func tensor(_ name: String) throws(Damage) -> SavedTensor? {
        for group in ["_parameters", "_buffers"] {
            if let found = self[group]?[name], let tensor = try SavedTensor(found) { return tensor }
        }
        return nil
    }
    func int(_ name: String, in range: ClosedRange<Int>) throws(Damage) -> Int {
        guard let value = self[name]?.int, range.contains(value) else { throw Damage("\(path) (\(kind)) has no usable '\(name)'.") }
        return value
    }
    /// One or two small numbers, rows and columns; one stands for both.
    func pair(_ name: String, in range: ClosedRange<Int>) throws(Damage) -> [Int] {
        let found = self[name]
        let values = found?.int.map { [$0, $0] } ?? found?.elements?.compactMap(\.int) ?? []
        guard values.count == 2, values.allSatisfy(range.contains) else { throw Damage("\(path) (\(kind)) has no usable '\(name)'.") }
        return values
    }
}
