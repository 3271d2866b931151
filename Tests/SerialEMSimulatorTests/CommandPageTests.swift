import Foundation
import SerialEMProtocol
@testable import SerialEMSimulator
import Testing

@Suite struct CommandPageTests {
    @Test func theCommittedPageIsWhatTheProgramPrints() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/SerialEMSimulator/Commands.md")
        // After a change of the command table: Scripts/generate-command-page.
        #expect(try String(contentsOf: page, encoding: .utf8) == CommandPage.markdown)
    }

    @Test func everyCommandOfTheListIsOnThePage() {
        let lines = CommandPage.text.split(separator: "\n")
        #expect(lines.count == FunctionCodes.all.count)
        #expect(lines.count == 841)
        #expect(lines[77].hasPrefix("77\tPreview\t\t"))
    }

    /// The sections of sessions, dialogs, files, buffers, montages, Navigator and matrices that SPACEtomo and PACEtomo call.
    @Test(arguments: [
        "NoMessageBoxOnError", "StartTry", "EndTry", "Exit", "KeyBreak", "SuppressReports", "ErrorsToLog", "IsVersionAtLeast",
        "ProgramTimeStamps", "SetVariable", "SetPersistentVar", "GetVariable", "IsVariableDefined", "ClearPersistentVars", "Echo",
        "EchoBreakLines", "SetNextLogOutputStyle", "SaveLog", "SaveLogOpenNew", "CloseLogOpenNew", "SetStatusLine", "ClearStatusLine", "Show",
        "ReportCurrentBuffer", "AddBufToStackWindow", "Pause", "YesNoBox", "OKBox", "EnterDefaultedNumber", "EnterString",
        "UserSetDirectory", "Delay", "ReportClock", "ResetClock", "ReportProperty", "SetProperty", "ReportUserSetting", "SetUserSetting",
        "SaveSettings", "ReportCameraProperty", "SetDirectory", "ReportDirectory", "DoesFileExist", "AllowFileOverwrite", "OpenNewFile",
        "OpenOldFile", "OpenNewMontage", "CloseFile", "SwitchToFile", "IsImageFileOpen", "ReportNumOpenFiles", "ReportOpenImageFile",
        "ReportFileNumber", "ReportFileZsize", "SetNewFileType", "S", "ReadFile", "ReadOtherFile", "SnapshotToFile", "AddToAutodoc",
        "WriteAutodoc", "ReportLastFrameFile", "SetFrameBaseName", "SetFrameNameFormat", "ReportFrameSavingPath", "ReportMetadataValues",
        "Copy", "ReportMeanCounts", "CropCenterToSize", "ReduceImage", "ImageProperties", "ImageConditions", "AutoCorrPeakVectors", "M",
        "SetupFullMontage", "SetupPolygonMontage", "ReportNumMontagePieces", "ParamSetToUseForMontage", "SetMontageParams",
        "SetMontPanelParams", "OpenNavigator", "CloseNavigator", "ReadNavFile", "SaveNavigator", "ReportIfNavOpen", "ReportNavFile",
        "ReportNumTableItems", "ReportNavItem", "ReportOtherItem", "NavIndexWithLabel", "NavIndexWithNote", "NavIndexItemDrawnOn",
        "SetSelectedNavItem", "GetUniqueNavID", "AddStagePosAsNavPoint", "AdjustStagePosForNav", "AddImagePosAsNavPoint",
        "AddStagePointsAsPolygon", "DeleteNavigatorItem", "ChangeItemLabel", "ChangeItemNote", "ChangeItemColor", "ChangeItemDraw",
        "SetItemAcquire", "ReportItemAcquire", "UpdateItemZ", "ReportGroupStatus", "GetNavGroupStageCoords", "GetNavGroupImageCoords",
        "NewMap", "LoadOtherMap", "MoveToNavItem", "RealignToOtherItem", "RealignReloadedGrid", "ShiftItemsByMicrons",
        "StagePosToBufImagePos", "BufImagePosToStagePos", "StartNavAcquireAtEnd", "NavAcqAtEndUseParams", "SetNavAcqAtEndParams",
        "RunScriptAfterNavAcquire", "ReportIfNavAcquiring", "ReportNumNavAcquire", "EndAcquireAtItems", "SkipAcquiringNavItem",
        "CameraToSpecimenMatrix", "SpecimenToCameraMatrix", "ISToSpecimenMatrix", "SpecimenToISMatrix", "StageToSpecimenMatrix",
        "SpecimenToStageMatrix", "AlignTo", "AlignBetweenMags",
    ])
    func whatOtherProgramsCallIsNotRefused(name: String) throws {
        let definition = try #require(FunctionCodes.definition(named: name))
        #expect(CommandPage.state(of: definition).word != "refused")
    }

    /// Of two handlers of one command one would never run, and one under a name that SerialEM does not have neither.
    @Test func everyHandlerStandsForOneCommandOfTheList() {
        let names = (CommandTable.groups + CommandTable.opticalGroups).flatMap(\.keys)
        #expect(Dictionary(grouping: names, by: { $0 }).filter { $1.count > 1 }.keys.sorted() == [])
        #expect(names.filter { FunctionCodes.definition(named: $0) == nil } == [])
        #expect(names.count > 500)
    }

    @Test func aRemarkBelongsToACommandInItsState() {
        for name in CommandTable.simplified.keys {
            #expect(FunctionCodes.definition(named: name).map { CommandPage.state(of: $0).word } == "simplified", "\(name)")
        }
        for name in CommandTable.refusalReasons.keys {
            #expect(FunctionCodes.definition(named: name).map { CommandPage.state(of: $0).word } == "refused", "\(name)")
        }
        for definition in FunctionCodes.all where CommandPage.state(of: definition) != .real {
            #expect(!CommandPage.state(of: definition).remark.isEmpty, "\(definition.name)")
        }
    }

    @Test func whatIsRefusedAnswersWithItsName() async throws {
        try await withBench { bench in
            for definition in FunctionCodes.all where CommandPage.state(of: definition).word == "refused" {
                let reply = await bench.microscope.perform(CommandRequest(code: definition.code, arguments: []))
                #expect(reply.status == .failed)
                #expect(reply.failureMessage?.hasSuffix("\(definition.name)()") == true)
            }
        }
    }
}
