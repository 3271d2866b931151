/// The variables of the PACEtomo script (1.9.2c) that a targets file can change.
enum PACEtomoVariables {
    enum Kind { case number, flag, countNotSettable }

    private static let numbers = """
        startTilt minTilt maxTilt step minDefocus maxDefocus stepDefocus focusSlope delayIS delayTilt zeroExpTime \
        zeroDefocus trackExpTime trackDefocus trackMag pretilt rotation binFinalStack taOffsetPos taOffsetNeg \
        flashInterval slitInterval fitLimit parabolTh imageShiftLimit dataPoints alignLimit minCounts tiltTargets \
        tgtMntOverlap tgtMntXOffset size vecA0 vecA1 vecB0 vecB1
        """
    private static let flags = """
        trackTwice measureGeo tgtPattern alignToP refineVec refineGeo beamTiltComp addAF previewAli viewAli sortByTilt \
        delFinalStack doCtfFind doCtfPlotter extendedMdoc slowTilt checkDewar cryoARM coldFEG ignoreNegStart \
        realignToItem refFromPreview noZeroRecAli autoStartTilt tgtMontage tgtMntFocusCor tgtTrackMnt debug breakpoints
        """
    /// Set from a file they become floats, and PACEtomo fails when it counts with them.
    private static let counts = "groupSize tgtMntSize"

    static let kinds: [String: Kind] = {
        var kinds: [String: Kind] = [:]
        for (names, kind) in [(numbers, Kind.number), (flags, .flag), (counts, .countNotSettable)] {
            for name in names.split(separator: " ") { kinds[String(name)] = kind }
        }
        return kinds
    }()
}
