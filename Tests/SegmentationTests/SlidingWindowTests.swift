import Testing

@testable import Segmentation

@Suite struct SlidingWindowTests {
    @Test("Windows lie where nnU-Net puts them")
    func positions() {
        #expect(WindowAxis.positions(length: 110, window: 64, step: 0.5) == [0, 23, 46])
        #expect(WindowAxis.positions(length: 1300, window: 512, step: 0.5) == [0, 197, 394, 591, 788])
        #expect(WindowAxis.positions(length: 64, window: 64, step: 0.5) == [0])
        #expect(WindowAxis.positions(length: 65, window: 64, step: 0.5) == [0, 1])
    }

    @Test("Windows cover every pixel and are never more than the step apart", arguments: 1 ... 64)
    func coverage(_ number: Int) {
        let length = 37 * number
        let axis = WindowAxis(image: length, window: 128, step: 0.5)
        #expect(axis.positions.first == 0)
        #expect((axis.positions.last ?? 0) + 128 == axis.length)
        for (a, b) in zip(axis.positions, axis.positions.dropFirst()) { #expect(b > a && b - a <= 64) }
    }

    @Test("A short image is padded in the middle, the odd pixel after it")
    func padding() {
        let axis = WindowAxis(image: 59, window: 64, step: 0.5)
        #expect(axis.paddingBefore == 2 && axis.length == 64)
    }

    @Test("The importance is 10 in the middle and 1.13e-6 in the corner of a window, whatever its size")
    func importance() {
        for (rows, columns) in [(512, 512), (768, 640)] {
            let row = WindowAxis.importance(window: rows)
            let column = WindowAxis.importance(window: columns)
            #expect(windowImportance(row: row[rows / 2], column: column[columns / 2]) == 10)
            #expect(abs(windowImportance(row: row[0], column: column[0]) - 1.125e-6) < 1e-8)
            #expect(row.allSatisfy { $0 > 0 })
        }
    }
}
