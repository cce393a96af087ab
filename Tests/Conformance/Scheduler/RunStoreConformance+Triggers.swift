import Groundwork
import Scheduler
import Synchronization
import TestKit
import Testing

extension RunStoreConformance {
    /// Runs that no schedule asked for.
    static let triggering: [Clause<SchedulerStores>] = [
        Clause("runs are made of the job as it stands, and noted as its latest trigger") { stores in
            let job = try await stores.jobs.add(.sample())
            var changed = job
            changed.spec.params = "changed"
            let now = try await stores.jobs.replace(changed, nextTrigger: .keep)
            let made = Mutex<[Job]>([])
            let triggered = try await stores.runs.trigger(job.id, for: nil) { scene in
                made.withLock { $0.append(scene.job) }
                return TriggerDraft(
                    [0, 1]
                        .map { index in
                            let shard = Shard(index: index, total: 2)
                            return .sample(of: scene.job.id, shard: shard, terms: RunTerms(scene.job.spec))
                        }
                )
            }
            let added = triggered.runs
            #expect(Set(made.withLock { $0 }) == [now])
            #expect(added.map(\.plan.shard.index) == [0, 1])
            #expect(added.allSatisfy { $0.plan.terms.params == "changed" })
            #expect(triggered.recipient == nil && !triggered.isRepeated)
            #expect(try await stores.runs.runs(added.map(\.id)).sorted { $0.id < $1.id } == added)
            #expect(try await stores.jobs.job(job.id)?.lastTriggerAt == .noon)
        },
        Clause("a trigger of no job, or that makes no runs, writes nothing") { stores in
            let job = try await stores.jobs.add(.sample())
            await expect(.notFound) {
                _ = try await stores.runs.trigger(JobID(rawValue: 99), for: nil) {
                    TriggerDraft([.sample(of: $0.job.id)])
                }
            }
            let none = try await stores.runs.trigger(job.id, for: nil) { _ in TriggerDraft([]) }
            #expect(none.runs.isEmpty)
            #expect(try await stores.jobs.job(job.id)?.lastTriggerAt == nil)
            #expect(try await all(stores).isEmpty)
        },
        Clause("a trigger of an instant that has a run adds none of its runs") { stores in
            let job = try await stores.jobs.add(.sample())
            _ = try await stores.runs.add([.sample(of: job.id)])
            await expect(.conflict) {
                _ = try await stores.runs.trigger(job.id, for: nil) { scene in
                    TriggerDraft([
                        .sample(of: scene.job.id, at: .noon + .seconds(1)), .sample(of: scene.job.id),
                    ])
                }
            }
            #expect(try await all(stores).count == 1)
            #expect(try await stores.jobs.job(job.id)?.lastTriggerAt == .noon)
        },
        Clause("triggers that come together each add their run") { stores in
            let job = try await stores.jobs.add(.sample())
            let added = try await withThrowingTaskGroup(of: [JobRun].self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await stores.runs
                            .trigger(job.id, for: nil) { scene in
                                TriggerDraft([.sample(of: scene.job.id, at: .noon + .seconds(number))])
                            }
                            .runs
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(added.count == 20)
            #expect(try await all(stores).count == 20)
            #expect(try await stores.jobs.job(job.id)?.lastTriggerAt == .noon + .seconds(19))
        },
        Clause("a trigger sees the executors of the job's group as their records want them, and no others") {
            stores in
            let job = try await stores.jobs.add(.sample())
            let other = try await stores.jobs.add(.sample(.sample("other", group: "b")))
            for (group, host) in [("app", "two"), ("app", "one"), ("b", "three")] {
                let beat = ExecutorBeat(group: group, address: .sample(host), instance: "i", dialect: .run)
                _ = try await stores.registry.beat(beat, at: .noon)
            }
            try await stores.registry.signOff(group: "app", address: .sample("two"), at: .noon)
            let known = try await stores.registry.instances().filter { $0.group == "app" }
            #expect(try await scene(of: job, in: stores).executors == known)
            let registration = GroupRegistration.manual([.sample("four")])
            _ = try await stores.groups.add(NewGroup(name: "b", registration: registration), at: .noon)
            let placed = try await stores.registry.instances().filter { $0.group == "b" }
            #expect(placed.map(\.place) == [.manual, .passedOver])
            #expect(try await scene(of: other, in: stores).executors == placed)
        },
        Clause("a trigger sees whether a run of its job is open") { stores in
            let token = try await stores.mint()
            let job = try await stores.jobs.add(.sample())
            let other = try await stores.jobs.add(.sample(.sample("other")))
            func isOpen() async throws -> Bool {
                let scene = try await RunStoreConformance.scene(of: job, in: stores)
                return scene.hasOpenRun
            }
            _ = try await stores.runs.add([.sample(of: other.id)])
            #expect(try await !isOpen())
            let run = try #require(
                try await stores.runs.add([.sample(of: job.id, at: .noon + .seconds(60))]).first
            )
            #expect(try await isOpen())
            let sent = try #require(run.dispatched(to: .sample(), at: .noon, resendAt: .noon))
            let written = try #require(try await stores.runs.advance([sent], token: token).first)
            #expect(try await isOpen())
            let running = try #require(written.accepted(at: .noon))
            _ = try await stores.runs.advance([running], token: token)
            #expect(try await isOpen())
            try await end(run, .completed, in: stores)
            #expect(try await !isOpen())
        },
        Clause("a run that is sent as it is added reads back so, and is looked after in its time") { stores in
            let job = try await stores.jobs.add(.sample())
            let beat = ExecutorBeat(group: "app", address: .sample(), instance: "first", dialect: .run)
            let executor = try await stores.registry.beat(beat, at: .noon)
            let resendAt = Moment.noon + .seconds(6)
            let triggered = try await stores.runs.trigger(job.id, for: nil) { scene in
                let new = NewRun.sample(of: scene.job.id)
                let sent = new.sent(to: ExecutorReference(executor), at: .noon, resendAt: resendAt)
                return TriggerDraft([sent], sentTo: executor)
            }
            let run = try #require(triggered.runs.first)
            #expect(triggered.recipient == executor)
            #expect(run.state == .dispatching(sends: 1, resendAt: resendAt))
            #expect(run.executor == ExecutorReference(executor))
            #expect(run.dispatchedAt == .noon)
            #expect(run.token == nil)
            #expect(try await stores.runs.runs([run.id]) == [run])
            // No term left it behind: whoever leads sends it again when its time has come.
            let token = try await stores.mint()
            let early = resendAt - .milliseconds(1)
            #expect(try await outbox(stores, at: early, token).isEmpty)
            #expect(try await outbox(stores, at: resendAt, token) == [run])
        },
        Clause("a key adds its runs once, also when who began it comes late") { stores in
            let job = try await stores.jobs.add(.sample())
            let call = KeyedCall(key: "k", digest: "one")
            func trigger(_ key: String, at moment: Moment) async throws -> Triggered {
                try await stores.runs.trigger(job.id, for: key) { scene in
                    TriggerDraft(
                        [0, 1]
                            .map { .sample(of: scene.job.id, at: moment, shard: Shard(index: $0, total: 2)) }
                    )
                }
            }
            await expect(.notFound) { _ = try await trigger("k", at: .noon) }
            _ = try await stores.calls.begin(call, at: .noon)
            let none = try await stores.runs.trigger(job.id, for: "k") { _ in TriggerDraft([]) }
            #expect(none.runs.isEmpty)
            let added = try await trigger("k", at: .noon)
            #expect(added.runs.count == 2 && !added.isRepeated)
            let again = try await trigger("k", at: .noon + .seconds(1))
            #expect(again.runs == added.runs && again.isRepeated)
            try await stores.calls.forget("k")
            let later = Moment.noon + .seconds(3_600)
            #expect(try await stores.calls.begin(call, at: later) == .triggered(added.runs.map(\.id)))
            let kept = try await all(stores).sorted { $0.id < $1.id }
            #expect(kept == added.runs)
            let other = KeyedCall(key: "l", digest: "one")
            _ = try await stores.calls.begin(other, at: .noon)
            await expect(.conflict) { _ = try await trigger("l", at: .noon) }
            #expect(try await stores.calls.begin(other, at: .noon) == .underWay)
        },
        Clause(
            "however triggers, backfills and retries come, a serial job's runs are with executors one by one"
        ) {
            stores in
            try await Crossing(stores, try await stores.mint()).run()
        },
    ]

