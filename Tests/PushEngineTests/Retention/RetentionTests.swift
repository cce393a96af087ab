import Groundwork
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// A round of removing: how far it goes, and what stops it.
@Suite struct RetentionTests {
    private static let start = Moment(secondsSinceEpoch: 1_775_016_000)
    private static let day = Duration.seconds(86_400)

    @Test func `everything is gone through in steps, each by its own age`() async throws {
        let rig = try Rig(batches: 3, remains: 2, crowds: 2)
        var settings = RetentionSettings()
        settings.messages = Self.day * 10
        settings.crowds = Self.day * 5
        settings.links = Self.day * 20
        settings.reconciliations = Self.day * 30
        var steps = 0
        let round = try await rig.retention(settings).round { _ in steps += 1 }
        #expect(round.messages == 30)
        #expect(round.waiting == 3)
        #expect(round.remains == 14)
        #expect(round.crowds == 2)
        #expect(round.reconciliations == 4 && round.links == 6)
        #expect(round.removed == 30 + 14 + 2 + 4 + 6)
        #expect(!round.isCutShort && round.failures.isEmpty)
        #expect(steps == 3 + 3 + 2 + 3 + 3)
        #expect(rig.store.cuts == Set([10, 5, 20, 30].map { Self.start - Self.day * $0 }))
        #expect(rig.storage.removed == rig.digests)
        #expect(rig.store.forgotten == rig.digests)
    }

    @Test func `a run that is told to stop does so after the step it is at`() async throws {
        let rig = try Rig(batches: 5, remains: 1, crowds: 1)
        let task = Task {
            try await rig.retention()
                .round { round in
                    if round.messages == 20 { withUnsafeCurrentTask { $0?.cancel() } }
                }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(rig.store.batchesLeft == 3)
        #expect(rig.store.forgotten.isEmpty)
        #expect(try await rig.retention().round { _ in }.messages == 30)
    }

    @Test func `a round ends when its time is up, and says so`() async throws {
        let rig = try Rig(batches: 5, remains: 1, crowds: 1)
        var settings = RetentionSettings()
        settings.roundLimit = .seconds(10)
        let round = try await rig.retention(settings).round { _ in rig.clock.advance(by: .seconds(5)) }
        #expect(round.messages == 20)
        #expect(round.remains == 0 && round.crowds == 0)
        #expect(round.isCutShort)
    }

    @Test func `a part that fails is told of, and keeps no other from being done`() async throws {
        let rig = try Rig(batches: 2, remains: 1, crowds: 1)
        rig.store.fail(true)
        let round = try await rig.retention().round { _ in }
        #expect(round.failures == ["store: remove messages: unavailable: locked"])
        #expect(round.messages == 0 && round.remains == 7 && round.crowds == 1)
        rig.store.fail(false)
        #expect(try await rig.retention().round { _ in }.messages == 20)
    }

    @Test func `a file whose bytes cannot be removed stays retired until they can`() async throws {
        let rig = try Rig(batches: 0, remains: 0, crowds: 2)
        rig.storage.fail(true)
        let round = try await rig.retention().round { _ in }
        #expect(round.crowds == 0)
        #expect(round.failures.count == 1)
        #expect(rig.store.forgotten.isEmpty)
        rig.storage.fail(false)
        #expect(try await rig.retention().round { _ in }.crowds == 2)
        #expect(rig.store.forgotten == rig.digests)
    }

    /// What there is to remove, and what removes it.
    private struct Rig {
        let clock = ManualClock(start)
        let store: StepStore
        let storage = ScriptedStorage()
        let digests: [String]

        init(batches: Int, remains: Int, crowds: Int) throws {
            digests = (0..<crowds).map { String(repeating: "\($0)", count: 64) }
            store = StepStore(batches: batches, remains: remains, digests: digests)
        }

        func retention(_ settings: RetentionSettings = RetentionSettings()) -> Retention {
            Retention(store: store, storage: storage, settings: settings, clock: clock.calendar)
        }
    }
}

/// A store whose batches of ten go one a step, after each of which an older one waits.
private final class StepStore: RetentionStore {
    private struct State {
        var batches: Int
        var remains: Int
        var reconciliations: Int
        var links: Int
        var retired: [String]
        var forgotten: [String] = []
        var cuts: Set<Moment> = []
        var fails = false
    }

    private let state: Mutex<State>

    init(batches: Int, remains: Int, digests: [String]) {
        state = Mutex(
            State(
                batches: batches,
                remains: remains,
                reconciliations: remains,
                links: remains,
                retired: digests
            )
        )
    }

    var batchesLeft: Int { state.withLock { $0.batches } }

    var forgotten: [String] { state.withLock { $0.forgotten } }

    var cuts: Set<Moment> { state.withLock { $0.cuts } }

    func fail(_ fails: Bool) {
        state.withLock { $0.fails = fails }
    }

    func removeMessages(
        acceptedBefore moment: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> MessageRemoval {
        guard !state.withLock({ $0.fails }) else {
            throw StoreError(.unavailable, during: "remove messages", detail: "locked")
        }
        return state.withLock { state in
            state.cuts.insert(moment)
            guard state.batches > 0 else { return MessageRemoval() }
            state.batches -= 1
            let next = BatchID(rawValue: (batch?.rawValue ?? 0) + 1)
            return MessageRemoval(removed: 10, waiting: 1, next: state.batches > 0 ? next : nil)
        }
    }

    func removeRemains(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        state.withLock { state in
            state.cuts.insert(moment)
            guard state.remains > 0 else { return 0 }
            state.remains -= 1
            return 7
        }
    }

    func removeReconciliations(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        state.withLock { state in
            state.cuts.insert(moment)
            guard state.reconciliations > 0 else { return 0 }
            state.reconciliations -= 1
            return 2
        }
    }

    func removeLinks(unusedSince moment: Moment, limit: Int) async throws(StoreError) -> Int {
        state.withLock { state in
            state.cuts.insert(moment)
            guard state.links > 0 else { return 0 }
            state.links -= 1
            return 3
        }
    }

    func retireCrowds(unusedSince moment: Moment) async throws(StoreError) -> [String] {
        state.withLock { state in
            state.cuts.insert(moment)
            return state.retired
        }
    }

    func forgetCrowd(_ digest: String) async throws(StoreError) {
        state.withLock { state in
            state.retired.removeAll { $0 == digest }
            state.forgotten.append(digest)
        }
    }
}

/// A storage that keeps nothing, remembers what was removed, and may be out of reach.
private final class ScriptedStorage: CrowdStorage {
    private let state = Mutex<(removed: [String], fails: Bool)>(([], false))

    var removed: [String] { state.withLock { $0.removed } }

    func fail(_ fails: Bool) {
        state.withLock { $0.fails = fails }
    }

    func stage() async throws(StoreError) -> StagedCrowd { throw StoreError(.full, during: "stage") }

    func keep(_ file: StagedCrowd, as digest: String) async throws(StoreError) {}

    func open(_ digest: String) async throws(StoreError) -> any CrowdBytes {
        throw StoreError(.notFound, during: "open")
    }

    func remove(_ digest: String) async throws(StoreError) {
        let isDone = state.withLock { state in
            if !state.fails { state.removed.append(digest) }
            return !state.fails
        }
        guard isDone else { throw StoreError(.unavailable, during: "remove") }
    }
}
