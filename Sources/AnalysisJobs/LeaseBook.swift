/// Who works on which job until when: the rules alone, with no clock and no network.
///
/// ```
///            take               finish
///   open ───────────▶ leased ───────────▶ ended
///    ▲  │               │
///    │  │ not taken     │ its time is over, given back, failed
///    │  ▼               │
///    │ ended ◀──────────┤ too often
///    └──────────────────┘
/// ```
/// Times are since some beginning that all calls share. A lease holds up to its end and not after it, whether or not somebody has
/// looked in between; so at most one result of a job is ever taken.
public struct LeaseBook: Sendable {
    public struct Limits: Sendable, Hashable {
        /// How long a lease holds unless it is renewed.
        public let lease: Duration
        /// How long it holds at most.
        public let longest: Duration
        /// How often a job is lost before nobody gets it any more.
        public let attempts: Int
        /// How long a job waits to be taken.
        public let wait: Duration

        public init(lease: Duration, longest: Duration, attempts: Int, wait: Duration) {
            self.lease = lease
            self.longest = longest
            self.attempts = attempts
            self.wait = wait
        }
    }

    public struct Lease: Sendable, Hashable {
        public let key: String
        public let job: Int
        public let worker: String
        public let node: String
        /// The first moment at which it holds no more.
        public fileprivate(set) var end: Duration
        fileprivate let latest: Duration
    }

    /// What became of a job.
    public enum Change: Sendable, Hashable {
        /// It is open again.
        case reopened(Int, reason: String)
        /// It was lost too often.
        case exhausted(Int, reason: String)
        /// Nobody has taken it in time.
        case untaken(Int)
    }

    private enum Place: Sendable { case open(since: Duration), leased(Lease) }
    private struct Job: Sendable {
        var place: Place
        var losses = 0
        var returns = 0
        /// Where it was lost.
        var nodes: [String] = []
    }

    /// A job that is given back more often is not wanted by anybody.
    private static let mostReturns = 10

    public let limits: Limits
    private var jobs: [Int: Job] = [:]

    public init(limits: Limits) { self.limits = limits }

    /// Adds a job.
    public mutating func open(_ job: Int, at now: Duration) { jobs[job] = Job(place: .open(since: now)) }

    /// Removes a job: nobody needs it any more.
    public mutating func withdraw(_ job: Int) { jobs[job] = nil }

    public var openJobs: [Int] { jobs.filter { if case .open = $0.value.place { true } else { false } }.keys.sorted() }

    public func contains(_ job: Int) -> Bool { jobs[job] != nil }
    public func lease(of job: Int) -> Lease? { if case .leased(let lease)? = jobs[job]?.place { lease } else { nil } }
    /// How often a job was lost.
    public func losses(of job: Int) -> Int { jobs[job]?.losses ?? 0 }
    /// Where a job was lost.
    public func nodes(of job: Int) -> [String] { jobs[job]?.nodes ?? [] }

    /// Gives a job to a worker: the one it asks for, or the oldest; nil where there is none.
    public mutating func take(_ wanted: Int? = nil, worker: String, node: String, key: String, at now: Duration) -> Lease? {
        let open = openJobs
        guard let job = wanted.map({ open.contains($0) ? $0 : nil }) ?? open.first else { return nil }
        let latest = now + limits.longest
        let lease = Lease(key: key, job: job, worker: worker, node: node, end: min(now + limits.lease, latest), latest: latest)
        jobs[job]?.place = .leased(lease)
        return lease
    }

    /// A lease that holds now.
    public func holding(_ key: String, at now: Duration) -> Lease? {
        for job in jobs.values {
            if case .leased(let lease) = job.place, lease.key == key { return now < lease.end ? lease : nil }
        }
        return nil
    }

    /// Prolongs a lease; nil where it holds no more.
    public mutating func renew(_ key: String, at now: Duration) -> Lease? {
        guard var lease = holding(key, at: now) else { return nil }
        lease.end = max(lease.end, min(now + limits.lease, lease.latest))
        jobs[lease.job]?.place = .leased(lease)
        return lease
    }

    /// A job is done, and gone; nil where the lease holds no more, and so the result does not count.
    public mutating func finish(_ key: String, at now: Duration) -> Lease? {
        guard let lease = holding(key, at: now) else { return nil }
        jobs[lease.job] = nil
        return lease
    }

    /// A worker could not do a job; nil where its lease holds no more.
    public mutating func fail(_ key: String, reason: String, at now: Duration) -> Change? {
        guard let lease = holding(key, at: now) else { return nil }
        return lose(lease.job, on: lease.node, reason: reason, at: now)
    }

    /// A worker has no time for a job any more; nil where its lease holds no more.
    public mutating func giveBack(_ key: String, at now: Duration) -> Change? {
        guard let lease = holding(key, at: now), var job = jobs[lease.job] else { return nil }
        job.returns += 1
        job.place = .open(since: now)
        jobs[lease.job] = job
        let reason = "\(lease.worker) gave it back"
        guard job.returns < Self.mostReturns else {
            jobs[lease.job] = nil
            return .exhausted(lease.job, reason: "\(reason), the \(job.returns)th to do so")
        }
        return .reopened(lease.job, reason: reason)
    }

    /// Whoever should have done a job is known to be gone; nil where there is no such job.
    public mutating func lose(_ number: Int, on node: String?, reason: String, at now: Duration) -> Change? {
        guard var job = jobs[number] else { return nil }
        job.losses += 1
        if let node, !job.nodes.contains(node) { job.nodes.append(node) }
        job.place = .open(since: now)
        guard job.losses < limits.attempts else {
            jobs[number] = nil
            return .exhausted(number, reason: reason)
        }
        jobs[number] = job
        return .reopened(number, reason: reason)
    }

    /// What the time alone has changed.
    public mutating func look(at now: Duration) -> [Change] {
        jobs.keys.sorted().compactMap { number in
            switch jobs[number]?.place {
            case .leased(let lease) where now >= lease.end:
                let reason = now >= lease.latest ? "\(lease.worker) took longer than \(words(limits.longest))" : "\(lease.worker) was not heard of for \(words(limits.lease))"
                return lose(number, on: lease.node, reason: reason, at: now)
            case .open(let since) where now - since >= limits.wait:
                jobs[number] = nil
                return .untaken(number)
            default: return nil
            }
        }
    }
}

/// `90 s`, `10 min`.
func words(_ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    if seconds < 10, seconds != seconds.rounded() { return "\((seconds * 10).rounded() / 10) s" }
    return seconds < 120 ? "\(Int(seconds.rounded())) s" : "\(Int((min(seconds, 1e9) / 60).rounded())) min"
}
