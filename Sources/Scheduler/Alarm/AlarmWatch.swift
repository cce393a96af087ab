import Groundwork
import Logging

/// Looks for trouble that the end of no run tells of: a schedule that does not fire, a run that waits for an executor where none lives, a
/// run that nobody takes.
///
/// What lasts is found again in every look and told again once a window. A job is well again with its next success, as after a failure.
struct AlarmWatch: Sendable {
    private let jobs: any JobStore
    private let alarms: any AlarmStore
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let bells: SchedulerBells
    private let settings: WatchSettings
    private let wall: any WallClock
    private let logger: Logger

    /// The most overdue jobs, and the most waiting runs, of one look: those that are due for longest.
    private static let batch = 200
    /// A run that found nobody is looked at again by then, so what is due until then is looked at.
    private static let lookAhead = Duration.seconds(2)

    init(_ parts: SchedulerParts, settings: WatchSettings) {
        jobs = parts.jobs
        alarms = parts.alarms
        runs = parts.runs
        registry = parts.registry
        bells = parts.bells
        self.settings = settings
        wall = parts.wall
        logger = parts.logger
    }

    /// What was found in earlier looks of this term.
    struct Memory: Sendable {
        fileprivate var lookedAt: Moment?
        /// When each was told last.
        fileprivate var toldAt: [Trouble.Kind: Moment] = [:]
    }

    /// Looks, where the last look is a period ago.
    ///
    /// - Throws: `StoreError` when the stores cannot be read or written; `.staleToken` when another leads by now.
    func lookIfDue(under lease: Lease, _ memory: inout Memory) async throws(StoreError) {
        let now = wall.now
        if let last = memory.lookedAt, last <= now, now - last < settings.period { return }
        memory.lookedAt = now
        try await tell(overdue(at: now) + waiting(at: now), at: now, lease.token, &memory)
    }

    /// Looks at what was not fired because nobody led: to be called before the first trigger of a term is planned.
    ///
    /// A job that skips what was missed is left out: the record of that is told.
    ///
    /// - Throws: `StoreError` when the stores cannot be read or written; `.staleToken` when another leads by now.
    func lookBack(under lease: Lease) async throws(StoreError) {
        let now = wall.now
        let troubles = try await overdue(at: now).filter { $0.policy == .fireOnce }
        var memory = Memory()
        try await tell(troubles, at: now, lease.token, &memory)
    }

    private func overdue(at now: Moment) async throws(StoreError) -> [Trouble] {
        try await jobs.upcoming(until: now - settings.unfired, limit: Self.batch)
            .compactMap { job in
                guard let due = job.nextTriggerAt else { return nil }
                let message = "due at \(InstantText.local(due, in: .utc)) and not fired"
                return Trouble(.unfired, of: job.id, message, policy: job.spec.misfire)
            }
    }

    private func waiting(at now: Moment) async throws(StoreError) -> [Trouble] {
        let outbox = try await runs.outbox(
            at: now + Self.lookAhead,
            limit: Self.batch,
            without: [],
            token: nil
        )
        guard !outbox.runs.isEmpty else { return [] }
        let groups = ExecutorGroups(try await registry.instances())
        return outbox.runs.compactMap { trouble(of: $0, groups, at: now) }
    }

    private func trouble(of run: JobRun, _ groups: ExecutorGroups, at now: Moment) -> Trouble? {
        guard case .planned(let due) = run.state else { return nil }
        let terms = run.plan.terms
        let living = groups.living(in: terms.group, at: now)
            .filter { terms.target == nil || $0.address == terms.target }
        if living.isEmpty {
            guard let since = run.unreachedSince, now - since >= settings.unmanned else { return nil }
            let place = terms.target.map { "at \($0)" } ?? "in group \(terms.group)"
            let instant = InstantText.local(since, in: .utc)
            return Trouble(
                .unmanned,
                of: run.plan.job,
                "no living executor \(place) since \(instant)",
                run: run.id
            )
        }
        guard now - due >= settings.stuck else { return nil }
        let message = "due at \(InstantText.local(due, in: .utc)) and not handed over"
        return Trouble(.stuck, of: run.plan.job, message, run: run.id)
    }

    private func tell(
        _ troubles: [Trouble],
        at now: Moment,
        _ token: FencingToken,
        _ memory: inout Memory
    ) async throws(StoreError) {
        // Many runs of one job wait for the same thing.
        let first = Dictionary(troubles.map { ($0.kind, $0) }) { first, _ in first }
        memory.toldAt = memory.toldAt.filter { first[$0.key] != nil }
        var known: [JobID: Job] = [:]
        for id in Set(first.keys.map(\.job)) { known[id] = try await jobs.job(id) }
        var sheet = AlarmSheet(try await alarms.alarms(of: known.keys.sorted()), at: now)
        var steps: [AlarmStep] = []
        for trouble in first.values.sorted(by: { $0.kind < $1.kind }) {
            guard let job = known[trouble.kind.job] else { continue }
            let window = job.spec.alarm?.window ?? AlarmPolicy.usualWindow
            if let last = memory.toldAt[trouble.kind], now - last < max(window, settings.period) { continue }
            memory.toldAt[trouble.kind] = now
            logger.warning(
                "job in trouble",
                metadata: [LogKey.job: "\(job.id)", LogKey.reason: "\(trouble.message)"]
            )
            steps += sheet.step(for: job, trouble.news(at: now)).map { [$0] } ?? []
        }
        guard !steps.isEmpty else { return }
        try await alarms.raise(steps, token: token)
        bells.alarm.ring()
    }
}

/// Something that is wrong with a job although no run of it ended so.
private struct Trouble: Sendable {
    struct Kind: Hashable, Comparable, Sendable {
        let job: JobID
        let event: AlarmEvent

        static func < (one: Kind, other: Kind) -> Bool {
            (one.job, one.event.rawValue) < (other.job, other.event.rawValue)
        }
    }

    let kind: Kind
    let message: String
    let run: RunID?
    /// What the job does about triggers that it missed; nil where that says nothing.
    let policy: MisfirePolicy?

    init(
        _ event: AlarmEvent,
        of job: JobID,
        _ message: String,
        run: RunID? = nil,
        policy: MisfirePolicy? = nil
    ) {
        kind = Kind(job: job, event: event)
        self.message = message
        self.run = run
        self.policy = policy
    }

    func news(at now: Moment) -> AlarmNews {
        AlarmNews(event: kind.event, run: run, reason: nil, message: message, at: now)
    }
}

/// How long something may last before it is told.
package struct WatchSettings: Hashable, Sendable {
    /// The wait between two looks.
    package var period = Duration.seconds(5)
    /// How long after its instant a schedule has not fired.
    package var unfired = Duration.seconds(30)
    /// How long a run waits for an executor where none lives; `DispatchRules.patience` ends it.
    package var unmanned = Duration.seconds(20)
    /// How long after it was due a run is not handed over although executors live.
    package var stuck = Duration.seconds(300)

    package init() {}
}
