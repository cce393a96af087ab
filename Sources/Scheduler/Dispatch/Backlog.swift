import Groundwork

/// Runs that were read from the outbox and have not started for want of room.
///
/// They may have changed since: whoever hands one over writes it down first, and only the version that was read.
struct Backlog {
    var runs: [JobRun] = []
    /// The next instant at which a run becomes due by itself.
    private(set) var next: Moment?
    /// The groups whose executors had no room when it was looked last: their runs are not read.
    var full: Set<String> = []
    /// Whether earlier terms may have sent what nobody has confirmed; only this one sends from now on.
    private(set) var isHeir = true
    /// When the outbox was read, by the loop's stopwatch.
    private var readAt = Duration.zero
    /// For how long what was read is good enough.
    private var lifetime = Dispatcher.longestSleep

    /// How many times as long as it took to read the outbox what was read is good enough: where many runs wait, finding
    /// them costs more than all else.
    private static let patience = 8
    private static let longestLifetime = Duration.seconds(2)

    /// Takes what was read instead of what was known, but for some of the groups that were not asked for.
    mutating func take(
        _ outbox: Outbox,
        besides groups: Set<String>,
        readAt: Duration,
        taking length: Duration
    ) {
        runs = runs.filter { groups.contains($0.plan.terms.group) }.prefix(Dispatcher.batch) + outbox.runs
        next = outbox.next
        self.readAt = readAt
        lifetime = max(Dispatcher.longestSleep, min(length * Self.patience, Self.longestLifetime))
    }

    /// Notes that all of the outbox was read.
    mutating func endInheritance(_ runs: [JobRun], under token: FencingToken) {
        isHeir = runs.contains { $0.state.name != .planned && $0.token != token }
    }

    /// Whether it need not be read anew.
    func isFresh(at elapsed: Duration) -> Bool { elapsed - readAt < lifetime }
}
