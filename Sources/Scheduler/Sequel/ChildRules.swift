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
    /// Each shard that ends asks this, and the last that is followed up speaks for its trigger: so a child is due once, however
    /// the ends came in.
    ///
    /// - Parameters:
    ///   - job: what it says of its children now.
    ///   - run: an ended run of it that is not tried again.
    ///   - trigger: the trigger that `run` belongs to.
    /// - Returns: the children, in the job's order.
    static func due(of job: Job, after run: JobRun, among trigger: WholeTrigger) -> [Due] {
        // What never began leads nowhere.
        guard run.end?.reason != .misfireSkipped else { return [] }
        return job.spec.children.compactMap { child in
            let ends = child.isPerShard ? [run] : trigger.ends(closedBy: run)
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
