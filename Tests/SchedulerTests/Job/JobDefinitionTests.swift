import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct JobDefinitionTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test(arguments: [2.3, 0.1, 99.9, 0.001, 1_001.001])
    func `seconds are kept to the millisecond, there and back`(seconds: Double) throws {
        let text = #"{"name":"a","group":"app","handler":"h","timeout_seconds":\#(seconds)}"#
        let definition = try read(text)
        #expect(definition.spec.timeout == .milliseconds(Int64((seconds * 1_000).rounded())))
        #expect(try read(definition.fingerprint).spec == definition.spec)
    }

    @Test(arguments: ["1e30", "-1", "1000000001"])
    func `a number that makes no duration is refused by name`(number: String) {
        for key in ["timeout_seconds", "keep_days"] {
            let text = #"{"name":"a","group":"app","handler":"h","\#(key)":\#(number)}"#
            #expect(throws: DecodingError.self) { try read(text) }
        }
        for part in [
            #""retry":{"limit":1,"first_seconds":\#(number)}"#,
            #""schedule":{"every":"1s","jitter_seconds":\#(number)}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try read(#"{"name":"a","group":"app","handler":"h",\#(part)}"#)
            }
        }
    }

    @Test func `what a definition says of the switch comes with all else, or not at all`() async throws {
        var definition = try read(#"{"name":"a","group":"app","handler":"h","schedule":{"every":"10s"}}"#)
        _ = try await rig.jobs.apply([definition])
        definition.isEnabled = false
        definition.spec.params = "other"
        guard case .updated(let job) = try await rig.jobs.apply([definition]).first else {
            Issue.record("must be updated")
            return
        }
        // One write: whoever dies has made all of the change, or none of it.
        #expect((job.version, job.isEnabled, job.nextTriggerAt) == (2, false, nil))
        definition.isEnabled = true
        _ = try await rig.jobs.apply([definition])
        let on = try await rig.jobs.job(job.id)
        #expect((on.version, on.isEnabled, on.nextTriggerAt) == (3, true, rig.now + .seconds(10)))
    }

    @Test func `the words of a file become a job`() throws {
        let definition = try read(
            """
            {"name": "night release", "group": "kpush", "handler": "nightRelease", "params": "limit=5",
             "schedule": {"cron": "0 0 8 * * ?", "zone": "Asia/Shanghai", "daylight": "skip"},
             "misfire": "fire_once", "overlap": "DISCARD_LATER", "route": "FAILOVER", "timeout_seconds": 1.5,
             "retry": {"limit": 2, "first_seconds": 3}, "enabled": false,
             "children": [{"job": "report"}, {"job": "ops/page a/b", "when": "failure", "params": "result"}]}
            """
        )
        #expect(!definition.isEnabled)
        #expect(definition.spec.schedule == .cron("0 0 8 * * ?", zone: "Asia/Shanghai", daylight: "skip"))
        #expect(definition.spec.misfire == .fireOnce)
        #expect(definition.spec.overlap == .discardLater)
        #expect(definition.spec.route == .failover)
        #expect(definition.spec.timeout == .milliseconds(1_500))
        #expect(definition.spec.retry.limit == 2)
        #expect(definition.spec.retry.backoff.first == .seconds(3))
        #expect(definition.spec.retry.backoff.ceiling == RetryPolicy.usualBackoff.ceiling)
        let page = JobName(group: "ops", name: "page a/b")
        let report = ChildJob(JobName(group: "kpush", name: "report"))
        #expect(definition.spec.children == [report, ChildJob(page, on: .failure, params: .result)])
    }

    @Test(
        arguments: [
            #"{"name": "a", "group": "g", "handler": "h", "handlr": 1}"#,
            #"{"name": "a", "group": "g", "handler": "h", "schedule": {"crom": "x"}}"#,
            #"{"name": "a", "group": "g", "handler": "h", "schedule": {"cron": "x", "every": 1}}"#,
            #"{"name": "a", "group": "g", "handler": "h", "retry": {"limit": 1, "wait": 2}}"#,
            #"{"name": "a", "group": "g", "handler": "h", "misfire": "maybe"}"#,
            #"{"name": "a", "group": "g", "handler": "h", "children": [{"job": "b", "on": "success"}]}"#,
            #"{"name": "a", "group": "g"}"#,
        ])
    func `unknown, missing and contradictory words are refused`(text: String) {
        #expect(throws: DecodingError.self) { try read(text) }
    }

    @Test(
        arguments: [
            ScheduleText.manual, .cron("0 0 8 * * ?", zone: "Asia/Shanghai"), .every(.milliseconds(1_500)),
            .after(.seconds(2)), .once(at: .noon),
        ])
    func `a definition survives being written and read`(schedule: ScheduleText) throws {
        let child = ChildJob(JobName("app/other"), on: .end, params: .parent, isPerShard: true)
        let definition = JobDefinition(
            .sample(schedule: schedule, retry: RetryPolicy(limit: 2), children: [child])
        )
        let back = try read(definition.fingerprint)
        #expect(back == definition)
        #expect(back.fingerprint == definition.fingerprint)
    }

    @Test func `applying adds, then changes nothing, then follows the definition`() async throws {
        var definition = JobDefinition(.sample(schedule: .every(.seconds(10))))
        guard case .created(let job) = try await rig.jobs.apply([definition])[0] else {
            Issue.record("must be created")
            return
        }
        #expect(try await rig.jobs.apply([definition]) == [.unchanged(job)])
        definition.spec.params = "b=2"
        guard case .updated(let updated) = try await rig.jobs.apply([definition])[0] else {
            Issue.record("must be updated")
            return
        }
        #expect(updated.id == job.id)
        #expect(updated.spec.params == "b=2")
        #expect(updated.nextTriggerAt == job.nextTriggerAt)
    }

    @Test func `what an operator edited or disabled stays`() async throws {
        var definition = JobDefinition(.sample(schedule: .every(.seconds(10))))
        _ = try await rig.jobs.apply([definition])
        var job = try #require(try await rig.jobs.list().elements.first)
        job.spec.params = "operator"
        job = try await rig.jobs.update(job.id, version: job.version, to: job.spec)
        job = try await rig.jobs.setEnabled(job.id, false)
        #expect(try await rig.jobs.apply([definition]) == [.unchanged(job)])
        definition.spec.schedule = .every(.seconds(20))
        _ = try await rig.jobs.apply([definition])
        let after = try await rig.jobs.job(job.id)
        #expect(!after.isEnabled)
        #expect(after.nextTriggerAt == nil)
        #expect(after.spec.schedule == .every(.seconds(20)))
    }

    @Test func `a definition that switches its job is followed`() async throws {
        var definition = JobDefinition(.sample(schedule: .every(.seconds(10))), isEnabled: false)
        _ = try await rig.jobs.apply([definition])
        definition.isEnabled = true
        _ = try await rig.jobs.apply([definition])
        let job = try #require(try await rig.jobs.list().elements.first)
        #expect(job.isEnabled)
        #expect(job.nextTriggerAt == .noon + .seconds(10))
    }

    @discardableResult
    private func read(_ text: String) throws -> JobDefinition {
        try JSONDecoder().decode(JobDefinition.self, from: Data(text.utf8))
    }
}
