import Foundation
import ImageFiles
import Logging
import SerialEMClient
import Testing
import Units

@testable import SerialEMSimulator

@Suite struct PACEtomoTargetFileTests {
    static let good = """
        _set startTilt = 0
        _set pretilt = -9.5
        _bset measureGeo = True

        _tgt = 001
        tsfile = A_ts_001.mrc
        SSX = 0.0
        SSY = 0.0
        stageX = 1.5
        stageY = -2
        skip = False

        _geo = 1
        SSX = 3
        SSY = 4

        """

    @Test func aFileIsReadAsPACEtomoReadsIt() throws {
        let file = try PACEtomoTargetFile(Self.good)
        #expect(file.targets.count == 1)
        #expect(file.targets[0]["stageY"] == "-2")
        #expect(file.settings["pretilt"] == -9.5)
        #expect(file.switches["measureGeo"] == true)
        #expect(file.geometry == [["SSX": 3, "SSY": 4]])
    }

    @Test(arguments: [
        ("a comment before the first target", "# note here\n" + good, "IndexError"),
        ("a word alone", good.replacingOccurrences(of: "SSX = 0.0", with: "SSX"), "IndexError"),
        ("no blanks about the equals sign", good.replacingOccurrences(of: "skip = False", with: "skip=False"), "IndexError"),
        ("a truth value as a number", "_set measureGeo = True\n" + good, "ValueError"),
        ("a setting without value", "_set pretilt =\n" + good, "IndexError"),
        ("text in a geometry point", good.replacingOccurrences(of: "SSY = 4", with: "SSY = four"), "ValueError"),
    ])
    func aFileThatStopsPACEtomoIsRefused(name: String, text: String, kind: String) {
        let stop = #expect(throws: PACEtomoStop.self) { try PACEtomoTargetFile(text) }
        #expect(stop?.kind.rawValue == kind)
    }

    @Test func oneAsTruthValueReadsFalse() throws {
        #expect(try PACEtomoTargetFile("_bset measureGeo = 1\n" + Self.good.replacingOccurrences(of: "_bset measureGeo = True\n", with: "")).switches["measureGeo"] == false)
    }

    @Test func tiltsAreDoseSymmetricInGroupsOfTwo() throws {
        let tilts = PACEtomoTilts(try PACEtomoTargetFile(""), stageLimit: 70).inOrder(group: 2)
        #expect(tilts.count == 41)
        #expect(Array(tilts.prefix(7)) == [0, 3, 6, -3, -6, 9, 12])
    }

    @Test(arguments: [
        ("a start tilt shifts no limits", "_set startTilt = 9\n_set minTilt = -51\n_set maxTilt = 69", [9, -51, 69]),
        ("limits the wrong way round", "_set minTilt = 50\n_set maxTilt = -40", [0, -40, 50]),
        ("a start against the pretilt", "_set pretilt = -20\n_bset autoStartTilt = True", [20, -40, 70]),
        ("the pretilt seen along the tilt axis", "_set pretilt = -20\n_set rotation = 60\n_bset autoStartTilt = True", [10, -50, 70]),
        ("a number is true", "_set pretilt = 8\n_set autoStartTilt = 1", [-8, -68, 52]),
        ("targets picked at a tilt", "_set tiltTargets = -12\n_set startTilt = 3", [-12, -60, 60]),
        ("they win", "_set tiltTargets = -12\n_set pretilt = -20\n_bset autoStartTilt = True", [-12, -60, 60]),
    ])
    func tiltsFollowTheSettings(name: String, text: String, expected: [Double]) throws {
        let tilts = PACEtomoTilts(try PACEtomoTargetFile(text), stageLimit: 70)
        #expect([tilts.start, tilts.minimum, tilts.maximum] == expected)
    }

