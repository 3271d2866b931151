import Testing
import Workflow

@Suite struct PeakMemoryTests {
    #if os(Linux)
    @Test func thePeakOfThisProcessIsKnownAndThatOfNoProcessIsNot() throws {
        let block = [UInt8](repeating: 1, count: 50_000_000)
        #expect(try #require(PeakMemory.ofProcess()) > block.count)
        #expect(PeakMemory.ofProcess(-1) == nil)
    }
    #endif

    @Test func theSentenceNamesWhatIsKnown() {
        #expect(
            PeakMemory.sentence(own: 412_300_000, worker: 889_900_000)
                == "memory at its peak: 412 MB here, 890 MB in the inference worker")
        #expect(PeakMemory.sentence(own: 412_300_000, worker: nil) == "memory at its peak: 412 MB here")
        #expect(PeakMemory.sentence(own: nil, worker: nil) == nil)
    }
}
