/// The coordinate systems. A coordinate carries its frame; only a ``LinearMap`` or ``AffineMap`` crosses frames.
///
/// The definitions are SerialEM's (its help, "Coordinate systems").
public enum Frame {
    /// Stage position in micrometres: what the stage reads when a point is in the centre of the field.
    public enum Stage {}
    /// Specimen plane in micrometres, x along the tilt axis, right handed.
    public enum Specimen {}
    /// Image shift in the microscope's own units.
    public enum ImageShift {}
    /// Unbinned camera pixels, right handed, y up.
    public enum Camera {}
    /// Pixels of a map or an image as displayed: x to the right (column), y down (row), origin at the top left corner.
    public enum MapPixels {}
}
