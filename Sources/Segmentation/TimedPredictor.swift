public import InferenceWire

/// Runs networks with another predictor, and knows how long it takes for an image.
public actor TimedPredictor: Predicting {
    private let predictor: any Predicting
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var times = PassTimes()

    public init(_ predictor: any Predicting) {
        self.predictor = predictor
        start = clock.now
    }

    /// Seconds of one image in the middle of all since the last time that this was asked; nil where there was none.
    public func takeSeconds() -> Double? { times.take() }

    public func predict(model: String, input: Tensor) async throws -> Tensor {
        let begin = clock.now - start
        let output = try await predictor.predict(model: model, input: input)
        times.record(model: model, images: max(1, input.shape.first ?? 1), from: begin, to: clock.now - start)
        return output
    }

    public func predict(model: String, images: [Tensor]) async throws -> [Tensor] {
        let begin = clock.now - start
        let outputs = try await predictor.predict(model: model, images: images)
        times.record(model: model, images: images.count, from: begin, to: clock.now - start)
        return outputs
    }

    public func predict(model: String, greyImages: [GreyImage], channels: Int) async throws -> [Tensor] {
        let begin = clock.now - start
        let outputs = try await predictor.predict(model: model, greyImages: greyImages, channels: channels)
        times.record(model: model, images: greyImages.count, from: begin, to: clock.now - start)
        return outputs
    }
}

/// How long a network takes for an image, from runs that may wait for one another.
struct PassTimes: Sendable, Hashable {
    private var seconds: [Double] = []
    private var lastEnd = Duration.zero
    /// Networks that have been loaded.
    private var known: Set<String> = []

    /// - Parameters: when the run was asked for and when it was there, on any clock.
    mutating func record(model: String, images: Int, from begin: Duration, to end: Duration) {
        // One run after the other: what was asked for early has waited for the one before.
        let time = (end - max(begin, lastEnd)) / .seconds(1)
        lastEnd = max(lastEnd, end)
        // The first run loads the network, which is not what the others take.
        guard !known.insert(model).inserted, images > 0, time > 0 else { return }
        seconds.append(time / Double(images))
    }

    /// The one in the middle: a machine that did something else for a while is no slow machine.
    mutating func take() -> Double? {
        defer { seconds = [] }
        return seconds.isEmpty ? nil : seconds.sorted()[seconds.count / 2]
    }
}
