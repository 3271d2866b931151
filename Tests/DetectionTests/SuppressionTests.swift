import Geometry
import Raster
import Testing

@testable import Detection

@Suite struct SuppressionTests {
    static func candidates(seed: UInt64, count: Int) -> [Candidate] {
        var random = RandomSource(seed: seed)
        return (0 ..< count).map { _ in
            let x = random.uniform(0 ... 300)
            let y = random.uniform(0 ... 300)
            return Candidate(
                box: Rectangle(
                    minX: x, minY: y, maxX: x + random.uniform(5 ... 40), maxY: y + random.uniform(5 ... 40)),
                classIndex: Int(random.uniform() * 6), score: 0.25 + 0.75 * random.uniform(), isCut: random.uniform() < 0.2)
        }
    }

    @Test("No two boxes of the result share more than half of the smaller one, and none is new", arguments: 0 ..< 20)
    func noOverlap(_ seed: Int) {
        let all = Self.candidates(seed: UInt64(seed), count: 200)
        let kept = Suppression.merge(all)
        #expect(!kept.isEmpty)
        for i in kept.indices {
            #expect(all.contains { $0.box == kept[i].box })
            for j in kept.indices where j > i {
                let shared = kept[i].box.overlap(with: kept[j].box)
                #expect(shared <= 0.5 * min(kept[i].box.area, kept[j].box.area))
            }
        }
    }

    @Test("The order of the candidates does not matter", arguments: 0 ..< 10)
    func orderInvariance(_ seed: Int) {
        let all = Self.candidates(seed: UInt64(seed) + 100, count: 150)
        let expected = Suppression.merge(all)
        var random = RandomSource(seed: UInt64(seed))
        for _ in 0 ..< 5 {
            let shuffled = Suppression.merge(all.shuffled(using: &random))
            #expect(shuffled == expected)
        }
    }

    @Test("A lamella seen in two classes is one box of the class with the higher sum of scores")
    func classByVotes() {
        let box = Rectangle<Frame.MapPixels>(minX: 10, minY: 10, maxX: 40, maxY: 30)
        let merged = Suppression.merge([
            Candidate(box: box, classIndex: 2, score: 0.6, isCut: false),
            Candidate(box: box, classIndex: 3, score: 0.4, isCut: false),
            Candidate(box: box, classIndex: 3, score: 0.4, isCut: false),
        ])
        #expect(merged == [Candidate(box: box, classIndex: 3, score: 0.6, isCut: false)])
    }

    @Test("A box cut by its tile gives way to the whole one, even if its score is higher")
    func wholeBoxWins() {
        let whole = Rectangle<Frame.MapPixels>(minX: 10, minY: 10, maxX: 40, maxY: 30)
        let cut = Rectangle<Frame.MapPixels>(minX: 10, minY: 10, maxX: 22, maxY: 30)
        let merged = Suppression.merge([
            Candidate(box: cut, classIndex: 2, score: 0.9, isCut: true),
            Candidate(box: whole, classIndex: 2, score: 0.5, isCut: false),
        ])
        #expect(merged.map(\.box) == [whole])
    }
}
