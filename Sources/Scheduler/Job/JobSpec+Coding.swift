import Groundwork

/// A job's spec as stores hold it; durations are milliseconds, whatever `Duration` encodes to.
extension JobSpec: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, group, summary, schedule, misfire, overlap, route, handler, params, retry, children, alarm
        case script, lateness
        case timeout = "timeout_ms"
        // `RunClearingStore.keeps` finds the jobs that have one by this key.
        case keep = "keep_ms"
    }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try keys.decode(String.self, forKey: .name),
            group: try keys.decode(String.self, forKey: .group),
            summary: try keys.decode(String.self, forKey: .summary),
            schedule: try keys.decode(ScheduleText.self, forKey: .schedule),
            misfire: try keys.decode(MisfirePolicy.self, forKey: .misfire),
            overlap: try keys.decode(BlockStrategy.self, forKey: .overlap),
            route: try keys.decode(RouteStrategy.self, forKey: .route),
            handler: try keys.decode(String.self, forKey: .handler),
            script: try keys.decodeIfPresent(JobScript.self, forKey: .script),
            params: try keys.decode(String.self, forKey: .params),
            timeout: .milliseconds(try keys.decode(Int64.self, forKey: .timeout)),
            retry: try keys.decode(RetryPolicy.self, forKey: .retry),
            children: try keys.decodeIfPresent([ChildJob].self, forKey: .children) ?? [],
            alarm: try keys.decodeIfPresent(AlarmPolicy.self, forKey: .alarm),
            keep: try keys.decodeIfPresent(Int64.self, forKey: .keep).map { .milliseconds($0) },
            lateness: try keys.decodeIfPresent(LatenessTarget.self, forKey: .lateness)
        )
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
    }
}
