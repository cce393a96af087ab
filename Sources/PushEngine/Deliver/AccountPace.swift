import Groundwork

/// How an account goes on that was told to slow down.
package struct AccountPaceSettings: Hashable, Sendable {
    /// The part of its rate that it goes on with.
    package var cut = 0.5
    /// How long it takes to get the other part back; a rate grows by as much each second.
    package var recovery = Duration.seconds(20)
    /// The fewest calls a second that it goes on with.
    package var floor = 2.0

    package init() {}
}

/// The rate of one account that was told to slow down: cut at once, and given back little by little.
///
/// That is how senders share a line that nobody measured for them: each cuts its own rate by the same part when it
/// meets the limit, and adds the same amount each second after, so that all come to even shares of what there is. So
/// processes need not know each other's: the supplier itself tells each of them. What a supplier documents is kept by
/// all of them together, beside this (`Supplier.callLimits`).
///
/// Pure: it is told what happened and when.
struct AccountPace {
    /// Calls that were taken in the second that runs, and in the one before.
    private var second: Int64 = 0
    private var taken = 0
    private var takenBefore = 0
    /// What it goes on with; nil as long as it was never told to slow down.
    private var slowed: (rate: Double, since: Duration)?
    /// The rate that it is on its way back to; at twice that nothing is held back any more.
    private var goal = 0.0
    /// How much it grows each second.
    private var growth = 0.0

    /// Notes that the supplier took a call.
    mutating func take(at now: Duration) {
        turn(to: now)
        taken += 1
    }

    /// Slows down, from what the supplier took lately.
    ///
    /// - Parameters:
    ///   - now: when it was told so.
    ///   - rest: until when it is not called at all: it goes on from there.
    ///   - settings: by how much.
    mutating func slowDown(at now: Duration, until rest: Duration, _ settings: AccountPaceSettings) {
        turn(to: now)
        let lately = max(1, Double(max(taken, takenBefore)))
        let reached: Double
        if let allowed = rate(at: now), let slowed {
            // What it does with it is known after two seconds.
            reached = now < slowed.since + .seconds(2) ? allowed : min(allowed, lately)
            goal = max(reached, goal / 2)
        } else {
            reached = lately
            goal = max(reached, settings.floor)
        }
        slowed = (max(settings.floor, reached * settings.cut), rest)
        growth = goal * (1 - settings.cut) / max(1, settings.recovery.inSeconds)
    }

    /// Calls a second that it may make now; nil for any number.
    func rate(at now: Duration) -> Double? {
        guard let slowed else { return nil }
        let rate = slowed.rate + growth * max(0, (now - slowed.since).inSeconds)
        return rate < 2 * goal ? rate : nil
    }

    /// The limit that keeps to its rate now; nil for none.
    func limit(_ name: String, at now: Duration) -> RateLimit? {
        guard let rate = rate(at: now) else { return nil }
        return RateLimit(
            name: name,
            permits: max(1, Int(rate * 10)),
            per: .seconds(10),
            burst: max(1, Int(rate / 5))
        )
    }

    private mutating func turn(to now: Duration) {
        let next = now.wholeMilliseconds / 1_000
        guard next != second else { return }
        takenBefore = next == second + 1 ? taken : 0
        taken = 0
        second = next
    }
}
