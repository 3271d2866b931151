import Foundation
public import InferenceWire
public import Logging

/// Runs networks in processes of their own (`tomopilot-infer`), so that neither libtorch's memory nor its crashes are the
/// service's: one process on the processor, or one for each GPU.
///
/// A process starts with the first request for it and is started again once if it dies over one. Requests go to the first GPU that is free and
/// are answered there in their order; all waiting happens on threads of its own. What a GPU has no memory for runs on the processor.
/// A cancelled request ends at once, and its process with it.
public actor InferenceWorker: Predicting {
    private let first: WorkerLine
    /// Where GPUs may be, how many there are is asked of the first process.
    private let looksForGPUs: Bool
    private let line: @Sendable (InferenceDevice?) -> WorkerLine
    private let logger: Logger
    private var pool: Task<DevicePool<WorkerLine>, Never>?
    private var processor: WorkerLine?
    /// Networks that found no room on a GPU.
    private var tooLarge: Set<String> = []
    private var isShutDown = false

    /// - Parameters:
    ///   - executable: path of `tomopilot-infer`.
    ///   - threads: threads that one operation of a network may use.
    ///   - deadline: the longest time one request may take once it is its turn.
    public init(executable: String, threads: Int = 2, deadline: Duration = .seconds(600), logger: Logger) {
        self.init(executable: executable, threads: threads, deadline: deadline, logger: logger, looksForGPUs: Self.driverIsThere)
    }

    /// - Parameter looksForGPUs: whether the program is asked for them, which takes a moment.
    init(executable: String, threads: Int, deadline: Duration, logger: Logger, looksForGPUs: Bool) {
        line = { WorkerLine(executable: executable, threads: max(1, threads), device: $0, deadline: deadline, logger: logger) }
        first = line(nil)
        self.looksForGPUs = looksForGPUs
        self.logger = logger
    }

    /// Without a driver of Nvidia or AMD there is nothing to look for.
    private static var driverIsThere: Bool { ["/dev/nvidiactl", "/dev/kfd", "/dev/dxg"].contains(where: FileManager.default.fileExists) }

    public func predict(model: String, input: Tensor) async throws -> Tensor {
        // Made before it is its turn: a process that runs is not kept waiting for it.
        try await answer(to: WorkerLine.Request(model: model, frame: PredictionRequest(model: model, input: input).encoded()))
    }

    public func predict(model: String, images: [Tensor]) async throws -> [Tensor] {
        guard images.count > 1 else { return images.isEmpty ? [] : [try await predict(model: model, input: images[0])] }
        return try outputs(of: images.count, in: try await predict(model: model, input: Tensor(batch: images)), model: model)
    }

    public func predict(model: String, greyImages: [GreyImage], channels: Int) async throws -> [Tensor] {
        guard !greyImages.isEmpty else { return [] }
        let frame = try PredictionRequest.encoded(model: model, images: greyImages, channels: channels)
        return try outputs(of: greyImages.count, in: try await answer(to: WorkerLine.Request(model: model, frame: frame)), model: model)
    }

    private func outputs(of images: Int, in batch: Tensor, model: String) throws -> [Tensor] {
        // One image may have an output without batches; several have one each.
        let outputs = images > 1 ? batch.images : [batch]
        guard outputs.count == images else {
            throw InferenceWorkerError.line("The network \(model) made \(outputs.count) outputs of \(images) images.")
        }
        return outputs
    }

    private func answer(to request: WorkerLine.Request) async throws -> Tensor {
        guard !isShutDown else { throw InferenceWorkerError.shutDown }
        try Task.checkCancellation()
        let model = request.model
        if tooLarge.contains(model) { return try await onProcessor(request) }
        do {
            return try await devices().perform { line in try await line.predict(request) }
        } catch is DevicePool<WorkerLine>.Closed {
            throw InferenceWorkerError.shutDown
        } catch InferenceWorkerError.memoryExhausted(_, let reason) where looksForGPUs {
            guard tooLarge.insert(model).inserted else { return try await onProcessor(request) }
            logger.warning(
                "a GPU has not the memory that a network needs, which runs on the processor now and takes longer",
                metadata: ["model.path": "\(model)", "error.message": "\(reason)"])
            return try await onProcessor(request)
        }
    }

    private func onProcessor(_ request: WorkerLine.Request) async throws -> Tensor {
        guard !isShutDown else { throw InferenceWorkerError.shutDown }
        let slower = processor ?? line(.processor)
        processor = slower
        return try await slower.predict(request)
    }

    /// What networks run on here, as the program sees it.
    public func machine() async throws -> InferenceMachine {
        guard !isShutDown else { throw InferenceWorkerError.shutDown }
        return try await first.perform { line in try line.machine() }
    }

    /// The number of the running process, nil if none runs; of several GPUs the first one's.
    public func processIdentifier() async -> Int32? {
        try? await first.perform { line in line.processIdentifier }
    }

    /// Waits for the requests that are under way and ends the processes.
    public func shutdown() async {
        isShutDown = true
        await devices().close { line in try? await line.perform { line in line.finish() } }
        try? await processor?.perform { line in line.finish() }
    }

    private func devices() async -> DevicePool<WorkerLine> {
        if let pool { return await pool.value }
        let (first, line, looks, isShutDown) = (first, line, looksForGPUs, isShutDown)
        let made = Task {
            // What is wrong with the program is told by the request that comes then.
            guard looks, !isShutDown, let gpus = try? await first.perform({ line in try line.machine().gpus }), gpus > 1 else { return DevicePool([first]) }
            return DevicePool([first] + (1 ..< min(gpus, 64)).map { line(.gpu($0)) })
        }
        pool = made
        return await made.value
    }
}
