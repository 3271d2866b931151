internal import SerialEMProtocol

/// What commands have set in SerialEM itself: nothing of it is a part of the microscope.
struct ScriptState: Sendable {
    /// The last key pressed in SerialEM's window since KeyBreak asked.
    var pressedKey: Character?
    var statusLines = [String](repeating: "", count: 6)
    /// Whether the last line of the log waits for more text.
    var logLineIsOpen = false
    var logFile: String?
    /// Minutes since 1970 by name; SerialEM keeps them from one session to the next.
    var customTimes: [String: Double] = [:]
    var textFiles: [String: TextFile] = [:]
    /// Scripts that StringArrayToScript has stored.
    var storedScripts: [Int: String] = [:]
    /// What user settings were before a command changed them for this control period.
    var settingsBefore: [String: Double?] = [:]
    var holeFinder = HoleFinder()
    var wrapsNoLines = false
    /// NavAcqAtEndUseParams has chosen the parameters of the next Acquire at Items.
    var hasChosenAcquireParameters = false
    /// The message that SetupScopeMessage prepared.
    var scopeMessage: (type: Int, interval: Double, last: Double?, text: String)?
    /// Titles of the windows of image stacks, and how many images each holds.
    var stackWindows: [String: Int] = [:]
    /// Single numbers of the camera's properties.
    var cameraProperties: [String: Double] = [
        "K2Type": 0, "CanTakeFrames": 3, "DE_CameraType": 0, "FalconVariant": 0, "DMCamera": 0, "UnsignedImages": 1, "CountsPerElectron": 20,
    ]
    var fileOptions = FileOptions()
    var otherFileOptions = FileOptions()
    var fileOptionsBefore: FileOptions?
    var otherFileOptionsBefore: FileOptions?
    /// How often ReadOtherFile tries again, 2 s apart.
    var readRetries = 0
}

/// A text file that commands read or write.
struct TextFile: Sendable {
    let path: String
    let writes: Bool
    /// Stays open when control ends.
    let isKept: Bool
}

/// How SerialEM writes image files.
struct FileOptions: Sendable, Hashable {
    /// 0 MRC, 3 TIFF series, 5 HDF.
    var type = 0
    /// 0 bytes, 1 signed and 6 unsigned integers.
    var mode = 6
    var unsignedOption = 0
    var writesMdoc = true
    var lowPercent = 0.0
    var highPercent = 0.0
}

extension VirtualMicroscope {
    /// Takes back what scripts and clients have set for one period of control.
    func endScriptPeriod() {
        for (name, value) in script.settingsBefore { change(setting: name, to: value) }
        script.settingsBefore = [:]
        if let before = script.fileOptionsBefore { script.fileOptions = before }
        if let before = script.otherFileOptionsBefore { script.otherFileOptions = before }
        script.fileOptionsBefore = nil
        script.otherFileOptionsBefore = nil
        script.textFiles = script.textFiles.filter(\.value.isKept)
        script.wrapsNoLines = false
        cameraMatrixBinning = 0
        script.hasChosenAcquireParameters = false
        frames.endPeriod()
    }
}
