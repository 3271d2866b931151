import Dispatch
import Locks

/// The results of independent pieces of work, in their order, as many at once as there are cores. Returns when all are done.
func simultaneously<Result: Sendable>(_ count: Int, _ work: @Sendable (Int) -> Result) -> [Result] {
    guard count > 1 else { return (0 ..< count).map(work) }
    let results = Locked([Result?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { number in
        let result = work(number)
        results.withLock { $0[number] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
}
