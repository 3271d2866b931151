import Foundation
import Geometry
import ImageFiles
import Units

/// What the pieces of a montage put on the specimen, from the mdoc beside it.
struct MontageDose: Sendable {
    private struct Piece: Sendable {
        /// Nanometres from the lower left corner of the map.
        let x: Double
        let y: Double
        let dose: Double?
    }
    private let pieces: [Piece]
    private let heightNanometers: Double
    /// Half of the frame's diagonal: the beam is at least that wide, or the frame would have dark corners.
    private let frameRadius: Double

    /// nil where there is no mdoc, or none with pieces: nothing was taken.
    init?(montage path: String) {
        guard FileManager.default.fileExists(atPath: path + ".mdoc"), let mdoc = try? Mdoc.read(path + ".mdoc"),
            let header = try? MRCFile.header(path)
        else { return nil }
        let placed = mdoc.pieces.compactMap { piece in (piece.alignedPieceCoordinates ?? piece.pieceCoordinates).map { (piece, $0) } }
        guard let left = placed.map(\.1.x).min(), let low = placed.map(\.1.y).min(), let top = placed.map(\.1.y).max() else { return nil }
        let pixel = header.pixelSize.value
        let half = (x: Double(header.width) / 2, y: Double(header.height) / 2)
        pieces = placed.map { piece, place in
            Piece(
                x: (Double(place.x - left) + half.x) * pixel, y: (Double(place.y - low) + half.y) * pixel,
                dose: piece.double("ExposureDose"))
        }
        heightNanometers = (Double(top - low) + 2 * half.y) * pixel
        frameRadius = (half.x * half.x + half.y * half.y).squareRoot() * pixel
    }

    var images: Int { pieces.count }
    /// Whether each piece says its dose; SerialEM writes none, or 0, where the beam is not calibrated.
    var isKnown: Bool { pieces.allSatisfy { ($0.dose ?? 0) > 0 } }
    /// Of all pieces together, as if they lay on one another.
    var sum: Dose { Dose(pieces.reduce(0) { $0 + ($1.dose ?? 0) }) }

    /// What a place of the map got, from all pieces whose beam covered it.
    ///
    /// - Parameters:
    ///   - place: on the picture of the map, whose first row is the top one.
    ///   - pixelSize: of the picture.
    ///   - beam: diameter of the illuminated area; nil takes the circle around a frame.
    func dose(at place: Point<Frame.MapPixels>, pixelSize: PixelSize, beam: Micrometers?) -> Dose {
        let x = place.x * pixelSize.value
        let y = heightNanometers - place.y * pixelSize.value
        let radius = max(frameRadius, (beam?.value ?? 0) * 500)
        return Dose(
            pieces.reduce(0) { sum, piece in
                let (dx, dy) = (piece.x - x, piece.y - y)
                return (dx * dx + dy * dy).squareRoot() <= radius ? sum + (piece.dose ?? 0) : sum
            })
    }
}