    /// What a trigger of the job is told.
    private static func scene(of job: Job, in stores: SchedulerStores) async throws -> TriggerScene {
        let told = Mutex<TriggerScene?>(nil)
        _ = try await stores.runs.trigger(job.id, for: nil) { scene in
            told.withLock { $0 = scene }
            return TriggerDraft([])
        }
        return try #require(told.withLock { $0 })
    }

    private static func outbox(
        _ stores: SchedulerStores,
        at now: Moment,
        _ token: FencingToken
    ) async throws -> [JobRun] {
        try await stores.runs.outbox(at: now, limit: 9, without: [], token: token).runs
    }
}

/// Everybody who adds runs of one job at once, while a leader hands over what it finds.
private struct Crossing: Sendable {
    private let stores: SchedulerStores
    private let token: FencingToken
    private let now = Moment.noon + .seconds(3_600)
    private static let count = 60

    init(_ stores: SchedulerStores, _ token: FencingToken) {
        self.stores = stores
        self.token = token
    }

    func run() async throws {
        let job = try await stores.jobs.add(.sample())
        let end = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lead(until: end) }
            try await withThrowingTaskGroup(of: Void.self) { adders in
                for number in 0..<Self.count {
                    adders.addTask { try await add(number, job.id) }
                    // So that some find the job idle.
                    if number % 5 == 4 { try await adders.next() }
                }
                try await adders.waitForAll()
            }
            end.set()
        }
        let runs = try await stores.runs.runs(RunFilter(), after: nil, limit: 500).elements
        #expect(runs.count >= Self.count && runs.allSatisfy { !$0.isOpen })
    }

    /// Adds a run, sent where it may be.
    private func add(_ number: Int, _ job: JobID) async throws {
        let moment = Moment.noon + .seconds(number)
        var terms = RunTerms(JobSpec.sample())
        if number % 3 == 0 {
            terms.retry = RetryPolicy(limit: 1, backoff: Backoff(first: .zero, ceiling: .zero, jitter: 0))
        }
        let new = NewRun.sample(of: job, at: moment, terms: terms)
        guard number % 4 != 0 else {
            _ = try await stores.runs.addMissing([new])
            return
        }
        _ = try await stores.runs.trigger(job, for: nil) { [now] scene in
            guard !scene.hasOpenRun else { return TriggerDraft([new]) }
            return TriggerDraft([new.sent(to: .sample(), at: now, resendAt: now)])
        }
    }

    /// Sends what is in the outbox and ends what was sent, until there is nothing more to come.
    private func lead(until over: Flag) async throws {
        while true {
            let wasOver = over.isSet
            let outbox = try await stores.runs.outbox(at: now, limit: 9, without: [], token: nil).runs
            let sent = outbox.compactMap { $0.dispatched(to: .sample(), at: now, resendAt: now) }
            let planned = sent.filter { run in
                outbox.contains { $0.id == run.id && $0.state.name == .planned }
            }
            _ = try await stores.runs.advance(planned, token: token)
            let busy = RunFilter(states: [.dispatching, .running])
            let held = try await stores.runs.runs(busy, after: nil, limit: 9).elements
            #expect(held.count <= 1)
            if held.isEmpty, outbox.isEmpty, wasOver { return }
            let end = RunEnd(.handlerFailed, at: now)
            let closings = held.compactMap { RunClosing($0, end) }
            _ = try await stores.runs.close(closings, token: token)
        }
    }
}

/// What is set once.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
