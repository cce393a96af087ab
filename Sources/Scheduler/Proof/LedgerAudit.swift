package import Groundwork

/// Proves from the jobs' history that their runs are those that were to come, no more and no fewer.
///
/// It reads both in the order of their instants and computes what was due by the same code that plans. Of each job it keeps the
/// versions that counted and a page of runs, however many there are, and looks at a few jobs at a time.
package struct LedgerAudit: Sendable {
    private let history: any JobHistory
    private let ledger: any RunLedger
    private let wall: any WallClock

    /// How late a run may be handed over when nobody says otherwise.
    package static let usualLimit = Duration.seconds(5)
    /// The most differences that a report names.
    package static let mostFindings = 1_000

    private static let page = 5_000
    /// How many jobs are looked at side by side: the store reads for one while the runs of another are compared.
    private static let lanes = 4
    /// How far they go beyond a job that is not done: what is found there is kept until it is.
    private static let reach = 16
    /// A change takes effect a moment after the instant it names: a version may have triggers up to so much behind its end.
    private static let margin = Duration.seconds(60)

    package init(_ parts: SchedulerParts) {
        history = parts.history
        ledger = parts.ledger
        wall = parts.wall
    }

    /// Compares what ran with what was due.
    ///
    /// - Parameters:
    ///   - span: the planned instants that are looked at. What is due less than `limit` ago is left out, because it may be on
    ///     its way still.
    ///   - job: the only job that is looked at; nil for all, the jobs that are gone too.
    ///   - limit: how much later than it was due a run may be handed over.
    ///   - findings: how many differences are named, up to `mostFindings`; all are counted.
    /// - Returns: what it came to.
    /// - Throws: `SchedulerError.invalid` when the span is empty or the limit negative; `.store` when something cannot be read.
    package func verify(
        _ span: Range<Moment>,
        of job: JobID? = nil,
        limit: Duration = usualLimit,
        findings: Int = mostFindings
    ) async throws(SchedulerError) -> LedgerReport {
        guard limit >= .zero else { throw .invalid([FieldFault("late", "must not be negative")]) }
        let now = wall.now
        let until = min(span.upperBound, now - limit)
        guard span.lowerBound < until else {
            throw .invalid([FieldFault("from", "nothing in the span was due by now")])
        }
        let checked = span.lowerBound..<until
        var report = LedgerReport(span: checked)
        let most = min(max(0, findings), Self.mostFindings)
        var after: JobID?
        repeat {
            let jobs = try await jobs(job, in: checked, after: after)
            try await add(jobs.elements, to: &report, limit: limit, now: now, most: most)
            after = jobs.next
        } while after != nil
        return report
    }

    private func jobs(
        _ job: JobID?,
        in span: Range<Moment>,
        after: JobID?
    ) async throws(SchedulerError) -> Page<JobID, JobID> {
        if let job { return Page([job], limit: 1, key: \.self) }
        return try await storing { () async throws(StoreError) in
            try await history.jobs(in: span, after: after, limit: 500)
        }
    }

    /// Adds what it comes to for each of the jobs, in their order, whichever is done first.
    private func add(
        _ jobs: [JobID],
        to report: inout LedgerReport,
        limit: Duration,
        now: Moment,
        most: Int
    ) async throws(SchedulerError) {
        let span = report.span
        typealias Outcome = (place: Int, result: Result<LedgerReport, SchedulerError>)
        let failure = await withTaskGroup(of: Outcome.self) { group -> SchedulerError? in
            var done: [Int: LedgerReport] = [:]
            var (begun, added, underWay) = (0, 0, 0)
            while added < jobs.count {
                while underWay < Self.lanes, begun < min(jobs.count, added + Self.reach) {
                    let (place, job) = (begun, jobs[begun])
                    group.addTask { (place, await result(of: job, in: span, limit: limit, now: now, most)) }
                    (begun, underWay) = (begun + 1, underWay + 1)
                }
                guard let (place, result) = await group.next() else { return nil }
                underWay -= 1
                switch result {
                case .success(let found): done[place] = found
                case .failure(let error):
                    group.cancelAll()
                    return error
                }
                while let found = done.removeValue(forKey: added) {
                    report.add(found, most: most)
                    added += 1
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private func result(
        of job: JobID,
        in span: Range<Moment>,
        limit: Duration,
        now: Moment,
        _ most: Int
    ) async -> Result<LedgerReport, SchedulerError> {
        do throws(SchedulerError) {
            return .success(try await verify(job, in: span, limit: limit, now: now, most))
        } catch { return .failure(error) }
    }

    private func verify(
        _ job: JobID,
        in whole: Range<Moment>,
        limit: Duration,
        now: Moment,
        _ most: Int
    ) async throws(SchedulerError) -> LedgerReport {
        var report = LedgerReport(span: whole)
        var kept = try await keptSince(of: job)
        while true {
            let from = kept.map { min(max($0, whole.lowerBound), whole.upperBound) }
            let span = (from ?? whole.lowerBound)..<whole.upperBound
            let past = try await past(of: job, in: span)
            guard let start = past.start, start < span.upperBound else {
                report.leaveOut(before: from)
                return report
            }
            let proof = try await proof(
                of: job,
                past,
                limit: limit,
                now: now,
                most: most,
                until: span.upperBound
            )
            let keptNow = try await keptSince(of: job)
            if keptNow != kept, proof.differences[.missing] != nil {
                // What is missing may have been removed meanwhile: what is kept is looked at again.
                kept = keptNow
                continue
            }
            report.leaveOut(before: from)
            report.add(proof, past, most: most)
            return report
        }
    }

    private func keptSince(of job: JobID) async throws(SchedulerError) -> Moment? {
        try await storing { () async throws(StoreError) in try await ledger.keptSince(of: job) }
    }

    private func proof(
        of job: JobID,
        _ past: JobPast,
        limit: Duration,
        now: Moment,
        most: Int,
        until: Moment
    ) async throws(SchedulerError) -> JobProof {
        let span = (past.start ?? until)..<until
        let before = try await storing { () async throws(StoreError) -> [LedgerEntry] in
            guard let last = try await ledger.lastTrigger(of: job, before: span.lowerBound) else { return [] }
            let between = last.plannedAt..<span.lowerBound
            // More of them were asked for by hand; what held back what is then not known.
            return try await ledger.entries(of: job, in: between, after: nil, limit: Self.page)
        }
        var proof = JobProof(
            job,
            past.stretches,
            after: before,
            until: until,
            limit: limit,
            now: now,
            most: most
        )
        var place: LedgerEntry.Place?
        repeat {
            let entries = try await storing { () async throws(StoreError) in
                try await ledger.entries(of: job, in: span, after: place, limit: Self.page)
            }
            for entry in entries {
                try await advance(&proof, to: entry.plannedAt)
                proof.read(entry)
            }
            place = entries.count < Self.page ? nil : entries.last?.place
        } while place != nil
        try await advance(&proof, to: until)
        proof.finish()
        return proof
    }

    /// Lets others go on in between, however many triggers are passed.
    private func advance(_ proof: inout JobProof, to instant: Moment) async throws(SchedulerError) {
        while !proof.advance(to: instant) {
            await Task.yield()
            try checkCancellation()
        }
    }

    /// The versions of a job that counted, and from when on they are known.
    private func past(of job: JobID, in span: Range<Moment>) async throws(SchedulerError) -> JobPast {
        let wide = span.lowerBound - Self.margin..<span.upperBound
        var past = JobPast(job)
        var after: Int64?
        repeat {
            let versions = try await storing { () async throws(StoreError) in
                try await history.versions(of: job, in: wide, after: after, limit: 100)
            }
            for version in versions.elements { past.add(version, from: span.lowerBound) }
            after = versions.next
        } while after != nil
        return past
    }

    private func checkCancellation() throws(SchedulerError) {
        guard Task.isCancelled else { return }
        throw .store(StoreError(.unavailable, during: "verify runs", detail: "cancelled"))
    }

    private func storing<Result: Sendable>(
        _ access: () async throws(StoreError) -> Result
    ) async throws(SchedulerError) -> Result {
        try checkCancellation()
        do { return try await access() } catch { throw .store(error) }
    }
}

/// What a job was while its runs were planned.
struct JobPast {
    /// Its versions that planned triggers, in order.
    private(set) var stretches: [ScheduleStretch] = []
    /// Since when they are known; nil when there was no version.
    private(set) var start: Moment?
    /// Whether the job is older than that.
    private(set) var isYoung = false
    /// Versions that cannot be read.
    private(set) var unreadable: [LedgerFinding] = []
    private let job: JobID

    init(_ job: JobID) {
        self.job = job
    }

    /// Takes the next version, as far as instants from `instant` on go.
    mutating func add(_ version: JobVersion, from instant: Moment) {
        if start == nil { isYoung = version.number > 1 && version.since > instant }
        let start = start ?? max(instant, version.since)
        self.start = start
        guard version.isEnabled else { return }
        do { stretches.append(try ScheduleStretch(version, from: start)) } catch {
            unreadable.append(LedgerFinding(.unreadable, of: job, at: version.since, "\(error)"))
        }
    }
}
