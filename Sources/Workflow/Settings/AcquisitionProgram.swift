/// Who acquires the tilt series of level 5, and so what targets are written for.
public enum AcquisitionProgram: String, Codable, Sendable, Hashable, CaseIterable {
    /// PACEtomo, run by Acquire at Items.
    case pacetomo
    /// SerialEM 4.3 itself, as a parallel tilt series. Experimental: the Navigator's record is written by SerialEM's own
    /// description and was tried against no SerialEM, and people start the acquisition.
    case serialem
}
