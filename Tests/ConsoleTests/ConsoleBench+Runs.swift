import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

/// Executors and runs.
extension ConsoleBench {
    /// Puts an executor of group `app` at `host` and registers it.
    @discardableResult
    func executor(at host: String = "one") async throws -> FakeExecutor {
        let executor = FakeExecutor()
        executors.place(executor, at: host)
        let request = RegistryRequest(appName: "app", address: "http://\(host):9999/", instance: "first")
        let caller = ExecutorDoor.Caller(accessToken: Self.accessToken.reveal())
        let envelope = await parts.executors.register(request, from: caller)
        #expect(envelope.isSuccess)
        return executor
    }

    /// A run that the executor at `host` has taken.
    func running(on host: String = "one") async throws -> JobRun {
        let job = try await parts.jobs.create(.sample(schedule: .manual))
        let planned = try #require(try await parts.jobs.trigger(job.id).first)
        let address = ExecutorAddress(stored: "http://\(host):9999")
        let sent = planned.dispatched(
            to: ExecutorReference(address: address, instance: "first"),
            at: now,
            resendAt: now + .seconds(60)
        )
        let stored = try await scheduler.runs.advance([#require(sent)], token: nil)
        let accepted = try #require(stored.first).accepted(at: now)
        let running = try await scheduler.runs.advance([#require(accepted)], token: nil)
        return try #require(running.first)
    }

    /// Calls back, as the run's executor does when it is over.
    func finish(_ run: JobRun) async {
        let item = CallbackItem(run: run.id, plannedAt: run.plan.plannedAt, outcome: .succeeded("done"))
        let envelope = await parts.executors.callBack(CallbackBatch([item]))
        #expect(envelope.isSuccess)
    }
}
