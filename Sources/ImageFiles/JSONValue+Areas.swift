extension JSONValue {
    /// The sidecar `<map>_areas.json`: the area of each class of a segmentation.
    public static func areas(_ areas: [(className: String, area: Double)]) -> JSONValue {
        var entries: JSONObject = ["unit": "square micrometres"]
        for (name, area) in areas { entries[name] = .number(area) }
        return .object(entries)
    }
}
