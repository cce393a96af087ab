import Groundwork

/// When a job was at work, by shard, as far as it may have held back runs that are still looked at.
struct BusySpans {
    private var spans: [Int: [Range<Moment>]] = [:]

    /// Notes that a run was with an executor.
    ///
    /// - Parameters:
    ///   - entry: the run; one that never was is passed over.
    ///   - now: until when one is, that is open.
    mutating func note(_ entry: LedgerEntry, at now: Moment) {
        guard let start = entry.dispatchedAt else { return }
        let end = entry.endedAt ?? now
        if start < end { spans[entry.shard.index, default: []].append(start..<end) }
    }

    /// Forgets what was over at an instant.
    mutating func forget(before instant: Moment) {
        for shard in spans.keys { spans[shard]?.removeAll { $0.upperBound <= instant } }
    }

    /// From when on nothing was at work that had begun by then.
    ///
    /// - Parameters:
    ///   - due: the earliest instant.
    ///   - shard: whose work counts.
    ///   - gap: how long the next in line takes to begin, at most.
    /// - Returns: the end of the last of the spans that hang together with it; `due` itself where there is none.
    func free(from due: Moment, shard: Int, gap: Duration) -> Moment {
        (spans[shard] ?? []).sorted { $0.lowerBound < $1.lowerBound }
            .reduce(due) { free, span in span.lowerBound - free <= gap ? max(free, span.upperBound) : free }
    }
}
