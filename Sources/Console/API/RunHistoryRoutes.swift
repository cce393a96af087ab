import Groundwork
import Hummingbird
import People
import Scheduler

/// How many runs each day had, and the end of keeping runs.
struct RunHistoryRoutes {
    let runs: RunService
    let jobs: JobService
    let clock: any WallClock

    /// How many days are shown where nothing is asked for.
    private static let usualDays = 7

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/runs/days", days)
        api.route(.post, "api/v1/runs/clear", clear)
    }

    /// Every day of the range, also those without runs.
    @Sendable private func days(_ call: Call) async throws -> Answer {
        let today = runs.day(of: clock.now)
        let permitted = try call.caller.groups.names
        let filter = try call.query { query in
            let to = try query.optional("to") ?? today
            let from = try query.optional("from") ?? to.adding(1 - Self.usualDays)
            guard from <= to else { throw InputFault(.outOfRange, field: "from", "must not be after to") }
            guard from.distance(to: to) < RunRange.mostDays else {
                let most = "at most \(RunRange.mostDays) days can be asked for at a time"
                throw InputFault(.outOfRange, field: "from", most)
            }
            return RunDayFilter(
                from...to,
                group: try query.optional("group"),
                job: try query.optional("job"),
                permitted: permitted
            )
        }
        let report = try await runs.report(filter)
        let sums = report.days
        let days = (0...filter.days.lowerBound.distance(to: filter.days.upperBound))
            .map { filter.days.lowerBound.adding($0) }
        return Answer([
            "items": .objects(days.map { (sums[$0] ?? RunSums()).json(of: $0) }),
            "countedUntil": .instant(report.countedUntil),
        ])
    }

    /// Tells how many runs would go; removes them only where the caller says that it is no rehearsal.
    @Sendable private func clear(_ call: Call) async throws -> Answer {
        let (clearing, isRehearsal) = try await call.body { body in
            (try RunClearing(&body), try body.optional("dryRun") ?? true)
        }
        try await call.caller.check(clearing.scope, jobs)
        let count =
            isRehearsal ? try await runs.clearable(clearing) : try await runs.clear(clearing)
        return Answer([
            "dryRun": .bool(isRehearsal), "runs": .number(count),
            "more": .bool(count >= RunClearing.countLimit),
        ])
    }
}

extension RunClearing {
    fileprivate init(_ body: inout Input) throws {
        let job: JobID? = try body.optional("job")
        let group: String? = try body.optional("group")
        let days: Int? = try body.optional("olderThanDays")
        let newest: Int? = try body.optional("keepNewest")
        guard job == nil || group == nil else {
            throw InputFault(.outOfRange, field: "group", "must be missing where job is given")
        }
        let scope = job.map(RunScope.job) ?? group.map(RunScope.group) ?? .all()
        switch (days, newest) {
        case (let days?, nil): self.init(scope, .olderThan(days: days))
        case (nil, let newest?): self.init(scope, .allButNewest(newest))
        case (nil, nil):
            throw InputFault(.missing, field: "olderThanDays", "is missing; it or keepNewest must be given")
        case (_?, _?):
            throw InputFault(.outOfRange, field: "keepNewest", "must be missing where olderThanDays is given")
        }
    }
}

extension RunSums {
    fileprivate func json(of day: RunDay) -> WireObject {
        var reasons = WireObject()
        for reason in RunReason.allCases {
            if let count = self.reasons[reason] { reasons.append(reason.rawValue, .number(count)) }
        }
        return [
            "day": .number(day.rawValue), "total": .number(total), "open": .number(open),
            "succeeded": .number(ended(.succeeded)), "failed": .number(ended(.failed)),
            "skipped": .number(ended(.skipped)), "reasons": .object(reasons),
        ]
    }
}

extension RunDay: InputValue {
    static var expectation: String { "a day such as 20300115" }

    init?(input: WireValue, isText: Bool) {
        guard let number = Int64(input: input, isText: isText) else { return nil }
        self.init(rawValue: number)
    }
}
