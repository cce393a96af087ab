/// A part of what an operator decides about a job, under the name by which the job API knows it.
package enum JobField: String, Hashable, Sendable, CaseIterable {
    case enabled
    case name
    case group
    case summary
    case schedule
    case misfire
    case overlap
    case route
    case handler
    case script
    case params
    case timeout
    case retry
    case children
    case alarm
    case keep = "keepDays"
    case lateness
    case hashKey

    private func value(in version: JobVersion) -> AnyHashable {
        let spec = version.spec
        return switch self {
        case .enabled: version.isEnabled
        case .name: spec.name
        case .group: spec.group
        case .summary: spec.summary
        case .schedule: spec.schedule
        case .misfire: spec.misfire
        case .overlap: spec.overlap
        case .route: spec.route
        case .handler: spec.handler
        case .script: spec.script
        case .params: spec.params
        case .timeout: spec.timeout
        case .retry: spec.retry
        case .children: spec.children
        case .alarm: spec.alarm
        case .keep: spec.keep
        case .lateness: spec.lateness
        case .hashKey: spec.hashKey
        }
    }

    /// Whether it is not the same in two versions.
    package func differs(_ one: JobVersion, _ other: JobVersion) -> Bool {
        value(in: one) != value(in: other)
    }
}

/// A version of a job, and what it changed.
package struct VersionStep: Hashable, Sendable {
    package let version: JobVersion
    /// What it changed; nil where the version before it is not kept, as of the first.
    package let changes: [JobField]?

    init(_ version: JobVersion, since before: JobVersion?) {
        self.version = version
        changes = before.map { before in JobField.allCases.filter { $0.differs(before, version) } }
    }
}
