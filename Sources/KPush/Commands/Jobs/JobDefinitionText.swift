import Groundwork
import Scheduler
import Yams

/// Jobs in the words of definition files: only what is not usual is written.
enum JobDefinitionText {
    /// A document for each of `jobs`.
    ///
    /// - Throws: what the emitter throws.
    static func text(_ jobs: [JobAnswer]) throws -> String {
        try jobs.map { try text(JobDefinition($0.spec, isEnabled: $0.enabled)) }.joined(separator: "---\n")
    }

    /// The document of one job.
    ///
    /// - Throws: what the emitter throws.
    static func text(_ job: JobDefinition) throws -> String {
        try Yams.serialize(node: node(job), width: -1, allowUnicode: true)
    }

    private static func node(_ job: JobDefinition) -> Node {
        let spec = job.spec
        let usual = JobSpec(name: "", group: "", handler: "")
        var keys = Keys()
        keys.add("name", spec.name)
        keys.add("group", spec.group)
        if !spec.summary.isEmpty { keys.add("summary", spec.summary) }
        keys.add("schedule", schedule(spec.schedule))
        if let script = spec.script {
            keys.add("script", self.script(script))
        } else {
            keys.add("handler", spec.handler)
        }
        if !spec.params.isEmpty { keys.add("params", spec.params) }
        if spec.route != usual.route { keys.add("route", spec.route.rawValue) }
        if let key = spec.hashKey { keys.add("hash_key", key) }
        if spec.overlap != usual.overlap { keys.add("overlap", spec.overlap.rawValue) }
        // What is usual depends on the schedule.
        keys.add("misfire", spec.misfire.rawValue)
        if spec.timeout != .zero { keys.add("timeout_seconds", number(spec.timeout.inSeconds)) }
        if spec.retry.limit > 0 { keys.add("retry", retry(spec.retry)) }
        if !spec.children.isEmpty {
            keys.add("children", Node(spec.children.map { child($0, in: spec.group) }, .implicit, .block))
        }
        if let alarm = spec.alarm { keys.add("alarm", self.alarm(alarm)) }
        if let keep = spec.keep { keys.add("keep_days", number(keep.inSeconds / 86_400)) }
        if let lateness = spec.lateness { keys.add("lateness", self.lateness(lateness)) }
        if !job.isEnabled { keys.add("enabled", Node("false", Tag(.bool))) }
        return keys.mapping(.block)
    }

    private static func schedule(_ text: ScheduleText) -> Node? {
        var keys = Keys()
        switch ScheduleType(rawValue: text.type) {
        case nil, .some(.none): return nil
        case .fixedRate: keys.add("every", text.conf)
        case .fixedDelay: keys.add("after", text.conf)
        case .once:
            keys.add("at", text.conf)
            keys.add("zone", text.zone)
        case .cron:
            keys.add("cron", text.conf)
            keys.add("zone", text.zone)
            if text.daylight != DaylightPolicy.vixie.rawValue { keys.add("daylight", text.daylight) }
        }
        add(text.limits, &keys)
        return keys.mapping(.flow)
    }

    private static func add(_ limits: ScheduleLimits, _ keys: inout Keys) {
        if let calendar = limits.calendar { keys.add("calendar", self.calendar(calendar)) }
        if !limits.except.isEmpty {
            keys.add("except", Node(limits.except.map { .scalar($0.represented()) }, .implicit, .flow))
        }
        if let from = limits.from { keys.add("from", InstantText.local(from, in: .utc)) }
        if let until = limits.until { keys.add("until", InstantText.local(until, in: .utc)) }
        if limits.jitter != .zero { keys.add("jitter_seconds", number(limits.jitter.inSeconds)) }
    }

