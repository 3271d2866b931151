extension CommandTable {
    /// The commands that answer as SerialEM does with less behind it, and what is missing.
    static let simplified: [String: String] = [
        simplifiedSessionCommands, simplifiedFileCommands, simplifiedNavigatorCommands, simplifiedMechanicsCommands, simplifiedOpticsCommands,
    ]
        .reduce([:]) { $0.merging($1) { _, later in later } }

    private static let noScreen = "Accepted; there is no screen to show it on."
    private static let inScripts = "Always an error: while a client is in control nothing is being acquired."
    private static let noLog = "Accepted; the simulator's log does not report values."

    static let simplifiedSessionCommands: [String: String] = [
        "SuppressReports": noLog, "SuppressInfoOutput": noLog, "ErrorsToLog": "Accepted; errors are in the log always.", "Verbose": noLog,
        "SetDebugOutput": noLog, "ProgramTimeStamps": "One line in the log.",
        "SetNextLogOutputStyle": noScreen, "DeferLogUpdates": noScreen, "FlashDisplay": noScreen, "ToggleBufferDisplay": noScreen,
        "OpenDialog": noScreen, "ImposeToolbarColor": noScreen, "HighlightStatusLine": noScreen, "SetBufZoomAndCenter": "Shows the buffer; there is no zoom.",
        "OpenImagingStateDialog": noScreen, "AddBufToStackWindow": "Counts the image; there is no window.", "SuspendNavRedraw": noScreen,
        "ReportEnvironVar": "No variable of the environment is told to a client.",
        "WaitForMidnight": "Does not close the valves.",
        "DeferSettingsUpdate": noScreen, "SaveSettings": "Accepted; settings are not written to a file.",
        "LoadSettingsFile": "The file has to exist; it is not read.", "NextProcessArgs": "Accepted; no program is started.",
        "ReportProperty": "Knows the properties that decide something here.", "SetProperty": "Knows the names; few of the properties decide something here.",
        "ReportCameraProperty": "Knows the properties that decide something here.",
        "ReportUserSetting": "Knows the settings that decide something here.", "SetUserSetting": "Knows the names; few of the settings decide something here.",
        "ExitProgramAtEnd": "Accepted; the simulator goes on.",
        "ReportNumExeFuncs": "The length of SerialEM's list, refused commands included.",
        "ClearHoleFinder": "Accepted; there are no holes to find.",
        "MailSubject": "Accepted; no mail is sent.", "SendEmail": "The mail goes to the log.", "ErrorBoxSendEmail": "Accepted; no mail is sent.",
        "SetNextEmailAddress": "Accepted; no mail is sent.",
        "SetHoleFinderParams": "Kept and reported; there are no holes to find.",
        "RunScriptAfterNavAcquire": "The number is checked; scripts are not run.",
        "FFT": "Half the detail of SerialEM's: 512 pixels wide, into A, and into AF as if its window were open.",
        "Rotate90CW": "The stage position of the turned image's pixels is not kept.",
        "AlignTo": "Trimming, sigma and padding are as the simulator likes.", "AutoAlign": "Trimming is as the simulator likes.",
        "A": "Trimming is as the simulator likes.",
        "AlignBetweenMags": "Finds the shift; scale and rotation are those of the calibration.",
        "AlignWithRotation": "Tries nine angles.",
        "ConicalAlignTo": "Trimming is as the simulator likes.",
    ]

    static let simplifiedFileCommands: [String: String] = [
        "SetNewFileType": "Montages are MRC files always.", "SetFileOptions": "New files can be MRC only; truncation is not done.",
        "SaveToOtherFile": "No HDF, and TIFF without compression.",
        "SnapshotToFile": "The image alone, enlarged by a zoom above 1; nothing is drawn on it; TIFF without compression.",
        "AddTitleToFile": "Into the mdoc, not into the MRC header.",
        "SetFolderForFrames": "A path of the machine that the simulator runs on.",
        "M": "Pieces are placed where the stage truly stood, as good as correlation would find.",
        "Montage": "Pieces are placed where the stage truly stood, as good as correlation would find.",
        "SetMontPanelParams": "Accepted; overviews are not binned by it.", "SetRedoMontageXCorrs": "Accepted; overlaps are not correlated.",
        "SetMontageParams": "Stage moves always, never image shift.",
        "OpenNewMontage": "Stage moves always, never image shift.",
    ]

    static let simplifiedNavigatorCommands: [String: String] = [
        "SetTiltSeriesAtItem": "Opens one box for the two dialogs; no file is set up.",
        "RealignToNavItem": "One round, with one image; to a point or a montage it moves without an image.",
        "RealignToOtherItem": "One round, with one image; to a point or a montage it moves without an image.",
        "RealignToMapDrawnOn": "One round, with one image.", "ForceCenterRealign": "Accepted; maps of one image have one centre.",
        "ShiftItemsByMicrons": "The shift is not stored.",
        "ReportNumHoleAcquire": "Each marked item counts as one hole.",
        "NavAcqAtEndUseParams": "The set and the file are checked; only the primary action is known.",
        "SetNavAcqAtEndParams": "The primary action counts; the numbers of scripts are checked only.",
        "ReadNavAcqParamSet": "The set and the file are checked; nothing is read.",
        "StartNavAcquireAtEnd": "With a script as the primary action the stand-in for PACEtomo runs.",
        "ItemForSuperCoord": "The item has to exist; there is no super-montage.",
        "EndAcquireAtItems": inScripts, "SkipAcquiringGroup": inScripts, "SkipMoveInNavAcquire": inScripts, "ReportNextNavAcqItem": inScripts,
        "ReportIfNavAcquiring": "Always 0: an acquisition is never paused.",
    ]
}
