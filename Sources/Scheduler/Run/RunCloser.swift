package import Groundwork
import Logging

/// Ends runs, counts them, and wakes who waits for that; every end goes through here.
package struct RunCloser: Sendable {
    private let runs: any RunStore
    private let gauges: SchedulerGauges
    private let bells: SchedulerBells
    private let logger: Logger

    package init(_ parts: SchedulerParts) {
        runs = parts.runs
        gauges = parts.gauges
        bells = parts.bells
        logger = parts.logger
    }

    /// Ends one run with all that follows from it; does nothing when it has ended before.
    @discardableResult
    package func close(
        _ run: JobRun,
        _ end: RunEnd,
        token: FencingToken?
    ) async throws(StoreError) -> [JobRun] {
        try await close([(run, end)], token: token)
    }

    /// Ends runs, in one transaction, with all that follows; passes over those that have ended before.
    @discardableResult
    package func close(
        _ ends: [(run: JobRun, end: RunEnd)],
        token: FencingToken?
    ) async throws(StoreError) -> [JobRun] {
        let closings = ends.compactMap { RunClosing($0.run, $0.end) }
        guard !closings.isEmpty else { return [] }
        let closed = try await runs.close(closings, token: token)
        let ended = closed.runs
        guard !ended.isEmpty else { return [] }
        gauges.ended(ended)
        for run in ended { log(run) }
        // Most ends are waited for by nobody: each time the outbox is read it costs more than such a run.
        let makesRoom = ended.contains { $0.executor?.address.isPulled == true }
        if closed.isWaitedFor || makesRoom || closings.contains(where: { $0.retry != nil }) {
            bells.runsMayGo()
        }
        // Only a fixed delay makes a job due again by an end.
        if closings.contains(where: { $0.nextTriggerAt != nil }) { bells.trigger.ring() }
        if ended.contains(where: \.plan.terms.hasSequel) { bells.sequel.ring() }
        return ended
    }

    private func log(_ run: JobRun) {
        guard let end = run.end else { return }
        let level: Logger.Level = end.reason.outcome == .failed ? .notice : .debug
        logger.log(
            level: level,
            "run ended",
            metadata: [
                LogKey.run: "\(run.id)", LogKey.job: "\(run.plan.job)",
                LogKey.reason: "\(end.reason.rawValue)",
            ]
        )
    }
}
