import Testing
@testable import Workflow

/// How long an acquisition may take before anybody has seen one here.
@Suite struct AcquisitionTimeTests {
    @Test func itGrowsWithAreasTargetsTiltsAndExposureAndIsNoNight() {
        let one = AcquisitionTime([(targets: 1, tilts: 41)], exposure: 2)
        #expect(one.longest == .seconds(3600 + 2 * (1800 + 41 * (60 + 22))))
        #expect(AcquisitionTime([(5, 41)], exposure: 2).longest > one.longest)
        #expect(AcquisitionTime([(1, 61)], exposure: 2).longest > one.longest)
        #expect(AcquisitionTime([(1, 41)], exposure: 8).longest > one.longest)
        #expect(AcquisitionTime([(1, 41), (1, 41)], exposure: 2).longest > one.longest)
        // Five targets take a microscope some 70 minutes; two days were waited for them.
        #expect(AcquisitionTime([(5, 41)], exposure: 2).longest < .seconds(6 * 3600))
        #expect(AcquisitionTime([(5, 41)], exposure: 2).longest > .seconds(3 * 3600))
    }

    @Test("Whatever SerialEM says of an exposure, a limit comes out", arguments: [nil, .nan, -3, .infinity, 1e300] as [Double?])
    func exposure(seconds: Double?) {
        let time = AcquisitionTime([(2, nil)], exposure: seconds)
        #expect(time.longest > .seconds(3600) && time.longest < .seconds(100 * 3600))
        #expect(time.images == 82)
    }
}
