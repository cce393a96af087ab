import SQLiteDriver
import Testing

@testable import PushEngine

/// The limit of an SMS holds for what comes out with the values, not for the template alone.
@Suite(.timeLimit(.minutes(5))) struct TextLimitTests {
    @Test func `a text that its values make too long is refused, and costs the others nothing`() async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template("您好{$name}")
            let names = [
                String(repeating: "李", count: 498), String(repeating: "a", count: 499),
                String(repeating: "😀", count: 249), String(repeating: "😀", count: 250),
            ]
            let params = names.enumerated()
                .map { place, name in
                    MessageParam(bizID: nil, receivers: ["1380013010\(place)"], variables: ["name": name])
                }
            let receipt = try await engine.chain.accept(SendRequest(template: template, params: params))
            let faults = receipt.verdicts.map { verdict -> SendFault? in
                if case .failure(let fault) = verdict.result { fault } else { nil }
            }
            #expect(faults.map { $0 == nil } == [true, false, true, false])
            #expect(faults[1]?.code == .badParams)
            #expect(faults[1]?.field == "messageParamList[1].variables")
            #expect(faults[1]?.message == "the text has 501 characters; at most 500")
            #expect(faults[3]?.message == "the text has 502 characters; at most 500")
        }
    }

    @Test func `rows whose values make the text too long are refused with a code of their own`() async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let content = String(repeating: "x", count: 499) + "{$city}"
            let campaign = try await engine.campaign(rows: 60, shards: 1, content: content)
            try await engine.read(campaign)
            let rejects = try await engine.store.rejects(of: engine.run(campaign).id, after: 0, limit: 100)
            #expect(rejects.count == 60)
            #expect(
                rejects.count { $0.code == "TEXT_TOO_LONG" } == campaign.good + campaign.summary.duplicates
            )
            let run = try await engine.run(campaign)
            #expect(run.refused["TEXT_TOO_LONG"] == campaign.good + campaign.summary.duplicates)
        }
    }
}
