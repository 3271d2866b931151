import Pictures

extension RGB {
    /// Thin lines are blended with what lies below them.
    func isNear(_ other: RGB) -> Bool {
        zip([red, green, blue], [other.red, other.green, other.blue]).allSatisfy { abs(Int($0) - Int($1)) < 60 }
    }
}
