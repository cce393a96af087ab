import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// What operators see of a job's versions, on a real store.
struct JobHistoryTests {
    @Test func `every change is a version that says what it changed`() async throws {
        let rig = try SchedulerRig()
        var spec = JobSpec.sample("coded")
        spec.handler = ""
        spec.script = JobScript(.shell, "echo 1\n", remark: "counts")
        let job = try await rig.jobs.create(spec)
        rig.clock.advance(by: .seconds(1))
        spec.script?.source = "echo 2\n"
        spec.params = "b=2"
        let edited = try await rig.jobs.update(job.id, version: 1, to: spec)
        _ = try await rig.jobs.setEnabled(job.id, false)
        let steps = try await rig.jobs.versions(of: job.id).elements
        #expect(steps.map(\.version.number) == [3, 2, 1])
        #expect(steps.map(\.changes) == [[.enabled], [.script, .params], nil])
        #expect(steps[1].version.spec == edited.spec)
        #expect(steps[1].version.since == job.createdAt + .seconds(1))
        let page = try await rig.jobs.versions(of: job.id, limit: 1)
        #expect(page.elements.map(\.changes) == [[.enabled]])
        #expect(page.next == 3)
        #expect(try await rig.jobs.versions(of: job.id, after: 3, limit: 1).elements == [steps[1]])
    }

    @Test func `a definition and a call with a key write history as any change does`() async throws {
        let rig = try SchedulerRig()
        let spec = JobSpec.sample("defined")
        _ = try await rig.jobs.apply([JobDefinition(spec)])
        var changed = spec
        changed.params = "new"
        let applied = try await rig.jobs.apply([JobDefinition(changed, isEnabled: false)])
        guard case .updated(let job) = applied.first else {
            Issue.record("\(applied)")
            return
        }
        let steps = try await rig.jobs.versions(of: job.id).elements
        #expect(steps.map(\.changes) == [[.enabled, .params], nil])
        #expect(steps.allSatisfy { $0.version.definition != nil })
    }

    @Test func `an earlier version is restored as a new one, and the switch stays`() async throws {
        let rig = try SchedulerRig()
        var spec = JobSpec.sample("restored", schedule: .every(.seconds(10)))
        let first = try await rig.jobs.create(spec)
        spec.schedule = .every(.seconds(60))
        spec.params = "b=2"
        let second = try await rig.jobs.update(first.id, version: 1, to: spec)
        let off = try await rig.jobs.setEnabled(first.id, false)
        let restored = try await rig.jobs.restore(1, of: first.id, version: off.version)
        #expect(restored.spec == first.spec)
        #expect(!restored.isEnabled)
        #expect(restored.version == 4)
        let steps = try await rig.jobs.versions(of: first.id).elements
        #expect(steps.first?.changes == [.schedule, .params])
        #expect(steps.map(\.version.spec)[2] == second.spec)
        await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.restore(1, of: first.id, version: off.version)
        }
        await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.restore(9, of: first.id, version: restored.version)
        }
    }

    @Test func `a version whose name another job has now is not restored`() async throws {
        let rig = try SchedulerRig()
        var spec = JobSpec.sample("old name")
        let job = try await rig.jobs.create(spec)
        spec.name = "new name"
        let renamed = try await rig.jobs.update(job.id, version: 1, to: spec)
        _ = try await rig.jobs.create(.sample("old name"))
        let error = await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.restore(1, of: job.id, version: renamed.version)
        }
        guard case .conflict = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await rig.jobs.job(job.id) == renamed)
    }

    @Test func `of a job that is gone the versions stay, of one that never was there are none`() async throws
    {
        let rig = try SchedulerRig()
        let job = try await rig.jobs.create(.sample("gone"))
        try await rig.jobs.remove(job.id)
        let step = try #require(try await rig.jobs.versions(of: job.id).elements.first)
        #expect(step.version.end != nil)
        await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.versions(of: JobID(rawValue: 99))
        }
    }

    @Test func `whatever is stored of a job is a field that versions are compared by`() throws {
        var spec = JobSpec.sample("whole", children: [ChildJob(JobName("app/next"))])
        spec.script = JobScript(.shell, "ls\n")
        spec.alarm = AlarmPolicy([AlarmTarget(template: 1, receivers: ["a"])])
        spec.keep = .seconds(86_400)
        spec.lateness = LatenessTarget(.seconds(1))
        spec.hashKey = "1"
        let stored = try JSONSerialization.jsonObject(with: JSONEncoder().encode(spec))
        let keys = try #require(stored as? [String: Any]).keys
            .map { ["keep_ms": "keepDays", "timeout_ms": "timeout", "hash_key": "hashKey"][$0] ?? $0 }
        #expect(Set(keys) == Set(JobField.allCases.map(\.rawValue)).subtracting(["enabled"]))
    }
}
