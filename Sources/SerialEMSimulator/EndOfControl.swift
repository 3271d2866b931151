/// What commands have changed for the time of external control only, and how it is put back when that ends.
///
/// SerialEM remembers the first value under each name; later changes of the same thing add nothing.
struct EndOfControl: Sendable {
    typealias Undo = @Sendable (isolated VirtualMicroscope) -> Void
    private var pending: [(name: String, undo: Undo)] = []

    var names: [String] { pending.map(\.name) }
    mutating func remember(_ name: String, _ undo: @escaping Undo) {
        guard !pending.contains(where: { $0.name == name }) else { return }
        pending.append((name, undo))
    }
    /// Forgets a change, so that it stays; what it returns puts back the former value.
    mutating func take(_ name: String) -> Undo? {
        guard let place = pending.firstIndex(where: { $0.name == name }) else { return nil }
        return pending.remove(at: place).undo
    }
    /// The last change first.
    mutating func takeAll() -> [Undo] {
        defer { pending = [] }
        return pending.reversed().map(\.undo)
    }
}

extension VirtualMicroscope {
    /// Has a change undone when control ends; call it before the change.
    func restoreAtEnd(_ name: String, _ undo: @escaping EndOfControl.Undo) { column.endOfControl.remember(name, undo) }

    /// Puts back what was changed for one period of control, and ends what lasts no longer. The only place for that.
    func endPeriod() {
        restoreBeamTiltAtEnd()
        endScriptPeriod()
        for undo in column.endOfControl.takeAll() { undo(self) }
        column.followedAreas = []
        column.focusLimits = FocusLimits()
        column.recordDose = RecordDoseAccumulators()
    }
}
