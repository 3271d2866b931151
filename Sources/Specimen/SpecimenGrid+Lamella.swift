import Geometry

extension Canvas {
    /// The dark material about a lamella, its trenches, its band and all that lies on it.
    mutating func paint(_ lamella: Lamella) {
        paintTrenches(of: lamella)
        if lamella.kind != .gone { paintBand(of: lamella) }
        for organelle in lamella.organelles where organelle.label != .ice {
            switch organelle.label {
            case .cell: paintCell(organelle)
            case .nucleus: paintNucleus(organelle)
            case .mitos: paintMitochondrion(organelle)
            default: paintLipidDroplet(organelle)
            }
        }
        for crack in lamella.cracks { paint(crack, of: lamella, label: .crack) }
        if let missing = lamella.missing {
            paint(missing, of: lamella, label: missing.halfWidth > 0.6 ? .white : .crack)
        }
        for crystal in lamella.organelles(.ice) { paintIce(crystal) }
    }

    /// Whether a point is so deep in the dark material about a lamella that the film below it cannot be seen.
    static func isDeep(_ point: Point<Frame.Grid>, in lamella: Lamella) -> Bool {
        let frame = LocalFrame(center: lamella.center, angle: lamella.angle)
        let offset = point - lamella.center
        let u = frame.cos * offset.dx + frame.sin * offset.dy
        let v = frame.cos * offset.dy - frame.sin * offset.dx
        // Three micrometres for the ragged outline and the rounded corners; the box that is left is convex.
        let middle = (lamella.trenchAbove - lamella.trenchBelow) / 2
        let halfU = lamella.width / 2 + Self.heapMargin.u - 3
        let halfV = (lamella.height + lamella.trenchAbove + lamella.trenchBelow) / 2 + Self.heapMargin.v - 3
        return boxDistance(u, v - middle, halfU, halfV) < 0
    }

    /// How far the dark material reaches beyond the milled window, in micrometres.
    private static let heapMargin = (u: 5.5, v: 3.5)

    private mutating func paintTrenches(of lamella: Lamella) {
        let noise = NoiseTable.shared
        let pixel = pixel
        let shift = Double(lamella.id) * 17.3
        let middle = (lamella.trenchAbove - lamella.trenchBelow) / 2
        let halfU = lamella.width / 2
        let halfV = (lamella.height + lamella.trenchAbove + lamella.trenchBelow) / 2
        let bodyU = halfU + Self.heapMargin.u
        let bodyV = halfV + Self.heapMargin.v
        let fine = Grain([(2.3, 0.2), (0.6, 0.15), (0.15, 0.12), (0.04, 0.1)], pixel: pixel)
        let frame = LocalFrame(center: lamella.center, angle: lamella.angle)
        paint(frame, halfU: bodyU + 2, halfV: bodyV + 5) { u, v, transmission, label in
            let w = v - middle
            // A rounded box: cells and platinum heaped about the milled window.
            let du = Swift.max(0, u.magnitude - bodyU + 4)
            let dv = Swift.max(0, w.magnitude - bodyV + 4)
            let heap = (du * du + dv * dv).squareRoot() - 4 + 1.2 * noise(u * 0.3 + shift, w * 0.3)
            guard heap < pixel else { return }
            let window = boxDistance(u, w, halfU, halfV) + 0.18 * noise(u * 1.1 + shift, v * 1.1)
            let open = Swift.min(1, Swift.max(0, 0.5 - window / pixel))
            // The heap has no part in an open pixel, and its texture is the slow part.
            if open < 1 {
                let value = 0.045 * (1 + fine(u + shift, v))
                let inside = Swift.min(1, Swift.max(0, 0.5 - heap / Swift.max(pixel, 0.2)))
                transmission += (Float(value) - transmission) * Float(inside)
                if inside >= 0.5 { label = SegmentationLabel.black.rawValue }
            }
            transmission += (Float(vacuum) - transmission) * Float(open)
            if open >= 0.5 { label = SegmentationLabel.white.rawValue }
        }
    }

    private mutating func paintBand(of lamella: Lamella) {
        let noise = NoiseTable.shared
        let pixel = pixel
        let shift = Double(lamella.id) * 23.7
        let halfU = lamella.width / 2 + 0.35
        let halfV = lamella.height / 2
        let grain = Grain([(0.8, 0.02), (0.2, 0.03), (0.05, 0.04), (0.015, 0.07), (0.005, 0.09)], pixel: pixel)
        let curtains = 0.035 * Swift.min(1, Swift.max(0, 0.35 / pixel - 0.7))
        let frame = LocalFrame(center: lamella.center, angle: lamella.angle)
        paint(frame, halfU: halfU + 0.4, halfV: halfV + 0.4) { u, v, transmission, label in
            let distance = boxDistance(u, v, halfU, halfV) + 0.1 * noise(u * 0.9 + shift, v * 0.9)
            guard distance < pixel, label == SegmentationLabel.white.rawValue else { return }
            let slope = lamella.gradientAlongWidth * u / lamella.width + lamella.gradientAlongHeight * v / lamella.height
            var value = Swift.max(0.07, lamella.transmission + slope)
            value *= 1 + grain(u + shift, v) + curtains * noise(u * 2.9 + shift, v * 0.08)
            let inside = Swift.min(1, Swift.max(0, 0.5 - distance / pixel))
            transmission += (Float(value) - transmission) * Float(inside)
            if inside >= 0.5 { label = SegmentationLabel.background.rawValue }
        }
    }

    /// A jagged strip of vacuum.
    private mutating func paint(_ gap: Gap, of lamella: Lamella, label name: SegmentationLabel) {
        let noise = NoiseTable.shared
        let pixel = pixel
        let shift = Double(lamella.id) * 31.1 + gap.position
        let frame = LocalFrame(center: lamella.center, angle: lamella.angle)
        let thin = gap.halfWidth < 0.5
        // A strip thinner than a pixel lets through its share of the light.
        let share = Swift.min(1, 2 * gap.halfWidth / pixel)
        paint(frame, halfU: lamella.width / 2 + 0.5, halfV: lamella.height / 2 + 0.5) { u, v, transmission, label in
            let inBand = label != SegmentationLabel.white.rawValue && label != SegmentationLabel.black.rawValue
            guard inBand, v > gap.from, v < gap.to else { return }
            var sideways = u - gap.position - gap.slope * v + 0.35 * noise(v * 0.8 + shift, 3)
            sideways += 0.12 * noise(v * 3.3 + shift, 9)
            let distance = sideways.magnitude - gap.halfWidth - (thin ? 0.03 * noise(v * 4 + shift, 5) : 0)
            guard distance < pixel else { return }
            let open = share * Swift.min(1, Swift.max(0, 0.5 - distance / pixel))
            transmission += (Float(vacuum) - transmission) * Float(open)
            if distance <= 0 { label = name.rawValue }
        }
    }
}
