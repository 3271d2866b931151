import Testing

@testable import InferenceWire

@Suite struct WireTests {
    @Test("Requests and answers survive the line")
    func roundTrip() throws {
        let tensor = try Tensor(shape: [1, 2, 3], values: [0, -1.5, .infinity, 1e-30, 3, .leastNonzeroMagnitude])
        let request = PredictionRequest(model: "/a/ü model.torchscript", input: tensor)
        #expect(try PredictionRequest.decode(request.encoded()) == request)
        for answer in [PredictionAnswer.output(tensor), .refusal("no"), .output(Tensor(shape: [0], filledWith: 0))] {
            #expect(try PredictionAnswer.decode(answer.encoded()) == answer)
        }
    }

    @Test("Grey images become a tensor in which each channel sees the same, as 0 to 1")
    func greyImages() throws {
        let images = [try GreyImage(width: 2, height: 1, pixels: [0, 255]), try GreyImage(width: 2, height: 1, pixels: [51, 3])]
        let request = try PredictionRequest.decode(try PredictionRequest.encoded(model: "/m", images: images, channels: 2))
        #expect(request.input.shape == [2, 2, 1, 2])
        let (dark, darker) = (Float(51) / 255, Float(3) / 255)
        #expect(request.input.values == [0, 1, 0, 1, dark, darker, dark, darker] as [Float])
        let other = try GreyImage(width: 1, height: 2, pixels: [0, 1])
        #expect(throws: WireError.self) { try PredictionRequest.encoded(model: "/m", images: images + [other], channels: 1) }
        #expect(throws: WireError.self) { try Tensor(images + [other], channels: 1) }
        #expect(throws: WireError.self) { try PredictionRequest.encoded(model: "/m", images: [], channels: 1) }
        #expect(throws: WireError.self) { try GreyImage(width: 2, height: 2, pixels: [1, 2, 3]) }
    }

    @Test("Every shortened or lengthened message is refused, none is read beyond its end")
    func damaged() throws {
        let bytes = PredictionRequest(model: "/m", input: Tensor(shape: [2, 2], filledWith: 1)).encoded()
        for count in 0 ..< bytes.count {
            #expect(throws: WireError.self) { try PredictionRequest.decode(Array(bytes.prefix(count))) }
        }
        #expect(throws: WireError.self) { try PredictionRequest.decode(bytes + [0]) }
        let grey = try PredictionRequest.encoded(model: "/m", images: [GreyImage(width: 2, height: 2, pixels: [1, 2, 3, 4])], channels: 3)
        for count in 0 ..< grey.count {
            #expect(throws: WireError.self) { try PredictionRequest.decode(Array(grey.prefix(count))) }
        }
        #expect(throws: WireError.self) { try PredictionRequest.decode(grey + [0]) }
        // Images without end, without pixels, and without channels.
        for numbers in [[3, 255, 255, 255, 255], [3, 0, 0, 0, 0], [0, 1, 0, 0, 0]] as [[UInt8]] {
            #expect(throws: WireError.self) { try PredictionRequest.decode([3, 2, 0, 0, 0, 47, 109] + numbers + [1, 0, 0, 0, 1, 0, 0, 0, 9]) }
        }
        // A tensor that claims four thousand million squared values.
        #expect(throws: WireError.self) {
            try PredictionAnswer.decode([1, 2, 255, 255, 255, 255, 255, 255, 255, 255])
        }
        #expect(throws: WireError.self) { try PredictionAnswer.decode([9]) }
    }

    @Test("A tensor has as many values as its shape says")
    func shape() {
        #expect(throws: WireError.shapeMismatch(shape: [2, 3], values: 5)) {
            try Tensor(shape: [2, 3], values: [Float](repeating: 0, count: 5))
        }
        #expect(throws: WireError.self) { try Tensor(shape: [-1], values: []) }
        #expect(throws: WireError.self) { try Tensor(shape: [.max, .max], values: []) }
    }
}
