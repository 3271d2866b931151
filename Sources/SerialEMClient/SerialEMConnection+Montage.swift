import SerialEMProtocol
public import Units

extension SerialEMConnection {
    /// Acquires the montage of the current file, for hours if it is large. The overview is in B afterwards.
    public func montage() async throws(SerialEMError) { try await run("M", kind: .exposing, deadline: Deadline.hours) }

    /// Makes a file for a montage of the whole grid; an overlap of 0 means the one of the setup.
    public func setupFullMontage(overlap: Double, file: String) async throws(SerialEMError) {
        try await run("SetupFullMontage", [.number(overlap), .text(file)], kind: .exposing)
    }

    /// Limits montages of the whole grid to so far from the origin in x and in y, until control ends; not before SerialEM 4.1.
    public func setGridMapLimits(_ limit: Micrometers) async throws(SerialEMError) {
        let far = Argument.number(limit.value), near = Argument.number(-limit.value)
        try await run("SetGridMapLimits", [.integer(0), near, far, near, far], kind: .repeatable)
    }

    /// Makes a file for a montage over the polygon of a Navigator item.
    public func setupPolygonMontage(item: Int, overlap: Double, file: String) async throws(SerialEMError) {
        try await run("SetupPolygonMontage", [.integer(item), .number(overlap), .text(file)], kind: .exposing)
    }

    /// Chooses the parameter set of montages: 1 Mont-map, 2 View, 3 Search, negative for not using it.
    public func paramSetToUseForMontage(_ set: Int, nextOnly: Bool? = nil) async throws(SerialEMError) {
        try await run("ParamSetToUseForMontage", [.integer(set), .flag(nextOnly)], kind: .repeatable)
    }

    /// Sets the parameters of the open montage, -1 or `nil` to leave one as it is. Overlaps and frame are in pixels, and
    /// can only be set before the first piece is written.
    public func setMontageParams(
        stageMove: Int, overlapX: Int? = nil, overlapY: Int? = nil, frameX: Int? = nil, frameY: Int? = nil,
        skipCorrelation: Int? = nil, binning: Double? = nil
    ) async throws(SerialEMError) {
        let integers = [overlapX, overlapY, frameX, frameY, skipCorrelation]
        var given = integers.lastIndex { $0 != nil }.map { $0 + 1 } ?? 0
        if binning != nil { given = integers.count }
        let arguments = [.integer(stageMove)] + integers.prefix(given).map { Argument.integer($0 ?? -1) }
        try await run("SetMontageParams", arguments + [.number(binning)], kind: .repeatable)
    }

    /// Sets what the montage panel of the program shows, -1 or `nil` to leave a setting as it is.
    public func setMontPanelParams(
        sloppy: Int, alignPieces: Int? = nil, overviewBinning: Int? = nil, multiplePeaks: Int? = nil
    ) async throws(SerialEMError) {
        let others = [alignPieces, overviewBinning, multiplePeaks]
        let given = others.lastIndex { $0 != nil }.map { $0 + 1 } ?? 0
        let arguments = [.integer(sloppy)] + others.prefix(given).map { Argument.integer($0 ?? -1) }
        try await run("SetMontPanelParams", arguments, kind: .repeatable)
    }

    /// The pieces that the open montage will acquire; 1 when the current file is no montage.
    public func reportNumMontagePieces() async throws(SerialEMError) -> Int {
        try await read("ReportNumMontagePieces").integer(0)
    }
}
