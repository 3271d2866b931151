import Geometry
import Units

/// The plane of a lamella as PACEtomo finds it from defocus at some image shifts: total least squares, by the normal of
/// the centred positions and heights.
struct PACEtomoPlane {
    let pretilt: Degrees
    let rotation: Degrees

    /// The defocus of a plane at an image shift, in micrometres (section 12.2 of the facts about PACEtomo: z0).
    static func defocus(at shift: Vector<Frame.Specimen>, pretilt: Degrees, rotation: Degrees) -> Double {
        sine(pretilt) / cosine(pretilt) * (cosine(rotation) * shift.dy - sine(rotation) * shift.dx)
    }

    init(_ measured: [(shift: Vector<Frame.Specimen>, defocus: Double)]) {
        let n = Double(measured.count)
        let mean = measured.reduce([0, 0, 0]) { [$0[0] + $1.shift.dx / n, $0[1] + $1.shift.dy / n, $0[2] + $1.defocus / n] }
        var matrix = [[Double]](repeating: [0, 0, 0], count: 3)
        for point in measured {
            let d = [point.shift.dx - mean[0], point.shift.dy - mean[1], point.defocus - mean[2]]
            for i in 0 ..< 3 { for j in 0 ..< 3 { matrix[i][j] += d[i] * d[j] } }
        }
        var normal = Self.weakest(matrix)
        // A normal has two ways to point.
        if normal[2] < 0 { normal = normal.map { -$0 } }
        let sign = normal[1] <= 0 ? 1.0 : -1
        pretilt = sign * angle(across: (normal[0] * normal[0] + normal[1] * normal[1]).squareRoot(), along: normal[2])
        rotation = normal[1] == 0 ? .zero : Degrees(-angle(across: normal[0] / normal[1], along: 1).value)
    }

    /// The eigenvector of the smallest eigenvalue of a symmetric matrix, by Jacobi's rotations.
    private static func weakest(_ start: [[Double]]) -> [Double] {
        var a = start
        var vectors = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
        for _ in 0 ..< 60 {
            for (p, q) in [(0, 1), (0, 2), (1, 2)] where abs(a[p][q]) > 1e-300 {
                let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                for k in 0 ..< 3 { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
                for k in 0 ..< 3 { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
                for k in 0 ..< 3 {
                    (vectors[k][p], vectors[k][q]) =
                        (c * vectors[k][p] - s * vectors[k][q], s * vectors[k][p] + c * vectors[k][q])
                }
            }
        }
        let least = (0 ..< 3).min { a[$0][$0] < a[$1][$1] } ?? 2
        return vectors.map { $0[least] }
    }
}
