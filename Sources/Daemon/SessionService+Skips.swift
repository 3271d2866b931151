import Store
package import Workflow

/// What people leave out of a session, and take back.
extension SessionService {
    /// Leaves a grid or one lamella out of the session that runs, from its next checkpoint on.
    package func skip(_ skip: Skip) async throws -> ServiceStatus {
        let running = try requireCurrent("thinned out")
        try Self.check(skip.reason, key: "reason", longest: 500)
        let grids = try folders.settings(running.session.settings, name: running.session.name, base: running.session.base).gridList
        guard grids.contains(skip.grid) else {
            let list = grids.map(String.init).joined(separator: ", ")
            throw ServiceError(.badRequest, "'grid' is \(skip.grid); session '\(running.session.name)' has the grids \(list).")
        }
        if let lamella = skip.lamella, !(1 ... 9999).contains(lamella) {
            throw ServiceError(.badRequest, "'lamella' is \(lamella); it must be the number of a lamella, from 1.")
        }
        if let lamella = skip.lamella, let known = running.lamellae[skip.grid], !known.contains(lamella) {
            let list = known.isEmpty ? "none" : known.map(String.init).joined(separator: ", ")
            throw ServiceError(.badRequest, "'lamella' is \(lamella); grid \(skip.grid) has no such lamella, but \(list).")
        }
        // Read first: whoever is told of an error has asked for nothing that holds.
        let remark = try Self.remark(on: skip.part, in: running.session)
        try await store.add(skip, to: running.session.id)
        running.helm.skip(skip)
        try await log("a person asks to skip \(skip.part): \(skip.reason)\(remark.map { ". \($0)" } ?? "")", kind: "skip", session: running.session.id)
        return try await status(remark: remark)
    }

    /// Takes back a skip, from the session that runs or from another of the queue; it holds where the session comes to it next.
    package func unskip(_ request: TakingBack) async throws -> ServiceStatus {
        let session: QueuedSession
        if let id = request.session {
            guard let known = try await store.session(id), known.state != .removed else { throw ServiceError(.notFound, "There is no session \(id).") }
            session = known
        } else {
            session = try requireCurrent("added to; name one by its number").session
        }
        let part = request.part
        let journal = session.folder + "/session.sqlite"
        let skipped = Set(try await store.skips(of: session.id).map(\.part) + SessionStore.skips(path: journal).map(\.part))
            .subtracting(try await store.takenBack(of: session.id))
        guard skipped.contains(part) else {
            let whole = SkippedPart(grid: part.grid, lamella: nil)
            let hint = part.lamella != nil && skipped.contains(whole) ? "; \(whole) is, as a whole" : ""
            throw ServiceError(.conflict, "\(Self.capitalized("\(part)")) of session '\(session.name)' is not skipped\(hint).")
        }
        if let lamella = part.lamella, let begun = try SessionStore.entry(for: .grid(part.grid, "acquisition"), path: journal),
            AcquisitionWatch.wasBegun(begun, with: lamella) != true
        {
            throw ServiceError(.conflict, "The acquisition of grid \(part.grid) was begun without \(part), so it stays out.")
        }
        try await store.takeBack(part, of: session.id)
        if let current, current.session.id == session.id { current.helm.takeBack(part) }
        try await log("a person takes back the skip of \(part)", kind: "skip", session: session.id)
        return try await status()
    }

    /// What becomes of a skip that comes after the acquisition has begun.
    private static func remark(on part: SkippedPart, in session: QueuedSession) throws -> String? {
        guard let begun = try SessionStore.entry(for: .grid(part.grid, "acquisition"), path: session.folder + "/session.sqlite") else { return nil }
        if let lamella = part.lamella, AcquisitionWatch.wasBegun(begun, with: lamella) == false { return nil }
        guard begun.state != .done else { return "It comes too late: the acquisition of grid \(part.grid) is done." }
        return "SerialEM has been told to acquire \(part) and cannot be stopped in that: the skip holds for what is left where the acquisition is cut."
    }

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
