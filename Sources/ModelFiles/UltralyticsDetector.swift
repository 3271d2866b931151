/// A lamella detector as Ultralytics saves it: a checkpoint of YOLOv8 or YOLO11 in any of their sizes.
public struct UltralyticsDetector: Sendable {
    /// Names of the classes in the order of the network's output.
    public let classes: [String]
    /// Side of the images that it was trained on, pixels; nil where the file does not say.
    public let sideLength: Int?
    /// Version of Ultralytics that wrote the file.
    public let version: String?
    public let licence: String?
    public let program: NetworkProgram

    /// Reads a checkpoint. Nothing in it is executed.
    ///
    /// - Parameter sink: gets the weights, batch norms folded in.
    /// - Throws: ``ModelFileError`` with what is wrong with the file, or what the sink throws.
    public static func read<Sink: WeightSink>(_ path: String, into sink: Sink) throws -> (detector: UltralyticsDetector, sink: Sink) {
        do {
            return try read(TorchCheckpoint(FileBytes(path: path)), into: sink)
        } catch let damage as Damage {
            throw ModelFileError(path, damage)
        }
    }

    static func read<Sink: WeightSink>(_ checkpoint: TorchCheckpoint, into sink: Sink) throws -> (detector: UltralyticsDetector, sink: Sink) {
        let root = checkpoint.root
        // The average over the last steps of the training is what Ultralytics itself uses.
        guard let network = root["ema"].flatMap({ SavedModule($0, path: "model") }) ?? root["model"].flatMap({ SavedModule($0, path: "model") }) else {
            throw Damage(
                root["network_weights"] != nil
                    ? "it is a checkpoint of nnU-Net; give the folder with plans.json that it lies in."
                    : "it is a checkpoint without a whole network ('model'), as Ultralytics saves it.")
        }
        guard network.value.className?.hasPrefix("ultralytics.") == true else {
            throw Damage("its network is a '\((network.value.className ?? "").forPeople)', not one of Ultralytics' YOLOv8 or YOLO11.")
        }
        var writer = DetectorWriter(checkpoint: checkpoint, sink: sink)
        try writer.write(network)
        let head = try network.child("model").children().last
        let count = head?["nc"]?.int ?? 0
        let classes = try classes(network["names"], count: count)
        return (
            UltralyticsDetector(
                classes: classes, sideLength: side(root["train_args"]) ?? side(network["args"]), version: root["version"]?.string,
                licence: root["license"]?.string, program: writer.writer.program),
            writer.writer.sink
        )
    }

    private static func classes(_ names: PickledValue?, count: Int) throws(Damage) -> [String] {
        guard (1 ... 10_000).contains(count) else { throw Damage("it says that it has \(count) classes.") }
        var found: [Int: String] = [:]
        for (key, value) in names?.pairs ?? [] { if let index = key.int { found[index] = value.string } }
        for (index, value) in (names?.pairs == nil ? names?.elements ?? [] : []).enumerated() { found[index] = value.string }
        var ordered: [String] = []
        for index in 0 ..< count {
            guard let name = found[index] else { throw Damage("it has \(count) classes, and class \(index) has no name.") }
            ordered.append(name)
        }
        return ordered
    }

    private static func side(_ arguments: PickledValue?) -> Int? {
        guard let value = arguments?["imgsz"] else { return nil }
        return (value.int ?? value.elements?.compactMap(\.int).max()).flatMap { (1 ... 65_536).contains($0) ? $0 : nil }
    }
}
