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

    @Test("Every shortened or lengthened message is refused, none is read beyond its end")
    func damaged() throws {
        let bytes = PredictionRequest(model: "/m", input: Tensor(shape: [2, 2], filledWith: 1)).encoded()
        for count in 0 ..< bytes.count {
            #expect(throws: WireError.self) { try PredictionRequest.decode(Array(bytes.prefix(count))) }
        }
        #expect(throws: WireError.self) { try PredictionRequest.decode(bytes + [0]) }
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
