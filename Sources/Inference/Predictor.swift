import Foundation
public import InferenceWire

/// Answers requests one after the other and keeps the networks that it has loaded.
public struct Predictor: ~Copyable {
    /// A dictionary holds copyable values only; the class makes the single owner sharable.
    private final class Loaded {
        let model: TorchModel
        init(_ model: consuming TorchModel) { self.model = model }
    }
    /// A file that is replaced under its old name is another network.
    private struct Identity: Hashable {
        let path: String
        let size: Int
        let changed: Date
    }
    /// A session has a detector and a segmenter of up to five folds; a network takes 10 to 200 MB.
    private static let capacity = 8
    private var loaded: [Identity: Loaded] = [:]
    private let device: InferenceDevice

    /// - Parameter device: what networks run on; the first GPU if it is not said, or the processor where there is none.
    public init(threads: Int, device: InferenceDevice? = nil) {
        TorchModel.setThreads(threads)
        self.device = device ?? TorchModel.machine.devices[0]
    }

    /// The answer to one request; nothing that is wrong with it ends the worker.
    public mutating func answer(_ frame: [UInt8]) -> PredictionAnswer {
        guard frame != MachineRequest.encoded else { return .machine(TorchModel.machine) }
        do {
            let request = try PredictionRequest.decode(frame)
            return .output(try network(for: request).model.run(request.input))
        } catch let error as TorchError {
            guard error.isMemoryExhausted else { return .refusal(error.description) }
            // The next request may need less where no other network is.
            loaded.removeAll()
            return .memoryExhausted(error.description)
        } catch let error as WireError {
            return .refusal(error.description)
        } catch {
            return .refusal("\(error)")
        }
    }

    private mutating func network(for request: PredictionRequest) throws -> Loaded {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: request.model),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { throw TorchError(description: "There is no such file.") }
        let identity = Identity(
            path: request.model, size: (attributes[.size] as? NSNumber)?.intValue ?? 0,
            changed: attributes[.modificationDate] as? Date ?? .distantPast)
        if let known = loaded[identity] { return known }
        if loaded.count >= Self.capacity { loaded.removeAll() }
        // Measured on two cores: channels-last and frozen takes a fifth off a detector and adds a third to a U-Net.
        let channelsLast = request.input.shape.count == 4 && request.input.shape[1] == 3
        do {
            let fresh = Loaded(try TorchModel(path: request.model, channelsLast: channelsLast, device: device))
            loaded[identity] = fresh
            return fresh
        } catch where error.isMemoryExhausted {
            throw error
        } catch {
            throw TorchError(description: "It is no TorchScript network that libtorch can load (\(error.description)).")
        }
    }
}
