import Testing

@testable import Detection

@Suite struct TilingTests {
    @Test("Tiles cover every pixel, stay inside the map and overlap by more than a lamella", arguments: 0 ..< 64)
    func coverage(_ number: Int) {
        let width = 900 + 67 * number
        let height = 4000 - 53 * number
        let tiling = Tiling(mapWidth: width, mapHeight: height, side: 1024, overlap: 100, acceptsAnySize: false)
        for (axis, length) in [(Set(tiling.origins.map(\.x)).sorted(), width), (Set(tiling.origins.map(\.y)).sorted(), height)] {
            #expect(axis.first == 0)
            if length > 1024 {
                #expect(axis.last == length - 1024)
                for (a, b) in zip(axis, axis.dropFirst()) { #expect(a + 1024 - b >= 100) }
            } else {
                #expect(axis == [0])
            }
        }
        #expect(tiling.width == 1024 && tiling.height == 1024)
    }

    @Test("A small map is padded to a multiple of 32 where the network accepts that, and to a whole tile elsewhere")
    func smallMap() {
        let small = Tiling(mapWidth: 144, mapHeight: 102, side: 1024, overlap: 100, acceptsAnySize: true)
        #expect(small.width == 160 && small.height == 128 && small.origins.count == 1)
        let whole = Tiling(mapWidth: 144, mapHeight: 102, side: 1024, overlap: 100, acceptsAnySize: false)
        #expect(whole.width == 1024 && whole.height == 1024 && whole.origins.count == 1)
    }
}
