import Groundwork

/// How often a command asks again: at once while things move, less often while nothing does.
struct Pace {
    private static let quickest = Duration.milliseconds(200)
    private static let slowest = Duration.seconds(2)
    private var pause = Pace.quickest

    /// Waits before the next question; `moved` tells whether the last answer was a new one.
    mutating func wait(moved: Bool) async throws {
        pause = moved ? Self.quickest : min(Self.slowest, pause * 1.5)
        try await Task.sleep(for: pause)
    }
}
