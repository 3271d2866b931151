internal import Units

/// How far autofocus may go, and what it found.
struct FocusLimits: Sendable, Hashable {
    /// Micrometres that autofocus may change at once, and the readouts between which it may stay.
    var change: ClosedRange<Double>?
    var absolute: ClosedRange<Double>?
}
