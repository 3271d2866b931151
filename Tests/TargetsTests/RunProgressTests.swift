import Targets
import Testing

struct RunProgressTests {
    @Test func aRunFileTellsWhatWasAcquired() throws {
        let progress = RunProgress(try PACEtomoTargets(parsing: OtherPrograms.interruptedRun))
        #expect(progress.resume?.section == 2 && progress.resume?.position == 1)
        #expect(progress.pretilt == -9.5 && progress.rotation == 1.5)
        let (first, second) = (progress.series[0], progress.series[1])
        #expect(first.file == "x_ts_001.mrc" && first.angles == [0, 3, 6] && first.dose == 9)
        #expect(!first.isSkipped && first.endedBranches.isEmpty)
        #expect(second.angles == [-3, 0] && second.dose == 6 && second.endedBranches == ["positive"])
    }

    @Test func aSkippedTargetHasNothing() throws {
        let text = "_tgt = 001\ntsfile = a.mrc\nskip = True\n_pbr\nangles = \n_nbr\nangles = \n"
        let progress = RunProgress(try PACEtomoTargets(parsing: text))
        #expect(progress.resume == nil && progress.pretilt == nil)
        #expect(progress.series == RunProgress(try PACEtomoTargets(parsing: "_tgt = 001\ntsfile = a.mrc\nskip = True\n")).series)
        #expect(progress.series[0].isSkipped && progress.series[0].angles.isEmpty && progress.series[0].dose == nil)
    }

    @Test func whatARunFileLosesIsTold() throws {
        let text = "_set step = 3\n_set alignLimit = 1\n_bset measureGeo = True\n_bset viewAli = True\n_tgt\ntsfile = a\n_geo\nSSX = 1\n_geo\nSSX = 2\n"
        #expect(RunProgress.lost(of: try PACEtomoTargets(parsing: text)) == ["2 geo points", "viewAli", "alignLimit"])
        #expect(RunProgress.lost(of: try PACEtomoTargets(parsing: OtherPrograms.interruptedRun)).isEmpty)
    }
}
