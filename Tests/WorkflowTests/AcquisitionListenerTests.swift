import Microscope
import Testing

@testable import Workflow

/// A SerialEM that falls silent while it acquires is told of once, and its return too.
@Suite struct AcquisitionListenerTests {
    @Test func aMinuteOfSilenceIsToldOnceAndSoIsTheReturn() {
        let listener = AcquisitionListener()
        #expect(listener.hear(.busy, after: .seconds(10)) == nil)
        #expect(listener.hear(.silent, after: .seconds(20)) == nil)
        #expect(listener.hear(.silent, after: .seconds(79)) == nil)
        #expect(listener.hear(.silent, after: .seconds(80))?.contains("look whether it still runs") == true)
        #expect(listener.hear(.silent, after: .seconds(200)) == nil)
        #expect(listener.hear(.busy, after: .seconds(210)) == "SerialEM answers again; the acquisition goes on")
        #expect(listener.hear(.busy, after: .seconds(220)) == nil)
    }

    @Test func aShortSilenceIsNothingToTell() {
        let listener = AcquisitionListener()
        #expect(listener.hear(.silent, after: .seconds(10)) == nil)
        #expect(listener.hear(.busy, after: .seconds(60)) == nil)
        #expect(listener.hear(.silent, after: .seconds(65)) == nil)
    }
}
