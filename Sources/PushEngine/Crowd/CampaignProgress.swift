package import Groundwork

/// How far one occurrence of a campaign is, in numbers that add up.
///
/// Rows read are rows refused and messages taken on; messages taken on are the sum over their states.
package struct CampaignProgress: Hashable, Sendable {
    package let run: CampaignRun
    /// Data rows of the crowd file, good and bad.
    package let rowCount: Int64
    /// Messages by state.
    package let states: [DeliveryState: Int]
    /// Messages by the account that was last called for them, and state.
    package let accounts: [AccountID: [DeliveryState: Int]]
    /// Message units charged.
    package let charge: Int
    /// How often its links were followed; nil when it has no short links.
    package let clicks: CampaignClicks?

    package init(run: CampaignRun, rowCount: Int64, tallies: [Tally], clicks: CampaignClicks? = nil) {
        self.run = run
        self.rowCount = rowCount
        var states: [DeliveryState: Int] = [:]
        var accounts: [AccountID: [DeliveryState: Int]] = [:]
        for tally in tallies {
            states[tally.state, default: 0] += tally.count
            if let account = tally.account {
                accounts[account, default: [:]][tally.state, default: 0] += tally.count
            }
        }
        self.states = states
        self.accounts = accounts
        charge = tallies.reduce(0) { $0 + $1.charge }
        self.clicks = clicks
    }

    /// Rows that were left out.
    package var refused: Int { run.refused.values.reduce(0, +) }

    /// Messages taken on.
    package var received: Int { states.values.reduce(0, +) }

    /// Messages that nobody has been asked to send yet.
    package var waiting: Int { states[.queued, default: 0] + states[.held, default: 0] }

    /// Messages whose state is not their last.
    package var open: Int { states.reduce(0) { $0 + ($1.key.isFinal ? 0 : $1.value) } }

    /// Whether every row was read, or never will be, and every message has its final state.
    package var isSettled: Bool { (run.state == .finished || run.state == .cancelled) && open == 0 }

    /// The share of the rows that are sent or refused, from 0 to 1.
    package var share: Double { share(without: waiting) }

    /// The share of the rows whose fate is sealed, from 0 to 1: refused, or a message in its final state.
    package var settledShare: Double { share(without: open) }

    private func share(without messages: Int) -> Double {
        guard rowCount > 0 else { return 1 }
        // The occurrence was read before its tallies, which may be ahead of it.
        return max(0, Double(run.rowsRead - Int64(messages)) / Double(rowCount))
    }

    /// Rows read a second since the start; nil in the first instant.
    package func rate(at now: Moment) -> Double? {
        let time = ((run.readAt ?? now) - run.startedAt).inSeconds
        return time > 0 ? Double(run.rowsRead) / time : nil
    }

    /// What is left at the rate so far; nil when it is not running or no rate is known.
    package func timeLeft(at now: Moment) -> Duration? {
        guard run.state == .running, let rate = rate(at: now), rate > 0 else { return nil }
        return .seconds(Double(rowCount - run.rowsRead) / rate)
    }
}
