package import Groundwork

/// How many runs of some days came to what.
package struct RunReport: Hashable, Sendable {
    package let counts: [RunDayCount]
    /// Until when ends are counted for certain; nil before the first count.
    package let countedUntil: Moment?

    package init(counts: [RunDayCount], countedUntil: Moment?) {
        self.counts = counts
        self.countedUntil = countedUntil
    }

    /// The sums of each day that has any.
    package var days: [RunDay: RunSums] {
        counts.reduce(into: [:]) { days, count in days[count.day, default: RunSums()].add(count) }
    }

    /// The sums of all days together.
    package var sums: RunSums { counts.reduce(into: RunSums()) { $0.add($1) } }

    /// The sums of all days together, by group.
    package var groups: [String: RunSums] {
        counts.reduce(into: [:]) { groups, count in groups[count.group, default: RunSums()].add(count) }
    }
}

/// How many runs that were planned on a day stand where; every attempt and every shard is a run.
package struct RunDayCount: Hashable, Sendable {
    package let day: RunDay
    package let group: String
    package let standing: RunStanding
    /// At least 1.
    package let count: Int

    package init(day: RunDay, group: String, standing: RunStanding, count: Int) {
        self.day = day
        self.group = group
        self.standing = standing
        self.count = count
    }
}

/// Where a run stands, as far as the report tells it.
package enum RunStanding: Hashable, Sendable, CaseIterable {
    /// It waits, is being handed over, or runs.
    case open
    case ended(RunReason)

    package static let allCases: [RunStanding] = [.open] + RunReason.allCases.map(RunStanding.ended)

    /// The word that stores and the API know it by.
    package var word: String {
        switch self {
        case .open: "open"
        case .ended(let reason): reason.rawValue
        }
    }

    /// Nil for a word that is none.
    package init?(word: String) {
        guard word != "open" else {
            self = .open
            return
        }
        guard let reason = RunReason(rawValue: word) else { return nil }
        self = .ended(reason)
    }
}

/// Runs added up by what they came to.
package struct RunSums: Hashable, Sendable {
    package private(set) var open = 0
    package private(set) var reasons: [RunReason: Int] = [:]

    package init() {}

    package mutating func add(_ count: RunDayCount) {
        switch count.standing {
        case .open: open += count.count
        case .ended(let reason): reasons[reason, default: 0] += count.count
        }
    }

    /// How many ended so.
    package func ended(_ outcome: RunReason.Outcome) -> Int {
        reasons.reduce(0) { $0 + ($1.key.outcome == outcome ? $1.value : 0) }
    }

    package var total: Int { reasons.values.reduce(open, +) }
}

/// How many jobs there are, and how they fare.
package struct JobCensus: Hashable, Sendable {
    package let jobs: Int
    /// Those whose schedule is served.
    package let enabled: Int
    /// Those that failed on the day that was asked about and have not ended otherwise since.
    package let failing: Int

    package init(jobs: Int, enabled: Int, failing: Int) {
        self.jobs = jobs
        self.enabled = enabled
        self.failing = failing
    }
}

extension RunDayCount {
    /// Reads what a store holds.
    ///
    /// - Throws: `StoreError`, `.corrupted` for a day or a word that is none.
    package init(day: Int64, group: String, outcome: String, count: Int) throws(StoreError) {
        guard let day = RunDay(rawValue: day), let standing = RunStanding(word: outcome) else {
            throw StoreError(.corrupted, during: "read counts of runs", detail: "\(day) \(outcome)")
        }
        self.init(day: day, group: group, standing: standing, count: count)
    }
}

extension RunReason {
    /// The reasons of a job that fails by itself, as a list of SQL.
    package static let failingWords = retryable.map { "'\($0.rawValue)'" }.joined(separator: ", ")
}
