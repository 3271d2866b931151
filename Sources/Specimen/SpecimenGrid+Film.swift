import Geometry

extension Canvas {
    /// Bars, film and its holes, over the whole image.
    mutating func paintFilm(of grid: SpecimenGrid) {
        let frame = LocalFrame(center: .origin, angle: grid.barAngle)
        let noise = NoiseTable.shared
        let shift = Double(grid.seed & 1023) * 0.37
        let pixel = pixel
        let reach = SpecimenGrid.reach
        let side = 2 * reach + 1
        // Holes of 2 um every 4 um; a pixel that is not much smaller shows only their mean.
        let holeContrast = 0.12 * Swift.min(1, Swift.max(0, 2.2 - pixel / 0.4))
        let fine = Grain([(3.1, 0.03), (0.9, 0.04), (0.2, 0.04), (0.05, 0.05), (0.015, 0.06), (0.005, 0.06)], pixel: pixel)
        grid.squares.withUnsafeBufferPointer { squares in
            paint(frame, halfU: 1e5, halfV: 1e5) { u, v, transmission, label in
                // Shifted so that cutting off the fraction rounds to the nearest square.
                let i = Int(Swift.min(2000, Swift.max(0, u * 0.01 + 1000.5))) - 1000
                let j = Int(Swift.min(2000, Swift.max(0, v * 0.01 + 1000.5))) - 1000
                let du = (u - 100 * Double(i)).magnitude
                let dv = (v - 100 * Double(j)).magnitude
                let onGrid = i >= -reach && i <= reach && j >= -reach && j <= reach
                    && u * u + v * v < squared(SpecimenGrid.radius)
                let distance = Swift.max(Swift.max(du, dv) - SpecimenGrid.halfOpening, (du + dv - 70) * 0.7)
                guard onGrid, distance < pixel else {
                    transmission = 0.012
                    label = SegmentationLabel.black.rawValue
                    return
                }
                let square = squares[(j + reach) * side + i + reach]
                let slow = noise(u * 0.07 + shift, v * 0.07)
                var value = square.film + 0.05 * slow
                label = SegmentationLabel.background.rawValue
                let hu = (u * 0.25 + 4000).truncatedFraction - 0.5
                let hv = (v * 0.25 + 4000).truncatedFraction - 0.5
                let hole = 4 * (hu * hu + hv * hv).squareRoot() - 1
                value += holeContrast * Swift.min(1, Swift.max(0, 0.5 - hole / Swift.max(pixel, 0.08)))
                value *= 1 + fine(u, v)
                if square.broken > 0 {
                    let ragged = Swift.max(du, dv) - square.broken * 38 + 5 * noise(u * 0.11, v * 0.11 + shift)
                        + 1.2 * noise(u * 0.5, v * 0.5)
                    let open = Swift.min(1, Swift.max(0, 0.5 - ragged / pixel))
                    value += (vacuum - value) * open
                    if open >= 0.5 { label = SegmentationLabel.white.rawValue }
                }
                let inside = Swift.min(1, Swift.max(0, 0.5 - distance / pixel))
                if inside < 0.5 { label = SegmentationLabel.black.rawValue }
                transmission = Float(0.012 + (Swift.max(0.015, value) - 0.012) * inside)
            }
        }
    }

    /// A clump of cells or ice on the film.
    mutating func paint(_ body: FilmBody) {
        let frame = LocalFrame(center: body.center, angle: body.angle)
        let noise = NoiseTable.shared
        let pixel = pixel
        let a = body.halfLength
        let b = body.halfWidth
        paint(frame, halfU: a * 1.2, halfV: b * 1.2 + 0.2 * a) { u, v, transmission, label in
            let distance = ellipseDistance(u, v, a, b) + 0.14 * b * noise(u / (0.6 * b) + a * 100, v / (0.6 * b))
            guard distance < pixel else { return }
            // Rounded bodies are thicker in the middle.
            let depth = Swift.min(1, Swift.max(0, -distance / (0.5 * b)))
            let value = body.transmission + 0.08 * (1 - depth)
            let inside = Swift.min(1, Swift.max(0, 0.5 - distance / pixel))
            if Double(transmission) > value { transmission += Float((value - Double(transmission)) * inside) }
            if inside >= 0.5 { label = SegmentationLabel.black.rawValue }
        }
    }
}

/// What an open hole transmits: a little is lost to apertures.
let vacuum = 0.97

extension Double {
    /// What follows the point of a positive number.
    @inline(__always) var truncatedFraction: Double { self - Double(Int(self)) }
}
