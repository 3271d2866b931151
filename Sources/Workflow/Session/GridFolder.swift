/// The folder of a grid and the names of the files in it, as SPACEtomo and PACEtomo users know them.
struct GridFolder: Sendable, Hashable {
    let session: String
    let grid: String

    /// SerialEM's working directory.
    var path: String { session + "/" + grid }
    /// Maps as pictures, and what was found on them.
    var maps: String { path + "/SPACE_maps" }
    var navigator: String { grid + ".nav" }
    var wholeGridFile: String { grid + ".mrc" }
    var wholeGridStem: String { maps + "/" + grid + "_wg" }
    func intermediateFile(_ number: Int) -> String { "\(grid)_IM\(number).mrc" }
    func intermediateStem(_ number: Int) -> String { "\(maps)/\(grid)_IM\(number)_wg" }
    /// `<grid>_L<nn>`: the map and the only target area of a lamella.
    func lamella(_ number: Int) -> String { "\(grid)_L\(twoDigits(number))" }
    func mediumFile(_ number: Int) -> String { lamella(number) + ".mrc" }
    func mediumStem(_ number: Int) -> String { maps + "/" + lamella(number) }
    func inFolder(_ file: String) -> String { path + "/" + file }
    func inMaps(_ file: String) -> String { maps + "/" + file }
}

func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
