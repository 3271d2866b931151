import Foundation
import Logging
public import Microscope
public import Navigator
import SerialEMClient
import Units

extension SerialEMMicroscope {
    public func navigator() async throws -> NavigatorFile {
        let c = connection
        let path = navigatorPath
        try await Self.wording { try await c.saveNavigator(path) }
        return try NavigatorFile.read(path)
    }

    public func editNavigator(_ edit: @Sendable (inout NavigatorFile) throws -> Void) async throws -> NavigatorFile {
        let present = try await navigator()
        var file = present
        try edit(&file)
        // Closing and reading takes a second or two, and people who look at the Navigator see it go.
        guard file != present else { return file }
        let c = connection
        let path = navigatorPath
        // SerialEM asks about unsaved changes when it reads over them; they were saved a moment ago.
        try await confirm("The navigator closed") {
            try await c.closeNavigator()
        } reads: {
            try await c.reportIfNavOpen() == .closed
        }
        try file.write(to: path)
        let items = file.items.count
        try await confirm("The navigator with \(items) items") {
            try await c.readNavFile(path)
        } reads: {
            guard try await c.reportIfNavOpen() != .closed else { return false }
            return try await c.reportNumTableItems() == items
        }
        return file
    }

    public func startAcquisition(script: Int) async throws {
        let c = connection
        try await Self.wording {
            guard try await c.reportNumNavAcquire().items > 0 else {
                throw MicroscopeError(.missing, "No navigator item is marked for acquisition.")
            }
            try await c.saveNavigator()
            try await c.navAcqAtEndUseParams("F")
            // Scripts that are left in SerialEM's dialog would run before or after each item.
            try await c.setNavAcqAtEndParams([("prim", 2), ("scrp-p", Double(script)), ("scrp-b", 0), ("scrp-a", 0)])
            try await c.startNavAcquireAtEnd()
            try await c.exit()
        }
        await c.close()
    }

    public func awaitControl(within limit: Duration, tick: @Sendable (Duration, AcquisitionSign) -> Void) async throws -> AcquisitionEnd {
        let clock = ContinuousClock()
        let begin = clock.now
        // A SerialEM that works answers that it is busy; nobody at the port means that the program ended.
        var wasGone = false
        var sign = AcquisitionSign.busy
        while true {
            let waited = clock.now - begin
            guard waited < limit else {
                throw MicroscopeError(
                    .deadline, "Acquire at Items did not give control back within \(limit.formatted()). Look at SerialEM.")
            }
            tick(waited, sign)
            // The acquisition starts in SerialEM's next idle cycles; asking at once could find it idle before it began.
            try await Task.sleep(for: .seconds(2), clock: clock)
            do throws(SerialEMError) {
                let c = try await SerialEMConnection.connect(host: host, port: port, times: timesFile.times, logger: logger)
                // A refused client stays connected; only the connection that is used may stay.
                do throws(SerialEMError) {
                    _ = try await c.beginControl()
                    let state = try await c.reportIfNavAcquiring()
                    connection = c
                    return state.isAcquiring ? .paused : wasGone ? .restarted : .finished
                } catch {
                    await c.close()
                    throw error
                }
            } catch {
                switch error.code {
                case .unreachable:
                    wasGone = true
                    sign = .silent
                case .deadline, .connectionLost: sign = .silent
                case .busy: sign = .busy
                default: throw Self.worded(error)
                }
            }
        }
    }

    public func reconnect() async throws {
        guard !connection.isOpen else { return }
        do {
            try await openAgain()
        } catch {
            throw Self.worded(error)
        }
        let c = connection
        try await Self.wording { try await c.errorsToLog() }
    }

    /// Connects and takes control again where the connection was lost.
    func openAgain() async throws(SerialEMError) {
        guard !connection.isOpen else { return }
        let fresh = try await SerialEMConnection.connect(host: host, port: port, times: timesFile.times, logger: logger)
        do {
            _ = try await fresh.beginControl()
        } catch {
            // A refused client would stay connected, and be taken for one that is in control.
            await fresh.close()
            throw error
        }
        connection = fresh
    }

    public func disconnect() async {
        let c = connection
        timesFile.write(logger: logger)
        // Nothing is left to do if SerialEM is gone already.
        try? await c.exit()
        await c.close()
    }
}
