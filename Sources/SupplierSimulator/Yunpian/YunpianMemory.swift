import Groundwork

/// What the simulated Yunpian remembers beside the ledger: what each number got lately.
struct YunpianMemory: Sendable {
    private struct Delivery: Hashable, Sendable {
        let recipient: UInt64
        let contentHash: UInt64
    }

    private var deliveries = RecentMemory<Delivery, [Moment]>(for: .seconds(300))

    /// Why a number cannot get a content now; nil when it can, which counts.
    ///
    /// - Parameters:
    ///   - recipient: the number.
    ///   - contentHash: what it is to get.
    ///   - now: the time.
    /// - Returns: the code: 8 for the same within 30 seconds, 9 for the fourth time in 5 minutes.
    mutating func fault(_ recipient: UInt64, _ contentHash: UInt64, at now: Moment) -> Int64? {
        let delivery = Delivery(recipient: recipient, contentHash: contentHash)
        let times = (deliveries.value(of: delivery, at: now)?.value ?? [])
            .filter { now - $0 < .seconds(300) }
        if let last = times.last, now - last < .seconds(30) { return 8 }
        guard times.count < 3 else { return 9 }
        deliveries.note(times + [now], for: delivery, at: now)
        return nil
    }
}
