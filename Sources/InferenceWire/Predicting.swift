/// Whoever can run a network: the worker process, or a test that knows the answer.
public protocol Predicting: Sendable {
    /// Runs a network on one tensor.
    /// - Parameters:
    ///   - model: absolute path of a TorchScript file.
    ///   - input: what the network is run on.
    /// - Returns: the network's (first) output.
    func predict(model: String, input: Tensor) async throws -> Tensor

    /// Runs a network on images of one size, each a batch of one; at once where that is faster.
    /// - Returns: the outputs in the order of the images.
    func predict(model: String, images: [Tensor]) async throws -> [Tensor]

    /// Runs a network on grey images of one size, each a batch of one.
    /// - Parameter channels: of the network; each sees the same.
    /// - Returns: the outputs in the order of the images.
    func predict(model: String, greyImages: [GreyImage], channels: Int) async throws -> [Tensor]
}

extension Predicting {
    public func predict(model: String, images: [Tensor]) async throws -> [Tensor] {
        var outputs: [Tensor] = []
        for image in images { outputs.append(try await predict(model: model, input: image)) }
        return outputs
    }

    public func predict(model: String, greyImages: [GreyImage], channels: Int) async throws -> [Tensor] {
        var images: [Tensor] = []
        for image in greyImages { images.append(try Tensor([image], channels: channels)) }
        return try await predict(model: model, images: images)
    }
}

/// Images that are given to a network together: as many as are looked at side by side on the processor. More of them would take memory for nothing.
public let imagesAtOnce = 2
