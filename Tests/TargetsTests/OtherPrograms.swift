/// Targets files as other programs write them, by the order of their keys and what they leave out.
enum OtherPrograms {
    /// SPACEtomo without its GUI: no settings at all.
    static let automaticSPACEtomo = """
        _tgt = 001
        tsfile = x_ts_001.mrc
        viewfile = x_tgt_001_view.mrc
        SSX = 0.0
        SSY = 0.0
        stageX = -112.384
        stageY = 87.921
        LDArea = R
        SPACEscore = 0.8741269
        skip = False

        _geo = 1
        SSX = -4.6
        SSY = 1.2
        stageX = -116.9297
        stageY = 86.5294


        """

    /// PACEtomo's selectTargets, with references and a pattern.
    static let selectTargets = """
        _set size = 3.0
        _set vecA0 = 2.1
        _set vecA1 = 0.0
        _set vecB0 = 0.0
        _set vecB1 = 2.1

        _tgt = 001
        tgtfile = x_tgt_001.mrc
        tsfile = x_ts_001.mrc
        stageX = -112.384
        stageY = 87.921
        SSX = 0
        SSY = 0
        viewfile = x_tgt_001_view.mrc
        skip = False

        _tgt = 002
        tgtfile = x_tgt_002.mrc
        tsfile = x_ts_002.mrc
        stageX = -110.1
        stageY = 88.2
        SSX = 2.1
        SSY = -0.3
        viewfile = x_tgt_002_view.mrc
        skip = False

        """

    /// PACEtomo's targetsFromMontage where SerialEM was not asked: no image shifts.
    static let targetsFromMontageInDummyMode = """
        _tgt = 001
        tsfile = x_ts_001.mrc
        viewfile = x_tgt_001_view.mrc
        stageX = -112.384
        stageY = 87.921
        skip = False

        """

    /// A file of SPACEtomo's GUI that the GUI of selectTargets wrote again.
    static let selectTargetsAfterSPACEtomo = """
        _set autoStartTilt = False
        _set measureGeo = True

        _tgt = 001
        tgtfile = None
        tsfile = x_ts_001.mrc
        viewfile = x_tgt_001_view.mrc
        SSX = 0.0
        SSY = 0.0
        stageX = -112.384
        stageY = 87.921
        LDArea = R
        skip = False

        """

    /// What PACEtomo writes after each image: the third step of the tilts, the second target.
    static let interruptedRun = """
        _set startTilt = 0
        _set minTilt = -60
        _set maxTilt = 60
        _set step = 3
        _set pretilt = -9.5
        _set rotation = 1.5
        _spos = 2,1

        _tgt = 001
        tsfile = x_ts_001.mrc
        viewfile = x_tgt_001_view.mrc
        SSX = 0.0
        SSY = 0.0
        stageX = -112.384
        stageY = 87.921
        myOwnKey = 7
        skip = False
        _pbr
        SSX = 0.01
        SSY = 0.02
        focus = -5.1
        z0 = 0.0
        n0 = 0.0
        shifts = 0.0,0.01,0.02
        angles = 0.0,3.0,6.0
        ISXset = 0.1
        ISYset = 0.2
        ISXali = 0.1
        ISYali = 0.2
        dose = 9.0
        sec = 3
        skip = False
        _nbr
        SSX = 0.0
        SSY = 0.0
        focus = -5.1
        z0 = 0.0
        n0 = 0.0
        shifts = 0.0
        angles = 0.0
        ISXset = 0.1
        ISYset = 0.2
        ISXali = 0.1
        ISYali = 0.2
        dose = 3.0
        sec = 1
        skip = False

        _tgt = 002
        tsfile = x_ts_002.mrc
        viewfile = x_tgt_002_view.mrc
        SSX = 1.9
        SSY = 0.45
        stageX = -110.4668
        stageY = 87.551
        skip = False
        _pbr
        SSX = 1.9
        SSY = 0.45
        focus = -5.1
        z0 = 0.0
        n0 = 0.45
        shifts =
        angles =
        ISXset = 0.1
        ISYset = 0.2
        ISXali = 0.1
        ISYali = 0.2
        dose = 0.0
        sec = 0
        skip = True
        _nbr
        SSX = 1.9
        SSY = 0.45
        focus = -5.1
        z0 = 0.0
        n0 = 0.45
        shifts = 0.0,0.01
        angles = 0.0,-3.0
        ISXset = 0.1
        ISYset = 0.2
        ISXali = 0.1
        ISYali = 0.2
        dose = 6.0
        sec = 2
        skip = False

        """.replacing("=\n", with: "= \n")
}
