import Foundation
import Groundwork
import TestKit
import Testing

@testable import Executor

private let planned = Moment(millisecondsSinceEpoch: 1_000)

private func accepted(_ run: Int64) -> AcceptedRun {
    AcceptedRun(run: RunID(rawValue: run), job: JobID(rawValue: 1), plannedAt: planned)
}

@Suite final class RunJournalTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("journal")
    }

    private var file: String { folder.file("runs.journal") }

    @Test func `what is owed survives a crash at any point`() throws {
        do {
            var journal = try RunJournal(folder: folder.path)
            for run in 1...4 as ClosedRange<Int64> { try journal.accept([accepted(run)]) }
            for run in 2...4 as ClosedRange<Int64> {
                try journal.end([(RunID(rawValue: run), planned, .succeeded("\(run)"))])
            }
            try journal.deliver([RunID(rawValue: 3)])
        }
        let journal = try RunJournal(folder: folder.path)
        #expect(journal.unreadable == 0)
        #expect(journal.state.open.keys.map(\.rawValue) == [1])
        #expect(journal.state.undelivered.map(\.run.rawValue) == [2, 4])
        #expect(journal.state.undelivered.map(\.message) == ["2", "4"])
        for run in 1...4 as ClosedRange<Int64> {
            #expect(journal.state.knows(RunID(rawValue: run), plannedAt: planned))
        }
        #expect(!journal.state.knows(RunID(rawValue: 5), plannedAt: planned))
    }

    @Test func `cut after any byte, the file reads as the records that were whole`() throws {
        do {
            var journal = try RunJournal(folder: folder.path)
            try journal.accept([accepted(1)])
            try journal.end([(RunID(rawValue: 1), planned, .failed("a \"quoted\"\nmessage 中"))])
            try journal.accept([accepted(2)])
            try journal.deliver([RunID(rawValue: 1)])
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        let records = try whole.split(separator: UInt8(ascii: "\n")).map { try JournalRecord(json: $0) }
        #expect(records.count == 4)
        for length in 0...whole.count {
            let copy = try TemporaryFolder("journal-cut")
            let cut = whole.prefix(length)
            try cut.write(to: URL(fileURLWithPath: copy.file("runs.journal")))
            let journal = try RunJournal(folder: copy.path)
            var expected = JournalState(memory: 10_000)
            var complete = cut.count { $0 == UInt8(ascii: "\n") }
            // A record without its line feed is whole when its last byte is there.
            if cut.last == UInt8(ascii: "}"), cut.count == length, length + 1 <= whole.count,
                whole[length] == UInt8(ascii: "\n")
            {
                complete += 1
            }
            for record in records.prefix(complete) { expected.apply(record) }
            #expect(journal.state == expected, "cut after \(length) bytes")
        }
    }

    @Test func `after a torn line the next record is on a line of its own`() throws {
        try Data(#"{"accepted":1,"job":1,"planned":1000}"#.utf8 + Array("\n{\"acce".utf8))
            .write(to: URL(fileURLWithPath: file))
        do {
            var journal = try RunJournal(folder: folder.path)
            #expect(journal.unreadable == 1)
            try journal.accept([accepted(2)])
        }
        let journal = try RunJournal(folder: folder.path)
        #expect(journal.unreadable == 0)
        #expect(Set(journal.state.open.keys.map(\.rawValue)) == [1, 2])
    }

    @Test func `a folder serves one journal at a time`() throws {
        let journal = try RunJournal(folder: folder.path)
        let error = #expect(throws: ExecutorError.self) { _ = try RunJournal(folder: folder.path) }
        #expect(error?.code == .folderInUse)
        #expect(journal.state.count == 0)
    }

    @Test func `the file does not grow with the number of runs`() throws {
        var journal = try RunJournal(folder: folder.path, memory: 100)
        for run in 1...3_000 as ClosedRange<Int64> {
            try journal.accept([accepted(run)])
            try journal.end([(RunID(rawValue: run), planned, .succeeded(nil))])
            try journal.deliver([RunID(rawValue: run)])
        }
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        #expect(try #require(size) < 1_500 * 300)
        #expect(journal.state.count <= 125)
    }

    @Test func `what is delivered together is remembered as if one came after the other`() {
        var (together, single) = (JournalState(memory: 10), JournalState(memory: 10))
        for run in 1...40 as ClosedRange<Int64> {
            let item = CallbackItem(run: RunID(rawValue: run), plannedAt: planned, outcome: .succeeded(nil))
            together.apply(.ended(item, plannedAt: planned))
            single.apply(.ended(item, plannedAt: planned))
        }
        let runs = [3, 40, 1, 99, 3, 20].map { RunID(rawValue: $0) } + (4...15).map { RunID(rawValue: $0) }
        let records = together.deliver(runs)
        #expect(records.count == 16)
        for record in records { single.apply(record) }
        #expect(together == single)
        #expect(together.undelivered.count == 24)
    }

    @Test func `the newest delivered runs are remembered, the oldest forgotten`() throws {
        var state = JournalState(memory: 100)
        for run in 1...1_000 as ClosedRange<Int64> {
            state.apply(.delivered(RunID(rawValue: run), plannedAt: planned))
        }
        #expect(state.knows(RunID(rawValue: 1_000), plannedAt: planned))
        #expect(state.knows(RunID(rawValue: 901), plannedAt: planned))
        #expect(!state.knows(RunID(rawValue: 1), plannedAt: planned))
    }

    @Test func `a scheduler that counts from 1 again is not answered for runs it never had`() {
        var state = JournalState(memory: 100)
        let later = planned + .seconds(60)
        state.apply(.accepted(accepted(1)))
        #expect(state.knows(RunID(rawValue: 1), plannedAt: later))
        state.apply(
            .ended(
                CallbackItem(run: RunID(rawValue: 1), plannedAt: planned, outcome: .succeeded(nil)),
                plannedAt: planned
            )
        )
        #expect(state.knows(RunID(rawValue: 1), plannedAt: later))
        state.apply(.delivered(RunID(rawValue: 1), plannedAt: planned))
        #expect(state.knows(RunID(rawValue: 1), plannedAt: planned))
        #expect(!state.knows(RunID(rawValue: 1), plannedAt: later))
    }

    @Test func `a snapshot amounts to what it was taken of`() {
        var random = SeededGenerator(seed: 7)
        var state = JournalState(memory: 20)
        for _ in 0..<500 {
            let run = Int64.random(in: 1...60, using: &random)
            let item = CallbackItem(run: RunID(rawValue: run), plannedAt: planned, outcome: .succeeded(nil))
            switch Int.random(in: 0..<3, using: &random) {
            case 0 where !state.knows(RunID(rawValue: run), plannedAt: planned):
                state.apply(.accepted(accepted(run)))
            case 1 where state.isOpen(RunID(rawValue: run)): state.apply(.ended(item, plannedAt: planned))
            case 2 where state.plan(ofUndelivered: RunID(rawValue: run)) != nil:
                state.apply(.delivered(RunID(rawValue: run), plannedAt: planned))
            default: break
            }
            var replayed = JournalState(memory: 20)
            for record in state.snapshot { replayed.apply(record) }
            #expect(replayed == state)
        }
    }
}
