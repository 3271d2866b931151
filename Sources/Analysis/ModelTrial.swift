import Detection
public import InferenceWire
import Raster
import Segmentation

/// Runs the networks of a model once, each on a small grey image, and looks whether what they give is what the model's description says.
public struct ModelTrial: Sendable {
    private let predictor: any Predicting

    public init(predictor: any Predicting) { self.predictor = predictor }

    /// - Throws: a sentence on what is wrong with the model.
    public func run(_ model: ModelFolder) async throws {
        // Not one grey level: what is normalised would be nothing.
        var image = Raster<UInt8>(width: 32, height: 32, filledWith: 0)
        for place in image.pixels.indices { image.pixels[place] = UInt8(40 + place * 7 % 160) }
        switch model.description.kind {
        case .detector: _ = try await LamellaDetector(folder: model, predictor: predictor).detect(in: image, pixelSize: model.description.pixelSize)
        // All folds, and none twice.
        case .segmenter: _ = try await LamellaSegmenter(folder: model, predictor: predictor, profile: .balanced).segment(image)
        }
    }
}
