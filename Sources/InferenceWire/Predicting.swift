/// Whoever can run a network: the worker process, or a test that knows the answer.
public protocol Predicting: Sendable {
    /// Runs a network on one tensor.
    /// - Parameters:
    ///   - model: absolute path of a TorchScript file.
    ///   - input: what the network is run on.
    /// - Returns: the network's (first) output.
    func predict(model: String, input: Tensor) async throws -> Tensor
}
