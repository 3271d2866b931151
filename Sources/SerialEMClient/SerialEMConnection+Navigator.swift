import SerialEMProtocol

extension SerialEMConnection {
    /// Whether the Navigator is open.
    public func reportIfNavOpen() async throws(SerialEMError) -> NavigatorState {
        let values = try await read("ReportIfNavOpen")
        guard let state = NavigatorState(rawValue: try values.integer(0)) else {
            throw .badReply(values.context, "\(values.values) is no state of the Navigator.")
        }
        return state
    }

    /// Opens the Navigator; with a file it must be closed before.
    public func openNavigator(_ file: String? = nil) async throws(SerialEMError) {
        try await run("OpenNavigator", [.text(file)], kind: .repeatable)
    }

    /// Closes the Navigator. Save it first: SerialEM would ask a person about unsaved items.
    public func closeNavigator() async throws(SerialEMError) { try await run("CloseNavigator", kind: .repeatable) }

    /// Saves the items, under a new name if one is given.
    public func saveNavigator(_ file: String? = nil) async throws(SerialEMError) {
        try await run("SaveNavigator", [.text(file)], kind: .repeatable)
    }

    /// Reads a Navigator file in place of the present items.
    public func readNavFile(_ file: String) async throws(SerialEMError) {
        try await run("ReadNavFile", [.text(file)], kind: .repeatable)
    }

    /// The path of the Navigator's file; an error if there is none.
    public func reportNavFile() async throws(SerialEMError) -> String { try await read("ReportNavFile").text(0) }

    /// The number of items.
    public func reportNumTableItems() async throws(SerialEMError) -> Int {
        try await read("ReportNumTableItems").integer(0)
    }

    /// The current item, or the one that is being acquired.
    public func reportNavItem() async throws(SerialEMError) -> NavigatorItem { try item(try await read("ReportNavItem")) }

    /// An item by its place from 1, or from the end for negative numbers.
    public func reportOtherItem(_ index: Int) async throws(SerialEMError) -> NavigatorItem {
        try item(try await read("ReportOtherItem", [.integer(index)]))
    }

    /// The place of the first item with this note; `nil` if there is none.
    public func navIndexWithNote(_ note: String) async throws(SerialEMError) -> Int? {
        let index = try await read("NavIndexWithNote", [.text(note)]).integer(0)
        return index > 0 ? index : nil
    }

    /// The place of the first item with this label in any case; `nil` if there is none.
    public func navIndexWithLabel(_ label: String) async throws(SerialEMError) -> Int? {
        let index = try await read("NavIndexWithLabel", [.text(label)]).integer(0)
        return index > 0 ? index : nil
    }

    /// Makes a map of the image in A or of the montage overview in B, with a note, and gives its place.
    public func newMap(note: String? = nil) async throws(SerialEMError) -> Int {
        let values = try await run(
            "NewMap", note.map { [.integer(0), .text($0)] } ?? [], kind: .exposing, deadline: Deadline.task)
        return try values.integer(0)
    }

    /// Loads a map into a buffer, the read buffer if not said otherwise. The overview of a large montage takes minutes.
    public func loadOtherMap(_ index: Int, buffer: String? = nil) async throws(SerialEMError) {
        try await run("LoadOtherMap", [.integer(index), .text(buffer)], kind: .repeatable, deadline: Deadline.task)
    }

    /// Changes the label of an item; SerialEM takes 16 characters.
    public func changeItemLabel(_ index: Int, _ label: String) async throws(SerialEMError) {
        try await run("ChangeItemLabel", [.integer(index), .text(label)], kind: .repeatable)
    }

    /// Changes the note of an item.
    public func changeItemNote(_ index: Int, _ note: String) async throws(SerialEMError) {
        try await run("ChangeItemNote", [.integer(index), .text(note)], kind: .repeatable)
    }

    /// Changes the colour of an item: 0 red, 1 green, 2 blue, 3 yellow, 4 magenta, 5 black.
    public func changeItemColor(_ index: Int, _ color: Int) async throws(SerialEMError) {
        try await run("ChangeItemColor", [.integer(index), .integer(color)], kind: .repeatable)
    }

/// Finds how a grid lies that was loaded again, by images at five pieces of a montage map, and moves all items of the map's
    /// registration along into a new one. Rotations within SerialEM's own limit are searched. Not before SerialEM 4.2.
    public func realignReloadedGrid(toMap index: Int) async throws(SerialEMError) {
        try await run(
            "RealignReloadedGrid", [.integer(index), .number(0), .integer(0), .number(0), .integer(1)], kind: .exposing,
            deadline: Deadline.hours, expected: Deadline.hour)
    }

        private func item(_ values: ReportedValues) throws(SerialEMError) -> NavigatorItem {
        guard let kind = NavigatorItem.Kind(rawValue: try values.integer(4)) else {
            throw .badReply(values.context, "\(values.values) is no item of the Navigator.")
        }
        return NavigatorItem(
            index: try values.integer(0), x: try values.micrometers(1), y: try values.micrometers(2),
            z: try values.micrometers(3), kind: kind)
    }
}
