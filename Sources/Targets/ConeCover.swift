import Foundation

/// Weights of cones that cover the worth of every position, with a small sum: what ``UpperBound`` says is proved there.
///
/// The linear program is solved by primal-dual steps (Chambolle and Pock 2011) with restarts from averages, over the best position of
/// each square of a grid; positions that turn out to be covered too little are added. In the end all positions are looked at.
/// The order of all sums is fixed: the same positions give the same bound on every machine of a kind.
struct ConeCover: Sendable {
    /// A position that has to be covered while weights are sought.
    private struct Need {
        var node: Int
        var along: Float
        var across: Float
        var worth: Float
    }

    /// The flattest cone that is allowed, 1 + 2 / sqrt 3 rounded up, and one that is nearly a disc.
    private static let slopes: [Float] = [2.1547010, 8]
    /// Of the search, and how many steps times positions each of them has.
    private static let rounds = 4
    private static let workOfRound = 600_000
    /// Beyond this distance no cone counts: sqrt 3 - 1.
    private static let reach = 0.7320509
    /// Nodes of the grid before and after a position that a cone may stand on, 16 in all.
    private static let before = 7
    private static let window = 16
    /// Places between two nodes that are told apart while weights are sought.
    private static let places = 16
    /// Where the box is not large.
    private static let usualStep = reach / Double(before)
    private static let usualTables = tables(step: usualStep)
    /// Squares with a diagonal below the spacing.
    private static let cell = 0.7

    /// Spacings from one node to the next.
    private let step: Double
    private let columns: Int
    private let rows: Int
    private let cells: Int
    /// By square between four nodes, named by the first: its first position; one more at the end.
    private let firsts: [Int]
    /// By position: where it lies between the first node of its square and the next ones, its worth, and its cell.
    private let alongs: [Float]
    private let acrosses: [Float]
    private let worths: [Float]
    private let cellOf: [Int32]

    init?(
        low: (along: Double, across: Double), high: (along: Double, across: Double),
        visit: ((_ along: Double, _ across: Double, _ worth: Double) -> Void) -> Void
    ) {
        let (width, height) = (high.along - low.along, high.across - low.across)
        guard width >= 0, height >= 0, width * height < 3000, width + height < 6000 else { return nil }
        let step = max(Self.usualStep, ((width + 2) * (height + 2) / 20000).squareRoot())
        let columns = Int(width / step) + 1 + Self.window
        let cellColumns = Int(width / Self.cell) + 1
        let rows = Int(height / step) + 1 + Self.window
        var squares: [Int32] = []
        var (alongs, acrosses, worths, cellOf): ([Float], [Float], [Float], [Int32]) = ([], [], [], [])
        visit { along, across, worth in
            guard worth > 0 else { return }
            let (x, y) = (min(width, max(0, along - low.along)), min(height, max(0, across - low.across)))
            let (column, row) = (Int(x / step), Int(y / step))
            squares.append(Int32(row * columns + column))
            alongs.append(Float(x - Double(column) * step))
            acrosses.append(Float(y - Double(row) * step))
            worths.append(Float(worth).nextUp)
            cellOf.append(Int32(Int(y / Self.cell) * cellColumns + Int(x / Self.cell)))
        }
        guard squares.count < 12_000_000 else { return nil }
        var firsts = [Int](repeating: 0, count: columns * rows + 1)
        for square in squares { firsts[Int(square) + 1] += 1 }
        for square in 0 ..< columns * rows { firsts[square + 1] += firsts[square] }
        var next = firsts
        var order = [Int32](repeating: 0, count: squares.count)
        for (i, square) in squares.enumerated() {
            order[next[Int(square)]] = Int32(i)
            next[Int(square)] += 1
        }
        self.step = step
        self.columns = columns
        self.rows = rows
        cells = (Int(height / Self.cell) + 1) * cellColumns
        self.firsts = firsts
        self.alongs = order.map { alongs[Int($0)] }
        self.acrosses = order.map { acrosses[Int($0)] }
        self.worths = order.map { worths[Int($0)] }
        self.cellOf = order.map { cellOf[Int($0)] }
    }

