import Geometry

private let background = SegmentationLabel.background.rawValue
private let cellLabel = SegmentationLabel.cell.rawValue

/// Bodies on a lamella darken what is there by a factor, so that a thick lamella shows them as well.
extension Canvas {
    mutating func paintCell(_ cell: Organelle) {
        let pixel = pixel
        let noise = NoiseTable.shared
        let frame = LocalFrame(center: cell.center, angle: cell.angle)
        let shift = cell.center.x * 3.1
        let granules = Grain([(0.11, 0.10), (0.045, 0.10), (0.012, 0.10)], pixel: pixel)
        let wall = Swift.max(0.1, pixel)
        let wallContrast = 0.35 * 0.1 / wall
        paint(frame, halfU: cell.halfLength + 0.3, halfV: cell.halfWidth + 0.3) { u, v, transmission, label in
            guard label == background || label == cellLabel else { return }
            let distance = ellipseDistance(u, v, cell.halfLength, cell.halfWidth) + 0.12 * noise(u * 0.8 + shift, v * 0.8)
            guard distance < pixel else { return }
            let inside = Swift.min(1, Swift.max(0, 0.5 - distance / pixel))
            var factor = 0.80 * (1 + granules(u + shift, v))
            if distance > -wall * 1.5 { factor *= 1 - wallContrast * Swift.min(1, (distance + wall * 1.5) / (0.5 * wall)) }
            transmission *= Float(1 + (factor - 1) * inside)
            if distance <= 0 { label = cellLabel }
        }
    }

    mutating func paintNucleus(_ nucleus: Organelle) {
        let pixel = pixel
        let noise = NoiseTable.shared
        let rim = Swift.max(0.07, pixel)
        let rimContrast = 0.3 * 0.07 / rim
        let shift = nucleus.center.x * 5.3
        paint(nucleus, margin: 0.2, into: [cellLabel], label: .nucleus) { u, v in
            ellipseDistance(u, v, nucleus.halfLength, nucleus.halfWidth) + 0.05 * noise(u * 1.5 + shift, v * 1.5)
        } factor: { u, v, distance in
            distance > -rim ? 1 - rimContrast : 1.2 + 0.06 * noise(u * 2.2 + shift, v * 2.2)
        }
    }

    mutating func paintMitochondrion(_ body: Organelle) {
        let pixel = pixel
        let noise = NoiseTable.shared
        // Cristae every 0.13 um across the longer axis.
        let stripes = 0.12 * Swift.min(1, Swift.max(0, 0.13 / pixel - 1.5))
        let shift = body.center.y * 4.7
        paint(body, margin: 0.1, into: [cellLabel], label: .mitos) { u, v in
            ellipseDistance(u, v, body.halfLength, body.halfWidth) + 0.03 * noise(u * 3 + shift, v * 3)
        } factor: { u, v, distance in
            let phase = (u / 0.13 + 0.6 * noise(u * 4 + shift, v * 4) + 1000).truncatedFraction
            return 0.52 + stripes * (phase < 0.5 ? 1 : -1) - (distance > -0.05 ? 0.08 : 0)
        }
    }

    mutating func paintLipidDroplet(_ droplet: Organelle) {
        paint(droplet, margin: 0.05, into: [cellLabel], label: .lipiddroplets) { u, v in
            ellipseDistance(u, v, droplet.halfLength, droplet.halfWidth)
        } factor: { _, _, _ in 0.22 }
    }

    mutating func paintIce(_ crystal: Organelle) {
        let noise = NoiseTable.shared
        let shift = crystal.center.x * 7.9
        let rim = 0.07
        let everything = SegmentationLabel.allCases.filter { $0 != .white && $0 != .black }.map(\.rawValue)
        paint(crystal, margin: 0.3, into: everything, label: .ice, rim: rim) { u, v in
            ellipseDistance(u, v, crystal.halfLength, crystal.halfWidth) + 0.09 * crystal.halfWidth * noise(u * 2 + shift, v * 2)
        } factor: { u, v, distance in
            0.14 + 0.05 * noise(u * 3 + shift, v * 3) + (distance > -0.1 ? 0.1 : 0)
        }
    }

    /// Paints a body over given labels only. Bodies smaller than a pixel fade out.
    @inline(__always) private mutating func paint(
        _ body: Organelle, margin: Double, into allowed: [UInt8], label name: SegmentationLabel, rim: Double = 0,
        distance: (Double, Double) -> Double, factor: (Double, Double, Double) -> Double
    ) {
        let pixel = pixel
        let visible = Swift.min(1, Swift.max(0, 2 * body.halfWidth / pixel - 0.5))
        guard visible > 0 else { return }
        var allowedMask: UInt16 = 0
        for label in allowed { allowedMask |= 1 << UInt16(label) }
        let frame = LocalFrame(center: body.center, angle: body.angle)
        paint(frame, halfU: body.halfLength + margin, halfV: body.halfWidth + margin) { u, v, transmission, label in
            guard allowedMask >> UInt16(label) & 1 == 1 else { return }
            let d = distance(u, v)
            guard d < Swift.max(pixel, rim + pixel) else { return }
            let inside = visible * Swift.min(1, Swift.max(0, 0.5 - d / pixel))
            if rim > 0, d > 0 {
                // Fresnel fringe of a thick edge.
                let fringe = Swift.min(1, Swift.max(0, 0.5 - (d - rim) / pixel)) * Swift.min(1, rim / pixel)
                transmission = Swift.min(Float(vacuum), transmission * Float(1 + 0.3 * fringe * (1 - inside)))
            }
            if inside > 0 { transmission *= Float(1 + (factor(u, v, d) - 1) * inside) }
            if d <= 0 { label = name.rawValue }
        }
    }
}
