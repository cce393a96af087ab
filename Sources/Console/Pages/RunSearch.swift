import Groundwork
import HTTPTypes
import Scheduler

/// What the list of runs is asked for, as its address says it.
struct RunSearch: Sendable {
    /// Where runs stand, as people look for them.
    enum State: String, CaseIterable, Sendable {
        case all
        case open
        case running
        case succeeded
        case failed
        case skipped
    }

    let state: State
    let reason: RunReason?
    /// A number, a name, a group and a name, or a part of them.
    let job: String
    let group: String
    let executor: String
    let from: String
    let to: String

    init(_ visit: Visit) {
        state = visit.text("state").flatMap(State.init(rawValue:)) ?? .all
        reason = visit.text("reason").flatMap(RunReason.init(rawValue:))
        job = visit.text("job") ?? ""
        group = visit.text("group") ?? ""
        executor = visit.text("executor") ?? ""
        from = visit.text("from") ?? ""
        to = visit.text("to") ?? ""
    }

    /// Whether anything but the job is asked for.
    var isNarrow: Bool {
        state != .all || reason != nil || ![group, executor, from, to].allSatisfy(\.isEmpty)
    }

    /// Makes the filter; nothing is asked of a store.
    ///
    /// - Parameters:
    ///   - found: the job, when one was named.
    ///   - runs: says which instants its days have.
    ///   - now: what today is.
    /// - Returns: the filter.
    /// - Throws: `Trouble` for a time that is none.
    func filter(job found: JobID?, by runs: RunService, at now: Moment) throws(Trouble) -> RunFilter {
        var filter = RunFilter(job: found)
        filter.group = group.isEmpty ? nil : group
        filter.address = executor.isEmpty ? nil : ExecutorAddress(stored: executor)
        switch state {
        case .all: break
        case .open: filter.states = .open
        case .running: filter.states = [.running]
        case .succeeded: filter.reasons = Self.reasons(.succeeded)
        case .failed: filter.reasons = Self.reasons(.failed)
        case .skipped: filter.reasons = Self.reasons(.skipped)
        }
        if let reason { filter.reasons = [reason] }
        filter.plannedFrom = try instant(from, by: runs, at: now)?.lowerBound
        filter.plannedBefore = try instant(to, by: runs, at: now)?.upperBound
        return filter
    }

    static func reasons(_ outcome: RunReason.Outcome) -> Set<RunReason> {
        Set(RunReason.allCases.filter { $0.outcome == outcome })
    }

    /// The second, or the whole day, that a text names.
    private func instant(
        _ text: String,
        by runs: RunService,
        at now: Moment
    ) throws(Trouble) -> Range<Moment>? {
        if text.isEmpty { return nil }
        if text == "today" { return runs.span(of: runs.day(of: now)) }
        if let day = RunDay(text: text) { return runs.span(of: day) }
        guard let moment = runs.moment(text) else { throw Trouble(.badRequest, text) }
        return moment..<(moment + .seconds(1))
    }

    /// What of the filter the API is asked for.
    static func query(_ filter: RunFilter, _ search: RunSearch) -> [String: String] {
        var query: [String: String] = [:]
        query["job"] = filter.job.map { "\($0)" }
        query["group"] = filter.group
        query["executor"] = filter.address?.url
        switch search.state {
        case .all: break
        case .open, .running: query["state"] = search.state.rawValue
        case .succeeded, .failed, .skipped: query["outcome"] = search.state.rawValue
        }
        if let reason = search.reason {
            query["reason"] = reason.rawValue
            query["outcome"] = nil
        }
        query["plannedFrom"] = filter.plannedFrom?.iso8601
        query["plannedBefore"] = filter.plannedBefore?.iso8601
        return query
    }
}