    /// The least bound that was found. Rounding stays below the part that is added.
    func bound() -> Double {
        guard !worths.isEmpty else { return 0 }
        var needs = bestOfSquares()
        var multipliers = [Float](repeating: 0, count: needs.count)
        var weights = [Float](repeating: 0, count: Self.slopes.count * columns * rows)
        var best = Double.infinity
        let tables = step == Self.usualStep ? Self.usualTables : Self.tables(step: step)
        var work = 0
        for _ in 0 ..< Self.rounds where work < Self.rounds * Self.workOfRound {
            let steps = min(700, max(40, Self.workOfRound / needs.count))
            work += steps * needs.count
            (weights, multipliers) = improved(weights, multipliers, needs: needs, tables: tables, steps: steps)
            let covered = covered(by: weights)
            best = min(best, bound(weights, covered))
            let added = least(covered)
            needs += added
            multipliers += [Float](repeating: 0, count: added.count)
        }
        return best * 1.0001
    }

    private func need(_ position: Int, square: Int) -> Need {
        Need(node: square, along: alongs[position], across: acrosses[position], worth: worths[position])
    }

    /// The position of the highest worth in every square.
    private func bestOfSquares() -> [Need] {
        (0 ..< columns * rows).compactMap { square in
            (firsts[square] ..< firsts[square + 1]).max { worths[$0] < worths[$1] }.map { need($0, square: square) }
        }
    }

    /// In every square the position that is covered least, where that is too little.
    private func least(_ covered: [Float]) -> [Need] {
        (0 ..< columns * rows).compactMap { square in
            let worst = (firsts[square] ..< firsts[square + 1]).max { worths[$0] - covered[$0] < worths[$1] - covered[$1] }
            return worst.flatMap { worths[$0] - covered[$0] > 0.002 ? need($0, square: square) : nil }
        }
    }

    /// The bound that weights give, a little enlarged where that pays.
    private func bound(_ weights: [Float], _ covered: [Float]) -> Double {
        let sum = weights.reduce(0) { $0 + Double($1) }
        var best = Double.infinity
        for factor: Float in [1, 1.0025, 1.005, 1.01, 1.015, 1.02, 1.03, 1.05] {
            var rest = [Float](repeating: 0, count: cells)
            for i in worths.indices {
                let lack = worths[i] - factor * covered[i]
                if lack > rest[Int(cellOf[i])] { rest[Int(cellOf[i])] = lack }
            }
            best = min(best, Double(factor) * sum + rest.reduce(0) { $0 + Double($1) })
        }
        return best
    }
}

extension ConeCover {
    /// By position: no more than the sum of all weighted cones there.
    private func covered(by weights: [Float]) -> [Float] {
        let parts = 8
        let found = simultaneously(parts) { part in
            // Whole squares: what counts in one is found once for all of its positions.
            let squares = (columns * rows) * part / parts ..< (columns * rows) * (part + 1) / parts
            let range = firsts[squares.lowerBound] ..< firsts[squares.upperBound]
            var sums = [Float](repeating: 0, count: range.count)
            sums.withUnsafeMutableBufferPointer { sums in
                for square in squares where firsts[square] < firsts[square + 1] {
                    let own = firsts[square] ..< firsts[square + 1]
                    let span = own.lowerBound - range.lowerBound ..< own.upperBound - range.lowerBound
                    addCones(weights, square: square, positions: own, to: UnsafeMutableBufferPointer(rebasing: sums[span]))
                }
            }
            return sums
        }
        return found.flatMap { $0 }
    }

