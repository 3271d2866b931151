import Raster
import Testing

@testable import Detection

/// Held against sums of what OpenCV 5.0 and scikit-image 0.26 gave for the same images.
@Suite struct ReferenceEnlargementTests {
    private static func image(_ width: Int, _ height: Int) -> Raster<UInt8> {
        Raster(width: width, height: height, pixels: (0 ..< width * height).map { place in
            let (x, y) = (place % width, place / width)
            return UInt8((x * 37 + y * 91 + x * y * 13) % 256)
        })
    }
    /// FNV-1a.
    private static func sum(_ image: Raster<UInt8>) -> UInt64 {
        image.pixels.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    @Test("A tile that is scaled for the network is OpenCV's to the last grey level", arguments: [
        (47, 31, 320, 211, 0xFE26_523A_A6D7_D257 as UInt64), (3, 3, 320, 320, 0x8A0B_1C1E_AD0A_0715), (200, 320, 100, 160, 0xBEC5_EC45_E884_9865),
        (64, 50, 32, 25, 0xCCF2_0555_054E_1F25), (7, 1, 231, 33, 0xC5A8_8B44_A248_54D4),
    ])
    func openCV(_ width: Int, _ height: Int, _ newWidth: Int, _ newHeight: Int, _ sum: UInt64) {
        #expect(Self.sum(ReferenceEnlargement.openCV(Self.image(width, height), width: newWidth, height: newHeight)) == sum)
    }

    @Test("A map that is enlarged is SPACEtomo's to the last grey level", arguments: [
        (47, 31, 1.29, 61, 40, 0x4B5D_D7F9_EBB8_B98D as UInt64), (20, 33, 2, 40, 66, 0x9D12_4632_1A6F_91AC), (40, 30, 1.25, 50, 38, 0x7117_0605_6E2A_2023), (47, 44, 1.15, 54, 51, 0x4F05_8CF0_C045_5CC6),
    ])
    func scikitImage(_ width: Int, _ height: Int, _ scale: Double, _ newWidth: Int, _ newHeight: Int, _ sum: UInt64) {
        let enlarged = ReferenceImage.resampled(Self.image(width, height), by: 1 / scale)
        #expect((enlarged.width, enlarged.height) == (newWidth, newHeight))
        #expect(Self.sum(enlarged) == sum)
    }

    @Test("Flat parts of a map keep their grey level when it is enlarged")
    func flat() {
        let map = Self.image(47, 44).map { min(200, max(100, $0)) }
        let enlarged = ReferenceImage.resampled(map, by: 400.0 / 460)
        #expect((enlarged.width, enlarged.height) == (54, 51))
        #expect(Self.sum(enlarged) == 0x8CF2_6F93_DEAD_10C2)
    }
}
