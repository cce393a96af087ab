#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Tells the calendar's time; handed in wherever "now" matters, so that a test can move it.
public protocol WallClock: Sendable {
    /// The present instant.
    var now: Moment { get }
}

/// The host's clock.
public struct SystemClock: WallClock {
    /// Makes a clock that reads the host's real-time clock.
    public init() {}

    /// The host's present instant.
    public var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(millisecondsSinceEpoch: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
