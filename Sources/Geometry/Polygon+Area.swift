import Units

extension Polygon {
    /// Twice the area, positive where the vertices run from x towards y.
    private var doubledSignedArea: Double {
        guard var a = vertices.last else { return 0 }
        var sum = 0.0
        for b in vertices {
            sum += a.x * b.y - b.x * a.y
            a = b
        }
        return sum
    }

    /// The area of an outline that does not cross itself, in the square of the frame's unit (shoelace formula).
    public var area: Double { abs(doubledSignedArea) / 2 }

    /// The part inside a rectangle (Sutherland and Hodgman 1974). A part in several pieces stays one outline whose
    /// pieces hang together by edges of no area.
    public func clipped(to box: Rectangle<F>) -> Polygon {
        keeping(box.minX) { $0.x - $1 }.keeping(box.maxX) { $1 - $0.x }.keeping(box.minY) { $0.y - $1 }
            .keeping(box.maxY) { $1 - $0.y }
    }

    /// The part on the side of a line where `distance` from it is not negative.
    private func keeping(_ line: Double, distance: (Point<F>, Double) -> Double) -> Polygon {
        guard var a = vertices.last else { return self }
        var kept: [Point<F>] = []
        for b in vertices {
            let (da, db) = (distance(a, line), distance(b, line))
            if (da < 0) != (db < 0) { kept.append(a + (da / (da - db)) * (b - a)) }
            if db >= 0 { kept.append(b) }
            a = b
        }
        return Polygon(kept)
    }

    /// An outline of `corners` points with exactly the area of an ellipse.
    ///
    /// - Parameters:
    ///   - long: from the centre to the ellipse in one direction.
    ///   - short: the same at right angles to it.
    public static func ellipse(centre: Point<F>, _ long: Vector<F>, _ short: Vector<F>, corners: Int = 128) -> Polygon {
        let step = 360 / Double(corners)
        let growth = (step * .pi / 180 / sine(Degrees(step))).squareRoot()
        return Polygon(
            (0 ..< corners).map { k in
                let angle = Degrees(step * Double(k))
                return centre + (growth * cosine(angle)) * long + (growth * sine(angle)) * short
            })
    }
}

extension Rectangle {
    /// The four corners as an outline.
    public var outline: Polygon<F> {
        Polygon([Point(x: minX, y: minY), Point(x: maxX, y: minY), Point(x: maxX, y: maxY), Point(x: minX, y: maxY)])
    }
}
