import Foundation
public import Units

/// The sine of an angle in degrees.
public func sine(_ angle: Degrees) -> Double { sin(angle.radians) }
/// The cosine of an angle in degrees.
public func cosine(_ angle: Degrees) -> Double { cos(angle.radians) }
