import Foundation
import Geometry
import Raster
import Units

extension TrainingSet {
    /// Side of a crop, in pixels of 400 nm.
    private static var cropSide: Int { 320 }

    func writeDetectorSamples(seed: UInt64) throws -> Int {
        let grid = SpecimenGrid(seed: seed)
        var random = RandomSource(seed: seed).fork(71)
        // A session scales its whole-grid map by the percentiles of all of it; so a wide field sets the scale here.
        let wide = FieldOfView(width: 2600, height: 2600, center: .origin, pixelSize: PixelSize(360))
        let levels = grid.image(
            of: wide, electronsPerPixel: 60, defocus: .zero, damage: 0, noiseSeed: random.next()
        ).percentiles([0.001, 0.999])
        var count = 0
        for lamella in grid.lamellae {
            let near = Point<Frame.Grid>(
                x: lamella.center.x + random.uniform(-40 ... 40), y: lamella.center.y + random.uniform(-40 ... 40))
            let away = Point<Frame.Grid>(x: random.uniform(-900 ... 900), y: random.uniform(-900 ... 900))
            // The holes of torn film look most like the window about a lamella, so there are many of them.
            let torn = (0 ..< 3).map { number in
                (grid.tornSquare(number: Int(random.uniform() * 1000)) ?? away, "t\(number)")
            }
            for (center, mark) in [(near, "p"), (away, "n")] + torn {
                let name = "s\(seed)_\(String(format: "%02d", lamella.id))_\(mark)"
                try writeWholeGridCrop(grid, at: center, levels: levels, name: name, random: &random)
            }
            count += 2 + torn.count + (try writeIntermediate(grid, lamella, seed: seed, random: &random))
        }
        return count
    }

    private func writeWholeGridCrop(
        _ grid: SpecimenGrid, at center: Point<Frame.Grid>, levels: [Float], name: String, random: inout RandomSource
    ) throws {
        // 360 pixels of 360 nm are 324 of 400 nm; the crop is cut out of those.
        let field = FieldOfView(
            width: 360, height: 360, center: center, pixelSize: PixelSize(360), rotation: Self.rotation(&random))
        let brightness = random.uniform(0.9 ... 1.1)
        let image = grid.image(
            of: field, electronsPerPixel: 60 * brightness, defocus: .zero, damage: 0, noiseSeed: random.next())
        let scaled = image.resized(width: 324, height: 324).byteScaled(black: levels[0], white: levels[1])
        let crop = scaled.cropped(x: 2, y: 2, width: Self.cropSide, height: Self.cropSide, fill: 0)
        let boxes = grid.boxes(in: field).map { $0.moved(originX: 2 / 0.9, originY: 2 / 0.9, scale: 0.9) }
        try write(crop, name, folder: "images")
        try write(boxes.compactMap { $0.clipped(width: Self.cropSide, height: Self.cropSide) }, name, width: Self.cropSide, height: Self.cropSide)
    }

    /// An image of the intermediate magnification at the detector's pixel size, alone and on a black square.
    private func writeIntermediate(
        _ grid: SpecimenGrid, _ lamella: Lamella, seed: UInt64, random: inout RandomSource
    ) throws -> Int {
        let center = Point<Frame.Grid>(
            x: lamella.center.x + random.uniform(-14 ... 14), y: lamella.center.y + random.uniform(-9 ... 9))
        let field = FieldOfView(
            width: 1440, height: 1024, center: center, pixelSize: PixelSize(40), rotation: Self.rotation(&random))
        let image = grid.image(
            of: field, electronsPerPixel: 60 * random.uniform(0.7 ... 1.3), defocus: .zero, damage: 0,
            noiseSeed: random.next())
        let levels = image.percentiles([0.001, 0.999])
        let small = image.resized(width: 144, height: 102).byteScaled(black: levels[0], white: levels[1])
        let boxes = grid.boxes(in: field).map { $0.moved(originX: 0, originY: 0, scale: 0.1) }
            .compactMap { $0.clipped(width: 144, height: 102) }
        let name = "s\(seed)_\(String(format: "%02d", lamella.id))"
        try write(small, name + "_i", folder: "images")
        try write(boxes, name + "_i", width: 144, height: 102)
        let left = (Self.cropSide - 144) / 2
        let top = (Self.cropSide - 102) / 2
        let pasted = small.cropped(x: -left, y: -top, width: Self.cropSide, height: Self.cropSide, fill: 0)
        let moved = boxes.map { $0.moved(originX: -Double(left), originY: -Double(top), scale: 1) }
        try write(pasted, name + "_b", folder: "images")
        try write(moved, name + "_b", width: Self.cropSide, height: Self.cropSide)
        return 2
    }

    /// Any turn: the camera turns against the tilt axis from one magnification range to another.
    static func rotation(_ random: inout RandomSource) -> Degrees { Degrees(random.uniform(0 ... 360)) }
}

extension SpecimenGrid {
    /// The centre of one of the squares within 900 um of the middle whose film is torn, nil where there is none.
    func tornSquare(number: Int) -> Point<Frame.Grid>? {
        let bars = LocalFrame(center: .origin, angle: barAngle)
        let side = 2 * Self.reach + 1
        let centers = squares.indices.filter { squares[$0].broken > 0 }.map { index in
            bars.grid(
                u: Double(index % side - Self.reach) * Self.pitch, v: Double(index / side - Self.reach) * Self.pitch)
        }.filter { $0.x.magnitude < 900 && $0.y.magnitude < 900 }
        return centers.isEmpty ? nil : centers[number % centers.count]
    }

    /// The boxes of all lamellae, in pixels of a field, whether or not they are inside.
    func boxes(in field: FieldOfView) -> [LabelledBox] {
        lamellae.compactMap { lamella in
            field.imageBox(of: lamella).map { LabelledBox(kind: lamella.kind, box: $0) }
        }
    }
}
