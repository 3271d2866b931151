import Foundation

/// A number that the summed worth of no choice of positions can exceed, if any two of them lie at least a spacing apart.
///
/// The weighted bound of Lovasz (1979) with the function f of ``PackingKernel``. For a function h of the space that f spans
/// with h >= sqrt(worth) at every position, and any choice P: (sum over P of worth)^2 <= (sum of sqrt(worth) h)^2
/// <= |h|^2 sum of sqrt(worth p) sqrt(worth q) f(p - q) <= |h|^2 f(0) (sum of worth), for f is not positive for p != q. So the
/// sum is at most |h|^2 f(0). Every such h gives a bound; a small one is sought by accelerated projected gradients (Beck and
/// Teboulle 2009) and then scaled until it is large enough everywhere, between the points of its grid too: h has no
/// frequencies above a limit, so its second derivative has one (Bernstein), and with it the error of interpolation.
struct UpperBound {
    /// By cells of the fine grid, each from one node to the next in both directions: the most that any position in it is worth.
    private let worth: [Double]
    private let kernel: PackingKernel
    private let coarse: (width: Int, height: Int)
    /// Fine cells per coarse one.
    private let ratio: Int
    private var fine: (width: Int, height: Int) { (coarse.width * ratio, coarse.height * ratio) }

    /// nil where the box is not finite, or larger than 3000 squares of the spacing, whose grid would be too large. Everything is in the squeezed plane, in units of the spacing.
    ///
    /// - Parameters:
    ///   - low, high: corners of a box that holds all positions.
    ///   - visit: calls its argument with every position that a target may have and its worth above 0.
    init?(
        low: (along: Double, across: Double), high: (along: Double, across: Double),
        visit: ((_ along: Double, _ across: Double, _ worth: Double) -> Void) -> Void
    ) {
        // Over the period's border two positions are a spacing apart as well.
        let periods = (along: high.along - low.along + 1.001, across: high.across - low.across + 1.001)
        guard periods.along * periods.across < 3000, periods.along > 1, periods.across > 1 else { return nil }
        func side(_ period: Double) -> Int {
            var count = 4
            while Double(count) < 3 * period { count *= 2 }
            return count
        }
        coarse = (side(periods.along), side(periods.across))
        ratio = coarse.width * coarse.height > 8192 ? 8 : 16
        kernel = PackingKernel(periods: periods)
        let (width, height) = (coarse.width * ratio, coarse.height * ratio)
        var cells = [Double](repeating: 0, count: width * height)
        let scale = (along: Double(width) / periods.along, across: Double(height) / periods.across)
        visit { along, across, value in
            let x = min(width - 1, max(0, Int((along - low.along) * scale.along)))
            let y = min(height - 1, max(0, Int((across - low.across) * scale.across)))
            cells[y * width + x] = max(cells[y * width + x], value)
        }
        worth = cells
    }

    /// A weaker bound for any number of positions: of a square with a diagonal below the spacing only one can be chosen.
    static func ofCells(_ visit: ((_ along: Double, _ across: Double, _ worth: Double) -> Void) -> Void) -> Double {
        var most: [SIMD2<Int>: Double] = [:]
        visit { along, across, worth in
            let cell = SIMD2(Int((along / 0.7).rounded(.down)), Int((across / 0.7).rounded(.down)))
            most[cell] = max(most[cell] ?? 0, worth)
        }
        return most.values.sorted().reduce(0, +)
    }

    /// The bound. Quadrature and rounding stay below the thousandth that is added.
    func value() -> Double {
        guard worth.contains(where: { $0 > 0 }) else { return 0 }
        let coefficients = kernel.coefficients(width: coarse.width, height: coarse.height)
        var needed = neededAtNodes()
        var measure = [Double](repeating: 0, count: needed.count)
        var best = Double.infinity
        for _ in 0 ..< 5 {
            measure = minimise(needed, coefficients, from: measure)
            let spectrum = spectrum(of: measure, coefficients)
            let (lack, norm) = (lacks(spectrum), self.norm(measure, spectrum))
            guard let most = lack.max(), most > 0, most.isFinite, norm.isFinite else { break }
            best = min(best, most * most * norm * 1.001)
            for node in needed.indices where needed[node] > 0 {
                needed[node] *= min(1.5, max(0.8, lack[node]))
            }
        }
        return best
    }

