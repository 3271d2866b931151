import Foundation

/// How many files and sockets this program may have open at once.
///
/// Where none is left, not only the next file fails: the runtime itself looks into /proc every second and ends the program
/// when it cannot (`_dispatch_workq_monitor_pools` of libdispatch). So nobody from outside may use them up.
package enum OpenFiles {
    /// More than this nobody needs, and what is started from here closes them one by one.
    private static let enough: rlim_t = 4096

    /// Raises the limit as far as the system lets it be raised and as it makes sense.
    package static func allowMore() {
        guard var limits = limits(), limits.rlim_cur < enough else { return }
        limits.rlim_cur = min(enough, limits.rlim_max)
        // One that may not be raised stays as it is; the number of connections follows it.
        _ = setrlimit(resource, &limits)
    }

    /// How many connections the control API may have: a quarter of all, for the session comes first.
    static var connections: Int {
        guard let limit = limits()?.rlim_cur else { return 16 }
        return Int(min(128, max(4, limit / 4)))
    }

    #if os(Linux)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif

    private static func limits() -> rlimit? {
        var limits = rlimit()
        return getrlimit(resource, &limits) == 0 ? limits : nil
    }
}