    /// Adds to the sums of the positions in a square.
    private func addCones(_ weights: [Float], square: Int, positions: Range<Int>, to sums: UnsafeMutableBufferPointer<Float>) {
        let step = Float(step)
        var everywhere: Float = 0
        alongs.withUnsafeBufferPointer { alongs in
            acrosses.withUnsafeBufferPointer { acrosses in
                let (alongs, acrosses) = (UnsafeBufferPointer(rebasing: alongs[positions]), UnsafeBufferPointer(rebasing: acrosses[positions]))
                for line in 0 ..< Self.window {
                    let y = Float(line - Self.before) * step
                    for column in 0 ..< Self.window {
                        let x = Float(column - Self.before) * step
                        // The nearest and the farthest place of the square.
                        let (nearX, nearY) = (max(0, max(x - step, -x)), max(0, max(y - step, -y)))
                        let (farX, farY) = (max(abs(x), abs(x - step)), max(abs(y), abs(y - step)))
                        let near = (nearX * nearX + nearY * nearY).squareRoot()
                        let far = (farX * farX + farY * farY).squareRoot()
                        for (number, slope) in Self.slopes.enumerated() {
                            let weight = weights[(number * rows + line) * columns + square + column]
                            guard weight > 0, 0.5 + slope * (0.5 - near) > 0 else { continue }
                            if 0.5 + slope * (0.4999 - far) >= 1 {
                                everywhere += weight
                                continue
                            }
                            for i in sums.indices {
                                let (dx, dy) = (x - alongs[i], y - acrosses[i])
                                // A little too far: rounding can only make it less.
                                var cone = 0.5 + slope * (0.49999 - (dx * dx + dy * dy).squareRoot())
                                cone = cone < 0 ? 0 : cone
                                sums[i] += weight * (cone > 1 ? 1 : cone)
                            }
                        }
                    }
                }
            }
        }
        for i in sums.indices { sums[i] = 0.9999 * (sums[i] + everywhere) }
    }

    /// By place between nodes, cone and line of the window: the cone's values, averaged about the place.
    private static func tables(step: Double) -> [SIMD16<Float>] {
        var tables: [SIMD16<Float>] = []
        let samples = 3
        for y in 0 ..< places {
            for x in 0 ..< places {
                for slope in slopes {
                    for line in 0 ..< window {
                        var values = SIMD16<Float>.zero
                        for i in 0 ..< window {
                            var sum = 0.0
                            for v in 0 ..< samples {
                                for u in 0 ..< samples {
                                    let dx = Double(i - before) - (Double(x) + (Double(u) + 0.5) / Double(samples)) / Double(places)
                                    let dy = Double(line - before) - (Double(y) + (Double(v) + 0.5) / Double(samples)) / Double(places)
                                    sum += min(1, max(0, 0.5 + Double(slope) * (0.5 - step * (dx * dx + dy * dy).squareRoot())))
                                }
                            }
                            values[i] = Float(sum / Double(samples * samples))
                        }
                        tables.append(values)
                    }
                }
            }
        }
        return tables
    }

    /// Some of the positions that are to be covered, and what the primal-dual steps know of them.
    private struct Part: Sendable {
        var nodes: [Int]
        var tables: [Int]
        var needs: [Float]
        /// Step lengths, multipliers, and the sum of multipliers over the later steps.
        var lengths: [Float]
        var multipliers: [Float]
        var sums: [Float]
        /// By weight: the sum of multipliers times cones.
        var prices: [Float]
    }

    private func improved(
        _ start: [Float], _ multipliers: [Float], needs: [Need], tables: [SIMD16<Float>], steps: Int
    ) -> (weights: [Float], multipliers: [Float]) {
        // Always as many, whatever the machine: the order of sums does not depend on it.
        let count = 2
        var parts = (0 ..< count).map { number in
            let range = needs.count * number / count ..< needs.count * (number + 1) / count
            return part(needs[range], Array(multipliers[range]), tables: tables)
        }
        var ones = parts
        for i in ones.indices { ones[i].multipliers = ones[i].multipliers.map { _ in 1 } }
        ones = simultaneously(count) { [ones] in priced(ones[$0], tables: tables) }
        let lengths = start.indices.map { i in ones.reduce(0) { $0 + $1.prices[i] } }.map { $0 > 0 ? Self.eagerness / $0 : 0 }
        parts = simultaneously(count) { [parts] in priced(parts[$0], tables: tables) }
        var (weights, ahead) = (start, start)
        var average = [Float](repeating: 0, count: start.count)
        for step in 0 ..< steps {
            let isLate = step >= steps / 2
            for i in weights.indices where lengths[i] > 0 {
                var price: Float = 0
                for part in parts { price += part.prices[i] }
                let next = max(0, weights[i] + lengths[i] * (price - 1))
                ahead[i] = 2 * next - weights[i]
                weights[i] = next
                if isLate { average[i] += next }
            }
            parts = simultaneously(count) { [parts, ahead] in advanced(parts[$0], ahead: ahead, tables: tables, isLate: isLate) }
        }
        let late = Float(steps - steps / 2)
        return (average.map { $0 / late }, parts.flatMap { $0.sums.map { $0 / late } })
    }

