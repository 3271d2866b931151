import Foundation
import ImageFiles
import Microscope
import Targets
import Testing
import Units
@testable import Workflow

/// The book of exposures, and what is estimated of those that nobody writes down.
@Suite struct DoseBookTests {
    private func withBook(_ body: (ExposureBook) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("book-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(ExposureBook(folder: folder, grid: "G"))
    }

    @Test func anExposureThatACrashFellIntoCountsInFullWithTheDoseOfItsKind() throws {
        try withBook { book in
            try ExposureBook.$lamella.withValue("L01") {
                let first = try book.begin(.eucentricity)
                try book.append([ExposureRun(images: 3, dosePerImage: Dose(0.01), isCounted: true)], for: .eucentricity, of: first)
                #expect(book.lines().map(\.images) == [3])
                #expect(book.lines().map(\.isCounted) == [true])
                // The service is killed here.
                _ = try book.begin(.eucentricity)
                _ = try book.begin(.intermediate)
            }
            #expect(book.lines().map(\.images) == [3, 8, 1])
            let doses: [Double?] = [0.01, 0.01, nil]
            #expect(book.lines().map(\.dosePerImage) == doses)
            #expect(book.lines().map(\.isCounted) == [true, false, false])
        }
    }

    @Test func anExposureForNoLamellaIsNotInTheBook() throws {
        try withBook { book in
            let exposure = try book.begin(.eucentricity)
            #expect(exposure == nil)
            try book.append([ExposureRun(images: 1, dosePerImage: nil, isCounted: true)], for: .eucentricity, of: nil)
            #expect(book.lines().isEmpty)
        }
    }

    @Test func booksOfEarlierBuildsAreRead() throws {
        try withBook { book in
            let line = #"{"datetime":"d","dosePerImage":0.02,"images":1,"isCounted":true,"lamella":"L01","purpose":"intermediate"}"#
            try Data((line + "\n" + line + "\n" + line.prefix(20)).utf8).write(to: URL(fileURLWithPath: book.path))
            #expect(book.lines().count == 2)
        }
    }

    @Test func whatAMapGivesIsTakenFromTheSidecarsOfAnotherGridBeforeTheFirstOne() throws {
        try withBook { book in
            let folder = URL(fileURLWithPath: book.path).deletingLastPathComponent().path
            func write(_ number: Int, _ doses: [(String, Double)]) throws {
                let entries = doses.map { LamellaDose.Entry(purpose: $0.0, images: 1, dose: $0.1, sum: 9, file: nil, isCertain: true) }
                try LamellaDose(number: number, entries: entries, targets: [], geoPoints: []).json(limit: .zero).write(to: "\(folder)/G_L0\(number)_dose.json")
            }
            try write(1, [("grid map", 0.5), ("eucentricity", 0.01), ("intermediate image", 0.02), ("lamella map", 0.3)])
            try write(2, [("eucentricity", 0.04), ("lamella map", 0.2)])
            try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/G_L03_dose.json"))
            #expect(LamellaDose.largest(of: ["lamella map"], inSidecarsBelow: folder) == Dose(0.3))
            #expect(LamellaDose.largest(of: ["eucentricity", "intermediate image"], inSidecarsBelow: folder) == Dose(0.04))
            #expect(LamellaDose.largest(of: ["lamella map"], inSidecarsBelow: folder + "/nowhere") == .zero)
        }
    }

    @Test func whatPACEtomoTakesFollowsTheSettingsOfTheTargetsFile() throws {
        let target = "_tgt = 001\ntsfile = a.mrc\nSSX = 0\nSSY = 0\nstageX = 0\nstageY = 0\n"
        let plain = PACEtomoImages(try PACEtomoTargets(parsing: target), tilts: 41)
        let few = [plain.views, plain.previews, plain.focus, plain.tracking]
        #expect(few == [4, 1, 3, 0])
        let times = ["V": 1, "P": 0.3, "F": 0.5, "R": 1.0]
        #expect(abs(plain.dose(view: 0.1, recordRate: 2, times: times) - (0.4 + 0.6 + 3)) < 1e-9)
        #expect(abs(plain.doseOfOthers(view: 0.1) - 0.4) < 1e-9)
        let more = "_set startTilt = -12\n_bset trackTwice = True\n" + target
        let rich = PACEtomoImages(try PACEtomoTargets(parsing: more), tilts: 41)
        let many = [rich.views, rich.previews, rich.focus, rich.tracking]
        #expect(many == [6, 1, 3, 41])
        let alsoThere = "_bset viewAli = True\n_bset measureGeo = True\n" + target + "\n_geo = 1\nSSX = 3\nSSY = 1\n\n_geo = 2\nSSX = -3\nSSY = 1\n"
        let measured = PACEtomoImages(try PACEtomoTargets(parsing: alsoThere), tilts: 41)
        #expect(measured.views == 5)
        #expect(measured.geoPoints == 2)
        let onGeoPoints = measured.atGeoPoints(recordRate: 2, times: times)
        #expect(onGeoPoints.images == 6)
        #expect(abs(onGeoPoints.dose - 3) < 1e-9)
    }
}
