import Groundwork
import Logging
import People
import SQLiteDriver
import TestKit
import Testing

/// Old entries of the audit trail go by themselves.
@Suite struct AuditPrunerTests {
    @Test func `what is older than the retention goes, and what is younger stays`() async throws {
        let folder = try TemporaryFolder()
        let trail = SQLiteAuditStore(try SchedulerDatabase(path: folder.file("scheduler.db")))
        let timer = ManualClock(Moment(secondsSinceEpoch: 1_894_680_000))
        let clock = timer.calendar
        for days in [0, 9, 11, 400] {
            let actor = AuditActor(name: "ann", user: nil, way: .page)
            let at = clock.now - .seconds(86_400 * days)
            try await trail.add(
                AuditRecord(
                    at: at,
                    actor: actor,
                    address: "",
                    act: "edit",
                    subject: AuditSubject(kind: "jobs")
                )
            )
        }
        let pruner = AuditPruner(
            trail: trail,
            retention: .seconds(86_400 * 10),
            clock: clock,
            timer: timer,
            logger: Logger(label: "people") { _ in SwiftLogNoOpLogHandler() }
        )
        let task = Task { await pruner.run() }
        await timer.sleepers()
        task.cancel()
        await task.value
        #expect(try await trail.entries(AuditFilter(), before: nil, limit: 10).count == 2)
        withExtendedLifetime(folder) {}
    }
}
