import Groundwork

/// All runs of one planned instant, as they are read: every attempt of every shard.
struct TriggerGroup {
    let instant: Moment
    /// The first of them.
    let first: LedgerEntry
    private(set) var entries: [LedgerEntry] = []
    /// First attempts.
    private(set) var firsts: [LedgerEntry] = []
    /// Runs that say the same part of the trigger as another.
    private(set) var doubled: [LedgerEntry] = []

    init(_ entry: LedgerEntry) {
        instant = entry.plannedAt
        first = entry
        add(entry)
    }

    mutating func add(_ entry: LedgerEntry) {
        entries.append(entry)
        if entry.attempt > 1 {
            // One that makes up for a skipped trigger comes after the record of that.
            let makesUp = entry.trigger == .backfill && first.isRecord
            if entry.trigger != .retry, !makesUp { doubled.append(entry) }
        } else if entry.shard.index >= first.shard.total || entry.shard.total != first.shard.total {
            doubled.append(entry)
        } else {
            firsts.append(entry)
        }
    }

    /// When all of them had ended; nil while one is open.
    var closedAt: Moment? {
        entries.allSatisfy { $0.endedAt != nil } ? entries.compactMap(\.endedAt).max() : nil
    }

    /// Whether a schedule made it.
    var isOfSchedule: Bool { first.isOfSchedule }

    /// The shards of which there is no run.
    var missingShards: [Int] {
        guard firsts.count < first.shard.total else { return [] }
        let there = Set(firsts.map(\.shard.index))
        return (0..<first.shard.total).filter { !there.contains($0) }
    }
}
