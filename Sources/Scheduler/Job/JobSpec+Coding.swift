import Groundwork

/// A job's spec as stores hold it; durations are milliseconds, whatever `Duration` encodes to. `init(stored:during:)` reads it.
extension JobSpec: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, group, summary, schedule, misfire, overlap, route, handler, params, retry, children, alarm
        case script, lateness
        case timeout = "timeout_ms"
        case hashKey = "hash_key"
        // `RunClearingStore.keeps` finds the jobs that have one by this key.
        case keep = "keep_ms"
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(name, forKey: .name)
        try keys.encode(group, forKey: .group)
        try keys.encode(summary, forKey: .summary)
        try keys.encode(schedule, forKey: .schedule)
        try keys.encode(misfire, forKey: .misfire)
        try keys.encode(overlap, forKey: .overlap)
        try keys.encode(route, forKey: .route)
        try keys.encode(handler, forKey: .handler)
        try keys.encodeIfPresent(script, forKey: .script)
        try keys.encode(params, forKey: .params)
        try keys.encode(timeout.wholeMilliseconds, forKey: .timeout)
        try keys.encode(retry, forKey: .retry)
        try keys.encode(children, forKey: .children)
        try keys.encodeIfPresent(alarm, forKey: .alarm)
        try keys.encodeIfPresent(keep?.wholeMilliseconds, forKey: .keep)
        try keys.encodeIfPresent(lateness, forKey: .lateness)
        try keys.encodeIfPresent(hashKey, forKey: .hashKey)
    }
}
