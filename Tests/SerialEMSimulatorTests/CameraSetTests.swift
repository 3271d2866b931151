import SerialEMClient
import SerialEMProtocol
import SerialEMSimulator
import Testing
import Units

@Suite struct CameraSetTests {
    @Test func changesLastUntilControlEndsUnlessTheyAreKept() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.refuses("RestoreCameraSet", .text("R")))
            try await sem.run("SetExposure", .text("R"), .number(2.5), .number(0.4))
            try await sem.run("SetBinning", .text("V"), .number(2))
            try await sem.run("KeepCameraSetChanges", .text("V"))
            #expect(try await sem.numbers("ReportExposure", .text("R")) == [2.5, 0.4])
            try await sem.run("Exit")
            _ = try await sem.beginControl()
            #expect(try await sem.numbers("ReportExposure", .text("R")) == [1, 0])
            #expect(try await sem.number("ReportBinning", .text("V")) == 2)
            try await sem.run("SetExposure", .text("R"), .number(3))
            try await sem.run("RestoreCameraSet", .text("r"))
            #expect(try await sem.numbers("ReportExposure", .text("R")) == [1, 0])
            #expect(try await sem.refuses("RestoreCameraSet"))
        }
    }

    @Test func aClientThatLeavesTakesItsChangesAlong() async throws {
        try await withSimulator { sem, server, _ in
            try await sem.run("SetExposure", .text("R"), .number(9))
            try await sem.run("SaveFocus")
            #expect(try await sem.refuses("SaveFocus"))
            try await sem.run("SetDefocus", .number(-12))
            await server.microscope.clientLeft()
            _ = try await sem.beginControl()
            #expect(try await sem.number("ReportExposure", .text("R")) == 1)
            #expect(try await sem.number("ReportDefocus") == 0)
            #expect(try await sem.refuses("RestoreFocus"))
        }
    }

    @Test(arguments: [("F", 1440, 1024), ("H", 720, 512), ("Q", 360, 256), ("WH", 1440, 512), ("WQ", 720, 256)])
    func aNamedAreaIsReadOut(name: String, width: Int, height: Int) async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetCameraArea", .text("R"), .text(name))
            let area = try await sem.numbers("ReportCameraSetArea", .text("R"))
            #expect(area.count == 6 && area[0] == Double(width) && area[1] == Double(height))
            #expect(area[3] - area[2] == Double(width) && area[5] - area[4] == Double(height))
            try await sem.record()
            let image = try #require(try await sem.bufferImage("A"))
            #expect(image.width == width && image.height == height)
        }
    }

    @Test func anAreaBesideTheMiddleShowsThatPart() async throws {
        try await withSimulator { sem, _, folder in
            try await sem.goToLamella(folder)
            try await sem.run("SetExposure", .text("R"), .number(100))
            try await sem.record()
            let whole = try #require(try await sem.bufferImage("A"))
            try await sem.run("SetCameraArea", .text("R"), .text("100"), .integer(420), .integer(600), .integer(920))
            try await sem.record()
            let part = try #require(try await sem.bufferImage("A"))
            #expect(part.width == 320 && part.height == 320)
            // Sixteen blocks of each, which shot noise changes by little.
            func block(_ samples: [Float], _ width: Int, _ x0: Int, _ y0: Int) -> Float {
                var sum: Float = 0
                for y in y0 ..< y0 + 80 { for x in x0 ..< x0 + 80 { sum += samples[y * width + x] } }
                return sum / 6400
            }
            let (a, b) = (whole.samples(), part.samples())
            for y in 0 ..< 4 {
                for x in 0 ..< 4 {
                    let inWhole = block(a, 1440, 100 + 80 * x, 600 + 80 * y)
                    #expect(abs(block(b, 320, 80 * x, 80 * y) / inWhole - 1) < 0.03)
                }
            }
        }
    }

    @Test func aCentredSizeIsInBinnedPixels() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetCenteredSize", .text("R"), .number(2), .integer(256), .integer(128))
            #expect(try await sem.numbers("ReportCameraSetArea", .text("R")) == [256, 128, 464, 976, 384, 640])
            try await sem.record()
            let image = try #require(try await sem.bufferImage("A"))
            #expect(image.width == 256 && image.height == 128)
            #expect(try await sem.refuses("SetCenteredSize", .text("R"), .number(1), .integer(5000), .integer(100)))
            #expect(try await sem.refuses("SetCameraArea", .text("R"), .text("0"), .integer(9000), .integer(0), .integer(10)))
            #expect(try await sem.refuses("SetK2ReadMode", .text("R"), .integer(7)))
            #expect(try await sem.refuses("SetExposure", .text("X"), .number(1)))
        }
    }

    @Test func anImageIsTakenLikeAnother() async throws {
        try await withSimulator { sem, _, _ in
            try await sem.run("SetCenteredSize", .text("R"), .number(2), .integer(200), .integer(100))
            try await sem.run("SetExposure", .text("R"), .number(0.7))
            try await sem.record()
            try await sem.copy(from: "A", to: "P")
            try await sem.run("RestoreCameraSet")
            try await sem.run("AcquireToMatchBuffer", .text("P"))
            let like = try await sem.imageProperties("A")
            #expect(like.width == 200 && like.height == 100 && like.binning == 2 && like.exposure.value == 0.7)
            #expect(try await sem.number("ReportBinning", .text("R")) == 1)
            #expect(try await sem.refuses("AcquireToMatchBuffer", .text("Q")))
        }
    }

    @Test func theCameraComesBackForAnImage() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.number("ReportCameraInserted", .integer(0)) == 1)
            try await sem.run("RetractCameras")
            #expect(try await sem.number("ReportCameraInserted", .integer(0)) == 0)
            try await sem.record()
            #expect(try await sem.number("ReportCameraInserted", .integer(0)) == 1)
            #expect(try await sem.run("ReportCameraName", .integer(4)).first?.text == "NOCAM")
            #expect(try await sem.refuses("SelectCamera", .integer(2)))
            let properties = try await sem.numbers("CameraProperties")
            #expect(properties.count == 6 && properties[0] == 1440)
            #expect(try await sem.number("GetVariable", .text("numberOfCameras")) == 1)
        }
    }

    @Test func framesKeepTheirSettings() async throws {
        try await withSimulator { sem, _, _ in
            #expect(try await sem.numbers("SetFrameTime", .text("R"), .number(0.25)) == [0.25])
            #expect(try await sem.numbers("ChangeFrameAndExposure", .text("R"), .number(2)) == [0.5, 2])
            try await sem.run("SetDoseFracParams", .text("R"), .integer(1), .integer(1), .integer(0))
            #expect(try await sem.numbers("ReportDoseFracParams", .text("R")) == [1, 1, 0, 0, 0, 0.5])
            try await sem.run("SetK2FileParams", .integer(1), .integer(0), .integer(1))
            #expect(try await sem.numbers("ReportK2FileParams") == [1, 0, 1, 0, 0, 0])
            try await sem.run("SetK2ReadMode", .text("R"), .integer(2))
            #expect(try await sem.number("ReportReadMode", .text("R")) == 2)
        }
    }
}
