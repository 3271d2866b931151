/// The steps of one grid, level by level.
extension SessionPlan {
    static func lines(ofGrid settings: SessionSettings) -> [Line] {
        let level = settings.automationLevel
        return onStage + wholeGrid
            + (level >= 2 ? maps(settings) : [])
            + (level >= 3 ? [
                .lamella("segmentation", "segment the map", .repeatable),
                .lamella("segmentation-by-hand", "take up a segmentation by hand", .repeatable, "where somebody drew one"),
            ] : [])
            + (level >= 4 ? targets(settings) : [])
            + (level >= 2 ? [.lamella("overview", "draw the overview", .repeatable)] : [])
            + (level >= 5 ? [.checkpoint("before the acquisition")] : [])
            + (level >= 5 && settings.isAcquiredByPACEtomo ? acquisition : [])
            + [.step("finished-level", "note that the grid is finished", .repeatable)]
    }

    private static let acquisition: [Line] = [
        .step("exposure-times", "note PACEtomo's exposure times", .repeatable),
        .step("acquisition", "acquire the targets with PACEtomo, area by area", .exposing),
    ]

    private static let onStage: [Line] = [
        .checkpoint("before the grid"),
        .step("name", "read its name", .reading),
        .step("load", "bring it to the stage", .exposing, "unless it is there"),
        .step("map-loading", "note how it came to the stage", .repeatable),
        .step("realignment", "find it again", .exposing, "where it was loaded again since it was mapped"),
        .step("place", "look whether it lies as before", .exposing, "where somebody may have been at the microscope since"),
    ]

    private static let wholeGrid: [Line] = [
        .checkpoint("before its map"),
        .step("whole-grid-map", "map it", .exposing),
        .step("whole-grid-picture", "save the map", .repeatable),
        .step("lamellae", "find lamellae", .repeatable),
        .step("lamellae-by-hand", "take up the boxes", .repeatable, "where somebody changed them"),
        .step("lamella-polygons", "write the lamellae into the navigator", .repeatable),
        .step("overview", "draw the overview", .repeatable),
    ]

    private static func maps(_ settings: SessionSettings) -> [Line] {
        (settings.inspection.waitsForLamellae
            ? [.checkpoint("until the lamellae are confirmed"), .step("lamellae-inspected", "note that they are", .repeatable)] : [])
            + [
                .checkpoint("before it is recentred", forEachLamella: true),
                .lamella("recentred", "recentre it", .exposing),
                .step("low-dose-geometry", "read the Low Dose areas", .reading),
                .step("low-dose-geometry-told", "note what is told of other Low Dose areas", .repeatable, "where they are others now"),
                .step("low-dose-geometry-accepted", "note that other Low Dose areas are accepted", .repeatable, "where they are others now"),
                .checkpoint("before it is mapped", forEachLamella: true),
                .lamella("medium-map", "map it", .exposing),
                .lamella("centre", "measure its centre", .repeatable),
            ]
    }

    private static func targets(_ settings: SessionSettings) -> [Line] {
        [
            .lamella("targets", "choose targets", .repeatable),
            .lamella("targets-by-hand", "take up targets by hand", .repeatable, "where somebody changed them"),
            .checkpoint("before its targets are written", forEachLamella: true),
            .lamella("target-items", "write its targets", .repeatable),
        ]
            + (settings.inspection.waitsForTargets
                ? [.checkpoint("until the targets are confirmed"), .step("targets-inspected", "note that they are", .repeatable)] : [])
            + [.lamella("targets-files-by-hand", "take up its targets files", .repeatable, "where somebody changed them")]
    }
}
