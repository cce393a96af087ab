import Groundwork
import PushEngine
import SQLiteDriver
import TestKit
import Testing

@testable import KPush

/// The demo as a person starts it, and the books that it leaves.
@Suite(.timeLimit(.minutes(10))) struct DemoTests {
    private static let rows = 3_000

    @Test func `everybody's story in the demo goes from acceptance to a final state, and the sums agree`()
        async throws
    {
        let folder = try TemporaryFolder()
        let data = folder.file("demo")
        let ending = try await Program.run([
            "demo", "--rows", "\(Self.rows)", "--lead", "1", "--web-port", "0", "--data", data,
        ])
        #expect(ending.status == 0, "\(ending.output) \(ending.complaints)")
        #expect(ending.output.contains("ok  sent by us = accepted by the simulator"))

        let store = try SQLitePushStore.books(in: data)
        let run = try #require(try await store.campaignRuns(of: nil, before: nil, limit: 1).first)
        let records = try await store.allRecords(of: run.id)
        #expect(records.count == Self.rows - run.refused.values.reduce(0, +))
        #expect(records.count > Self.rows * 9 / 10)
        for record in records { try await expectWhole(store.story(of: record.id), record) }

        // Received = sum of final states, per template and day.
        let tallies = try await store.tallies(of: run.id).filter { $0.count > 0 }
        #expect(tallies.allSatisfy { $0.state.isFinal })
        #expect(Set(tallies.map(\.template)) == Set(records.map(\.template)))
        for day in Set(tallies.map(\.day)) {
            let ofDay = try await store.tallies(day: day).filter { $0.campaignRun == run.id }
            #expect(Set(ofDay) == Set(tallies.filter { $0.day == day }))
        }
        #expect(tallies.reduce(0) { $0 + $1.count } == records.count)
        let counted = Dictionary(grouping: records, by: \.state).mapValues(\.count)
        let summed = tallies.reduce(into: [:]) { $0[$1.state, default: 0] += $1.count }
        #expect(counted == summed)
    }

    /// Checks that a story has a beginning, an end, instants in order, and a reason for each end.
    private func expectWhole(_ story: [TraceEvent]?, _ record: MessageRecord) throws {
        let story = try #require(story)
        #expect(story.first?.stage == .accepted)
        #expect(story.first?.at == record.acceptedAt)
        #expect(story.last?.state == record.state)
        #expect(record.state.isFinal)
        #expect(zip(story, story.dropFirst()).allSatisfy { $0.at <= $1.at })
        let calls = story.filter { $0.stage == .calling }
        #expect(calls.allSatisfy { $0.account != nil })
        let ends = story.filter { [.answered, .receipt].contains($0.stage) }
        #expect(ends.count == 2)
        #expect(ends.allSatisfy { !$0.detail.isEmpty })
    }
}
