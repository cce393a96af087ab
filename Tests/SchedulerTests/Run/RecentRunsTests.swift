import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct RecentRunsTests {
    private func run(_ id: Int64, _ state: RunState = .planned(due: .noon)) -> JobRun {
        JobRun(id: RunID(rawValue: id), plan: NewRun.sample(of: JobID(rawValue: 1)).plan, state: state)
    }

    private func ids(_ range: ClosedRange<Int64>) -> [RunID] { range.map(RunID.init(rawValue:)) }

    @Test func `a run is remembered for a while, and not for long`() {
        var runs = RecentRuns(at: .noon)
        runs.add([RunID(rawValue: 1): run(1)], at: .noon + .seconds(9))
        runs.forgetOldest(at: .noon + RecentRuns.memory)
        #expect(runs[RunID(rawValue: 1)] == run(1))
        #expect(runs.versions == [RunID(rawValue: 1): run(1).version])
        runs.forgetOldest(at: .noon + RecentRuns.memory * 2)
        #expect(runs[RunID(rawValue: 1)] == nil)
    }

    @Test func `a clock that goes back makes it forget sooner`() {
        var runs = RecentRuns(at: .noon)
        runs.add([RunID(rawValue: 1): run(1)], at: .noon)
        runs.forgetOldest(at: .noon - .seconds(60))
        runs.forgetOldest(at: .noon - .seconds(61))
        #expect(runs[RunID(rawValue: 1)] == nil)
    }

    @Test func `of more runs than there is room for the newest stay`() {
        var runs = RecentRuns(at: .noon)
        for id in 1...Int64(2 * RecentRuns.room) { runs.add([RunID(rawValue: id): run(id)], at: .noon) }
        #expect(runs.versions.count <= RecentRuns.room)
        #expect(runs[RunID(rawValue: Int64(2 * RecentRuns.room))] != nil)
    }

    @Test func `what was sent is told once, and only that`() {
        let sent = SentRuns()
        #expect(sent.take(ids(1...3)).isEmpty)
        for id in 1...3 as ClosedRange<Int64> { sent.note(run(id), at: .noon) }
        #expect(sent.take(ids(2...9)).map(\.id) == ids(2...3))
        #expect(sent.take(ids(1...9)).map(\.id) == ids(1...1))
    }
}
