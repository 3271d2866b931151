/// One entry of a legend: a sign as it is drawn on the map, and what it means.
struct LegendEntry {
    enum Sign { case fill, box, dashedBox, ellipse, cross, dashes, dashedCircle }
    let name: String
    let colour: RGB
    let sign: Sign

    init(_ name: String, _ colour: RGB, _ sign: Sign = .fill) {
        self.name = name
        self.colour = colour
        self.sign = sign
    }

    /// The width it takes with a font.
    func width(size: Int) -> Int { 20 * size + Canvas.width(of: name, size: size) }

    func draw(on canvas: inout Canvas, x: Int, y: Int, size: Int) {
        let (s, left, top) = (Double(size), Double(x), Double(y))
        let side = 7 * s
        let thin = max(1, 0.9 * s)
        let middle = (x: left + side / 2, y: top + side / 2)
        let square = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)].map { (x: $0.0, y: $0.1) }
        switch sign {
        case .fill: canvas.fill(x: x, y: y, width: 7 * size, height: 7 * size, colour)
        case .box: canvas.outline(square, colour, thickness: 1.5 * thin)
        case .dashedBox: canvas.dashedOutline(square, colour, thickness: thin, dash: side / 5)
        case .ellipse:
            canvas.outline(Canvas.ellipse(centre: middle, (0.3 * side, 0), (0, 0.6 * side)), colour, thickness: thin)
        case .cross:
            canvas.line(from: (left, middle.y), to: (left + side, middle.y), colour, thickness: 1.2 * thin)
            canvas.line(from: (middle.x, top), to: (middle.x, top + side), colour, thickness: 1.2 * thin)
        case .dashes: canvas.dashes(from: (left, middle.y), to: (left + side, middle.y), colour, thickness: thin, dash: side / 5)
        case .dashedCircle:
            for (index, pair) in zip(
                Canvas.ellipse(centre: middle, (side / 2, 0), (0, side / 2), points: 12),
                Canvas.ellipse(centre: middle, (side / 2, 0), (0, side / 2), points: 12).dropFirst()
            ).enumerated() where index % 2 == 0 { canvas.line(from: pair.0, to: pair.1, colour, thickness: thin) }
        }
        canvas.text(name, x: x + 10 * size, y: y, Palette.ink, size: size)
    }

    /// Entries in lines that are not wider than a width.
    static func lines(_ legend: [LegendEntry], width: Int, size: Int) -> [[LegendEntry]] {
        var lines: [[LegendEntry]] = []
        var used = width
        for entry in legend {
            let wanted = entry.width(size: size)
            if used + wanted > width || lines.isEmpty {
                lines.append([])
                used = 4 * size
            }
            lines[lines.count - 1].append(entry)
            used += wanted
        }
        return lines
    }
}
