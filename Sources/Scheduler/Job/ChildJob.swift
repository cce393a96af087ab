/// A job that is triggered when another one has run.
package struct ChildJob: Hashable, Sendable {
    package var job: JobName
    package var condition: ChildCondition
    package var params: ChildParams
    /// Whether each shard of a split trigger counts by itself, as in xxl-job; usually the last that ends speaks for all.
    package var isPerShard: Bool

    package init(
        _ job: JobName,
        on condition: ChildCondition = .success,
        params: ChildParams = .own,
        isPerShard: Bool = false
    ) {
        self.job = job
        self.condition = condition
        self.params = params
        self.isPerShard = isPerShard
    }

    /// The child as a job of `group` means it, which need not name its own group.
    package func within(_ group: String) -> ChildJob {
        var child = self
        child.job = job.within(group)
        return child
    }
}

/// After which ends a child is triggered; only the last attempt of a run counts.
package enum ChildCondition: String, Hashable, Sendable, Codable, CaseIterable {
    /// Every shard completed.
    case success
    /// A shard failed.
    case failure
    /// All ended, in whatever way.
    case end
}

/// The parameters with which a child runs.
package enum ChildParams: String, Hashable, Sendable, Codable, CaseIterable {
    /// Those of its own job.
    case own
    /// Those of the run that triggered it.
    case parent
    /// What the handler of the run that triggered it gave as its message; of several shards, a JSON array in their order.
    case result
}

/// As definition files and stores spell it; what is usual may be left out.
extension ChildJob: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case job, params
        case condition = "when"
        case isPerShard = "per_shard"
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try keys.decode(JobName.self, forKey: .job),
            on: try keys.decodeIfPresent(ChildCondition.self, forKey: .condition) ?? .success,
            params: try keys.decodeIfPresent(ChildParams.self, forKey: .params) ?? .own,
            isPerShard: try keys.decodeIfPresent(Bool.self, forKey: .isPerShard) ?? false
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(job, forKey: .job)
        try keys.encode(condition, forKey: .condition)
        try keys.encode(params, forKey: .params)
        try keys.encode(isPerShard, forKey: .isPerShard)
    }
}
