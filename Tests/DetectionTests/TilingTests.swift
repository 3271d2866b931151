import Testing

@testable import Detection

@Suite struct TilingTests {
    @Test("Tiles cover every pixel, stay inside the map and overlap by more than a lamella", arguments: 0 ..< 64, [false, true])
    func coverage(_ number: Int, acceptsAnySize: Bool) {
        let width = 900 + 67 * number
        let height = 4000 - 53 * number
        let tiling = Tiling(mapWidth: width, mapHeight: height, side: 1024, overlap: 100, acceptsAnySize: acceptsAnySize)
        let (columns, rows) = (Set(tiling.origins.map(\.x)).sorted(), Set(tiling.origins.map(\.y)).sorted())
        for (axis, length, tile) in [(columns, width, tiling.width), (rows, height, tiling.height)] {
            #expect(axis.first == 0)
            if length > tile {
                #expect(axis.last == length - tile)
                for (a, b) in zip(axis, axis.dropFirst()) { #expect(a + tile - b >= 100) }
            } else {
                #expect(axis == [0])
            }
        }
        guard acceptsAnySize else { return #expect(tiling.width == 1024 && tiling.height == 1024) }
        let fixed = Tiling(mapWidth: width, mapHeight: height, side: 1024, overlap: 100, acceptsAnySize: false)
        #expect(tiling.origins.count * tiling.width * tiling.height <= fixed.origins.count * 1024 * 1024)
        for side in [tiling.width, tiling.height] { #expect(side <= 1024 && side % 32 == 0) }
    }

    @Test("A grid map of 5 000 px takes 36 tiles that are a little smaller than the network's own input, so that fewer pixels are looked at twice")
    func fewerPixelsTwice() {
        let tiling = Tiling(mapWidth: 5000, mapHeight: 5000, side: 1024, overlap: 100, acceptsAnySize: true)
        #expect((tiling.origins.count, tiling.width, tiling.height) == (36, 928, 928))
    }

    @Test("A small map is padded to a multiple of 32 where the network accepts that, and to a whole tile elsewhere")
    func smallMap() {
        let small = Tiling(mapWidth: 144, mapHeight: 102, side: 1024, overlap: 100, acceptsAnySize: true)
        #expect(small.width == 160 && small.height == 128 && small.origins.count == 1)
        let whole = Tiling(mapWidth: 144, mapHeight: 102, side: 1024, overlap: 100, acceptsAnySize: false)
        #expect(whole.width == 1024 && whole.height == 1024 && whole.origins.count == 1)
    }
}
