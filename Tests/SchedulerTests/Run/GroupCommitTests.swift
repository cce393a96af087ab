import Groundwork
import Synchronization
import TestKit
import Testing

@testable import Scheduler

struct GroupCommitTests {
    private let clock = ManualClock(.noon)
    private let store = Store()

    @Test func `a call that comes alone is stored at once`() async throws {
        let commit = GroupCommit<Int, String>(pause: .seconds(1), clock: clock, most: 64)
        #expect(try await commit.perform(7, by: store.store) == "7")
        #expect(store.batches == [[7]])
    }

    @Test
    func `calls that come while others are stored go together, and each gets its own answer`() async throws {
        let commit = GroupCommit<Int, String>(clock: clock, most: 64)
        let gate = Gate()
        let store = Store(behind: gate)
        let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            group.addTask { (0, try await commit.perform(0, by: store.store)) }
            await gate.isWaitedAt()
            for call in 1...9 {
                group.addTask { (call, try await commit.perform(call, by: store.store)) }
            }
            await commit.waits(for: 9)
            gate.open()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(answers == Dictionary(uniqueKeysWithValues: (0...9).map { ($0, "\($0)") }))
        #expect(store.batches.map(\.count) == [1, 9])
    }

    @Test func `no transaction takes more calls than it may`() async throws {
        let commit = GroupCommit<Int, String>(clock: clock, most: 64)
        let many = 3 * 64
        let gate = Gate()
        let store = Store(behind: gate)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await commit.perform(0, by: store.store) }
            await gate.isWaitedAt()
            for call in 1...many {
                group.addTask { _ = try await commit.perform(call, by: store.store) }
            }
            await commit.waits(for: many)
            gate.open()
            try await group.waitForAll()
        }
        #expect(store.batches.map(\.count) == [1, 64, 64, 64])
        #expect(store.batches.flatMap { $0 }.sorted() == Array(0...many))
    }

    @Test func `what comes within the pause waits for its end`() async throws {
        let commit = GroupCommit<Int, String>(pause: .milliseconds(20), clock: clock, most: 64)
        _ = try await commit.perform(1, by: store.store)
        async let second = commit.perform(2, by: store.store)
        await clock.sleepers(1)
        async let third = commit.perform(3, by: store.store)
        await commit.waits(for: 1)
        #expect(store.batches == [[1]])
        clock.advance(by: .milliseconds(20))
        #expect(try await [second, third] == ["2", "3"])
        #expect(store.batches == [[1], [2, 3]])
    }

    @Test func `a call that has the time has those come along that are about to`() async throws {
        let commit = GroupCommit<Int, String>(clock: clock, most: 64)
        async let first = commit.perform(1, patience: .milliseconds(2), by: store.store)
        await clock.sleepers(1)
        async let second = commit.perform(2, by: store.store)
        await commit.waits(for: 1)
        #expect(store.batches.isEmpty)
        clock.advance(by: .milliseconds(2))
        #expect(try await [first, second] == ["1", "2"])
        #expect(store.batches == [[1, 2]])
    }

    @Test func `a call that is not ripe waits for its own turn`() async throws {
        let patience = Duration.milliseconds(100)
        let commit = GroupCommit<Int, String>(ripeness: patience / 2, clock: clock, most: 64)
        async let first = commit.perform(1, patience: patience, by: store.store)
        await clock.sleepers(1)
        clock.advance(by: patience / 2)
        async let ripe = commit.perform(2, patience: patience, by: store.store)
        await commit.waits(for: 1)
        clock.advance(by: patience / 4)
        async let young = commit.perform(3, patience: patience, by: store.store)
        await commit.waits(for: 2)
        clock.advance(by: patience / 4)
        #expect(try await [first, ripe] == ["1", "2"])
        await clock.sleepers(1)
        #expect(store.batches == [[1, 2]])
        clock.advance(by: patience * 3 / 4)
        #expect(try await young == "3")
        #expect(store.batches == [[1, 2], [3]])
    }

    @Test func `a call that cannot be stored fails alone`() async throws {
        let commit = GroupCommit<Int, String>(clock: clock, most: 64)
        let gate = Gate()
        let store = Store(behind: gate)
        store.refuse(5)
        let failed = await withTaskGroup(of: Int?.self) { group in
            group.addTask { await fails(0, commit, store) }
            await gate.isWaitedAt()
            for call in 1...9 {
                group.addTask { await fails(call, commit, store) }
            }
            await commit.waits(for: 9)
            gate.open()
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(failed == [5])
        #expect(store.batches.flatMap { $0 }.sorted() == [0, 1, 2, 3, 4, 6, 7, 8, 9])
    }

    /// The call, when it was not stored.
    private func fails(_ call: Int, _ commit: GroupCommit<Int, String>, _ store: Store) async -> Int? {
        do {
            _ = try await commit.perform(call, by: store.store)
            return nil
        } catch {
            return call
        }
    }

    @Test func `a call that is cancelled in the pause is stored all the same`() async throws {
        let commit = GroupCommit<Int, String>(pause: .seconds(1), clock: clock, most: 64)
        _ = try await commit.perform(1, by: store.store)
        let task = Task { try await commit.perform(2, by: store.store) }
        await clock.sleepers(1)
        task.cancel()
        #expect(try await task.value == "2")
    }

    /// Keeps what it is given, and can be made to wait or to fail.
    private final class Store: Sendable {
        private struct State {
            var batches: [[Int]] = []
            var refused: Int?
        }

        private let state = Mutex(State())
        private let gate: Gate?

        init(behind gate: Gate? = nil) {
            self.gate = gate
        }

        var batches: [[Int]] { state.withLock { $0.batches } }

        func refuse(_ call: Int) {
            state.withLock { $0.refused = call }
        }

        func store(_ calls: [Int]) async throws(StoreError) -> [String] {
            // Closed only where nobody is cancelled.
            try? await gate?.pass()
            return try state.withLock { state throws(StoreError) in
                if let refused = state.refused, calls.contains(refused) {
                    throw StoreError(.conflict, during: "store")
                }
                state.batches.append(calls)
                return calls.map { "\($0)" }
            }
        }
    }
}

extension GroupCommit {
    /// Returns once that many calls wait to be stored.
    fileprivate func waits(for count: Int) async {
        while waiting < count { await Task.yield() }
    }
}

extension Gate {
    /// Returns once somebody waits.
    fileprivate func isWaitedAt() async {
        while waiters == 0 { await Task.yield() }
    }
}
