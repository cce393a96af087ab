import Groundwork
import People
import Scheduler

/// Which days the report on the first page shows.
struct RunRange: Hashable, Sendable {
    /// The ranges that have a name.
    enum Name: String, CaseIterable {
        case today
        case week
        case thirty
        case month
    }

    /// The most days at a time: as many as are kept without a setting of their own.
    static let mostDays = 400

    let days: ClosedRange<RunDay>
    /// Nil for a range that was typed in.
    let name: Name?

    init(_ days: ClosedRange<RunDay>, name: Name?) {
        self.days = days
        self.name = name
    }

    /// Reads what the address says; the last seven days where it says nothing that makes sense.
    init(_ visit: Visit, today: RunDay) {
        let from = visit.text("from").flatMap { RunDay(text: $0) }
        let to = visit.text("to").flatMap { RunDay(text: $0) }
        if from != nil || to != nil {
            let last = to ?? max(today, from ?? today)
            let first = min(from ?? last.adding(-6), last)
            days = max(first, last.adding(1 - Self.mostDays))...last
            name = nil
            return
        }
        let name = visit.text("range").flatMap(Name.init(rawValue:)) ?? .week
        days =
            switch name {
            case .today: today...today
            case .week: today.adding(-6)...today
            case .thirty: today.adding(-29)...today
            case .month: today.monthStart...today
            }
        self.name = name
    }

    /// Every day of it, the earliest first.
    var all: [RunDay] {
        (0...days.lowerBound.distance(to: days.upperBound)).map { days.lowerBound.adding($0) }
    }
}

/// Reads what the report on the first page is made of.
struct RunReportReader: Sendable {
    let runs: RunService

    /// The report as the address asks for it; what cannot be read is told in it, and never shown as nothing.
    func view(_ visit: Visit, executors: [ExecutorInstance]) async -> RunReportView {
        let today = runs.day(of: visit.say.now)
        let range = RunRange(visit, today: today)
        let permitted = visit.groups.names
        do {
            let whole = try await runs.report(RunDayFilter(range.days, permitted: permitted))
            let now =
                range.days == today...today
                ? whole : try await runs.report(RunDayFilter(today...today, permitted: permitted))
            let facts = RunReportFacts(
                range: range,
                group: visit.text("group"),
                whole: whole,
                today: now.sums,
                census: try await runs.census(permitted: permitted),
                living: executors.count { $0.isAlive(at: visit.say.now) }
            )
            return RunReportView(facts, visit.say)
        } catch {
            return RunReportView(range, trouble: Trouble(error), visit.say)
        }
    }
}

/// What the report tells.
struct RunReportFacts: Sendable {
    let range: RunRange
    /// The group that alone is shown; nil for all.
    let group: String?
    /// Of all groups that the reader sees.
    let whole: RunReport
    let today: RunSums
    let census: JobCensus
    /// Executors that may get runs.
    let living: Int

    /// What is shown of the days.
    var shown: RunReport {
        guard let group else { return whole }
        return RunReport(
            counts: whole.counts.filter { $0.group == group },
            countedUntil: whole.countedUntil
        )
    }
}
