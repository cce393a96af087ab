import Groundwork
import Logging

/// Tells what is to be told, while this process leads.
///
/// A notice is forgotten after it was handed over: after a crash in between it is told again.
package struct AlarmPost: Sendable {
    private let alarms: any AlarmStore
    private let sender: any AlarmSender
    private let bells: SchedulerBells
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// The most notices in one look.
    static let batch = 50
    /// How long it sleeps at most: alarms wait for windows to end.
    static let longestSleep = Duration.seconds(1)
    /// How long it waits when nobody takes notices.
    static let pause = Duration.seconds(5)

    init(_ parts: SchedulerParts, sender: any AlarmSender) {
        alarms = parts.alarms
        self.sender = sender
        bells = parts.bells
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Tells until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func run(under lease: Lease) async throws {
        while !Task.isCancelled {
            var pause = Self.longestSleep
            do {
                let (told, isWhole) = try await round(under: lease)
                if told == Self.batch, isWhole { continue }
                if !isWhole { pause = Self.pause }
            } catch let error as StoreError where error.isTransient {
                logger.warning("alarms not told", metadata: [LogKey.error: "\(error)"])
            }
            await bells.alarm.wait(atMost: pause, on: clock)
        }
    }

    /// Tells what is due now.
    ///
    /// - Returns: how many notices are done with, and whether that is all that were looked at.
    func round(under lease: Lease) async throws -> (Int, Bool) {
        let due = try await alarms.notices(due: wall.now, limit: Self.batch)
        var done: [Int64] = []
        for stored in due where await isDone(stored.notice) { done.append(stored.id) }
        if !done.isEmpty { try await alarms.remove(done, token: lease.token) }
        return (done.count, done.count == due.count)
    }

    private func isDone(_ notice: AlarmNotice) async -> Bool {
        let metadata: Logger.Metadata = [
            LogKey.job: "\(notice.job)", LogKey.run: "\(notice.run.map { "\($0)" } ?? "-")",
            LogKey.template: "\(notice.target.template)",
        ]
        do throws(AlarmFault) {
            try await sender.send(notice)
            logger.info("alarm told", metadata: metadata)
            return true
        } catch {
            switch error {
            case .refused(let reason):
                logger.error("alarm cannot be told", metadata: metadata.with(reason))
                return true
            case .unavailable(let reason):
                logger.warning("alarm not told yet", metadata: metadata.with(reason))
                return false
            }
        }
    }
}

extension Logger.Metadata {
    fileprivate func with(_ reason: String) -> Logger.Metadata {
        merging([LogKey.reason: "\(reason)"]) { $1 }
    }
}
