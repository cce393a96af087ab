import Groundwork
import PushEngine

/// How fast one supplier's adapter sends to the simulator, with nothing of the engine around it.
struct AdapterBench: Sendable {
    let sample: ChannelSample
    let adapter: any Supplier
    /// How many calls are out at a time.
    let callsAtOnce: Int
    let timer: ContinuousClock

    /// What was measured.
    struct Figures: Sendable {
        var calls = 0
        var recipients = 0
        /// How long each call took.
        var latencies: [Duration] = []
        /// Verdicts that were no acceptance, by their code.
        var refused: [String: Int] = [:]
        var time = Duration.zero

        /// Recipients that the supplier took.
        var accepted: Int { recipients - refused.values.reduce(0, +) }

        var callsPerSecond: Double { Double(calls) / max(0.001, time.inSeconds) }
        var recipientsPerSecond: Double { Double(recipients) / max(0.001, time.inSeconds) }

        /// The latency that a share of the calls kept to.
        func latency(_ share: Double) -> Duration {
            let sorted = latencies.sorted()
            return sorted.isEmpty ? .zero : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }

        fileprivate mutating func add(_ other: Figures) {
            calls += other.calls
            recipients += other.recipients
            latencies += other.latencies
            refused.merge(other.refused, uniquingKeysWith: +)
        }
    }

    /// The call that takes most recipients.
    var recipientsPerCall: Int { adapter.shapes.map(\.recipients).max() ?? 1 }

    /// How many recipients a second the supplier allows by what it documents; nil where it documents nothing.
    var allowedPerSecond: Double? {
        adapter.callLimits.map { Double($0.permits) / $0.period.inSeconds }.min()
            .map { $0 * Double(recipientsPerCall) }
    }

    /// Sends for a while.
    ///
    /// - Parameters:
    ///   - time: for how long calls are begun.
    ///   - number: tells the recipients from those of other runs.
    /// - Returns: what was measured.
    func run(for time: Duration, number: Int) async -> Figures {
        let start = timer.now
        let end = start + time
        var figures = await withTaskGroup(of: Figures.self) { group in
            for lane in 0..<callsAtOnce {
                group.addTask { await send(until: end, run: number, lane: lane) }
            }
            var sum = Figures()
            for await figures in group { sum.add(figures) }
            return sum
        }
        figures.time = timer.now - start
        return figures
    }

    private func send(until end: ContinuousClock.Instant, run: Int, lane: Int) async -> Figures {
        var figures = Figures()
        let content = sample.content.replacing("{$name}", with: "李")
        // Each lane of each run has a million recipients to itself.
        let first = ((run * callsAtOnce) + lane) * 1_000_000
        while timer.now < end {
            let start = timer.now
            let numbers = first + figures.recipients..<first + figures.recipients + recipientsPerCall
            let reply = await adapter.send(
                SupplierCall(
                    requestKey: "bench-\(numbers.lowerBound)",
                    recipients: numbers.map(sample.address),
                    contents: [content],
                    contentIndex: numbers.map { _ in 0 }
                )
            )
            figures.latencies.append(timer.now - start)
            figures.calls += 1
            figures.recipients += numbers.count
            for verdict in reply.verdicts {
                if let code = verdict.faultCode { figures.refused[code, default: 0] += 1 }
            }
        }
        return figures
    }
}

extension SupplierVerdict {
    /// Why it is no acceptance; nil when it is one.
    fileprivate var faultCode: String? {
        switch self {
        case .accepted: nil
        case .ambiguous(let detail): detail
        case .refused(let refusal): refusal.code
        }
    }
}
