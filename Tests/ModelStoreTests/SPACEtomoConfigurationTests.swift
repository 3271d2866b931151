import InferenceWire
@testable import ModelStore
import Testing

@Suite("SPACEtomo's configuration is read as a text and not run")
struct SPACEtomoConfigurationTests {
    private let text = """
        #!/usr/bin/env python
        import os
        WG_detection_threshold = 0.1
        WG_model_file = "C:/SPACEtomo/models/lamellae.pt"
        WG_model_pix_size = 400.0 # nm/px
        WG_model_sidelen = '1024.0'
        WG_model_categories = ["broken",           "good", 'gone'          ]\u{20}
        WG_model_gui_colors = [(255, 125, 0, 255), (50, 150, 50, 255), (200, 0, 0, 255)]
        MM_model_script = os.system("rm -rf /")
        MM_model_folder = 'C:\\models\\yeast'
        MM_model_folds = [0, '1', 4]
        MM_model_pix_size = 22.83 / 10  # nm/px
        if Path(MM_model_folder).exists():
            NO_MM_MODEL = False
        """

    @Test func `values of both models are found`() throws {
        let read = try SPACEtomoConfiguration(text: text, path: "config.py")
        #expect(read.detectorFile == "lamellae.pt")
        #expect(read.detectorPixelSize == 400)
        #expect(read.detectorSide == 1024)
        #expect(read.detectorClasses == ["broken", "good", "gone"])
        #expect(read.detectorColours?.map(\.description) == ["#FF7D00", "#329632", "#C80000"])
        #expect(read.segmenterFolds == [0, 1, 4])
        #expect(abs((read.segmenterPixelSize ?? 0) - 2.283) < 1e-9)
        try read.require(detector: "lamellae.pt")
        #expect(throws: ModelStoreError.self) { try read.require(detector: "other.pt") }
        #expect(throws: ModelStoreError.self) { try SPACEtomoConfiguration(text: "a = 1", path: "config.py") }
    }

    @Test(arguments: [
        "", "os.system('x')", "[1, 2", "'open", "1 / 0", "[[[[[[[[[[[[1]]]]]]]]]]]]", "1; import os", "{'a': 1}", "(1 2)", "__import__", "[1,,2]", "nan", "'a' * 2", "\"C:\\\\x\"",
    ])
    func `what is no plain value is none`(_ source: String) {
        #expect(PythonLiteral(source) == nil)
    }

    @Test func `numbers, texts, lists and comments`() {
        #expect(PythonLiteral("-1.5e2 # x")?.number == -150)
        #expect(PythonLiteral("2 * 3 / 4")?.number == 1.5)
        #expect(PythonLiteral("('a', [1,])") == .list([.text("a"), .list([.number(1)])]))
    }

    @Test(arguments: [
        ("2024_07_26_lamella_detect_400nm_yolo8.pt", nil), ("x_400nm_1024sl.pt", 1024), ("sl640_400nm.pt", 640), ("x-sl512-y.pt", 512), ("x_1024slow.pt", nil), ("tesla12.pt", nil),
    ] as [(String, Int?)])
    func `a detector's file names its side as SPACEtomo's set-up has it`(_ file: String, _ side: Int?) {
        #expect(ModelWorkshop.sideLength(named: file) == side)
    }
}
