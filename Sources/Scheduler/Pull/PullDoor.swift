import Groundwork
import Logging
import ServiceLifecycle

/// Answers executors that fetch their runs: takes what they say of those they were given, and waits with the answer until
/// there is something to tell.
///
/// It decides nothing. Whoever leads writes down who gets a run, before anybody is told; here that is only read, so nothing
/// depends on which process an executor calls, on how often, or on whether it hears the answer.
struct PullDoor: Sendable {
    private let jobs: any JobStore
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let closer: RunCloser
    private let rules: DispatchRules
    private let hub: PullHub
    private let bells: SchedulerBells
    private let gauges: SchedulerGauges
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// How long an answer waits at most.
    static let longestWait = Duration.seconds(25)
    /// The most runs in an answer, and bytes of what is theirs alone.
    static let answerLimit = (runs: 1_000, bytes: 1 << 20)
    /// The wait between two looks while nobody rings: a word of another process may be lost.
    private static let pace = Duration.seconds(1)
    /// How often it is looked whether a run has ended here that the executor still has.
    private static let holdsPace = Duration.seconds(5)
    /// How often the registry hears of an executor.
    private static let beatPace = Duration.seconds(10)
    /// The most runs that are looked at.
    private static let batch = 1_000

    init(_ parts: SchedulerParts, rules: DispatchRules = DispatchRules()) {
        jobs = parts.jobs
        runs = parts.runs
        registry = parts.registry
        closer = RunCloser(parts)
        self.rules = rules
        hub = parts.pulls
        bells = parts.bells
        gauges = parts.gauges
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Answers a call; what it says is stored before it waits for anything.
    ///
    /// - Throws: `StoreError`; then the executor says it again.
    func answer(_ request: PullRequest, at address: ExecutorAddress) async throws -> PullAnswer {
        hub.answer(request.pages)
        try await confirm(request, at: address)
        try await refuse(request, at: address)
        if request.isLeaving {
            try await leave(request, at: address)
            return PullAnswer()
        }
        let (call, bell) = hub.open(address, request, at: wall.now)
        try await beat(request, at: address)
        return try await cancelWhenGracefulShutdown {
            try await wait(request, at: address, call, bell)
        }
    }

    /// Waits until there is something to tell, the time is over, the executor calls again, or the process is to end.
    private func wait(
        _ request: PullRequest,
        at address: ExecutorAddress,
        _ call: Int,
        _ bell: Bell
    ) async throws -> PullAnswer {
        let limit = min(.milliseconds(request.waitMilliseconds), Self.longestWait)
        let watch = Stopwatch(clock)
        var nextHolds = Duration.zero
        while !Task.isCancelled, hub.isOpen(call, of: address) {
            var answer = try await news(for: request, at: address)
            if watch.elapsed >= nextHolds {
                answer.kills += try await over(request.holds ?? [], at: address, besides: answer.kills)
                nextHolds = watch.elapsed + Self.holdsPace
            }
            answer.questions = hub.takeQuestions(for: address, call)
            let left = limit - watch.elapsed
            if !answer.isEmpty || left <= .zero { return answer }
            await bell.wait(atMost: min(left, Self.pace), on: clock)
        }
        return PullAnswer()
    }

    /// What was just left to the executor, or what the store has for it.
    private func news(for request: PullRequest, at address: ExecutorAddress) async throws -> PullAnswer {
        let offers = hub.offers(to: address, at: wall.now)
        let untold = if let offers { offers } else { try await look(for: address) }
        let found = untold.filter { $0.plan.terms.group == request.appName }
        let ending = found.filter { $0.killRequestedAt != nil }
        let untoldKills = hub.untoldKills(ending.map(\.id), at: address, now: wall.now)
        var answer = PullAnswer(
            kills: ending.filter { untoldKills.contains($0.id) }
                .map { PullAnswer.Kill(run: $0.id, plannedAt: $0.plan.plannedAt) }
        )
        var bytes = 0
        var given: [JobRun] = []
        for run in found where run.killRequestedAt == nil {
            guard answer.runs.count < min(request.seats, Self.answerLimit.runs) else { break }
            let message = RunRequest(run, try await jobs.script(of: run))
            bytes += message.params.utf8.count + message.glueSource.utf8.count
            // One that is too large by itself goes alone.
            guard answer.runs.isEmpty || bytes <= Self.answerLimit.bytes else { break }
            answer.runs.append(message)
            given.append(run)
        }
        if !given.isEmpty { answer.name = hub.give(given, to: address) }
        // What is left of offers stays offered.
        if offers == nil, given.count + ending.count < found.count { hub.askForLook(at: address) }
        return answer
    }

    /// What the store has for the executor that it does not know.
    private func look(for address: ExecutorAddress) async throws -> [JobRun] {
        do {
            let known = hub.known(at: address)
            let found = try await runs.untold(at: address, limit: Self.batch, besides: known)
            hub.endLook(found, for: address)
            return found
        } catch {
            hub.endLook(nil, for: address)
            throw error
        }
    }

    /// The runs that the executor has and that ended here without it: covered, too slow, or given up.
    private func over(
        _ holds: [RunID],
        at address: ExecutorAddress,
        besides kills: [PullAnswer.Kill]
    ) async throws -> [PullAnswer.Kill] {
        guard !holds.isEmpty else { return [] }
        let ended = try await runs.runs(holds).filter { !$0.isOpen }
        let untold = hub.untoldKills(ended.map(\.id), at: address, now: wall.now)
            .subtracting(kills.map(\.run))
        return ended.filter { untold.contains($0.id) }
            .map { PullAnswer.Kill(run: $0.id, plannedAt: $0.plan.plannedAt) }
    }

    /// Notes that the executor has the runs that it says it has.
    private func confirm(_ request: PullRequest, at address: ExecutorAddress) async throws {
        guard !request.accepted.isEmpty else { return }
        let given = hub.given(request.accepted)
        hub.forget(request.accepted, at: address)
        let written = try await accept(given, of: request, at: address)
        var left = Set(request.accepted).subtracting(written)
        // Who leads may write a run at the same moment; then what it wrote is read.
        for _ in 0..<3 where !left.isEmpty {
            let found = try await dispatching(Array(left), of: request, at: address)
            left = Set(found.map(\.id)).subtracting(try await accept(found, of: request, at: address))
        }
    }

    /// Writes down that the executor has runs, and tells of which: not those that were changed meanwhile.
    private func accept(
        _ runs: [JobRun],
        of request: PullRequest,
        at address: ExecutorAddress
    ) async throws -> [RunID] {
        let reference = ExecutorReference(address: address, instance: request.instance)
        let now = wall.now
        let ages = Dictionary(zip(request.accepted, request.acceptedFor)) { first, _ in first }
        let accepted = runs.filter { isGiven($0, to: request, at: address) }
            .compactMap { run in
                let since = now - .milliseconds(max(0, ages[run.id] ?? 0))
                return run.accepted(at: max(since, run.dispatchedAt ?? since), by: reference)
            }
        guard !accepted.isEmpty else { return [] }
        let written = Set(try await self.runs.advance(accepted, token: nil).map(\.id))
        gauges.accepted(accepted.filter { written.contains($0.id) })
        return Array(written)
    }

    /// Brings runs elsewhere, or to their end, that the executor says it did not begin.
    private func refuse(_ request: PullRequest, at address: ExecutorAddress) async throws {
        hub.forget(request.refused.map(\.run), at: address)
        let why = Dictionary(request.refused.map { ($0.run, $0.message) }) { first, _ in first }
        for run in try await dispatching(Array(why.keys), of: request, at: address) {
            let message = why[run.id] ?? ""
            let decision =
                message.hasPrefix(WireText.notNow)
                ? rules.unreached(run, message, hasLiving: true, at: wall.now)
                : .end(rules.refused(run, message, at: wall.now))
            switch decision {
            case .wait(let waiting): _ = try await runs.advance([waiting], token: nil)
            case .end(let end): try await closer.close(run, end, token: nil)
            case nil, .offer, .resend, .stop: continue
            }
        }
        if !why.isEmpty { bells.runsMayGo() }
    }

    /// Signs the executor off, and lets others have what was handed to it and never reached it.
    private func leave(_ request: PullRequest, at address: ExecutorAddress) async throws {
        try await registry.signOff(group: request.appName, address: address, at: wall.now)
        hub.forgetBeat(of: address)
        hub.askForLook(at: address)
        let held = Set(request.holds ?? [])
        let now = wall.now
        let lost = try await runs.untold(at: address, limit: Self.batch)
            .filter { $0.plan.terms.group == request.appName && !held.contains($0.id) }
        let waiting = lost.filter { $0.killRequestedAt == nil }
            .compactMap { $0.postponed(until: now, at: now) }
        if !waiting.isEmpty { _ = try await runs.advance(waiting, token: nil) }
        let end = RunEnd(.killed, message: "before it reached its executor", at: now)
        let killed = lost.filter { $0.killRequestedAt != nil && $0.state.name == .dispatching }
        try await closer.close(killed.map { ($0, end) }, token: nil)
        logger.info(
            "executor signed off",
            metadata: [LogKey.group: "\(request.appName)", LogKey.address: "\(address)"]
        )
        bells.runsMayGo()
    }

    /// Notes that the executor lives; not with every call.
    private func beat(_ request: PullRequest, at address: ExecutorAddress) async throws {
        let now = wall.now
        guard hub.isBeatDue(request, address, at: now, every: Self.beatPace) else { return }
        let beat = ExecutorBeat(
            group: request.appName,
            address: address,
            instance: request.instance,
            capacity: request.capacity
        )
        do {
            let executor = try await registry.beat(beat, at: now)
            bells.runsMayGo()
            guard executor.since == now else { return }
            logger.info(
                "executor registered",
                metadata: [LogKey.group: "\(beat.group)", LogKey.address: "\(address)"]
            )
            bells.sweep.ring()
        } catch {
            hub.forgetBeat(of: address)
            throw error
        }
    }

    /// Those of the runs that were handed to the executor and that it has not confirmed.
    private func dispatching(
        _ ids: [RunID],
        of request: PullRequest,
        at address: ExecutorAddress
    ) async throws -> [JobRun] {
        guard !ids.isEmpty else { return [] }
        return try await runs.runs(ids).filter { isGiven($0, to: request, at: address) }
    }

    /// Whether a run was handed to the executor and has not been confirmed: who shows the token of one group gets nothing of another,
    /// whatever address it gives.
    private func isGiven(_ run: JobRun, to request: PullRequest, at address: ExecutorAddress) -> Bool {
        run.state.name == .dispatching && run.executor?.address == address
            && run.plan.terms.group == request.appName
    }
}