    @Test func aRunFileHasItsPlaceOnlyWhileItRuns() throws {
        let file = try PACEtomoTargetFile(Self.good)
        var run = PACEtomoRunFile(
            file, tilts: PACEtomoTilts(file, stageLimit: 70), kept: [0], column: Column(), path: "/nowhere")
        run.add(target: 0, angle: 0, start: 0) { $0.angles.append(0) }
        run.add(target: 0, angle: 3, start: 0) { $0.angles.append(3) }
        let running = run.text(at: (1, 0))
        #expect(running.hasPrefix("_set startTilt = 0.00\n"))
        #expect(running.contains("\n_spos = 1,0\n"))
        #expect(running.contains("angles = 0.0000,3.0000\n"))
        #expect(try PACEtomoTargetFile(running).hasSavedPosition)
        let ended = try PACEtomoTargetFile(run.text(at: nil))
        #expect(!ended.hasSavedPosition)
        #expect(ended.settings.isEmpty && ended.geometry.isEmpty)
        #expect(ended.targets == file.targets)
        for key in ["SSX", "SSY", "focus", "z0", "n0", "shifts", "angles", "ISXset", "ISYset", "ISXali", "ISYali", "dose", "sec", "skip"] {
            #expect(run.text(at: nil).contains("\n\(key) = "))
        }
    }
}

@Suite struct AcquireAtItemsTests {
    @Test func markedItemsAreAcquiredAfterExit() async throws {
        try await withSimulator { sem, server, folder in
            try await loadFirstGrid(sem)
            let lamella = try firstGoodLamella(folder, slot: 1)
            try await sem.openNavigator("\(folder)/grid.nav")
            #expect(try await sem.goToImagingState("3") == 0)
            try await sem.moveStageTo(x: lamella.x, y: lamella.y, z: lamella.z)
            try await sem.view()
            let files = [
                ("A", "_set minTilt = -6\n_set maxTilt = 6\n", ""), ("B", "_set minTilt = low\n", ""), ("C", "", "tgtfile = None\n"),
                ("D", "_set maxTilt = 75\n", ""), ("E", "_bset measureGeo = True\n", "\n_geo = 1\nSSY = 3\n"),
            ]
            for (name, tilts, end) in files {
                try await sem.openNewFile("\(folder)/\(name)_tgt_001_view.mrc")
                try await sem.save()
                let item = try await sem.newMap(note: "\(name)_tgts.txt")
                try await sem.closeFile()
                try await sem.setItemAcquire(item)
                let text = tilts + """

                    _tgt = 001
                    tsfile = \(name)_ts_001.mrc
                    viewfile = \(name)_tgt_001_view.mrc
                    SSX = 0.0000
                    SSY = 0.0000
                    stageX = \(lamella.x.value)
                    stageY = \(lamella.y.value)
                    skip = False

                    _tgt = 002
                    tsfile = \(name)_ts_002.mrc
                    SSX = 30.0000
                    SSY = 0.0000

                    """
                try (text + end).write(toFile: "\(folder)/\(name)_tgts.txt", atomically: true, encoding: .utf8)
            }
            try await sem.saveNavigator()
            try await sem.navAcqAtEndUseParams("F")
            try await sem.setNavAcqAtEndParams([("prim", 2)])
            try await sem.startNavAcquireAtEnd()
            try await sem.exit()
            // The client that asked is still connected, a second one comes; both hear at once that SerialEM is busy.
            let busy = await #expect(throws: SerialEMError.self) { try await sem.reportTiltAngle() }
            #expect(busy?.code == .busy)
            let second = try await SerialEMConnection.connect(host: "127.0.0.1", port: server.port, logger: .init(label: "second"))
            let refused = await #expect(throws: SerialEMError.self) { try await second.beginControl() }
            #expect(refused?.code == .busy)
            #expect(server.microscope.isAcquiring, "the answer came only after the acquisition")
            while server.microscope.isAcquiring { await Task.yield() }
            _ = try await second.beginControl()
            #expect(try await second.reportItemAcquire(1) == false)
            #expect(try await second.reportItemAcquire(2) == true)
            #expect(try MRCFile.header("\(folder)/A_ts_001.mrc").sections == 5)
            let mdoc = try Mdoc.read("\(folder)/A_ts_001.mrc.mdoc")
            #expect(mdoc.pieces.compactMap { $0["PriorRecordDose"] }.count == 5)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/A_ts_002.mrc"))
            #expect(FileManager.default.fileExists(atPath: "\(folder)/A_tgts_run01.txt"))
            for (name, reason) in [("B", "ValueError"), ("C", "File None of target 2"), ("D", "stage limit"), ("E", "KeyError: 'SSX'")] {
                #expect(try String(contentsOfFile: "\(folder)/\(name).log", encoding: .utf8).contains(reason))
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(name)_tgts_run01.txt"))
            }
            await second.close()
        }
    }
}
