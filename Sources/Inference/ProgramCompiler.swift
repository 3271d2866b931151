import CTorchShim
public import Foundation

/// Compiles a network's TorchScript source with its weights into a network file.
public enum ProgramCompiler {
    /// One weight: its name, its shape, and where its 32-bit floats lie in the file of weights.
    public struct Weight: Sendable, Hashable, Codable {
        public let name: String
        public let shape: [Int]
        public let offset: Int
        public init(name: String, shape: [Int], offset: Int) {
            self.name = name
            self.shape = shape
            self.offset = offset
        }
    }

    /// Compiles `network.txt` with the weights that `weights.json` lists and `weights.bin` holds to `network.torchscript`, all in one folder.
    public static func compile(folder: String) throws(TorchError) {
        func contents(_ name: String) throws(TorchError) -> Data {
            do {
                return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"), options: .mappedIfSafe)
            } catch {
                throw TorchError(description: "\(folder)/\(name) cannot be read.")
            }
        }
        let list = try contents("weights.json")
        guard let source = String(data: try contents("network.txt"), encoding: .utf8), let weights = try? JSONDecoder().decode([Weight].self, from: list) else {
            throw TorchError(description: "\(folder) holds no network that could be compiled.")
        }
        try compile(source: source, weights: weights, numbers: try contents("weights.bin"), to: folder + "/network.torchscript")
    }

    /// Writes the network to a path; the weights are 32-bit floats, little-endian, row by row.
    public static func compile(source: String, weights: [Weight], numbers: Data, to path: String) throws(TorchError) {
        for weight in weights {
            var bytes = 4
            for length in weight.shape {
                let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
                guard length >= 0, !overflow else { throw TorchError(description: "Weight \(weight.name) has an impossible shape.") }
                bytes = product
            }
            guard weight.offset >= 0, weight.offset.isMultiple(of: 4), weight.offset <= numbers.count, bytes <= numbers.count - weight.offset else {
                throw TorchError(description: "Weight \(weight.name) lies beyond the file of weights.")
            }
        }
        // Names and shapes have to stay where they are as long as libtorch looks at them.
        let names = weights.map { Array($0.name.utf8CString) }.flatMap(\.self)
        let shapes = weights.flatMap { $0.shape.map { Int64($0) } }
        var status: Int32 = 1
        let message = unsafe TorchModel.errorText { text, size in
            unsafe numbers.withUnsafeBytes { bytes in
                unsafe names.withUnsafeBufferPointer { names in
                    unsafe shapes.withUnsafeBufferPointer { shapes in
                        var name = 0
                        var shape = 0
                        var list: [ctorch_weight] = unsafe []
                        for weight in weights {
                            unsafe list.append(
                                ctorch_weight(
                                    name: names.baseAddress.map { unsafe $0 + name },
                                    values: bytes.baseAddress.map { unsafe ($0 + weight.offset).assumingMemoryBound(to: Float.self) },
                                    shape: shapes.baseAddress.map { unsafe $0 + shape }, rank: Int64(weight.shape.count)))
                            name += weight.name.utf8.count + 1
                            shape += weight.shape.count
                        }
                        unsafe status = ctorch_program_save(source, list, list.count, path, text, size)
                    }
                }
            }
        }
        guard status == 0 else { throw TorchError(description: message) }
    }
}
