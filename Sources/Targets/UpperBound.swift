/// A number that the summed worth of no choice of positions can exceed, if any two of them lie at least a spacing apart.
///
/// Everything is in the squeezed plane, in units of the spacing. A cone about a place c with slope s is the function
/// g(p) = 1/2 + s (1/2 - |p - c|), cut off at 0 and at 1. For s >= 1 + 2 / sqrt 3 the sum of a cone over positions that keep
/// their distances is at most 1, wherever c lies. Then, for any weights y >= 0 of any cones, and F(p) the sum of y g(p):
/// sum of worth(p) <= sum of F(p) + sum of max(0, worth(p) - F(p)) <= sum of y + the rest, and of the rest every square with a
/// diagonal below the spacing holds at most one position, so that its largest value counts. This is the dual of a linear program
/// (covering by cliques, strengthened: a steep cone is a clique of the positions within half a spacing of c, a flat one is worth
/// more than it where three or four meet); ``ConeCover`` looks for weights with a small sum, and whatever it finds gives a bound.
///
/// Why a cone counts no more than 1: let k positions have g > 0; they lie nearer to c than 1/2 + 1 / 2s <= sqrt 3 - 1.
/// - If one has g = 1, it lies within 1/2 - 1 / 2s of c, and every other one beyond 1/2 + 1 / 2s: k = 1.
/// - Otherwise the sum is k/2 + s (k/2 - R) with R the sum of their distances from c, and has to be shown to be at most 1.
/// - k = 2: R >= 1, the distance of the two.
/// - k = 3: R >= sqrt 3 >= 3/2 + 1 / 2s. For a triangle with sides a, b, c >= 1 and angles below 120 degrees the least R, at Fermat's
///   point, has R^2 = (a^2 + b^2 + c^2) / 2 + 2 sqrt 3 times the area; the largest angle has between 60 and 120 degrees, so the
///   area is at least sqrt 3 / 4, and R^2 >= 3. With an angle of 120 degrees or more the least R is the sum of the sides there, at least 2.
/// - k = 4: two positions at distances below sqrt 3 - 1 from c and 1 from each other are seen from c under more than 86 degrees, so
///   that neighbours about c are seen under less than 360 - 3 * 86 = 102 degrees. Then the sum of the distances of two
///   neighbours is above 1.28: with r + r' = 1.28, both at most sqrt 3 - 1, they would be at most 0.999 apart.
///   So R > 2.56 > 2 + 1 / s.
/// - k >= 5: five times 86 degrees are more than a circle.
struct UpperBound {
    private let cover: ConeCover

    /// nil where there are more positions, or a larger box, than can be gone through in a second or two.
    ///
    /// - Parameters:
    ///   - low, high: corners of a box that holds all positions.
    ///   - visit: calls its argument with every position that a target may have and its worth above 0.
    init?(
        low: (along: Double, across: Double), high: (along: Double, across: Double),
        visit: ((_ along: Double, _ across: Double, _ worth: Double) -> Void) -> Void
    ) {
        guard let cover = ConeCover(low: low, high: high, visit: visit) else { return nil }
        self.cover = cover
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

    /// The bound.
    func value() -> Double { cover.bound() }
}
