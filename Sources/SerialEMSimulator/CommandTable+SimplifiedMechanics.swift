extension CommandTable {
    /// What the simulator does in a simpler way than a real microscope, of stage, image shift, beam and autoloader.
    static let simplifiedMechanicsCommands: [String: String] = [
        "RelaxStage": "Takes most of the drift away, however far the stage is told to relax.",
        "TestRelaxingStage": "The distance to relax is not used.",
        "BacklashAdjust": "The stage is approached from 5 um away; Trial images are aligned.",
        "ResetShiftIfAbove": "Aligns Trial images from before and after.",
        "ReverseTilt": "Tilts three degrees back and on again; tilt has no slack.",
        "StopBackgroundTilt": "The stage is sent to where it is, as SerialEM does; it brakes at once.",
        "StopBackgroundStage": "The stage is sent to where it is, as SerialEM does; it brakes at once.",
        "SetStageBAxis": "The axis turns and is reported; images do not change.",
        "ReportLastAxisOffset": "Fine eucentricity finds the offset without error.",
        "SetBeamTilt": "Beam and image stay where they are; the tilt counts for coma.",
        "ReportCurrentMulGridID": "Always none: no operation with several grids runs.",
        "ReportSlotStatus": "autoloaderInfo is a list of names, one a line, and not an array of two dimensions.",
        "RealignReloadedGrid": "Five pieces are chosen by their places only; apertures are left as they are.",
    ]
}
