public import Units

extension SerialEMConnection {
    /// The stage position of a pixel of a buffer, counted from the top left corner; for the Navigator, or raw.
    public func bufImagePosToStagePos(
        _ buffer: String, raw: Bool = false, x: Double, y: Double
    ) async throws(SerialEMError) -> BufferStagePosition {
        let values = try await read("BufImagePosToStagePos", [.text(buffer), .flag(raw), .number(x), .number(y)])
        let piece = try values.optional(2, values.integer) ?? -1
        return BufferStagePosition(
            x: try values.micrometers(0), y: try values.micrometers(1), piece: piece < 0 ? nil : piece,
            pieceX: piece < 0 ? nil : try values.optional(3, values.number),
            pieceY: piece < 0 ? nil : try values.optional(4, values.number))
    }

    /// The pixel of a buffer, counted from the top left corner, of a stage position; of the Navigator, or raw.
    public func stagePosToBufImagePos(
        _ buffer: String, raw: Bool = false, x: Micrometers, y: Micrometers
    ) async throws(SerialEMError) -> (x: Double, y: Double) {
        let values = try await read(
            "StagePosToBufImagePos", [.text(buffer), .flag(raw), .number(x.value), .number(y.value)])
        return (try values.number(0), try values.number(1))
    }

    /// Adds a point and gives its place in the table.
    public func addStagePosAsNavPoint(
        x: Micrometers, y: Micrometers, z: Micrometers, group: Int? = nil
    ) async throws(SerialEMError) -> Int {
        try await run(
            "AddStagePosAsNavPoint", [.number(x.value), .number(y.value), .number(z.value), .integer(group)],
            kind: .exposing
        ).integer(0)
    }

    /// Adds a polygon and gives its place in the table. The corners are in two variables, one number a line; see
    /// ``setVariable(_:_:)``.
    public func addStagePointsAsPolygon(
        xVariable: String, yVariable: String, z: Micrometers
    ) async throws(SerialEMError) -> Int {
        try await run(
            "AddStagePointsAsPolygon", [.text(xVariable), .text(yVariable), .number(z.value)], kind: .exposing
        ).integer(0)
    }

    /// Marks an item for acquisition, or takes the mark away.
    public func setItemAcquire(_ index: Int, _ on: Bool = true) async throws(SerialEMError) {
        try await run("SetItemAcquire", [.integer(index), .flag(on)], kind: .repeatable)
    }

    /// Whether an item is marked for acquisition.
    public func reportItemAcquire(_ index: Int) async throws(SerialEMError) -> Bool {
        try await read("ReportItemAcquire", [.integer(index)]).flag(0)
    }

    /// The numbers of items that are marked for acquisition and for tilt series; -1 with the Navigator closed.
    public func reportNumNavAcquire() async throws(SerialEMError) -> (items: Int, tiltSeries: Int) {
        let values = try await read("ReportNumNavAcquire")
        return (try values.integer(0), try values.integer(1))
    }

    /// Chooses the parameters of the acquisition after Exit: "M" mapping, "F" final, or "R" with a file.
    public func navAcqAtEndUseParams(_ set: String, file: String? = nil) async throws(SerialEMError) {
        try await run("NavAcqAtEndUseParams", [.text(set), .text(file)], kind: .repeatable)
    }

    /// Sets options of the acquisition after Exit, such as ("prim", 2) and ("scrp-p", 5); at most nine.
    public func setNavAcqAtEndParams(_ options: [(String, Double)]) async throws(SerialEMError) {
        try await run(
            "SetNavAcqAtEndParams", options.flatMap { [.text($0.0), .number($0.1)] }, kind: .repeatable)
    }

    /// Starts the acquisition at marked items after ``exit(code:text:)``, and only after that.
    public func startNavAcquireAtEnd() async throws(SerialEMError) {
        try await run("StartNavAcquireAtEnd", kind: .repeatable)
    }

    /// Whether the Navigator acquires: state 0 none, 1 running, 2 paused, 3 and 4 tilt series, 5 to 8 scripts.
    public func reportIfNavAcquiring() async throws(SerialEMError) -> (isAcquiring: Bool, state: Int) {
        let values = try await read("ReportIfNavAcquiring")
        return (try values.flag(0), try values.integer(1))
    }
}
