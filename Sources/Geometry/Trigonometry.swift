import Foundation
public import Units

/// The sine of an angle in degrees.
public func sine(_ angle: Degrees) -> Double { sin(angle.radians) }
/// The cosine of an angle in degrees.
public func cosine(_ angle: Degrees) -> Double { cos(angle.radians) }
/// The angle of a direction whose parts across and along an axis are known.
public func angle(across: Double, along: Double) -> Degrees { Degrees(atan2(across, along) * 180 / .pi) }
