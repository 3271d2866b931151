import Geometry
import Raster

/// Draws a lamella of a class from random numbers.
struct LamellaMaker {
    var random: RandomSource

    mutating func lamella(id: Int, center: Point<Frame.Grid>, kind: LamellaClass, millingAngle: Double) -> Lamella {
        let width = random.uniform(9 ... 16)
        let height = random.uniform(6 ... 12)
        let angle = Swift.max(-8, Swift.min(8, millingAngle + random.uniform(-2 ... 2)))
        var transmission = random.uniform(0.50 ... 0.62)
        var alongWidth = random.uniform(-0.04 ... 0.04)
        var alongHeight = random.uniform(-0.04 ... 0.04)
        if kind == .thick { transmission = random.uniform(0.17 ... 0.25) }
        if kind == .wedge {
            transmission = random.uniform(0.36 ... 0.42)
            let change = random.uniform(0.46 ... 0.58) * (random.uniform() < 0.5 ? -1 : 1)
            if random.uniform() < 0.5 { alongWidth = change } else { alongHeight = change }
        }
        let frame = LocalFrame(center: center, angle: angle)
        var contents: [Organelle] = []
        if kind != .gone {
            contents = cells(width: width, height: height, frame: frame)
            contents += ice(kind: kind, width: width, height: height, frame: frame)
        }
        return Lamella(
            id: id, center: center, width: width, height: height, angle: angle, kind: kind,
            transmission: transmission, gradientAlongWidth: alongWidth, gradientAlongHeight: alongHeight,
            trenchAbove: random.uniform(5 ... 9), trenchBelow: random.uniform(5 ... 9),
            missing: kind == .broken ? missing(width: width, height: height) : nil,
            cracks: cracks(kind: kind, width: width, height: height), organelles: contents)
    }

    /// Either a side of the band broke away, or a wide crack runs through it.
    private mutating func missing(width: Double, height: Double) -> Gap {
        let slope = random.uniform(-0.35 ... 0.35)
        let side: Double = random.uniform() < 0.5 ? -1 : 1
        if random.uniform() < 0.5 {
            let half = width * random.uniform(0.16 ... 0.26)
            return Gap(position: side * (width / 2 - half), slope: slope, halfWidth: half, from: -height, to: height)
        }
        return Gap(
            position: side * width * random.uniform(0 ... 0.25), slope: slope, halfWidth: random.uniform(0.7 ... 1.3),
            from: -height, to: height)
    }

    private mutating func cracks(kind: LamellaClass, width: Double, height: Double) -> [Gap] {
        guard kind != .gone else { return [] }
        let chance = kind == .broken ? 0.9 : 0.3
        var cracks: [Gap] = []
        while cracks.count < 2, random.uniform() < chance {
            let start = random.uniform(-0.5 ... 0.1) * height
            cracks.append(
                Gap(
                    position: random.uniform(-0.42 ... 0.42) * width, slope: random.uniform(-0.5 ... 0.5),
                    halfWidth: random.uniform(0.08 ... 0.18), from: start,
                    to: start + random.uniform(0.35 ... 0.9) * height))
        }
        return cracks
    }

    private mutating func cells(width: Double, height: Double, frame: LocalFrame) -> [Organelle] {
        var placed: [(u: Double, v: Double, reach: Double)] = []
        var out: [Organelle] = []
        let wanted = 5 + Int(random.uniform() * 4)
        var attempts = 0
        // A small band that cannot hold as many gets at least three, smaller ones if need be.
        while placed.count < (attempts < 900 ? wanted : 3), attempts < 4000 {
            attempts += 1
            let halfLength = random.uniform(attempts < 300 ? 2.1 ... 3.1 : attempts <= 900 ? 1.6 ... 2.1 : 1.2 ... 1.6)
            let halfWidth = halfLength * random.uniform(0.75 ... 0.95)
            let reach = (halfLength + halfWidth) / 2
            let u = random.uniform(-0.5 ... 0.5) * (width - 1.2)
            let v = random.uniform(-0.5 ... 0.5) * (height - 1.2)
            guard placed.allSatisfy({ squared($0.u - u) + squared($0.v - v) > squared(0.97 * ($0.reach + reach)) })
            else { continue }
            placed.append((u, v, reach))
            let angle = random.uniform(0 ... 180)
            let cell = Organelle(
                label: .cell, center: frame.grid(u: u, v: v), halfLength: halfLength, halfWidth: halfWidth,
                angle: frame.angle + angle)
            out.append(cell)
            out += contents(of: cell)
        }
        return out
    }

    /// Nucleus, mitochondria and lipid droplets that do not touch each other or the wall.
    private mutating func contents(of cell: Organelle) -> [Organelle] {
        let frame = LocalFrame(center: cell.center, angle: cell.angle)
        var taken: [(u: Double, v: Double, reach: Double)] = []
        var out: [Organelle] = []
        func free(_ u: Double, _ v: Double, _ reach: Double) -> Bool {
            let a = cell.halfLength - reach - 0.3
            let b = cell.halfWidth - reach - 0.3
            guard a > 0, b > 0, squared(u / a) + squared(v / b) < 1 else { return false }
            return taken.allSatisfy { squared($0.u - u) + squared($0.v - v) > squared($0.reach + reach + 0.06) }
        }
        func place(_ label: SegmentationLabel, count: Int, half: ClosedRange<Double>, slimness: ClosedRange<Double>) {
            var left = count
            var attempts = 0
            while left > 0, attempts < 60 {
                attempts += 1
                let halfLength = random.uniform(half)
                let u = random.uniform(-1 ... 1) * cell.halfLength
                let v = random.uniform(-1 ... 1) * cell.halfWidth
                guard free(u, v, halfLength) else { continue }
                taken.append((u, v, halfLength))
                out.append(
                    Organelle(
                        label: label, center: frame.grid(u: u, v: v), halfLength: halfLength,
                        halfWidth: halfLength * random.uniform(slimness), angle: random.uniform(0 ... 180)))
                left -= 1
            }
        }
        if random.uniform() < 0.8 { place(.nucleus, count: 1, half: 0.75 ... 1.25, slimness: 0.88 ... 1) }
        place(.mitos, count: 2 + Int(random.uniform() * 5), half: 0.3 ... 0.6, slimness: 0.5 ... 0.8)
        place(.lipiddroplets, count: Int(random.uniform() * 5), half: 0.15 ... 0.3, slimness: 0.95 ... 1)
        return out
    }

    private mutating func ice(kind: LamellaClass, width: Double, height: Double, frame: LocalFrame) -> [Organelle] {
        let heavy = kind == .contaminated
        let count = heavy ? 4 + Int(random.uniform() * 5) : Int(random.uniform() * 4)
        var out: [Organelle] = []
        for k in 0 ..< count {
            // The first three crystals of a contaminated lamella are the ones that can be seen in a whole-grid map.
            let half = heavy ? random.uniform(k < 3 ? 0.9 ... 1.5 : 0.5 ... 1.1) : random.uniform(0.2 ... 0.42)
            out.append(
                Organelle(
                    label: .ice,
                    center: frame.grid(
                        u: random.uniform(-0.5 ... 0.5) * (width - 2 * half),
                        v: random.uniform(-0.5 ... 0.5) * (height - 2 * half)),
                    halfLength: half, halfWidth: half * random.uniform(0.8 ... 1), angle: random.uniform(0 ... 180)))
        }
        return out
    }
}

@inline(__always) func squared(_ x: Double) -> Double { x * x }
