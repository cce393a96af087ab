import Groundwork

/// Decides which children the end of a run triggers.
///
/// It never waits, reads a clock or calls out.
struct ChildRules: Hashable, Sendable {
    /// A child that is due.
    struct Due: Hashable, Sendable {
        let child: JobName
        /// The parameters it is given; nil where it keeps its own.
        let params: String?
    }

    /// The children of `job` that are due because `run` ended.
    ///
    /// Each shard that ends asks this, and the last one alone speaks for its trigger: so a child is due once, however the
    /// ends came in.
    ///
    /// - Parameters:
    ///   - job: what it says of its children now.
    ///   - run: an ended run of it that is not tried again.
    ///   - trigger: all runs of the same trigger, `run` among them.
    /// - Returns: the children, in the job's order.
    static func due(of job: Job, after run: JobRun, among trigger: [JobRun]) -> [Due] {
        let whole = Whole(trigger)
        return job.spec.children.compactMap { child in
            let ends = child.isPerShard ? [run] : whole.ends(closedBy: run)
            guard !ends.isEmpty, child.condition.holds(for: ends) else { return nil }
            let params: String? =
                switch child.params {
                case .own: nil
                case .parent: run.plan.terms.params
                case .result: result(of: ends)
                }
            return Due(child: child.job, params: params)
        }
    }

    /// What a child may be given at most; the same as for a trigger by hand.
    private static let longestParams = 65_536

    private static func result(of ends: [JobRun]) -> String {
        // Escapes can make a text longer; whoever needs more passes a reference to it.
        let share = ends.count == 1 ? longestParams : longestParams / ends.count / 2
        let messages = ends.map { ($0.end?.message ?? "").prefix(utf8: share) }
        guard ends[0].plan.shard.total > 1, ends.count > 1 else { return messages[0] }
        return String(decoding: WireValue.list(messages.map(WireValue.text)).json, as: UTF8.self)
    }
}

/// The latest attempt of each shard of one trigger.
private struct Whole {
    private let latest: [JobRun]

    init(_ trigger: [JobRun]) {
        latest =
            Dictionary(grouping: trigger, by: \.plan.shard.index).values
            .compactMap { $0.max { $0.plan.attempt < $1.plan.attempt } }
            .sorted { $0.plan.shard.index < $1.plan.shard.index }
    }

    /// All of them, when they have ended and `run` was the last to; else none.
    func ends(closedBy run: JobRun) -> [JobRun] {
        guard latest.allSatisfy({ !$0.isOpen }), latest.max(by: Self.endedBefore)?.id == run.id else {
            return []
        }
        return latest
    }

    private static func endedBefore(_ one: JobRun, _ other: JobRun) -> Bool {
        guard let first = one.end?.at, let second = other.end?.at else { return false }
        return (first, one.id) < (second, other.id)
    }
}

extension ChildCondition {
    fileprivate func holds(for ends: [JobRun]) -> Bool {
        let outcomes = ends.compactMap(\.end?.reason.outcome)
        return switch self {
        case .success: outcomes.allSatisfy { $0 == .succeeded }
        case .failure: outcomes.contains(.failed)
        case .end: true
        }
    }
}

extension String {
    /// As much of it as fits into so many bytes.
    fileprivate func prefix(utf8 limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var size = 0
        return String(
            prefix { character in
                size += character.utf8.count
                return size <= limit
            }
        )
    }
}
