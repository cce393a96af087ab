/// Tells the time since it was made, by a monotonic clock.
package struct Stopwatch: Sendable {
    private let read: @Sendable () -> Duration

    package init(_ clock: any Clock<Duration>) {
        self = Self.start(clock)
    }

    private init(read: @escaping @Sendable () -> Duration) {
        self.read = read
    }

    package var elapsed: Duration { read() }

    private static func start(_ clock: some Clock<Duration>) -> Stopwatch {
        let start = clock.now
        return Stopwatch { start.duration(to: clock.now) }
    }
}
