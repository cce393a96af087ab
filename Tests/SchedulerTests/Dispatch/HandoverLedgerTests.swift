import Groundwork
import TestKit
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(1)))
struct HandoverLedgerTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `each of many changes gets its own run back`() async throws {
        let (changes, lease) = try await changes(200)
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        try await withThrowingTaskGroup(of: (RunID, JobRun?).self) { group in
            for change in changes {
                group.addTask { (change.id, try await ledger.intend(change).written) }
            }
            for try await (id, written) in group {
                #expect(written?.id == id)
                #expect(written?.version == 2)
            }
        }
    }

    @Test func `a run that changed meanwhile is not written`() async throws {
        let (changes, lease) = try await changes(1)
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        #expect(try await ledger.intend(changes[0]).written?.version == 2)
        #expect(try await ledger.intend(changes[0]) == .overtaken(by: nil))
    }

    @Test func `an acceptance of a run that was ended here is told how it stands`() async throws {
        let (changes, lease) = try await changes(1)
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        let end = RunEnd(.covered, message: "", at: rig.now)
        let closing = try #require(RunClosing(changes[0], end))
        _ = try await rig.parts.runs.close([closing], token: nil)
        async let settled = ledger.settle(changes[0])
        await rig.clock.sleepers()
        rig.clock.advance(by: HandoverLedger.gathering)
        guard case .overtaken(let present?) = try await settled else {
            Issue.record("it was written")
            return
        }
        #expect(present.end == end)
    }

    @Test func `of a run whose end its executor told meanwhile it is not written that it was accepted`()
        async throws
    {
        let (changes, lease) = try await changes(2)
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        for change in changes { rig.parts.sent.note(change, at: rig.now) }
        let settled = changes.map { change in Task { try await ledger.settle(change) } }
        await rig.clock.sleepers()
        let told = rig.parts.sent.take([changes[0].id])
        rig.parts.sent.noteEnd(of: told, at: rig.now)
        async let rest: Void = advancing(until: 1)
        #expect(try await settled[0].value == .overtaken(by: nil))
        #expect(try await settled[1].value.written?.version == 2)
        try await rest
        // The store was not even asked.
        #expect(try await rig.parts.runs.runs([changes[0].id]).first?.version == 1)
    }

    @Test func `acceptances gather`() async throws {
        let (changes, lease) = try await changes(40)
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        try await withThrowingTaskGroup(of: JobRun?.self) { group in
            for change in changes {
                group.addTask { try await ledger.settle(change).written }
            }
            await rig.clock.sleepers()
            #expect(try await rig.parts.runs.runs(changes.map(\.id)).allSatisfy { $0.version == 1 })
            // One that came after the others were taken waits for its own turn.
            async let rest: Void = advancing(until: 40)
            for try await written in group { #expect(written?.version == 2) }
            try await rest
        }
    }

    @Test func `an acceptance is written also when its term ends meanwhile, an intent is not`() async throws {
        let (changes, lease) = try await changes(3)
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        let late = Task { try await ledger.settle(changes[1]).written }
        await rig.clock.sleepers()
        late.cancel()
        #expect(try await late.value?.version == 2)
        let intent = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await ledger.intend(changes[2])
        }
        intent.cancel()
        await #expect(throws: CancellationError.self) { try await intent.value }
        #expect(try await rig.parts.runs.runs([changes[2].id]).first?.version == 1)
    }

    @Test func `all that a deposed leader writes together is refused at once`() async throws {
        let (changes, lease) = try await changes(20)
        _ = try await rig.lead()
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        await withTaskGroup(of: StoreError.Code?.self) { group in
            for change in changes {
                group.addTask {
                    do { _ = try await ledger.intend(change) } catch { return (error as? StoreError)?.code }
                    return nil
                }
            }
            for await code in group { #expect(code == .staleToken) }
        }
    }

    @Test func `of runs that are written together each batch hears of its own`() async throws {
        let (changes, lease) = try await changes(90)
        let ledger = HandoverLedger(rig.parts, token: lease.token)
        // One has changed meanwhile.
        _ = try await ledger.intend(changes[45])
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for start in stride(from: 0, to: 90, by: 9) {
                let batch = Array(changes[start..<start + 9])
                group.addTask {
                    let written = try await ledger.intendAll(batch)
                    return written.map(\.id) == batch.map(\.id).filter { $0 != changes[45].id }
                        && written.allSatisfy { $0.version == 2 }
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        let stored = try await rig.parts.runs.runs(changes.map(\.id))
        #expect(stored.allSatisfy { $0.version == 2 })
        _ = try await rig.lead()
        await #expect(throws: StoreError.self) { try await ledger.intendAll(stored) }
    }

    /// Lets time pass until all runs are written.
    private func advancing(until count: Int) async throws {
        while try await rig.parts.runs.runs(RunFilter(), after: nil, limit: 100).elements
            .count(where: { $0.version == 2 }) < count
        {
            rig.clock.advance(by: HandoverLedger.gathering)
            await Task.yield()
        }
    }

    private func changes(_ count: Int) async throws -> ([JobRun], Lease) {
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let runs = try await rig.parts.runs.add(
            (0..<count).map { .sample(of: job.id, at: rig.now + .milliseconds(Int64($0))) }
        )
        let changes = try runs.map { try #require($0.postponed(until: rig.now, at: rig.now)) }
        return (changes, lease)
    }
}
