import Foundation
import Groundwork

/// A job as a program ships it: applied at every start, without undoing what operators did meanwhile.
package struct JobDefinition: Hashable, Sendable, Codable {
    package var spec: JobSpec
    package var isEnabled: Bool

    package init(_ spec: JobSpec, isEnabled: Bool = true) {
        self.spec = spec
        self.isEnabled = isEnabled
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, group, summary, schedule, misfire, overlap, route, handler, params, retry, children,
            alarm, enabled, script, lateness
        case timeoutSeconds = "timeout_seconds"
        case keepDays = "keep_days"
        case hashKey = "hash_key"
    }

    private enum ScheduleKeys: String, CodingKey, CaseIterable {
        case cron, every, after, at, zone, daylight, calendar, except, from, until
        case jitter = "jitter_seconds"
    }

    private enum RetryKeys: String, CodingKey, CaseIterable {
        case limit, factor, jitter, reasons
        case firstSeconds = "first_seconds"
        case ceilingSeconds = "ceiling_seconds"
    }

    /// Reads the words of a definition file; only `name`, `group`, and `handler` or `script` must be there.
    ///
    /// - Throws: `DecodingError` that names a missing, wrong or unknown key.
    package init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let schedule =
            try keys.contains(.schedule)
            ? Self.schedule(keys.superDecoder(forKey: .schedule)) : ScheduleText.manual
        let group = try keys.decode(String.self, forKey: .group)
        let children = try keys.decodeIfPresent([ChildJob].self, forKey: .children) ?? []
        spec = JobSpec(
            name: try keys.decode(String.self, forKey: .name),
            group: group,
            summary: try keys.decodeIfPresent(String.self, forKey: .summary) ?? "",
            schedule: schedule,
            misfire: try keys.decodeIfPresent(MisfirePolicy.self, forKey: .misfire)
                ?? .usual(for: schedule),
            overlap: try keys.decodeIfPresent(BlockStrategy.self, forKey: .overlap) ?? .serial,
            route: try keys.decodeIfPresent(RouteStrategy.self, forKey: .route) ?? .round,
            handler: try keys.contains(.script)
                ? keys.decodeIfPresent(String.self, forKey: .handler) ?? ""
                : keys.decode(String.self, forKey: .handler),
            script: try keys.decodeIfPresent(JobScript.self, forKey: .script),
            params: try keys.decodeIfPresent(String.self, forKey: .params) ?? "",
            timeout: try keys.secondsIfPresent(.timeoutSeconds) ?? .zero,
            retry: try keys.contains(.retry) ? Self.retry(keys.superDecoder(forKey: .retry)) : .never,
            children: children.map { $0.within(group) },
            alarm: try keys.decodeIfPresent(AlarmPolicy.self, forKey: .alarm),
            keep: try keys.secondsIfPresent(.keepDays, each: 86_400),
            lateness: try keys.decodeIfPresent(LatenessTarget.self, forKey: .lateness),
            hashKey: try keys.decodeIfPresent(String.self, forKey: .hashKey)
        )
        isEnabled = try keys.decodeIfPresent(Bool.self, forKey: .enabled) ?? true
    }

    /// Writes the words of a definition file.
    ///
    /// - Throws: what the encoder throws.
    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(spec.name, forKey: .name)
        try keys.encode(spec.group, forKey: .group)
        try keys.encode(spec.summary, forKey: .summary)
        try encode(spec.schedule, keys.superEncoder(forKey: .schedule))
        try keys.encode(spec.misfire, forKey: .misfire)
        try keys.encode(spec.overlap, forKey: .overlap)
        try keys.encode(spec.route, forKey: .route)
        if spec.script == nil { try keys.encode(spec.handler, forKey: .handler) }
        try keys.encodeIfPresent(spec.script, forKey: .script)
        try keys.encode(spec.params, forKey: .params)
        try keys.encode(spec.timeout.inSeconds, forKey: .timeoutSeconds)
        try encode(spec.retry, keys.superEncoder(forKey: .retry))
        // A definition without them must keep the fingerprint that it had before there were any.
        if !spec.children.isEmpty { try keys.encode(spec.children, forKey: .children) }
        try keys.encodeIfPresent(spec.alarm, forKey: .alarm)
        try keys.encodeIfPresent(spec.keep.map { $0.inSeconds / 86_400 }, forKey: .keepDays)
        try keys.encodeIfPresent(spec.lateness, forKey: .lateness)
        try keys.encodeIfPresent(spec.hashKey, forKey: .hashKey)
        try keys.encode(isEnabled, forKey: .enabled)
    }

    /// One text for one meaning: what tells whether a definition changed since it was applied.
    package var fingerprint: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers that JSON cannot hold are the only thing that could fail, and the checks refuse those.
        guard let bytes = try? encoder.encode(self) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the definition that `fingerprint` tells of was enabled; nil when it tells of none.
    static func wasEnabled(_ fingerprint: String?) -> Bool? {
        guard let fingerprint else { return nil }
        // A fingerprint that cannot be read is as good as none.
        return try? JSONDecoder().decode(JobDefinition.self, from: Data(fingerprint.utf8)).isEnabled
    }

    private static func schedule(_ decoder: any Decoder) throws -> ScheduleText {
        try decoder.refuseUnknownKeys(known: ScheduleKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: ScheduleKeys.self)
        let kinds: [(ScheduleKeys, ScheduleType)] = [
            (.cron, .cron), (.every, .fixedRate), (.after, .fixedDelay), (.at, .once),
        ]
        let given = kinds.filter { keys.contains($0.0) }
        guard given.count <= 1 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "more than one kind of schedule")
            )
        }
        guard let (key, type) = given.first else { return .manual }
        let zone = try keys.decodeIfPresent(String.self, forKey: .zone) ?? "UTC"
        return ScheduleText(
            type: type.rawValue,
            conf: try conf(keys, key),
            zone: zone,
            daylight: try keys.decodeIfPresent(String.self, forKey: .daylight)
                ?? DaylightPolicy.vixie.rawValue,
            // A zone that does not exist is refused where the schedule is read.
            limits: try ScheduleLimits(from: decoder, in: ZoneRules(named: zone) ?? .utc)
        )
    }

    /// What stands under `key`; files spell periods and instants as numbers too.
    private static func conf(
        _ keys: KeyedDecodingContainer<ScheduleKeys>,
        _ key: ScheduleKeys
    ) throws -> String {
        do {
            return try keys.decode(String.self, forKey: key)
        } catch DecodingError.typeMismatch {
            return String(try keys.decode(Int64.self, forKey: key))
        }
    }

    private static func retry(_ decoder: any Decoder) throws -> RetryPolicy {
        try decoder.refuseUnknownKeys(known: RetryKeys.allCases.map(\.rawValue))
        let keys = try decoder.container(keyedBy: RetryKeys.self)
        let usual = RetryPolicy.usualBackoff
        return RetryPolicy(
            limit: try keys.decode(Int.self, forKey: .limit),
            backoff: Backoff(
                first: try keys.secondsIfPresent(.firstSeconds) ?? usual.first,
                ceiling: try keys.secondsIfPresent(.ceilingSeconds) ?? usual.ceiling,
                factor: try keys.decodeIfPresent(Double.self, forKey: .factor) ?? usual.factor,
                jitter: try keys.decodeIfPresent(Double.self, forKey: .jitter) ?? usual.jitter
            ),
            reasons: try keys.decodeIfPresent(Set<RunReason>.self, forKey: .reasons)
        )
    }

    private func encode(_ schedule: ScheduleText, _ encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: ScheduleKeys.self)
        switch ScheduleType(rawValue: schedule.type) {
        case nil, .some(.none): return
        case .cron: try keys.encode(schedule.conf, forKey: .cron)
        case .fixedRate: try keys.encode(schedule.conf, forKey: .every)
        case .fixedDelay: try keys.encode(schedule.conf, forKey: .after)
        case .once: try keys.encode(schedule.conf, forKey: .at)
        }
        try keys.encode(schedule.zone, forKey: .zone)
        try keys.encode(schedule.daylight, forKey: .daylight)
        try schedule.limits.encode(to: encoder)
    }

    private func encode(_ retry: RetryPolicy, _ encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: RetryKeys.self)
        try keys.encode(retry.limit, forKey: .limit)
        try keys.encode(retry.backoff.first.inSeconds, forKey: .firstSeconds)
        try keys.encode(retry.backoff.ceiling.inSeconds, forKey: .ceilingSeconds)
        try keys.encode(retry.backoff.factor, forKey: .factor)
        try keys.encode(retry.backoff.jitter, forKey: .jitter)
        try keys.encodeIfPresent(retry.reasons?.inOrder, forKey: .reasons)
    }
}
