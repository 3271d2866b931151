import Store
import Workflow

/// Why the queue stands still, also where that cannot be written down yet: what a person asked for is obeyed at once.
extension SessionService {
    /// What a person wants of the queue.
    enum Wish: Sendable, Hashable {
        /// Ending: the session that the hold comes from does not go on any more, whatever comes.
        case hold(Standstill.Hold, ending: QueuedSession.Ending? = nil)
        /// It goes on, and whoever says so has looked at the microscope.
        case release
    }

    func standstill() async throws -> Standstill { wished(try await store.standstill()) }

    /// With what a person asked for and is not written down yet.
    func wished(_ written: Standstill) -> Standstill {
        switch unwrittenWish {
        case nil: written
        case .hold(let hold, _): Standstill(hold: hold, unsafe: written.unsafe)
        case .release: Standstill(hold: nil, unsafe: nil)
        }
    }

    /// Whether the queue waits for the microscope to be made safe after a session.
    func isUnsafe(after session: QueuedSession) async throws -> Bool { try await standstill().unsafe?.id == session.id }

    /// Steers the session, then writes down whether the queue is held: a disk that is full, or a file that another program has open,
    /// must not keep a person from stopping the microscope.
    func hold(_ wish: Wish, steering: () -> Void) async throws {
        wishes += 1
        unwrittenWish = wish
        steering()
        changes.send()
        do {
            try await writeWish()
        } catch {
            isWishLate = true
            throw ServiceError(
                .unwritten, "It is done, and holds as long as the service runs; a restart before it can be written down would not know of it: \(sentence(error))")
        }
    }

    /// Writes down what a person asked for last.
    func writeWish() async throws {
        while unwrittenWish != nil {
            // One after the other, so that the last one stays.
            if let writing {
                _ = await writing.result
                continue
            }
            let task = Task { try await self.writeWishOnce() }
            writing = task
            try await task.value
        }
        guard isWishLate else { return }
        isWishLate = false
        await attempt { try await log("what a person asked for is written down now", kind: "service") }
    }

    private func writeWishOnce() async throws {
        defer { writing = nil }
        let number = wishes
        switch unwrittenWish {
        case nil: return
        case .hold(let hold, let ending): try await store.setHold(hold, ending: ending)
        case .release: try await store.release()
        }
        if number == wishes { unwrittenWish = nil }
    }

    /// Tries again what could not be written down, until it is cancelled.
    func writeWishes() async {
        while !Task.isCancelled {
            // Cancelled, the loop ends.
            try? await Task.sleep(for: retry)
            // Whoever asked was told of it.
            if unwrittenWish != nil { try? await writeWish() }
        }
    }
}

extension Standstill {
    /// In words; nil where the queue goes on.
    var words: String? {
        let reasons = [hold?.reason, unsafe.map { Self.unsafe(after: $0.name) }].compactMap(\.self)
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    /// Why the queue is held after a session that left the microscope as it was.
    static func unsafe(after name: String) -> String { "the microscope could not be made safe after session '\(name)'" }
}