    /// By node of the coarse grid: the most that h has to reach within half a step of it.
    private func neededAtNodes() -> [Double] {
        var needed = [Double](repeating: 0, count: coarse.width * coarse.height)
        eachCell { node, cell in needed[node] = max(needed[node], worth[cell].squareRoot()) }
        return needed
    }

    private func eachCell(_ body: (_ node: Int, _ cell: Int) -> Void) {
        for y in 0 ..< fine.height {
            let row = (y + ratio / 2) / ratio % coarse.height
            for x in 0 ..< fine.width where worth[y * fine.width + x] > 0 {
                body(row * coarse.width + (x + ratio / 2) / ratio % coarse.width, y * fine.width + x)
            }
        }
    }

    /// The measure mu >= 0 on the nodes with the largest 2 mu needed - mu K mu: h = K mu is the least that is needed.
    private func minimise(_ needed: [Double], _ coefficients: [Double], from start: [Double]) -> [Double] {
        let step = 1 / ((coefficients.max() ?? 1) * Double(needed.count))
        var (current, ahead, momentum) = (start, start, 1.0)
        for _ in 0 ..< 80 {
            var grid = spectrum(of: ahead, coefficients)
            grid.transform(inverse: true)
            var next = ahead
            var turn = 0.0
            for i in next.indices {
                next[i] = needed[i] > 0 ? max(0, ahead[i] - step * (grid.real[i] - needed[i])) : 0
                turn += (ahead[i] - next[i]) * (next[i] - current[i])
            }
            let faster = turn > 0 ? 1 : (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
            let carry = turn > 0 ? 0 : (momentum - 1) / faster
            for i in next.indices { ahead[i] = next[i] + carry * (next[i] - current[i]) }
            (current, momentum) = (next, faster)
        }
        return current
    }

    /// The Fourier series of h = K mu.
    private func spectrum(of measure: [Double], _ coefficients: [Double]) -> FourierGrid {
        var grid = FourierGrid(width: coarse.width, height: coarse.height)
        grid.real = measure
        grid.transform()
        for i in coefficients.indices {
            grid.real[i] *= coefficients[i]
            grid.imaginary[i] *= coefficients[i]
        }
        return grid
    }

    /// |h|^2 = mu K mu.
    private func norm(_ measure: [Double], _ spectrum: FourierGrid) -> Double {
        var grid = spectrum
        grid.transform(inverse: true)
        return zip(measure, grid.real).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// By node: by what factor h falls short of sqrt(worth) about it.
    private func lacks(_ spectrum: FourierGrid) -> [Double] {
        let h = refined(spectrum)
        let steps = (kernel.periods.along / Double(fine.width), kernel.periods.across / Double(fine.height))
        let curvature = 2 * .pi * PackingKernel.bandLimit
        let share = curvature * curvature * (steps.0 * steps.0 + steps.1 * steps.1) / 8
        let error = share * (h.reduce(0) { max($0, abs($1)) }) / max(1e-9, 1 - share)
        var lack = [Double](repeating: 0, count: coarse.width * coarse.height)
        eachCell { node, cell in
            let (x, y) = (cell % fine.width, cell / fine.width)
            let (right, below) = ((x + 1) % fine.width, (y + 1) % fine.height * fine.width)
            let least = min(h[cell], h[y * fine.width + right], h[below + x], h[below + right]) - error
            lack[node] = max(lack[node], least > 0 ? worth[cell].squareRoot() / least : .infinity)
        }
        return lack
    }

    /// h on the fine grid: the same series, with zeros for the frequencies that it does not have.
    private func refined(_ spectrum: FourierGrid) -> [Double] {
        var grid = FourierGrid(width: fine.width, height: fine.height)
        for y in 0 ..< coarse.height {
            let row = y <= coarse.height / 2 ? y : fine.height - coarse.height + y
            for x in 0 ..< coarse.width {
                let column = x <= coarse.width / 2 ? x : fine.width - coarse.width + x
                grid.real[row * fine.width + column] = spectrum.real[y * coarse.width + x]
                grid.imaginary[row * fine.width + column] = spectrum.imaginary[y * coarse.width + x]
            }
        }
        grid.transform(inverse: true)
        return grid.real
    }
}
