import Foundation
import TestKit
import Testing

/// `kpush send`, `kpush recall` and `kpush messages` as a person meets them.
@Suite(.timeLimit(.minutes(10))) struct SendCommandTests {
    @Test func `a message is followed to its final state, and its story can be read`() async throws {
        let bench = try await CommandBench.start()
        let sent = try await bench.kpush([
            "send", "--template", "2", "--to", "13800138100", "--to", "139 0013 9100", "--var", "code=4711",
            "--biz-id", "order-1", "--wait",
        ])
        #expect(sent.status == 0, "\(sent.complaints)")
        #expect(sent.lines.count { $0.hasSuffix("accepted") } == 2)
        #expect(sent.lines.count { $0.contains(" delivered ") } == 2)

        let found = try await bench.kpush("messages", "--biz-id", "order-1", "--json").json()
        let items = try #require(found["items"] as? [[String: Any]])
        #expect(Set(items.compactMap { $0["receiver"] as? String }) == ["+8613800138100", "+8613900139100"])
        let id = try #require(items.first?["messageId"] as? String)
        let stages = ["accepted", "calling", "answered", "receipt"]
        // The receipt may come before the answer is written down.
        try await eventually("all of it is told") {
            let story = try await bench.kpush("messages", "--id", id)
            let told = story.lines.compactMap { line in stages.first { line.contains("+08:00  \($0)") } }
            return Set(told) == Set(stages) && told.prefix(2) == ["accepted", "calling"]
                && story.output.contains("您的验证码是4711")
        }
    }

    @Test func `a receiver that is refused costs the others nothing`() async throws {
        let bench = try await CommandBench.start()
        let sent = try await bench.kpush([
            "send", "--template", "2", "--to", "13800138100,10086", "--var", "code=1",
        ])
        #expect(sent.status == 65)
        #expect(sent.lines.contains { $0.hasPrefix("13800138100") && $0.hasSuffix("accepted") })
        let refusal = "refused: PHONE_SERVICE: service numbers cannot receive messages (A0008)"
        #expect(sent.lines.contains { $0.hasPrefix("10086") && $0.hasSuffix(refusal) })
    }

    @Test func `what is refused names its code and its field`() async throws {
        let bench = try await CommandBench.start()
        let refusals = [
            (["--template", "2", "--to", "13800138100"], "(A0007, messageParam.variables)"),
            (["--template", "99", "--to", "13800138100"], "(A0002, messageTemplateId)"),
            (
                [
                    "--template", "2", "--var", "code=1", "--to",
                    (100...200).map { "13800138\($0)" }.joined(separator: ","),
                ],
                "messageParam.receiver)"
            ),
        ]
        for (arguments, place) in refusals {
            let ending = try await bench.kpush(["send"] + arguments)
            #expect(ending.status == 65)
            #expect(ending.output.isEmpty)
            #expect(ending.complaints.contains(place), "\(ending.complaints)")
        }
        let json = try await bench.kpush(["send", "--json"] + refusals[0].0)
        #expect(json.status == 65)
        #expect(try json.json()["code"] as? String == "A0007")
    }

    @Test func `waiting for what is not delivered ends with another code than delivery`() async throws {
        let bench = try await CommandBench.start()
        // The simulator has a script for these endings: not delivered, and refused for good.
        let sent = try await bench.kpush([
            "send", "--template", "2", "--to", "13800130001,13800130002", "--var", "code=1", "--wait",
        ])
        #expect(sent.status == 1)
        #expect(sent.output.contains(" undelivered "))
        #expect(sent.output.contains(" failed "))
    }

    @Test func `sent is a good end where a supplier tells no more`() async throws {
        let bench = try await CommandBench.start()
        let sent = try await bench.kpush("send", "--template", "\(bench.webhook)", "--to", "user-1", "--wait")
        #expect(sent.status == 0, "\(sent.complaints)")
        #expect(sent.output.contains(" sent "), "\(sent.output)")
    }

    @Test func `a recall tells for each message what came of it`() async throws {
        let bench = try await CommandBench.start()
        let sent = try await bench.kpush([
            "send", "--template", "2", "--to", "13800138100", "--var", "code=1", "--wait", "--json",
        ])
        let data = try #require(try sent.json()["data"] as? [[String: Any]])
        let id = try #require(data.first?["messageId"] as? String)
        #expect(try sent.json(line: 1)["stateName"] as? String == "delivered")
        let recall = try await bench.kpush("recall", id, "4611686018427387904")
        #expect(recall.status == 1)
        #expect(
            recall.lines.contains {
                $0.hasPrefix(id) && $0.contains("  not supported  ") && $0.hasSuffix("  delivered")
            }
        )
        #expect(recall.lines.contains { $0.contains("not found") })
    }
}
