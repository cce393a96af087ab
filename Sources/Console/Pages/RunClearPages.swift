import Groundwork
import HTTPTypes
import Scheduler

/// Clearing runs: first how many would go, then the button that does it.
struct RunClearPages: PageDesk {
    let runs: RunService
    let jobs: JobService

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/runs/clear") { visit in
                .page(Page("runs-clear", .runs, title: visit.say("clear-title"), try await view(visit)))
            }
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/runs/clear") { visit in
                let request = try RunClearRequest(visit)
                let clearing = RunClearing(request.scope, try request.needed())
                try await visit.known().check(clearing.scope, jobs)
                let count = try await runs.clear(clearing)
                // There may be more of them than go at a time: the page says how many are left.
                return count < RunClearing.countLimit
                    ? ButtonAnswer("/runs", request.query, done: "runs-cleared")
                    : ButtonAnswer("/runs/clear", request.query, done: "runs-cleared")
            }
        ]
    }

    /// Where runs of a job, of a group or of all are cleared.
    static func path(job: JobID?, group: String?) -> String {
        var query: [String: String] = [:]
        query["job"] = job.map { "\($0)" }
        query["group"] = job == nil ? group : nil
        return "/runs/clear" + Visit.text(query)
    }

    private func view(_ visit: Visit) async throws -> RunClearView {
        let request = try RunClearRequest(visit)
        try await visit.known().check(request.scope, jobs)
        var count: Int?
        if let rule = request.rule { count = try await runs.clearable(RunClearing(request.scope, rule)) }
        let job: Job? = if let id = request.job { try await jobs.job(id) } else { nil }
        return RunClearView(request, count: count, job: job, visit.say)
    }
}

/// What is to be cleared, as the address says it.
struct RunClearRequest: Sendable {
    let job: JobID?
    let group: String?
    /// Nil where nobody has chosen yet.
    let rule: RunClearing.Rule?

    /// - Throws: `Trouble` for a number that is none.
    init(_ visit: Visit) throws(Trouble) {
        job = visit.number("job").map { JobID(rawValue: $0) }
        group = job == nil ? visit.text("group") : nil
        func number(_ name: String) throws(Trouble) -> Int? {
            guard let text = visit.text(name) else { return nil }
            guard let number = Int(text) else { throw Trouble(.badRequest, text) }
            return number
        }
        if let days = try number("days") {
            rule = .olderThan(days: days)
        } else {
            rule = try number("newest").map { .allButNewest($0) }
        }
    }

    var scope: RunScope { job.map(RunScope.job) ?? group.map(RunScope.group) ?? .all() }

    /// The rule, where there must be one.
    func needed() throws(Trouble) -> RunClearing.Rule {
        guard let rule else { throw Trouble(.badRequest, "olderThanDays") }
        return rule
    }

    /// The part of an address that names job and group.
    var query: [String: String] {
        var query: [String: String] = [:]
        query["job"] = job.map { "\($0)" }
        query["group"] = group
        return query
    }

    /// The same, with the rule.
    var whole: [String: String] {
        var query = query
        switch rule {
        case .olderThan(let days): query["days"] = "\(days)"
        case .allButNewest(let count): query["newest"] = "\(count)"
        case nil: break
        }
        return query
    }
}

/// The page on which runs are cleared.
struct RunClearView: Sendable {
    let job: String?
    let jobName: String?
    let group: String?
    let isAll: Bool
    let days: String
    let newest: String
    /// How many would go; nil before somebody asked.
    let found: String?
    let action: Action?

    init(_ request: RunClearRequest, count: Int?, job: Job?, _ say: Voice) {
        self.job = request.job.map { "\($0)" }
        jobName = job.map { "\($0.spec.group)/\($0.spec.name)" }
        group = request.group
        isAll = request.job == nil && request.group == nil
        days = if case .olderThan(let days) = request.rule { "\(days)" } else { "" }
        newest = if case .allButNewest(let count) = request.rule { "\(count)" } else { "" }
        let number = count.map { $0 < RunClearing.countLimit ? say.number($0) : "≥ " + say.number($0) }
        found = number.map { say("clear-found", ["n": $0]) }
        action = count.flatMap { count in
            count == 0
                ? nil
                : Action(
                    "/runs/clear" + Visit.text(request.whole),
                    say("clear-now"),
                    .bad,
                    question: say("clear-question", ["n": number ?? ""]),
                    effect: say("clear-effect")
                )
        }
    }
}
