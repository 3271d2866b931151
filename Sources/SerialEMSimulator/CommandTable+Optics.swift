extension CommandTable {
    /// All that sets column, camera and their surroundings.
    static let opticalGroups: [[String: CommandHandler]] = [
        illuminationCommands, energyFilterCommands, focusCommands, autofocusCommands, tuningCommands, beamImageCommands,
        vacuumCommands, dewarCommands, gunCommands, apertureCommands, cameraSetCommands, frameCommands, doseCommands,
        lowDoseParameterCommands, imagingStateCommands,
    ]

    /// What the simulator does in a simpler way than a real microscope, for the page of commands.
    static let simplifiedOpticsCommands: [String: String] = [
        "SetProbeMode": "Changes the convergence angle; the beam keeps its diameter.",
        "ReportPercentC2": "The intensity is the cube root of the beam's diameter, not a calibration.",
        "ReportCrossoverPercentC2": "A fixed value; a beam smaller than the crossover is not simulated.",
        "SetParallelIllumination": "Takes the diameter that belongs to the magnification.",
        "SetIntensityByLastTilt": "Sets the beam for the present tilt, as if the last image was taken at tilt 0.",
        "NormalizeLenses": "Takes its time; there is no hysteresis.",
        "NormalizeAllLenses": "Takes its time; there is no hysteresis.",
        "SetEucentricFocus": "Sets the readout to 0 as well.",
        "SetCamLenIndex": "Images are dark in diffraction; no pattern is made.",
        "ReportVacuumGauge": "Four gauges: IGPa, IGPco, PPm and PIRbf.",
        "RefrigerantLevel": "Levels follow from the time since the last refill.",
        "ManageDewarsAndPumps": "Waits for a refill, starts one that is due within fifteen minutes, and waits for the pump.",
        "LongOperation": "Each operation has one duration, and only refill, flash, buffer cycle and unloading have an effect.",
        "ReportFEGBeamCurrent": "The falling current does not change the dose.",
        "SetK2ReadMode": "All modes give the same image.",
        "SetProcessing": "Images are always normalised.",
        "SetContinuous": "The set is marked; images still come one by one.",
        "SetDoseFracParams": "Settings are kept; frames are not written by a single image.",
        "SetFrameAliParams": "Settings are kept; frames are not aligned.",
        "SetK2FileParams": "Settings are kept; no frame files are written.",
        "EarlyReturnNextShot": "The reply comes when the image is there.",
        "RunGatanScript": "No DigitalMicrograph: refused.",
        "G": "Takes three images; the defocus comes from the height of the specimen with an error of 0.05 um.",
        "AutoFocus": "As G.",
        "ReportFocusDrift": "Drawn by chance at each autofocus.",
        "CorrectAstigmatism": "Finds the stigmator setting with an error of 0.002.",
        "FixAstigmatismByCTF": "As CorrectAstigmatism; the images are taken, and not fitted.",
        "CorrectComa": "Finds the beam tilt without coma with an error of 0.02 mrad; coma does not show in images.",
        "FixComaByCTF": "As CorrectComa.",
        "Eucentricity": "Takes its images; the height is the true one with an error of 0.5 um (rough) or 0.1 um (fine).",
        "CtfFind": "Fits the Thon rings of the image by correlation; no phase search.",
        "Ctfplotter": "As CtfFind; the tilt is not taken into account.",
        "DriftWaitTask": "The drift halves each twenty seconds.",
        "CalEucentricFocus": "The present focus becomes the eucentric one.",
        "GoToImagingState": "A state holds magnification, spot, beam and objective aperture; codes 4 to 6 come from map states only.",
        "SetMapAcquireState": "Sets magnification and Low Dose of the map.",
        "GetAllLowDoseValues": "The array holds the 21 numbers of GetLowDoseAreaParams, one to an element.",
    ]
}
