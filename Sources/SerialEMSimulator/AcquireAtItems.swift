internal import Foundation
internal import Navigator
internal import Units

extension VirtualMicroscope {
    /// Whether an Exit asked for Acquire at Items since the last call.
    public func takePendingAcquisition() -> Bool {
        defer { acquisitionIsPending = false }
        return acquisitionIsPending
    }

    /// Runs the primary action at every marked item, then lets others take control again.
    ///
    /// With the script action that is the PACEtomo stand-in. An item that it refuses keeps its mark.
    public func acquireAtItems() async {
        for item in items where item.acquire && !isStopped {
            guard let place = items.firstIndex(where: { $0.mapID == item.mapID }) else { continue }
            selectedItem = place
            var script = PACEtomoStandIn(note: item.note, directory: directory)
            do {
                guard acquireAction == 2 else {
                    throw PACEtomoStop(kind: .stopped, reason: "the primary action \(acquireAction) is not simulated, only a script")
                }
                try await run(&script, on: item)
                items[place].acquire = false
            } catch {
                script.note("\(error)")
                script.note("Stopped; the item stays marked.")
            }
            script.saveLog()
        }
        if let path = navigatorPath {
            // As SerialEM does, the Navigator is saved after the run; a full disk shows at the next SaveNavigator.
            try? writeNavigator(to: path)
        }
        control = .idle
    }
}
