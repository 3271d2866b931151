import AnalysisJobs
import Testing

struct LeaseBookTests {
    private static let limits = LeaseBook.Limits(lease: .seconds(10), longest: .seconds(60), attempts: 3, wait: .seconds(100))

    private static func withJob() -> LeaseBook {
        var book = LeaseBook(limits: limits)
        book.open(1, at: .zero)
        return book
    }

    @Test func aJobIsGivenToOneWorkerOnly() {
        var book = Self.withJob()
        #expect(book.take(worker: "a", node: "n", key: "k1", at: .zero)?.job == 1)
        #expect(book.take(worker: "b", node: "n", key: "k2", at: .seconds(1)) == nil)
    }

    @Test func aLeaseHoldsUpToItsEndAndNotAtIt() {
        var book = Self.withJob()
        _ = book.take(worker: "a", node: "n", key: "k", at: .zero)
        #expect(book.holding("k", at: .milliseconds(9999)) != nil)
        #expect(book.holding("k", at: .seconds(10)) == nil)
        // Nobody has looked at the clock, and still it is over.
        #expect(book.finish("k", at: .seconds(10)) == nil)
    }

    @Test func aJobWhoseLeaseRanOutIsGivenToAnotherAndTheOldResultIsRefused() {
        var book = Self.withJob()
        _ = book.take(worker: "a", node: "n1", key: "old", at: .zero)
        #expect(book.look(at: .seconds(11)) == [.reopened(1, reason: "a was not heard of for 10 s")])
        #expect(book.take(worker: "b", node: "n2", key: "new", at: .seconds(12))?.job == 1)
        #expect(book.finish("old", at: .seconds(13)) == nil)
        #expect(book.renew("old", at: .seconds(13)) == nil)
        #expect(book.finish("new", at: .seconds(13))?.job == 1)
        #expect(book.finish("new", at: .seconds(13)) == nil)
        #expect(!book.contains(1))
    }

    @Test func aLeaseIsRenewedForAsLongAsAJobMayTakeAndNoLonger() {
        var book = Self.withJob()
        _ = book.take(worker: "a", node: "n", key: "k", at: .zero)
        for second in stride(from: 5, to: 60, by: 5) { #expect(book.renew("k", at: .seconds(second)) != nil) }
        #expect(book.renew("k", at: .seconds(60)) == nil)
        #expect(book.look(at: .seconds(60)) == [.reopened(1, reason: "a took longer than 60 s")])
    }

    @Test func aJobThatIsLostTooOftenIsGivenToNobody() {
        var book = Self.withJob()
        for (attempt, key) in ["k1", "k2", "k3"].enumerated() {
            let now = Duration.seconds(attempt)
            #expect(book.take(worker: "a", node: "n\(attempt)", key: key, at: now) != nil)
            let change = book.fail(key, reason: "it broke", at: now)
            #expect(change == (attempt < 2 ? .reopened(1, reason: "it broke") : .exhausted(1, reason: "it broke")))
        }
        #expect(book.take(worker: "a", node: "n", key: "k4", at: .seconds(4)) == nil)
    }

    @Test func aJobThatIsGivenBackIsNotLost() {
        var book = Self.withJob()
        for attempt in 0 ..< 5 {
            let key = "k\(attempt)"
            #expect(book.take(worker: "a", node: "n", key: key, at: .zero) != nil)
            #expect(book.giveBack(key, at: .zero) == .reopened(1, reason: "a gave it back"))
        }
        #expect(book.losses(of: 1) == 0)
    }

    @Test func aJobThatNobodyTakesIsNotWaitedForLongerThanSaid() {
        var book = Self.withJob()
        #expect(book.look(at: .milliseconds(99_999)) == [])
        #expect(book.look(at: .seconds(100)) == [.untaken(1)])
        #expect(!book.contains(1))
    }

    @Test func aWorkerThatAsksForAJobGetsNoOther() {
        var book = Self.withJob()
        book.open(2, at: .zero)
        #expect(book.take(2, worker: "a", node: "n", key: "k1", at: .zero)?.job == 2)
        #expect(book.take(2, worker: "b", node: "n", key: "k2", at: .zero) == nil)
        #expect(book.openJobs == [1])
    }

    /// Any order of workers that take, renew, deliver, fail, vanish and come back late.
    @Test(arguments: 0 ..< 200) func eachJobEndsOnceWhateverWorkersDo(seed: Int) {
        var random = Sequence(state: UInt64(seed))
        var book = LeaseBook(limits: Self.limits)
        let jobs = 1 ... 8
        for job in jobs { book.open(job, at: .zero) }
        var ends: [Int: Int] = [:]
        var held: [(key: String, job: Int)] = []
        var now = Duration.zero
        func count(_ changes: [LeaseBook.Change]) {
            for change in changes {
                switch change {
                case .exhausted(let job, _), .untaken(let job): ends[job, default: 0] += 1
                case .reopened: break
                }
            }
        }
        for step in 0 ..< 2000 where ends.count < jobs.count {
            now += .milliseconds(random.next(3000))
            switch random.next(8) {
            case 0, 1:
                if let lease = book.take(worker: "w", node: "n\(random.next(3))", key: "k\(step)", at: now) {
                    // Nobody else may hold it now.
                    #expect(held.allSatisfy { $0.job != lease.job || book.holding($0.key, at: now) == nil }, "seed \(seed)")
                    held.append((lease.key, lease.job))
                }
            case 2, 3: if !held.isEmpty { _ = book.renew(held[random.next(held.count)].key, at: now) }
            // Keys stay known to workers that have lost them.
            case 4: if !held.isEmpty, let done = book.finish(held[random.next(held.count)].key, at: now) { ends[done.job, default: 0] += 1 }
            case 5: if !held.isEmpty, random.next(4) == 0, let change = book.fail(held[random.next(held.count)].key, reason: "r", at: now) { count([change]) }
            case 6: if !held.isEmpty, let change = book.giveBack(held[random.next(held.count)].key, at: now) { count([change]) }
            default: count(book.look(at: now))
            }
        }
        count(book.look(at: now + .seconds(1000)))
        for _ in 0 ..< 8 { now += .seconds(1000); count(book.look(at: now + .seconds(1000))) }
        #expect(jobs.allSatisfy { ends[$0] == 1 }, "seed \(seed): \(ends)")
    }

    /// SplitMix64.
    private struct Sequence {
        var state: UInt64
        mutating func next(_ limit: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ z >> 31) % UInt64(limit))
        }
    }
}
