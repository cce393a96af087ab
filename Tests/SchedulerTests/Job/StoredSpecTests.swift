import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Specs as stores keep them.
struct StoredSpecTests {
    /// Every field with something in it.
    private static let full = JobSpec(
        name: "日报 \"a\\b\"",
        group: "app",
        summary: "two\nlines 🙂",
        schedule: ScheduleText(
            type: ScheduleType.cron.rawValue,
            conf: "0 0 9 * * ?",
            zone: "Asia/Shanghai",
            daylight: DaylightPolicy.quartz.rawValue,
            anchor: .noon,
            limits: ScheduleLimits(
                calendar: .builtIn("cn-workdays"),
                except: ["2027-03-14"],
                from: .noon,
                until: .noon + .seconds(86_400),
                jitter: .milliseconds(1_500)
            )
        ),
        misfire: .fireOnce,
        overlap: .coverEarly,
        route: .leastFrequentlyUsed,
        handler: "report",
        script: JobScript(.python, "print('\t')", remark: "the first one"),
        params: #"{"a": 1}"#,
        timeout: .milliseconds(1_234),
        retry: RetryPolicy(
            limit: 3,
            backoff: Backoff(first: .milliseconds(250), ceiling: .seconds(60), factor: 1.5, jitter: 0.25),
            reasons: [.handlerFailed, .timedOut]
        ),
        children: [ChildJob(JobName("app/next"), on: .failure, params: .parent, isPerShard: true)],
        alarm: AlarmPolicy([AlarmTarget(template: 7, receivers: ["ops@example.org"])], tellsRecovery: false),
        keep: .seconds(86_400),
        lateness: LatenessTarget(.seconds(2), percent: 99.5)
    )

    @Test(arguments: [
        full, JobSpec.sample(), JobSpec.sample(schedule: .manual, retry: RetryPolicy(limit: 1)),
    ])
    func `what was written is read again`(spec: JobSpec) throws {
        let text = try StoredJSON.text(spec, during: "test")
        #expect(try JobSpec(stored: text.utf8, during: "test") == spec)
    }

    @Test func `order, blanks and what a later version adds do not matter`() throws {
        let text = """
            { "later": {"a": [1, {"b": null}]}, "route": "FIRST", "handler": "h",
              "schedule": {"conf": "5s", "limits": { }, "type": "FIX_RATE", "later": 1},
              "retry": {"jitter": 1e-1, "limit": 2, "later": "x"},
              "name": "n", "group": "g" }
            """
        let spec = try JobSpec(stored: text.utf8, during: "test")
        #expect(spec.route == .first)
        #expect(spec.schedule == ScheduleText(type: "FIX_RATE", conf: "5s"))
        #expect(spec.retry.limit == 2)
        #expect(spec.retry.backoff.jitter == 0.1)
    }

    @Test func `what is cut, unknown or missing is refused`() throws {
        let text = try StoredJSON.text(Self.full, during: "test")
        for cut in stride(from: 0, to: text.utf8.count, by: 7) {
            refused(String(decoding: text.utf8.prefix(cut), as: UTF8.self))
        }
        refused(text + "}")
        refused(text.replacing("fire_once", with: "fire_twice"))
        refused(text.replacing("1234", with: "12.34"))
        refused(#"{"name": "n", "handler": "h"}"#)
        refused(#"{"group": "g", "handler": "h"}"#)
    }

    private func refused(_ text: String) {
        let error = #expect(throws: StoreError.self) { try JobSpec(stored: text.utf8, during: "test") }
        #expect(error?.code == .corrupted, "\(text)")
    }
}
