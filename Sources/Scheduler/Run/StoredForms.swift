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
    /// The policy's five numbers, and its reasons where it has some; every run has them, so stores keep them in a form that
    /// is read fast.
    package var stored: String { self == .never ? Self.storedNever : written }

    /// That of most runs, made once.
    private static let storedNever = RetryPolicy.never.written

    private var written: String {
        let waits = "\(backoff.first.wholeMilliseconds) \(backoff.ceiling.wholeMilliseconds)"
        let numbers = "\(limit) \(waits) \(backoff.factor) \(backoff.jitter)"
        return reasons.map { "\(numbers) \($0.inOrder.map(\.rawValue).joined(separator: ","))" } ?? numbers
    }

    /// Reads the form in which stores keep it.
    ///
    /// - Throws: `StoreError` of code `.corrupted` when it is none.
    package init(stored text: String) throws(StoreError) {
        if text == Self.storedNever {
            self = .never
            return
        }
        let parts = text.split(separator: " ")
        guard 5...6 ~= parts.count, let limit = Int(parts[0]), let first = Int64(parts[1]),
            let ceiling = Int64(parts[2]), let factor = Double(parts[3]), let jitter = Double(parts[4])
        else { throw StoreError(.corrupted, during: "read retry", detail: text) }
        let backoff = Backoff(
            first: .milliseconds(first),
            ceiling: .milliseconds(ceiling),
            factor: factor,
            jitter: jitter
        )
        var reasons: Set<RunReason>?
        if parts.count == 6 {
            // A word of a later version is one that this version never ends a run with.
            reasons = Set(parts[5].split(separator: ",").compactMap { RunReason(rawValue: String($0)) })
        }
        self.init(limit: limit, backoff: backoff, reasons: reasons)
    }
}
