package import Groundwork

/// What operators and programs ask about jobs; every change is checked, stored, and seen by the loops at
/// once.
package struct JobService: Sendable {
    private let jobs: any JobStore
    let history: any JobHistory
    let runs: any RunBooks
    let registry: any RegistryStore
    let bells: SchedulerBells
    let gauges: SchedulerGauges
    private let direct: DirectLane
    private let clock: any Clock<Duration>
    let wall: any WallClock

    package init(_ parts: SchedulerParts) {
        jobs = parts.jobs
        history = parts.history
        runs = parts.runs
        registry = parts.registry
        bells = parts.bells
        gauges = parts.gauges
        direct = parts.direct
        clock = parts.clock
        wall = parts.wall
    }

    /// The newest jobs that pass the filter, from `after` on.
    package func list(
        _ filter: JobFilter = JobFilter(),
        after: JobID? = nil,
        limit: Int = 50
    ) async throws(SchedulerError) -> Page<Job, JobID> {
        try await storing { () async throws(StoreError) in
            try await jobs.jobs(filter, after: after, limit: min(max(1, limit), 500))
        }
    }

    /// The job.
    ///
    /// - Throws: `SchedulerError.notFound` when there is none.
    package func job(_ id: JobID) async throws(SchedulerError) -> Job {
        let job = try await storing { () async throws(StoreError) in try await jobs.job(id) }
        guard let job else { throw .notFound("job \(id)") }
        return job
    }

    /// Adds a job.
    ///
    /// - Throws: `SchedulerError.invalid`, or `.conflict` when its group has a job of that name.
    package func create(
        _ spec: JobSpec,
        isEnabled: Bool = true,
        definition: String? = nil
    ) async throws(SchedulerError) -> Job {
        let now = wall.now
        let next = try firstTrigger(of: spec, at: now, isNeeded: isEnabled)
        try await checkChildren(of: spec)
        let new = NewJob(
            spec: spec,
            isEnabled: isEnabled,
            createdAt: now,
            nextTriggerAt: isEnabled ? next : nil,
            definition: definition
        )
        return try await changing { () async throws(StoreError) in try await jobs.add(new) }
    }

    /// Replaces what an operator may change; `version` is the one that was looked at.
    ///
    /// A schedule that stays the same keeps its pace; one that is changed or switched on starts anew.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - version: the job's version that was looked at.
    ///   - spec: what it is to be.
    ///   - isEnabled: whether its schedule is to be on; nil leaves that as it is.
    ///   - definition: what ships it; nil leaves that as it is.
    /// - Returns: the job as it is now.
    /// - Throws: `SchedulerError.conflict` when the job was changed since.
    package func update(
        _ id: JobID,
        version: Int64,
        to spec: JobSpec,
        isEnabled: Bool? = nil,
        definition: String? = nil
    ) async throws(SchedulerError) -> Job {
        var job = try await job(id)
        guard job.version == version else { throw .conflict("job \(id) was changed meanwhile") }
        let now = wall.now
        let isSwitched = isEnabled.map { $0 != job.isEnabled } ?? false
        job.isEnabled = isEnabled ?? job.isEnabled
        var next = NextTrigger.keep
        if spec.schedule == job.spec.schedule, !isSwitched {
            guard spec.faults.isEmpty else { throw .invalid(spec.faults) }
        } else {
            let first = try firstTrigger(of: spec, at: now, isNeeded: job.isEnabled)
            next = .set(job.isEnabled ? first : nil)
            if job.isEnabled || spec.schedule != job.spec.schedule {
                job.startedAt = job.isEnabled ? now : nil
            }
        }
        try await checkChildren(of: spec)
        job.spec = spec
        job.definition = definition ?? job.definition
        return try await replace(job, next, at: now)
    }

    /// Switches a job's schedule on or off; does nothing when it is so already.
    package func setEnabled(_ id: JobID, _ isEnabled: Bool) async throws(SchedulerError) -> Job {
        try await lookingAgain { () async throws(SchedulerError) in try await setEnabledOnce(id, isEnabled) }
    }

    private func setEnabledOnce(_ id: JobID, _ isEnabled: Bool) async throws(SchedulerError) -> Job {
        var job = try await job(id)
        guard job.isEnabled != isEnabled else { return job }
        let now = wall.now
        let next = isEnabled ? try firstTrigger(of: job.spec, at: now, isNeeded: true) : nil
        job.isEnabled = isEnabled
        job.startedAt = isEnabled ? now : job.startedAt
        return try await replace(job, .set(next), at: now)
    }

    /// Removes a job and keeps its ended runs.
    ///
    /// - Throws: `SchedulerError.conflict` while a run of it is open.
    package func remove(_ id: JobID) async throws(SchedulerError) {
        try await changing { () async throws(StoreError) in try await jobs.remove(id, at: wall.now) }
    }

    /// Triggers a job now, whether it is enabled or not, with its own parameters or others.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - params: what the handler is given; nil for the job's own.
    ///   - address: the only executor that may have the run, one of the job's group; nil when the job's route chooses.
    ///   - trigger: why.
    ///   - key: that of a call that has begun, which adds runs once; nil for a call without one.
    /// - Returns: the runs, one a shard; they are stored and will be handed over even if this process dies now.
    /// - Throws: `SchedulerError.invalid` for an address where the group has no living executor.
    package func trigger(
        _ id: JobID,
        params: String? = nil,
        at address: String? = nil,
        by trigger: TriggerKind = .manual,
        key: String? = nil
    ) async throws(SchedulerError) -> [JobRun] {
        if let params, params.utf8.count > 65_536 {
            throw .invalid([FieldFault("params", "must have at most 65536 bytes")])
        }
        let announced = Stopwatch(clock)
        let lane = direct.board() ? direct : nil
        var isCarried = false
        defer {
            if !isCarried { lane?.alight() }
        }
        var now = wall.now
        while true {
            let order = TriggerOrder(at: now, trigger: trigger, params: params, address: address)
            let triggered: Triggered
            do { triggered = try await runs.trigger(id, for: key) { order.draft(in: $0, on: lane) } } catch {
                guard error.code == .conflict else { throw SchedulerError(error) }
                // Another trigger of this job has this very millisecond: take the next.
                now = now + .milliseconds(1)
                continue
            }
            let added = triggered.runs
            guard !added.isEmpty else {
                let group = try await job(id).spec.group
                throw .invalid([FieldFault("address", "must be one of a living executor of group \(group)")])
            }
            guard !triggered.isRepeated else { return added }
            gauges.planned(added, at: now)
            if let lane, let executor = triggered.recipient {
                lane.carry(DirectLane.Passenger(run: added[0], executor: executor, announced: announced))
                isCarried = true
            } else {
                bells.runsMayGo()
            }
            return added
        }
    }

    /// The next instants of a schedule after `moment`, fewer where it ends, and what may surprise.
    ///
    /// A fixed delay is shown as if each run took no time.
    ///
    /// - Throws: `SchedulerError.invalid` when it is no schedule.
    package func preview(
        _ text: ScheduleText,
        from moment: Moment? = nil,
        count: Int = 5
    ) throws(SchedulerError) -> SchedulePreview {
        let start = moment ?? wall.now
        do {
            let rhythm = try Rhythm(text, since: start)
            return SchedulePreview(of: rhythm, after: start, count: min(max(0, count), 1_000))
        } catch {
            throw .invalid([FieldFault(error)])
        }
    }

    private func firstTrigger(
        of spec: JobSpec,
        at now: Moment,
        isNeeded: Bool
    ) throws(SchedulerError) -> Moment? {
        guard spec.faults.isEmpty else { throw .invalid(spec.faults) }
        do throws(ScheduleError) {
            let rhythm = try Rhythm(spec.schedule, since: now)
            if isNeeded { try rhythm.schedule.checkFires(after: now) }
            let first = rhythm.start(after: now)
            guard !isNeeded || first != nil || rhythm.schedule == .none else {
                throw ScheduleError(field: "until", reason: "nothing is due within its days and bounds")
            }
            return first
        } catch {
            throw .invalid([FieldFault(error)])
        }
    }

    /// Does again what looks before it writes, where somebody else wrote in between.
    func lookingAgain<Result: Sendable>(
        _ change: () async throws(SchedulerError) -> Result
    ) async throws(SchedulerError) -> Result {
        var attempt = 1
        while true {
            do { return try await change() } catch {
                guard case .conflict = error, attempt < 5 else { throw error }
            }
            attempt += 1
        }
    }

    private func replace(
        _ job: Job,
        _ next: NextTrigger,
        at now: Moment
    ) async throws(SchedulerError) -> Job {
        try await changing { () async throws(StoreError) in
            try await jobs.replace(job, nextTrigger: next, at: now)
        }
    }

    private func changing<Result: Sendable>(
        _ change: () async throws(StoreError) -> Result
    ) async throws(SchedulerError) -> Result {
        let result = try await storing(change)
        bells.trigger.ring()
        return result
    }

    /// What `access` gives, its errors in the words of whoever asks.
    func storing<Result: Sendable>(
        _ access: () async throws(StoreError) -> Result
    ) async throws(SchedulerError) -> Result {
        do {
            return try await access()
        } catch {
            throw SchedulerError(error)
        }
    }
}

extension SchedulerError {
    /// What a store's refusal means to who asked.
    package init(_ error: StoreError) {
        switch error.code {
        case .notFound: self = .notFound(error.detail)
        case .conflict: self = .conflict(error.detail)
        case .unavailable, .staleToken, .corrupted, .full: self = .store(error)
        }
    }
}
