package import Groundwork
import Synchronization

/// Counts what the scheduler does, for metrics; lives as long as the process.
package final class SchedulerGauges: Sendable {
    /// What was counted so far.
    package struct Reading: Sendable {
        package var planned: [TriggerKind: Int] = [:]
        package var ended: [RunReason: Int] = [:]
        /// From the planned instant of a schedule's trigger to the row that records it.
        package var planLateness = Histogram()
        /// From the planned instant of a schedule's trigger to the acceptance of its first attempt by an
        /// executor; holds the wait for an earlier run of a serial job too.
        package var startLateness = Histogram()
        /// How long handing a run over took.
        package var handover = Histogram()
        /// How long each stage took of first attempts that a schedule made; what a schedule spreads them by counts as waiting.
        package var stages: [RunStage: Histogram] = [:]
        package var callbacks = 0
        /// Callbacks about runs that had ended before, or that nobody knows.
        package var lateCallbacks = 0
        /// The token of the term this process leads, or nil.
        package var leading: FencingToken?
        /// For how long this process may yet go on without renewing its lease; nil while it does not lead.
        package var trustLeft: Duration?
    }

    /// Counts durations by ranges that double, from a millisecond to a minute.
    package struct Histogram: Hashable, Sendable {
        /// The upper bounds of the ranges; one more range holds what is longer.
        package static let bounds: [Duration] = (0...16).map { .milliseconds(1 << $0) }
        package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
        package private(set) var sum = Duration.zero

        package init() {}

        package var count: Int { counts.reduce(0, +) }

        mutating func record(_ duration: Duration) {
            counts[Self.bounds.firstIndex { duration <= $0 } ?? Self.bounds.count] += 1
            sum += max(.zero, duration)
        }
    }

    private let state = Mutex(Reading())
    private let trust = Mutex<(@Sendable () -> Duration)?>(nil)

    package init() {}

    package var reading: Reading {
        var reading = state.withLock { $0 }
        reading.trustLeft = trust.withLock { $0 }?()
        return reading
    }

    func planned(_ runs: [JobRun], at now: Moment) {
        state.withLock { reading in
            for run in runs {
                reading.planned[run.plan.trigger, default: 0] += 1
                if let end = run.end { reading.ended[end.reason, default: 0] += 1 }
                guard run.plan.trigger == .schedule else { continue }
                reading.planLateness.record(now - run.plan.plannedAt)
                reading.stages[.planned, default: Histogram()].record(now - run.plan.plannedAt)
            }
        }
    }

    func accepted(_ runs: [JobRun]) {
        state.withLock { reading in
            for run in runs {
                guard let started = run.startedAt, let dispatched = run.dispatchedAt else { continue }
                reading.handover.record(started - dispatched)
                guard run.plan.trigger == .schedule else { continue }
                reading.startLateness.record(started - run.plan.plannedAt)
                guard run.plan.attempt == 1 else { continue }
                for (stage, duration) in run.stages(due: run.plan.plannedAt) where stage != .ended {
                    reading.stages[stage, default: Histogram()].record(duration)
                }
            }
        }
    }

    func ended(_ runs: [JobRun]) {
        state.withLock { reading in
            for run in runs {
                guard let end = run.end else { continue }
                reading.ended[end.reason, default: 0] += 1
                guard run.plan.trigger == .schedule, run.plan.attempt == 1,
                    let duration = run.stages(due: run.plan.plannedAt)[.ended]
                else { continue }
                reading.stages[.ended, default: Histogram()].record(duration)
            }
        }
    }

    func calledBack(_ told: Int, counted: Int) {
        state.withLock { reading in
            reading.callbacks += told
            reading.lateCallbacks += told - counted
        }
    }

    /// Notes under which token this process leads from now on.
    ///
    /// - Parameters:
    ///   - token: of the term.
    ///   - trustLeft: tells for how long the lease is trusted from the moment it is asked.
    func leads(_ token: FencingToken, trustLeft: @escaping @Sendable () -> Duration) {
        trust.withLock { $0 = trustLeft }
        state.withLock { $0.leading = token }
    }

    func leadsNoMore() {
        trust.withLock { $0 = nil }
        state.withLock { $0.leading = nil }
    }
}
