import Groundwork
import TestKit
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(1)))
struct RunWriterTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `each of many writers gets its own run back`() async throws {
        let (runs, lease) = try await planned(200)
        let writer = RunWriter(rig.parts.runs, token: lease.token)
        try await serving(writer) {
            try await withThrowingTaskGroup(of: (RunID, JobRun?).self) { group in
                for run in runs {
                    let changed = try #require(run.postponed(until: rig.now, at: rig.now))
                    group.addTask { (run.id, try await writer.write(changed).written) }
                }
                for try await (id, written) in group {
                    #expect(written?.id == id)
                    #expect(written?.version == 2)
                }
            }
        }
    }

    @Test func `a run that changed meanwhile comes back as it stands`() async throws {
        let (runs, lease) = try await planned(1)
        let writer = RunWriter(rig.parts.runs, token: lease.token) { [store = rig.parts.runs] overtaken in
            try await store.runs(overtaken)
        }
        let changed = try #require(runs[0].postponed(until: rig.now, at: rig.now))
        try await serving(writer) {
            let first = try await writer.write(changed)
            let second = try await writer.write(changed)
            let written = try #require(first.written)
            #expect(written.version == 2)
            #expect(second == .overtaken(by: written))
        }
    }

    @Test func `a writer with a pause lets changes gather between its transactions`() async throws {
        let (runs, lease) = try await planned(40)
        let pause = RunWriter.Pause(length: .milliseconds(20), clock: rig.clock)
        let writer = RunWriter(rig.parts.runs, token: lease.token, pause: pause)
        let changes = try runs.map { try #require($0.postponed(until: rig.now, at: rig.now)) }
        try await withThrowingTaskGroup(of: JobRun?.self) { group in
            for change in changes.prefix(39) { group.addTask { try await writer.write(change).written } }
            await gathered(39, in: writer)
            group.addTask {
                await writer.run()
                return nil
            }
            for _ in 0..<39 {
                let written = try #require(try await group.next())
                #expect(written?.version == 2)
            }
            await rig.clock.sleepers()
            group.addTask { try await writer.write(changes[39]).written }
            await gathered(1, in: writer)
            #expect(try await rig.parts.runs.runs([changes[39].id]).first?.version == 1)
            rig.clock.advance(by: .milliseconds(20))
            let written = try #require(try await group.next())
            #expect(written?.version == 2)
            group.cancelAll()
        }
    }

    @Test func `a writer with a pause writes what has gathered when its term ends`() async throws {
        let (runs, lease) = try await planned(2)
        let pause = RunWriter.Pause(length: .seconds(60), clock: rig.clock)
        let writer = RunWriter(rig.parts.runs, token: lease.token, pause: pause)
        let changes = try runs.map { try #require($0.postponed(until: rig.now, at: rig.now)) }
        var late: Task<JobRun?, any Error>?
        try await serving(writer) {
            _ = try await writer.write(changes[0])
            await rig.clock.sleepers()
            late = Task { try await writer.write(changes[1]).written }
            await gathered(1, in: writer)
        }
        #expect(try await late?.value?.version == 2)
        #expect(try await rig.parts.runs.runs([changes[1].id]).first?.version == 2)
    }

    @Test func `a deposed writer is told`() async throws {
        let (runs, lease) = try await planned(1)
        _ = try await rig.lead()
        let writer = RunWriter(rig.parts.runs, token: lease.token)
        let changed = try #require(runs[0].postponed(until: rig.now, at: rig.now))
        try await serving(writer) {
            let error = await #expect(throws: StoreError.self) { try await writer.write(changed) }
            #expect(error?.code == .staleToken)
        }
    }

    @Test func `whoever comes after the end is told so`() async throws {
        let (runs, lease) = try await planned(1)
        let writer = RunWriter(rig.parts.runs, token: lease.token)
        try await serving(writer) {}
        await #expect(throws: CancellationError.self) { try await writer.write(runs[0]) }
    }

    private func gathered(_ count: Int, in writer: RunWriter) async {
        while writer.waiting < count { await Task.yield() }
    }

    private func serving(_ writer: RunWriter, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await writer.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func planned(_ count: Int) async throws -> ([JobRun], Lease) {
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let runs = try await rig.parts.runs.add(
            (0..<count).map { .sample(of: job.id, at: rig.now + .milliseconds(Int64($0))) }
        )
        return (runs, lease)
    }
}
