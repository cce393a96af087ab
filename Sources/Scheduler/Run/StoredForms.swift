package import Groundwork

extension RunState {
    /// The parts of a state for which stores have columns of their own.
    package var stored: (due: Moment?, sends: Int) {
        switch self {
        case .planned(let due): (due, 0)
        case .dispatching(let sends, let resendAt): (resendAt, sends)
        case .running, .ended: (nil, 0)
        }
    }
}

extension RetryPolicy {
    /// The policy's five numbers; every run has them, so stores keep them in a form that is read fast.
    package var stored: String {
        let waits = "\(backoff.first.wholeMilliseconds) \(backoff.ceiling.wholeMilliseconds)"
        return "\(limit) \(waits) \(backoff.factor) \(backoff.jitter)"
    }

    /// Reads the form in which stores keep it.
    ///
    /// - Throws: `StoreError` of code `.corrupted` when it is none.
    package init(stored text: String) throws(StoreError) {
        let parts = text.split(separator: " ")
        guard parts.count == 5, let limit = Int(parts[0]), let first = Int64(parts[1]),
            let ceiling = Int64(parts[2]), let factor = Double(parts[3]), let jitter = Double(parts[4])
        else { throw StoreError(.corrupted, during: "read retry", detail: text) }
        let backoff = Backoff(
            first: .milliseconds(first),
            ceiling: .milliseconds(ceiling),
            factor: factor,
            jitter: jitter
        )
        self.init(limit: limit, backoff: backoff)
    }
}
