import Foundation
import Raster
import Specimen
import Testing

@Suite struct TrainingSetTests {
    @Test func seedsAreReadAsListsAndRanges() {
        #expect(TrainingSet.seeds(from: "5") == [5])
        #expect(TrainingSet.seeds(from: "1000,1002-1004") == [1000, 1002, 1003, 1004])
        for wrong in ["", "a", "5-", "-5", "9-3", "1-2-3", "1,x"] {
            #expect(TrainingSet.seeds(from: wrong) == nil, "\(wrong)")
        }
    }

    @Test func aPortableGrayMapHasItsHeaderAndBytes() {
        let image = Raster<UInt8>(width: 2, height: 1, pixels: [7, 9])
        #expect(image.portableGrayMap == Array("P5\n2 1\n255\n".utf8) + [7, 9])
    }

    @Test func everyDetectorImageHasALabelFileWithBoxesInside() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("training-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let count = try TrainingSet(kind: .detector, seeds: [6], directory: folder.path).write()
        let images = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/images").sorted()
        let labels = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/labels").sorted()
        #expect(images.count == count)
        #expect(images.map { $0.dropLast(4) } == labels.map { $0.dropLast(4) })
        var boxes = 0
        for label in labels {
            let text = try String(contentsOfFile: folder.path + "/labels/" + label, encoding: .utf8)
            for line in text.split(separator: "\n") {
                let numbers = line.split(separator: " ").compactMap { Double($0) }
                try #require(numbers.count == 5)
                #expect((0 ... 5).contains(numbers[0]))
                #expect(numbers[1] - numbers[3] / 2 > -1e-5 && numbers[1] + numbers[3] / 2 < 1 + 1e-5)
                #expect(numbers[2] - numbers[4] / 2 > -1e-5 && numbers[2] + numbers[4] / 2 < 1 + 1e-5)
                boxes += 1
            }
        }
        #expect(boxes > SpecimenGrid(seed: 6).lamellae.count)
    }
}
