package import Groundwork

/// What a comparison of runs with their schedules came to.
package struct LedgerReport: Hashable, Sendable {
    /// The planned instants that were compared.
    package let span: Range<Moment>
    /// The latest instant before which a job could not be compared because runs of it were removed; nil where none was within the
    /// span.
    package private(set) var notBefore: Moment?
    package var jobs = 0
    /// Jobs whose history begins within the span, though they are older: they were compared from there on.
    package var youngHistories = 0
    package var counts = LedgerCounts()
    /// How often there was each kind of difference.
    package var differences: [LedgerFinding.Kind: Int] = [:]
    /// The first differences, by job and instant.
    package var findings: [LedgerFinding] = []

    /// Whether every trigger has exactly what it was to have.
    package var isProven: Bool { differences.isEmpty }

    init(span: Range<Moment>) {
        self.span = span
    }

    /// Notes that a job is compared from `moment` on, if that is within the span.
    mutating func leaveOut(before moment: Moment?) {
        guard let moment, moment > span.lowerBound else { return }
        notBefore = max(notBefore ?? moment, moment)
    }

    /// Adds what the comparison of one job came to; `most` is how many differences are named.
    mutating func add(_ proof: JobProof, _ past: JobPast, most: Int) {
        jobs += 1
        if past.isYoung { youngHistories += 1 }
        counts = counts + proof.counts
        differences.merge(proof.differences) { $0 + $1 }
        if !past.unreadable.isEmpty { differences[.unreadable, default: 0] += past.unreadable.count }
        findings += (past.unreadable + proof.findings).prefix(most - findings.count)
    }

    /// Adds what the comparison of other jobs came to; `most` is how many differences are named.
    mutating func add(_ other: LedgerReport, most: Int) {
        leaveOut(before: other.notBefore)
        jobs += other.jobs
        youngHistories += other.youngHistories
        counts = counts + other.counts
        differences.merge(other.differences) { $0 + $1 }
        findings += other.findings.prefix(most - findings.count)
    }
}

/// How many triggers came to what.
package struct LedgerCounts: Hashable, Sendable {
    /// Triggers that schedules were to have.
    package var expected = 0
    /// Those that have their runs.
    package var served = 0
    /// Those that were missed or fell on days nobody knows of, and are recorded so.
    package var skipped = 0
    /// Those for all of which one run made up.
    package var madeUp = 0
    /// Triggers that no schedule asked for: by hand, by a program, by another job.
    package var asked = 0

    package init() {}

    static func + (one: LedgerCounts, other: LedgerCounts) -> LedgerCounts {
        var sum = one
        sum.expected += other.expected
        sum.served += other.served
        sum.skipped += other.skipped
        sum.madeUp += other.madeUp
        sum.asked += other.asked
        return sum
    }
}

/// One difference between the runs of a job and what its schedule was to have.
package struct LedgerFinding: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The schedule was due, and there is no run.
        case missing
        /// There is more than one run for the same part of a trigger.
        case doubled
        /// The schedule made a run for an instant at which it was not due.
        case unplanned
        /// A run was handed over before it was due.
        case early
        /// A run was handed over later than the limit allows.
        case late
        /// The schedule that counted cannot be read, so nothing is known.
        case unreadable
    }

    package let kind: Kind
    package let job: JobID
    /// The planned instant.
    package let instant: Moment
    /// Nil where there is none.
    package let run: RunID?
    /// What is to be known besides.
    package let detail: String

    init(_ kind: Kind, of job: JobID, at instant: Moment, run: RunID? = nil, _ detail: String = "") {
        self.kind = kind
        self.job = job
        self.instant = instant
        self.run = run
        self.detail = detail
    }
}
