import Raster
import Testing

@Suite struct RasterTests {
    @Test func aReducedImageKeepsItsMean() {
        var random = RandomSource(seed: 4)
        let image = Raster<UInt16>(width: 97, height: 61, pixels: (0 ..< 97 * 61).map { _ in UInt16(random.next() % 4096) })
        let small = image.resized(width: 13, height: 7)
        let mean = image.pixels.reduce(0.0) { $0 + Double($1) } / Double(image.pixels.count)
        let after = small.pixels.reduce(0.0) { $0 + Double($1) } / Double(small.pixels.count)
        #expect(abs(mean - after) < 0.01)
    }

    @Test func anAsymmetricImageKeepsItsCorners() {
        let image = Raster<UInt8>(width: 3, height: 2, pixels: [1, 2, 3, 4, 5, 6])
        #expect(image[2, 0] == 3)
        #expect(image.cropped(x: 1, y: -1, width: 3, height: 2, fill: 0).pixels == [0, 0, 0, 2, 3, 0])
        #expect(image.resized(width: 3, height: 2).pixels == [1, 2, 3, 4, 5, 6])
    }

    @Test func oneHotPixelDoesNotChangeTheContrast() {
        var image = Raster<UInt16>(width: 200, height: 200, pixels: (0 ..< 40_000).map { UInt16($0 % 1000) })
        let before = image.percentiles([0.001, 0.999])
        image[3, 3] = 65535
        // One pixel of forty thousand may move a percentile by one grey level, not more.
        for (after, was) in zip(image.percentiles([0.001, 0.999]), before) { #expect(abs(after - was) <= 1) }
    }
}
