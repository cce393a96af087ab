import Foundation
import PushEngine
import TestKit
import Testing

/// A job's trouble, from the run that fails to the message that tells of it.
@Suite(.timeLimit(.minutes(10))) struct JobTroubleTests {
    @Test func `a job that fails is told of over a channel of the push engine, and its child runs`()
        async throws
    {
        let bench = try await CommandBench.start()
        let definitions = """
            name: lost
            group: kpush
            handler: nobody
            alarm:
              to:
                - {template: \(bench.alarm), receivers: ["13800138100"]}
            children:
              - {job: token-refresh, when: failure}
            """
        #expect(try await bench.kpush("jobs", "apply", "-", input: definitions).status == 0)
        let run = try await bench.kpush("jobs", "trigger", "lost", "--follow")
        #expect(run.status == 1)
        let number = try #require(run.lines.first?.split(separator: " ").last)
        var story = ""
        try await eventually("the alarm is delivered") {
            story = try await bench.kpush("messages", "--biz-id", "alarm-\(number)").output
            return story.contains("delivered")
        }
        let json = try await bench.kpush("messages", "--biz-id", "alarm-\(number)", "--json").json()
        let message = try #require((json["items"] as? [[String: Any]])?.first)
        #expect(message["receiver"] as? String == "+8613800138100")
        let id = try #require(message["messageId"] as? String)
        let text = try await bench.kpush("messages", "--id", id).output
        #expect(text.contains("kpush/lost failed: dispatch failed: "), "\(text)")
        let runs = try await bench.kpush("jobs", "runs", "token-refresh")
        #expect(runs.lines.contains { $0.contains(" parent ") }, "\(runs.output)")
    }

    @Test func `an alarm goes out by mail, by a webhook and by a group's robot alike`() async throws {
        let bench = try await CommandBench.start()
        let receivers: [Channel: String] = [
            .email: "ops@example.com", .im: "ops-desk", .dingTalkRobot: "ops-robot",
        ]
        let targets = try receivers.map { channel, receiver -> String in
            let template = try #require(bench.alarms[channel])
            return "    - {template: \(template), receivers: [\(receiver)]}"
        }
        let definition = """
            name: lost
            group: kpush
            handler: nobody
            alarm:
              to:
            \(targets.joined(separator: "\n"))
            """
        let applied = try await bench.kpush("jobs", "apply", "-", input: definition)
        #expect(applied.status == 0, "\(applied.complaints)")
        let run = try await bench.kpush("jobs", "trigger", "lost", "--follow")
        let number = try #require(run.lines.first?.split(separator: " ").last)
        var told: [[String: Any]] = []
        // None of the three tells of deliveries: the supplier's yes is the last that is heard.
        try await eventually("everybody is told") {
            let list = try await bench.kpush("messages", "--biz-id", "alarm-\(number)", "--json").json()
            let items = list["items"] as? [[String: Any]] ?? []
            told = items.filter { $0["stateName"] as? String == "sent" }
            return told.count == receivers.count
        }
        #expect(Set(told.compactMap { $0["receiver"] as? String }) == Set(receivers.values))
        for message in told {
            let text = try #require(message["content"] as? String)
            #expect(text.contains("kpush/lost failed: dispatch failed"), "\(text)")
        }
    }

    @Test func `an alarm by a template that does not exist holds up nobody`() async throws {
        let bench = try await CommandBench.start()
        let target = { (template: Int) in "{template: \(template), receivers: [\"13800138100\"]}" }
        let definition = """
            name: lost
            group: kpush
            handler: nobody
            alarm:
              to:
                - \(target(999))
                - \(target(bench.alarm))
            """
        #expect(try await bench.kpush("jobs", "apply", "-", input: definition).status == 0)
        let run = try await bench.kpush("jobs", "trigger", "lost", "--follow")
        let number = try #require(run.lines.first?.split(separator: " ").last)
        try await eventually("the other target is told") {
            try await bench.kpush("messages", "--biz-id", "alarm-\(number)").output.contains("delivered")
        }
    }
}