    private static func calendar(_ choice: CalendarChoice) -> Node {
        guard case .own(let calendar) = choice else { return .scalar(choice.name.represented()) }
        var keys = Keys()
        keys.add("name", calendar.name)
        if !calendar.summary.isEmpty { keys.add("summary", calendar.summary) }
        if calendar.years != JobCalendar.everyYear {
            keys.add("from", number(Double(calendar.years.lowerBound)))
            keys.add("until", number(Double(calendar.years.upperBound)))
        }
        if calendar.excludesWeekends { keys.add("weekends", calendar.weekends.rawValue) }
        for (key, days) in [("excluded", calendar.daysOff), ("included", calendar.makeUpDays)]
        where !days.isEmpty {
            keys.add(key, Node(days.map { .scalar($0.represented()) }, .implicit, .flow))
        }
        return keys.mapping(.flow)
    }

    private static func script(_ script: JobScript) -> Node {
        var keys = Keys()
        keys.add("language", script.language.rawValue)
        if !script.remark.isEmpty { keys.add("remark", script.remark) }
        keys.add("source", script.source)
        return keys.mapping(.block)
    }

    private static func retry(_ retry: RetryPolicy) -> Node {
        var keys = Keys()
        keys.add("limit", number(Double(retry.limit)))
        if retry.backoff != RetryPolicy.usualBackoff {
            keys.add("first_seconds", number(retry.backoff.first.inSeconds))
            keys.add("ceiling_seconds", number(retry.backoff.ceiling.inSeconds))
            keys.add("factor", number(retry.backoff.factor))
            keys.add("jitter", number(retry.backoff.jitter))
        }
        if let reasons = retry.reasons {
            keys.add("reasons", Node(reasons.inOrder.map { Node($0.rawValue) }, .implicit, .flow))
        }
        return keys.mapping(.flow)
    }

    private static func alarm(_ alarm: AlarmPolicy) -> Node {
        var keys = Keys()
        let targets = alarm.targets.map { target in
            var keys = Keys()
            keys.add("template", number(Double(target.template)))
            keys.add(
                "receivers",
                Node(target.receivers.map { .scalar($0.represented()) }, .implicit, .flow)
            )
            return keys.mapping(.flow)
        }
        keys.add("to", Node(targets, .implicit, .block))
        if alarm.window != AlarmPolicy.usualWindow {
            keys.add("window_seconds", number(alarm.window.inSeconds))
        }
        if !alarm.tellsRecovery { keys.add("recovery", Node("false", Tag(.bool))) }
        return keys.mapping(.block)
    }

    private static func lateness(_ lateness: LatenessTarget) -> Node {
        var keys = Keys()
        keys.add("target_ms", number(Double(lateness.target.wholeMilliseconds)))
        if lateness.percent != LatenessTarget.usualPercent { keys.add("percent", number(lateness.percent)) }
        return keys.mapping(.flow)
    }

    private static func child(_ child: ChildJob, in group: String) -> Node {
        var keys = Keys()
        keys.add(
            "job",
            child.job.group == group && !child.job.name.contains("/") ? child.job.name : "\(child.job)"
        )
        if child.condition != .success { keys.add("when", child.condition.rawValue) }
        if child.params != .own { keys.add("params", child.params.rawValue) }
        if child.isPerShard { keys.add("per_shard", Node("true", Tag(.bool))) }
        return keys.mapping(.flow)
    }

    private static func number(_ value: Double) -> Node {
        Int64(exactly: value).map { Node("\($0)", Tag(.int)) } ?? Node("\(value)", Tag(.float))
    }

    /// The keys of a mapping in the order in which they are written.
    private struct Keys {
        private var pairs: [(Node, Node)] = []

        mutating func add(_ key: String, _ value: Node?) {
            if let value { pairs.append((Node(key), value)) }
        }

        mutating func add(_ key: String, _ text: String) {
            let isLong = text.contains("\n")
            add(key, isLong ? Node(text, Tag(.str), .literal) : .scalar(text.represented()))
        }

        func mapping(_ style: Node.Mapping.Style) -> Node {
            .mapping(Node.Mapping(pairs, .implicit, style))
        }
    }
}
