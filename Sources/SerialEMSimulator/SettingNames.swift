/// The names that SerialEM 4.3 accepts in SetUserSetting and in SetProperty: settings and general properties with a single number.
enum SettingNames {
    static let settings = names(
        """
        AbortThreshold AcquireFloatImages AddToMinForAstigCTF AdjustFocusForProbe AlignParamSetNum Antialias AntialiasBinning ApplyISoffset
        AreaFractionForScaling AutoCenFOVLimit AutoCenIterate AutoCenIterThresh AutoCenUseMagInd AutofocusBeamTilt AutofocusOffset
        AutoPruneLogLines2 AutosaveLog AutosaveNavNew AutosaveSettings AutosaveXYZ AutoSetAxisOffset AutoSingleFFT BacklashMouseAndISR
        BasicMode BeamTiltDirection BlankBeamInSTEM BottomBorderFrac BuffersToRollOnAcquire BufferToReadInto CameraDivide16BitBy2
        CircleOnLiveFFT CircleTypesInLDDefine ClickUseCtfplotter ComaIterationThresh ComaVsISextent ComaVsISrotation ComaVsISuseFullArray
        ComPathIsFramePath ComplexTasksVerbose CosineTilting CtfBinning CtfDoFullArray CtfDriftSettling CtfExpectedPhase CtfExposure
        CtfUseFocusInLD CtfUseFullField CurAcqParamIndex DectrisSaveAsHDF DisableAutoTrim DivideGridIntoGroups DMgainRefAskPolicy
        DrawCrosshairs DrawScaleBar DrawTiltAxis DriftProtection DynFocusTiltOffset EmailAfterTiltSeries EnableMultiChanView
        ErasePeriodicPeaks ExposureSeriesFixNumFrames ExtraDivideBy2 FFTBackgroundGray FFTTruncDiameter FifthCopyToBuf
        FilterChangeMagWithScreen FilterDoMagShifts FilterEnergyLoss FilterMatchIntensity FilterMatchPixel FilterSlitWidth FilterZeroLoss
        FineEucenUseTrialInLowDose FixedRingDefocus FixedZoomSteps FocusVerbose GainRefCalibrateDose GridGroupSize IdleScriptInterval
        IdleTimeToCloseValves IdleTimeToStopEmission IgnoreHigherGainRefs ImageReductionFac InterpolateDarkRefs InvertSTEMimages
        KeepColorsForPolygons KeepOneLineFocus KeepPixelTime LastImageBeamTilt LastMulGridRefCounts LastRecFocus LDAutoSearchMaxShift
        LDAutoShiftMaxPctChg LDAutoShiftMaxRot LDAutoViewMaxShift LMBeamTilt LoadMapsUnbinned LowDoseAxisAngle LowDoseBlankWhenDown
        LowDoseNormalizeBeam LowDoseRotateAxis LowDoseSearchDefocus LowDoseTieFocusTrial LowDoseViewDefocus MacroISLimit MacroLimitIS
        MacroLimitMontError MacroLimitRuns MacroLimitScaleMax MacroLimitTiltDown MacroLimitTiltUp MacroMontErrorLimit MacroRunLimit
        MacroScaleMaxLimit MacroTiltDownLimit MacroTiltUpLimit MainChansSplitFrac MainFFTsplitFrac MarkShftApplyWhich MarkShftSaveType
        MenuZemlinTilt MinCtfBasedDefocus MinCtfFitResIfPhase MinDDDfocusBinning MonospacedLog MonospaceStatusLines MontageAdjustFocus
        MontageAlignPieces MontageAnchorMagInd MontageCloseFile MontageCorrectDrift MontageDriftLimit MontageEvalPeaks
        MontageFocusAfterStage MontageFocusBlockSize MontageFocusInBlocks MontageHQdelayTime MontageImShiftInBlocks MontageISRealign
        MontageMaxAlignFrac MontageMaxRealignIS MontageMinimumCounts MontageMinMicronsOverlap MontageMinOverlapFactor MontageRealign
        MontageRealignInterval MontageRepeatFocus MontageShowOverview MontageSkipCorrelations MontageSkipReblanks MontageUseAnchor
        MontageUseHQparams MontageUseMontMap MontageUseMultishot MontageUseSearchInLD MontageUseViewInLD MontageVerySloppy
        MontBlockLMShiftLimit MontBlockShiftLimit MontGridMapCutoffInvUm MontGridMapMinSizeMm MouseStageAbsoluteThreshold
        MouseStageThreshold MoveStageOnBigMouseShift MultiShotEnable MultishotPatternType MultishotRunScript MultishotScriptToRun
        NameFramesAsMRCS NoNormOfDSDoseFrac NormalizeAllOnMagChange NormAutofocusViaView NumCamMacRows NumCtfFrames NumFrameAliLogLines
        NumStatusLines OneK2FramePerFile PhasePlateShift PlusMinusRIScaling PointLabelDrawThresh PostBidirReturnDelay RDCthreshFor2ndShot
        RefineZLPWithTrial RefocusThreshold ReorderDoseSymFile ResetRealignUseTrialInLowDose RestoreMacroEditors RetractToUnblankSTEM
        ReverseAutocontColors ReverseWheelZoom RIErasePeriodicPeaks RightBorderFrac RIuseCurrentLDparams RotAlignDoSearch RotAlignRange
        RoughEucenUseSearchIfInLM SaveAutosaveLog SaveFrameStackMdoc SaveInEERformat SaveK2FramesAsTiff SaveLogAsRTF SaveRawPacked
        SaveSuperResReduced SaveTimes100 SaveUnnormedFrames ScreenSwitchSTEM ScriptIndentSize ScriptUseMonoFont SelectedCameraParameterSet
        SettingsFixedForIACal ShiftToTiltAxis ShowIndentButtons ShowStateNumbers ShowTableIndexes SideBySideFFT SkipBlankingInLowDose
        SkipFileDlg SkipK2FrameRotFlip SkipLDBlankInAcquire SkipMontFitDlgs StageMoveToolImage STEMmatchPixel TakeK3SuperResBinned
        TargetDefocus TasksUseViewNotSearch TieFocusTrialPos TiltDelay TiltIncrement TiltSeriesAutoSavePolicy TiltSeriesAutoTerminatePolicy
        TiltSeriesExposureStep TiltSeriesLDDimRecordPolicy TiltSeriesLDRecordLossPolicy TiltSeriesTermNotAskOnDim TiltSeriesTiltFailPolicy
        TrimBordersInAutoalign TryRealignScaling TSAllowContinuous TSCallPlugins TSFixedNumFrames TSSeparateExtraRec TSSkipBeamShiftOnAlign
        TSTiltDelay TuneUseCtfplotter Use4BitMRCMode UseEasyAutocen UseK3CDS UseLabelInFilenames UseOlderBinned2Ref UsePiezoForLDAxis
        UseRecordForMontage UserMaxCtfFitRes UsersAstigTilt UsersComaTilt UseViewForSearch WalkSTEMfocusInterval WalkUpMaxInterval
        WalkUpMinInterval WalkUpTargetAngle WalkupUseViewInLowDose WriteNavAsXML ZbyGIterThreshold ZbyGMaxTotalChange ZbyGUseViewInLD
        """)
    static let properties = names(
        """
        AddDPItoSnapshots AddedFlybackTime AddToEERExposure AddToExposureTime AddToRawIntensity AdjustForISSkipBacklash
        AdvancedScriptingVersion AlignFilterRadius2 AlignFilterSigma1 AlignFilterSigma2 AlignTaperFraction AlignTrimFraction
        AllowCameraInSTEMmode AllowPostActions AllowSpectroscopyImages AllowStopEmissionIfIdle AllowWindowWithTools AlphaChangeDelay
        AlsoInsertCamera AssumeCameraForDummy AssumeDPI AstigBTBacklashDelay AutocontSubareaSizeFac AutoGainFactors BackgroundSaveToFile
        BacklashAdjustMinField BaseJeolSTEMflags BasicCorrections BeamBlankShutter BeamCalChangeDelay BeamCalExtraRangeNeeded
        BeamCalFavorMagChanges BeamCalInitialIncrement BeamCalMaxCounts BeamCalMaxExposure BeamCalMinCounts BeamCalMinExposure
        BeamCalMinField BeamCalSpacingFactor BeamCalUseTrialSettling BiggestGIFApertureNumber BlankDuringTransients
        BlankWhenRetractingCamera BufferStatusShowFocus BuiltInSettling CalibTimingK2InitialStartup CameraRetries CameraSetsShareChannelList
        CameraSizeX CameraSizeY CameraTimeoutFactor CanDriveDMBeamShutter CanDriveDMDriftSettling CanTakeFrames CanUseDMOpenShutter
        CEOSServerPort Ceta2ReadoutInterval CheckAutofocusChange CheckPosOnScreenError CheckStableTemperature CoarseEucenAbsoluteMaxZ
        ConstantBrightnessInNano ContinuousAlignBinning ContinuousAlignFilter ContinuousAlignPairwise ContinuousSaveLog
        ConvertMapsToBytesDefault CookerISLimit CookerRealignMinField CoordsMustBeMultiple CountsPerElectron CtfBasedLDareaDelay
        CurrentMeterLogBase CurrentMeterSmootherThreshold1 CurrentMeterSmootherThreshold2 DarkRefAgeLimit DarkXRayAbsoluteCriterion
        DarkXRayRequireBothCriteria DarkXRaySDCriterion DebugRoughEucentricity DECameraReadPort DECameraWritePort DefaultActAfterExposures
        DefaultMaxCtfFitRes DEImageInvertXAxis DEImageRotation DeltaZtoDefocusFactor DEPrevSetNameTimeout DEProtectionCoverDelay
        DETemperatureSetpoint DEVariableMaxFPSType DewarVacCapabilities DiffractionShiftScaling DigiScanControlBeam DigiScanExtraShotDelay
        DigiScanLineSyncWait DiscardSettings DisplayIsNot120DPI DistortionMaxMoveToCheck DistortionStageDelay DoseLifetimeInHours
        DropPlusInHoleNameIfUtapi DummyInstance DynamicFocusInterval EarlyReturnUseSaveThread EDMFrequency EDMServerPort
        EERScalingForAlignInIMOD EnableExternalPython EnergyShiftCalMinField EucentricityBacklashZ EucentricityCoarseInitialAngle
        EucentricityCoarseInitialIncrement EucentricityCoarseMaxIncrement EucentricityCoarseMaxIncrementChange EucentricityCoarseMaxTilt
        EucentricityCoarseMinField EucentricityCoarseTargetShift EucentricityFineAlignMinField EucentricityFineIntervalAtZero
        EucentricityFineIterationLimit EucentricityFineMinField EucentricityFineSubareaMeans EucentricityMaxFineAngle EucentricityMaxFineIS
        EucentricityResetISThreshold EucentricityRestoreStageXY ExitWithUnsavedLog ExtraBeamTime ExtraGainReferences
        ExtraISdelayPerMagDoubling ExtraOpenShutterTime ExtraRotation ExtraSTEMTimeout ExtraUnblankTime FakeTiltOffset Falcon3ScalingPower
        Falcon4CanSaveEER FalconEventScaling FalconPostMagDelay FalconReadoutInterval FEIcanGetLoaderNames FeiSTEMprobeModeInLM
        FilamentCurrentScale FileOptionsSaveMdocFile FilmToCameraMagnification FilterObeyNormDelay FilterOffsetDelayBase1
        FilterOffsetDelayBase2 FilterOffsetDelayCriterion FilterOffsetDelaySlope1 FilterOffsetDelaySlope2 FilterSlitInOutDelay
        FindBeamOutsideFrac FirstSTEMExtraTimeout FLCInLMAcquireDelay FLCInLMGeneralDelay FloatingCurrentMeterSmoothed FlucamRotationAndFlip
        FlybackWarningFocusTol FocusChangeDelay FocusFilterRadius2 FocusFilterSigma1 FocusFilterSigma2 FocusMaxPeakDistanceRatio
        FocusPadFraction FocusPostTiltDelay FocusTaperFraction FocusViewNormDelay FourPortReadout FrameMdocForFalcon GainRefInactivityLimit
        GainRefXsizeEven GainRefYsizeEven GIFslitWidthScaling GlobalExtraRotation GoToRecMagEnteringLD GridLinesPerMM GridMeshSize
        GridReloadMaxCenShift GridReloadMaxRotation GridXformResidualLimit GridXformRotationLimit GridXformShiftLimit HasOmegaFilter
        HasSimpleOriginSystem HasTVCamera HdfUpdateTimePerSection HighestLMindexToScan HighFocusMinIntensityDiff HitachiCanUseGunValve
        HitachiDoesBSforISflags HitachiMagResetsISinHC HitachiSpotStepDelay HitachiZMicronsPerGroove HotPixelsAreImodCoords
        IgnoreShortTermCals ImageRotation ImageShiftLimit InitialDynamicFocusDelay InitializeJEOLDelay InnerXRayBorderDistance
        InsertingRetractsCam InsertionDelay InsertJeolDetectorDelay InsertTVToUnblank InvertBrightField InvertFocusRamp InvertStageXAxis
        InvertTietzScan ISdelayScaleFactor ISoffsetCalStageLimit JEOL1230 JeolBeamRampupTimeout JEOLBeamShiftToMicrons
        JeolCondenserApertureID JeolDetectorID JeolEmissionTimeout JeolEndRelaxTimeout JeolExternalMagDelay JeolFlashFegTimeout
        JeolFLCInLMLensValue JeolForceMDSmode JeolGaugeSwitchDelay JeolHasBrightnessZoom JeolHasExtraApertures JeolHasNitrogenClass
        JeolHasNoAlpha JeolLMStemCL3ToMicrons JEOLLowMagBeamShiftToMicrons JeolMagEventWait JeolMainDetectorID JeolMMperUnitProjector
        JEOLObjectiveLensToMicrons JEOLObjectiveMiniToMicrons JeolPairedDetectorID JeolReadStageForWait JeolRelaxationFlags
        JEOLReportsLargeScreen JEOLReportsSmallScreen JeolSetLenswithFLCinLM JEOLStageMotorRounding JEOLStagePiezoRounding
        JeolStartRelaxTimeout JeolSTEMdefocusFactor JeolSTEMmagUnitsAreX JeolSTEMPreMagDelay JeolSTEMrotation JeolUpdateByEvent
        JeolUpdateSleep JeolUpdateTaskSkips JeolUseCLA2ForSTEM JeolUseProjectorForIS K2BaseModeScaling K2MaxRamStackGB K2MinStartupDelay
        K2ReadoutInterval K2SynchronousSaving K2Type K3CDSLinearRatio K3HWDarkRefExposure K3ReadoutInterval LDShiftOffsetIterThresh
        LDShiftOffsetMax2StepFocus LDShiftOffsetMin2StepRatio LDShiftOffsetResetISThresh LeftOffset LensNormalizationDelay
        LimitMontageToUsable LinearOffset LinearToCountingRatio LowDoseBeamNormDelay LowDoseBeamTiltShifts LowDoseChangeAtZeroIS
        LowDoseFreeLensDelay LowerScreenForSTEM LowestEFTEMNonLMIndex LowestGainIndex LowestGIFModeMagIndex LowestMicroSTEMmag
        LowestMModeMagIndex LowestSecondaryModeMag LowMagMicronsPerUnitIS LowMagNormalizationDelay LowMagShiftLimit MagChangeFixISdelay
        MagChangeIntensityDelay MailConnectTimeout MakeFEIerrorBeTimeout MakesUnsignedImages MaxCalibrationImageShift MaxFalconFrames
        MaxGainRefAge MaximumTiltAngle MaximumXRayDiameter MaxLMCalibrationImageShift MaxMontReuseWaste MaxMultiChannelBuffers
        MaxStackWindowSizeXY MaxStageCalExtent MessageBoxWhenClipIS MicronsPerUnitImageShift MinCtfplotterPixel MinimumBlankedExposure
        MinimumBlankingTime MinimumDriftSettling MinimumExposure MinimumK2FrameTime MinimumK3FrameTime MinimumPixelTime MinimumShotInterval
        MinimumTiltDelay MinInitializeJeolDelay MinLowMagSlitWidth MinMagIndexForAutofocus MinSpotSizeToUse MinTaskExposure
        MonitorC2ApertureSize MontageAllowHQinLD MontageAutosaveLog MontageDriftRepeatDelay MontageDriftRepeatLimit MontageDuplicateRetries
        MontageISRealignInterval MontageMinZigzagOverlap MontageOverlapFraction MontageRealignToNearest MontageScriptToRun
        MontageUseTrialInISRealign MontMaxOverlapFraction MulGridCheckLoadOnJeol MulGridMaxRefineDiff MulGridNumFinalCombos
        MulGridNumMMMcombos MulGridPostLoadDelay MulGridRefineMinField MulGridRefineStageMont MulGridSkipRealign MultiInHoleOnAxisMinTilt
        MultiInHoleStartAngle MultiShotMinTiltForFocus MustUnblankWithScreen NavVisitReturnMinField NoDefaultPeakErasing NoFilterControl
        NoK2SaveFolderBrowse NoLDAreaMoveWithLine NoMontXCorrThread NormalizeInSerialEM NormCondenserInLowDose NoScope NoShutter
        NoSpectrumOffset NumberOfAlphas NumberOfSpotSizes NumberOfSTEMSpotSizes OneViewType OnlyOneShutter Order OtherCamerasInTIA
        OuterXRayBorderDistance PartialScanThreshold PixelMatchFactor PixelSizeInMicrons PixelTimeIncrement PluginCameraIndex
        PluginCanPreExpose PluginCanProcess PostBlankerDelay PostIntensityTimeout PostJeolGIFdelay PostOpenValvesDelay PostProbeBeamDelay
        PostProbeDelay RamperBlankAtEnd RamperWaitForBlank ReadoutInterval RealignItemFocusChangeLimit RealignItemMaxIS
        RealignItemMaxLMfield RealignItemMaxMarginNeeded RealignItemMinAnchorMargin RealignItemMinMarginNeeded RealignItemMinMarginWanted
        RealignItemSkipCenError RealignItemSkipCenTime RealignItemTiltTolerance RealignItemUseBeamOffsets RealignItemWeightCCCThresh
        RealignItemWeightingSigma RefineZLPLeaveCDSMode RefineZLPMaxMeanRatio RefineZLPMinimumExposure RefineZLPRedoInLowDose
        RefineZLPSlitWidth RefineZLPStepSize RelaxLensesSequentially ResetRealignHigherMagCriterion ResetRealignIterationCriterion
        ResetRealignMaxIterations ResetRealignMinField RestoreStageXYdelay Retractable RetractCameraOnEnteringEFTEM
        RetractCameraOnEnteringSTEM RetractionDelay RetryStageMove ReverseTiltMinField RotateHeaderAngleBy180 RotationAndFlip
        RotFlipInFalcon3ComFile SamePhysicalCamera SaveK3CountingGainAsTIFF SaveNewImageToShrMem ScaledAliDfltMaxRot ScaledAliDfltPctChg
        ScalingForK2Counts ScopeCanFlashFEG ScopeHasAutoloader ScopeHasPhasePlate ScopeUpdateInterval ScopeUpdateTaskSkips
        ScreenCurrentFactor ScreenInIfDetectorOut ScreenRaiseDelay SelectJeolDetectorDelay SetAlternateShutterNormallyClosed
        SetModeInFalconConfig SetRestoreDMRotFlip ShiftScriptOnlyInAdmin ShootFilmIfMontageDark ShotTimeToInsertDetector ShowApertureStatus
        ShowLinearForAlpine ShowMulGridRefine ShowRemoveXRaysBox ShutterDeadTime SideMounted SimulationMode SixPointIScalMinField
        SizeCheckSwapped SkipAdvancedScripting SkipAstigAdjustmentForIS SkipFocusRamper SkipGainRefWarning SkipJeolNeutralCheck
        SkipNormalizations SkipToScaledRealignMinField SlitWideningSafetyFactor SmallFontsBad SmallScreenFactor SmoothFocusExtraTime
        SpecialDebugLevel StageCalibrationBacklash StageCalNumToggles StageCalToggleInterval StageCycleLengthX StageCycleLengthY
        StageInvertsZAxis StageMontageBacklash StageMoveDelay StageRelaxation StageTimeoutFactor StageXYSpeedFactor StandardLowMagFocus
        StartAsAdministrator StartDelayPerFrame StartupDelay StartupForISDelays STEMCalFocusRange STEMCamera STEMFocusShowBestAtEnd
        STEMFocusStep STEMFocusVsZBacklash STEMMicronsPerUnitImageShift STEMUnsignedOption SubareasByCropping SubdirsOkInFalcon3Save
        SuppressJobObjectWarning SuppressSomeMessages TakeUnbinnedIfSavingEER TaskTargetSize TestCtfPixelSize TestCtfTuningDefocus
        TestGainFactors TestGpuInShrmemframe ThicknessCoefficient TietzCanPreExpose TietzFilmShutterSwitchTime TietzGainIndex
        TietzImageGeometry TietzRestoreBBmode TietzScanCoordRange TietzSTEMflags TiltAfterMoveMinField TiltAxisOffset TiltBacklash
        TiltSpeedFactor TopOffset TSBadLowMagCrit TSBadShotCrit TSCheckScopeDisturbances TSDefaultStartAngle TSDosymBacklashDir
        TSDosymFitPastReversals TSEarlyK2RecordReturn TSFitDropBackoffRatio TSFitDropErrorRatio TSFocusAfterScopeStopTime TSLowMagFieldFrac
        TSMaxDelayAfterTilt TSMaxDisturbValidChange TSMaxDropAsFocusDisturbed TSMaxDropAsShiftDisturbed TSMaxImageFailures
        TSMaxPositionFailures TSMaxTiltError TSMaxUsableAngleDiff TSMinFitXAfterDrop TSMinFitYAfterDrop TSMinFitZAfterDrop
        TSRestoreStageXYonTilt TSSpeedForOneStepReturn TSStageMovedTolerance TSStepForBidirReturn TSTrackAfterScopeStopTime
        TSTrialCenterMaxRadFrac TSUserFocusChangeTol TSWaitAfterScopeFilling UnsignedTruncationLimit UpdateBeamBlanker
        UpdateDuringAreaChange UpdateSpectroscopyByEvent UseAperturesInStates UseAPI2ForDE UseCL3ToSetLMStemFocus UseDetectorNameIfUtapi
        UseFilterInTEMMode UseGPUforContinuousAlign UseIlluminatedAreaForC2 UseImageBeamTilt UseInvertedMagRange UseJeolGIFmodeCalls
        UseMinDDDFocusBinning UseSocket UseSquareShiftLimits UseTrialBinningForShiftCal UseTrialSizeForShiftCal UseTrialSizeForTasks
        UseUtapiScripting UtapiDisconnectThreshold UtapiLinearToCounting WalkUpLowDoseISLimit WalkUpMinField WalkUpShiftLimit
        WarnIfBeamNotOn WarnIfKVnotAt XRayCriterionIncrease XRayCriterionIterations
        """)

    /// By their lower-case form, as SerialEM does not tell upper from lower case in them.
    private static func names(_ text: String) -> [String: String] {
        Dictionary(text.split(whereSeparator: \.isWhitespace).map { ($0.lowercased(), String($0)) }) { first, _ in first }
    }
}