    /// How much longer the steps of weights are than those of multipliers.
    private static let eagerness: Float = 0.5

    private func part(_ needs: ArraySlice<Need>, _ multipliers: [Float], tables: [SIMD16<Float>]) -> Part {
        let perTable = Self.slopes.count * Self.window
        let numbers = needs.map { position in
            let scale = Float(Self.places) / Float(step)
            let x = min(Self.places - 1, max(0, Int(position.along * scale)))
            let y = min(Self.places - 1, max(0, Int(position.across * scale)))
            return (y * Self.places + x) * perTable
        }
        let sums = stride(from: 0, to: tables.count, by: perTable).map { first in
            tables[first ..< first + perTable].reduce(Float(0)) { $0 + $1.sum() }
        }
        return Part(
            nodes: needs.map(\.node), tables: numbers, needs: needs.map(\.worth),
            lengths: numbers.map { 1 / (Self.eagerness * sums[$0 / perTable]) }, multipliers: multipliers,
            sums: [Float](repeating: 0, count: needs.count), prices: [Float](repeating: 0, count: Self.slopes.count * columns * rows))
    }

    /// The part with the prices that follow from its multipliers.
    private func priced(_ part: Part, tables: [SIMD16<Float>]) -> Part {
        var part = part
        part.prices = [Float](repeating: 0, count: part.prices.count)
        part.prices.withUnsafeMutableBytes { prices in
            for i in part.nodes.indices { add(part.multipliers[i], node: part.nodes[i], table: part.tables[i], tables, to: prices) }
        }
        return part
    }

    private func advanced(_ part: Part, ahead: [Float], tables: [SIMD16<Float>], isLate: Bool) -> Part {
        var part = part
        let nodes = columns * rows
        var prices = [Float](repeating: 0, count: part.prices.count)
        prices.withUnsafeMutableBytes { prices in
            ahead.withUnsafeBytes { ahead in
                tables.withUnsafeBufferPointer { tables in
                    for i in part.nodes.indices {
                        var sum = SIMD16<Float>.zero
                        var table = part.tables[i]
                        for number in Self.slopes.indices {
                            var offset = 4 * (number * nodes + part.nodes[i])
                            for _ in 0 ..< Self.window {
                                sum += tables[table] * ahead.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                                table += 1
                                offset += 4 * columns
                            }
                        }
                        let multiplier = max(0, part.multipliers[i] + part.lengths[i] * (part.needs[i] - sum.sum()))
                        part.multipliers[i] = multiplier
                        if isLate { part.sums[i] += multiplier }
                        guard multiplier > 0 else { continue }
                        table = part.tables[i]
                        for number in Self.slopes.indices {
                            var offset = 4 * (number * nodes + part.nodes[i])
                            for _ in 0 ..< Self.window {
                                let before = prices.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                                prices.storeBytes(of: before + multiplier * tables[table], toByteOffset: offset, as: SIMD16<Float>.self)
                                table += 1
                                offset += 4 * columns
                            }
                        }
                    }
                }
            }
        }
        part.prices = prices
        return part
    }

    private func add(
        _ multiplier: Float, node: Int, table: Int, _ tables: [SIMD16<Float>], to prices: UnsafeMutableRawBufferPointer
    ) {
        var table = table
        for number in Self.slopes.indices {
            var offset = 4 * (number * columns * rows + node)
            for _ in 0 ..< Self.window {
                let before = prices.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                prices.storeBytes(of: before + multiplier * tables[table], toByteOffset: offset, as: SIMD16<Float>.self)
                table += 1
                offset += 4 * columns
            }
        }
    }
}
