import Groundwork
import HTTPTypes
import Hummingbird
import Scheduler

/// The proof that what was due has run.
struct LedgerRoutes {
    let audit: LedgerAudit
    let clock: any WallClock

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/jobs/verify", verify)
    }

    @Sendable private func verify(_ call: Call) async throws -> Answer {
        let (from, to, job, late, limit) = try call.query { query in
            (
                try query.required("from") as Moment,
                try query.optional("to") as Moment?,
                try query.optional("job") as JobID?,
                try query.optional("late", in: 0.0...86_400).map { Duration.seconds($0) },
                try query.optional("limit", in: 0...LedgerAudit.mostFindings)
            )
        }
        let end = to ?? clock.now
        guard from < end else {
            throw SchedulerError.invalid([FieldFault("from", "must be before `to`, and before now")])
        }
        let report = try await audit.verify(
            from..<end,
            of: job,
            limit: late ?? LedgerAudit.usualLimit,
            findings: limit ?? 100
        )
        return Answer(report.json)
    }
}

extension LedgerReport {
    fileprivate var json: WireObject {
        var kinds = WireObject()
        for kind in LedgerFinding.Kind.allCases {
            kinds.append(kind.rawValue, .number(differences[kind] ?? 0))
        }
        return [
            "from": .instant(span.lowerBound), "to": .instant(span.upperBound),
            "notBefore": .instant(notBefore), "proven": .bool(isProven), "jobs": .number(jobs),
            "youngHistories": .number(youngHistories), "expected": .number(counts.expected),
            "served": .number(counts.served), "skipped": .number(counts.skipped),
            "madeUp": .number(counts.madeUp), "asked": .number(counts.asked),
            "differences": .object(kinds), "findings": .objects(findings.map(\.json)),
        ]
    }
}

extension LedgerFinding {
    fileprivate var json: WireObject {
        [
            "kind": .text(kind.rawValue), "job": .id(job), "plannedAt": .instant(instant),
            "run": .id(run), "detail": .text(detail),
        ]
    }
}
