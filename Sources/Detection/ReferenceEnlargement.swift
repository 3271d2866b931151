import Raster

/// Linear interpolation to the last bit as the reference's programs do it: OpenCV for the network's square, scikit-image for maps.
enum ReferenceEnlargement {
    /// As OpenCV resizes bytes: weights in 2048ths, sums of a row cut by 4 bits and products of a column by 16.
    ///
    /// Exactly half the size is a mean of four, as OpenCV has it.
    static func openCV(_ image: Raster<UInt8>, width: Int, height: Int) -> Raster<UInt8> {
        var result = Raster<UInt8>(width: width, height: height, filledWith: 0)
        if image.width == 2 * width, image.height == 2 * height {
            for y in 0 ..< height {
                for x in 0 ..< width {
                    let place = 2 * y * image.width + 2 * x
                    let sum = UInt16(image.pixels[place]) + UInt16(image.pixels[place + 1]) + UInt16(image.pixels[place + image.width]) + UInt16(image.pixels[place + image.width + 1])
                    result.pixels[y * width + x] = UInt8((sum + 2) >> 2)
                }
            }
            return result
        }
        let columns = fixedTaps(image.width, width, isCut: true)
        let rows = fixedTaps(image.height, height, isCut: false)
        // Neighbouring rows share a line of the image or both.
        var upper: (row: Int, line: [Int32]) = (-1, [])
        var lower = upper
        func line(_ row: Int) -> [Int32] {
            if row == lower.row { return lower.line }
            let start = row * image.width
            return columns.map { Int32(image.pixels[start + $0.first]) * $0.weight + Int32(image.pixels[start + $0.second]) * $0.rest }
        }
        for (y, tap) in rows.enumerated() {
            if tap.first != upper.row { upper = (tap.first, line(tap.first)) }
            if tap.second != lower.row { lower = (tap.second, line(tap.second)) }
            for x in 0 ..< width {
                let sum = ((tap.weight * (upper.line[x] >> 4)) >> 16) + ((tap.rest * (lower.line[x] >> 4)) >> 16)
                result.pixels[y * width + x] = UInt8(clamping: (sum + 2) >> 2)
            }
        }
        return result
    }

    private struct FixedTap {
        let first: Int
        let second: Int
        let weight: Int32
        let rest: Int32
    }

    /// - Parameter isCut: whether weights stop at the border, as along a row, or the last line stands for what is beyond.
    private static func fixedTaps(_ source: Int, _ target: Int, isCut: Bool) -> [FixedTap] {
        let scale = 1 / (Double(target) / Double(source))
        return (0 ..< target).map { i in
            let place = Float((Double(i) + 0.5) * scale - 0.5)
            var index = Int(place.rounded(.down))
            var part = place - Float(index)
            if isCut, index < 0 { (index, part) = (0, 0) }
            if isCut, index >= source - 1 { (index, part) = (source - 1, 0) }
            func weight(_ value: Float) -> Int32 { Int32((value * 2048).rounded(.toNearestOrEven)) }
            return FixedTap(first: min(max(index, 0), source - 1), second: min(max(index + 1, 0), source - 1), weight: weight(1 - part), rest: weight(part))
        }
    }

    /// As scikit-image's `rescale` and SPACEtomo's way back to bytes: double precision, mirrored at the borders, within the grey values that there are,
    /// digits cut off.
    static func scikitImage(_ image: Raster<UInt8>, width: Int, height: Int) -> Raster<UInt8> {
        let columns = mirroredTaps(image.width, width)
        let (least, most) = (Double(image.pixels.min() ?? 0) * (1 / 255.0), Double(image.pixels.max() ?? 0) * (1 / 255.0))
        var result = Raster<UInt8>(width: width, height: height, filledWith: 0)
        for (y, row) in mirroredTaps(image.height, height).enumerated() {
            let (upper, lower) = (row.first * image.width, row.second * image.width)
            for (x, column) in columns.enumerated() {
                func value(_ line: Int, _ place: Int) -> Double { Double(image.pixels[line + place]) * (1 / 255.0) }
                // Term by term, in this order, the second weight as what the first one leaves: what is cut off depends on the last bit.
                var sum = value(upper, column.first) * (1 - row.part) * (1 - column.part)
                sum += value(upper, column.second) * (1 - row.part) * (1 - (1 - column.part))
                sum += value(lower, column.first) * (1 - (1 - row.part)) * (1 - column.part)
                sum += value(lower, column.second) * (1 - (1 - row.part)) * (1 - (1 - column.part))
                result.pixels[y * width + x] = UInt8(min(255, max(0, min(max(sum, least), most) * 255)))
            }
        }
        return result
    }

    private static func mirroredTaps(_ source: Int, _ target: Int) -> [(first: Int, second: Int, part: Double)] {
        let scale = Double(source) / Double(target)
        let last = source - 1
        return (0 ..< target).map { i in
            // Enlarging reaches at most half a pixel beyond the border.
            var place = abs((Double(i) + 0.5) * scale - 0.5)
            if place > Double(last) { place = 2 * Double(last) - place }
            place = min(max(place, 0), Double(last))
            let index = Int(place)
            return (index, index < last ? index + 1 : max(0, last - 1), place - Double(index))
        }
    }
}
