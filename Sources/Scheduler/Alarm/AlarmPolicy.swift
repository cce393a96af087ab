import Groundwork

/// Whom a job's trouble is told, and how often.
package struct AlarmPolicy: Hashable, Sendable {
    /// At least one.
    package var targets: [AlarmTarget]
    /// The least time between two alarms of one job, in which further failures are counted and not told.
    package var window: Duration
    /// Whether it is told that the job is well again.
    package var tellsRecovery: Bool

    package init(
        _ targets: [AlarmTarget],
        window: Duration = AlarmPolicy.usualWindow,
        tellsRecovery: Bool = true
    ) {
        self.targets = targets
        self.window = window
        self.tellsRecovery = tellsRecovery
    }

    /// 10 minutes.
    package static let usualWindow = Duration.seconds(600)
}

/// Who is told, and in which words.
package struct AlarmTarget: Hashable, Sendable {
    /// The number of a message template, which also says over which channel; `AlarmNotice.variables` names its variables.
    package var template: Int64
    /// Addresses as the template's channel knows them.
    package var receivers: [String]

    package init(template: Int64, receivers: [String]) {
        self.template = template
        self.receivers = receivers
    }
}

/// As definition files and stores spell it; what is usual may be left out.
extension AlarmPolicy: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case targets = "to"
        case window = "window_seconds"
        case tellsRecovery = "recovery"
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try keys.decode([AlarmTarget].self, forKey: .targets),
            window: try keys.secondsIfPresent(.window) ?? Self.usualWindow,
            tellsRecovery: try keys.decodeIfPresent(Bool.self, forKey: .tellsRecovery) ?? true
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(targets, forKey: .targets)
        try keys.encode(window.inSeconds, forKey: .window)
        try keys.encode(tellsRecovery, forKey: .tellsRecovery)
    }
}

extension AlarmTarget: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case template, receivers
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        template = try keys.decode(Int64.self, forKey: .template)
        receivers = try keys.decode([String].self, forKey: .receivers)
    }
}
