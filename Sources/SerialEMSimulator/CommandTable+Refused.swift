extension CommandTable {
    /// What the page of commands says of a refused one.
    static func refusal(_ name: String) -> String {
        refusalReasons[name] ?? "Not simulated: neither sessions by programs outside nor PACEtomo and SPACEtomo call it."
    }

    /// Why some commands are refused, which their errors say; those of the others only name the command.
    static let refusalReasons: [String: String] = {
        let groups: [(String, [String])] = [
            ("The simulator starts no programs.", ["RunInShell", "RunProcess", "CreateProcess", "RunExternalTool", "ExternalToolArgPlace", "PipeToNextProcess", "NextProcessPipeToVar"]),
            ("The simulator does not run scripts of SerialEM.", ["Call", "CallFunction", "CallScript", "CallMacro", "CallStringArray", "LoadScriptPackAtEnd", "RunBackgroundScript", "StopBackgroundScript", "SetBkgdScriptVar", "GetBkgdScriptVar", "WaitForBkgdScriptVar", "AllowTimeForBkgdScript", "CopyOtherScriptVar"]),
            ("This microscope has no UTAPI.", ["ReportUtapiServices", "SkipUtapiService"]),
            ("Cumulative dose of the beam is not measured.", ["WaitForDose"]),
            ("The grids of the simulator are no waffles.", ["SetupWaffleMontage"]),
            ("Montages are not prepared by exposing the area.", ["PreCookMontage", "PrescanWithPreview"]),
            (
                "The grids of the simulator are lamellae, without squares and holes to find.",
                [
                    "AutoContourGridSquares", "ReportAutocontourStats", "MakePolygonsAtSquares", "FindHoles", "MakeNavPointsAtHoles",
                    "CombineHolesToMulti", "FindMultiMapHoles", "UseNavGroupForMultishot",
                ]
            ),
            ("The camera takes one image at a time; SerialEM's multiple Records are not simulated.", ["MultipleRecords"]),
            ("The specimen does not change by cooking.", ["CookSpecimen"]),
            ("There are no templates of holes to align to.", ["AlignToTemplate", "CenterHoleAtNavItem"]),
            ("No offset was set automatically that could be taken back.", ["RevertAutoLDShiftOffset"]),
            ("This microscope has no vibration manager.", ["QueryVibrationManager", "VibrationManagerRequest"]),
            ("This microscope has no energy filter of JEOL.", ["ReportJeolGIF", "SetJeolGIF"]),
            ("There is no grid map to align with.", ["RefineGridMapAlignment", "AlignAndTransformItems", "LoadAllGridMaps"]),
            ("Anchor maps need a second magnification, which is not set up.", ["MakeAnchorMap"]),
            ("There is no phase plate.", ["PhasePlateToNextPos", "ReportPhasePlatePos", "ConditionPhasePlate"]),
            ("There is no SimpleOrigin filling system.", ["SimpleOriginStatus", "SetSimpleOriginActive"]),
            ("A field emission gun has no filament current.", ["ReportFilamentCurrent", "SetFilamentCurrent"]),
            ("The high voltage can be set on Hitachi microscopes only.", ["SetHighVoltage"]),
            ("No aperture has its sizes in a property ApertureSizes.", ["GetApertureSizes"]),
            ("There is no DigitalMicrograph to run a script.", ["RunGatanScript"]),
            (
                "This microscope has no STEM.",
                [
                    "SetSTEMDetectors", "TestSTEMshift", "QuickFlyback", "GetSTEMBrightContrast", "SetSTEMBrightContrast", "SetJeolSTEMflags",
                    "SetLiveSettleFraction", "SetupDynamicFocus", "StartFocusRamper", "FinishFocusRamp", "SetImageDistanceOffset",
                    "ReportImageDistanceOffset", "SetCameraPLAOffset",
                ]
            ),
            (
                "This microscope has no DE camera.",
                ["OpenDECameraCover", "SetDECamFrameRate", "NewDEserverDarkRef", "GetDEServerProperty", "SetDEServerProperty"]
            ),
            ("This microscope has no film camera.", ["ManualFilmExposure", "ExposeFilm", "SpecialExposeFilm"]),
            ("This microscope has no piezo.", ["SelectPiezo", "ReportPiezoXY", "ReportPiezoZ", "MovePiezoXY", "MovePiezoZ"]),
            ("This microscope has no beam stop.", ["ReportBeamStopPosition", "SetBeamStopPosition"]),
            ("This microscope has no X lens.", ["ReportXLensDeflector", "SetXLensDeflector", "ReportXLensFocus", "SetXLensFocus", "SetXLensMode"]),
            (
                "Lenses and coils are simulated by what they do to an image, not one by one.",
                [
                    "ReportLens", "ReportCoil", "SetFreeLensControl", "SetLensWithFLC", "ReportLensFLCStatus", "SetLensByName", "SetCoilByName",
                    "ReportObjectiveStrength", "SetObjFocus", "SetDiffractionFocus", "SetDiffractionShift", "ReportDiffractionShift",
                    "SetDiffractionStigmator", "ReportDiffractionStigmator", "SetCondenserStigmator", "ReportCondenserStigmator",
                    "SetImageBeamTilt", "ReportImageBeamTilt",
                ]
            ),
            ("No plugin is loaded.", ["PluginAllDoubles", "PluginString", "PluginDoubleString", "ListPluginCalls"]),
            (
                "There is no window for graphs.",
                [
                    "GraphValuesInArrays", "GraphPreStoredValues", "SetGraphAxisLabel", "SetGraphKeyLabel", "SetGraphTypes", "SetGraphColumns",
                    "SetGraphSymbols", "SetGraphOptions", "ListISVectorsToGraph", "CloseAllGraphs", "GetLastTiltXYZToGraph",
                    "SaveNextCtfplotterGraph", "SaveNextGraphAndExit",
                ]
            ),
            (
                "There is no screen.",
                ["ReportActiveViewTitle", "SetActiveViewByTitle", "ShowScopeControlPanel", "GetControlPanelState", "SetControlPanelState", "OpenChooserInCurrentDir"]
            ),
            (
                "Holes and multiple Records are not simulated.",
                [
                    "TestNextMultiShot", "RotateMultiShotPattern", "ImageShiftToLastMultiHole", "StageToLastMultiHole", "ReportLastHoleVectors",
                    "UseHoleVectorsForMulti", "OpenMultiShotFiles", "CloseMultiShotFiles", "SetCustomHoleShifts", "SetCustomHoleDefocus",
                    "SetRegularHoleVectors", "AdjustMultiShotPattern", "UseMapItemHoleVectors", "ReportMultishotVectors", "GetItemHolesToAcquire",
                    "SetMultishotParams", "ReportMultishotParams", "NextMultiShotUseNavItem", "FindAndCenterOneHole", "StepAndAdjustISVectors",
                    "ReportSmallestHoleShift", "GetFoundHolePositions", "SetItemImShiftTargets", "AdjustImShiftTargets", "UndoHoleCombining",
                    "SetAutocontourGroups", "SetHelperParams",
                ]
            ),
            (
                "Frames of one image are not taken while the stage tilts or the focus steps.",
                [
                    "QueueFrameTiltSeries", "FrameSeriesFromVar", "SetFrameSeriesParams", "WriteFrameSeriesAngles", "ReportFrameTiltSum",
                    "ModifyFrameTSShifts", "ReplaceFrameTSFocus", "ReplaceFrameTSShifts", "StepFocusNextShot", "SmoothFocusNextShot",
                    "DeferStackingNextShot", "GetDeferredSum", "FrameThresholdNextShot", "RecordAndTiltUp", "RecordAndTiltDown", "RecordAndTiltTo",
                    "TiltDuringRecord", "UseContinuousFrames", "StartFrameWaitTimer", "WaitForNextFrame",
                ]
            ),
            (
                "The calibrations of the simulator are fixed.",
                [
                    "SaveCalibrations", "ShiftCalSkipLensNorm", "CalibrateImageShift", "CalibrateElectronDose", "CalibrateComaVsIS",
                    "CalibrateHighFocusIS", "CalibrateHighFocusMag", "ListAllCalibrations", "SetStandardFocus", "CheckStageToCamera",
                ]
            ),
        ]
        return Dictionary(groups.flatMap { reason, names in names.map { ($0, reason) } }) { first, _ in first }
    }()
}
