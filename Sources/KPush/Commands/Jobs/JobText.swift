import Groundwork
import Scheduler

/// Jobs and runs in words.
enum JobText {
    /// A line each.
    static func table(_ jobs: [JobAnswer]) -> String {
        var table = Table("ID", "GROUP", "NAME", "SCHEDULE", "ON", "NEXT", right: ["ID"])
        for job in jobs {
            let next = job.enabled ? job.nextTriggerAt.local : "-"
            let isOn = job.enabled ? "yes" : "no"
            table.add("\(job.id)", job.group, job.name, schedule(job.spec.schedule), isOn, next)
        }
        return table.text
    }

    /// One job whole.
    static func whole(_ job: JobAnswer) -> String {
        var facts = Table(indent: 2)
        if !job.summary.isEmpty { facts.add("summary", job.summary) }
        for (field, value) in fields(job.spec) where field != "summary" && !value.isEmpty {
            facts.add(field, value)
        }
        facts.add("enabled", job.enabled ? "yes" : "no")
        facts.add("last trigger", job.lastTriggerAt.local)
        facts.add("next trigger", job.enabled ? job.nextTriggerAt.local : "-")
        facts.add("version", "\(job.version)" + (job.fromDefinition ? ", ships with KPush" : ""))
        return "Job \(job.id): \(job.group)/\(job.name)".printable + "\n" + facts.text
    }

    /// What an operator may change, field by field; the same text for the same meaning.
    static func fields(_ spec: JobSpec) -> [(field: String, value: String)] {
        [
            ("summary", spec.summary), ("schedule", schedule(spec.schedule)), ("handler", spec.handler),
            ("script", spec.script.map(script) ?? ""), ("params", spec.params),
            ("route", spec.route.rawValue), ("overlap", spec.overlap.rawValue),
            ("hash key", spec.hashKey ?? ""), ("misfire", spec.misfire.rawValue),
            ("timeout", spec.timeout == .zero ? "none" : seconds(spec.timeout)), ("retry", retry(spec.retry)),
            ("children", spec.children.map(child).joined(separator: "; ")),
            ("alarm", spec.alarm.map(alarm) ?? ""),
            ("keep", spec.keep.map { "\($0.inSeconds / 86_400) days" } ?? ""),
            ("lateness", spec.lateness.map { "\(seconds($0.target)) for \($0.percent) %" } ?? ""),
        ]
    }

    /// A schedule as definitions spell it, with what holds it back.
    static func schedule(_ text: ScheduleText) -> String {
        let limits = text.limits
        var parts = [plain(text)]
        if let calendar = limits.calendar { parts.append(self.calendar(calendar)) }
        if !limits.except.isEmpty { parts.append("except \(limits.except.joined(separator: " "))") }
        if let from = limits.from { parts.append("from \(APIInstant(from).exact)") }
        if let until = limits.until { parts.append("until \(APIInstant(until).exact)") }
        if limits.jitter != .zero { parts.append("spread over \(seconds(limits.jitter))") }
        return parts.joined(separator: ", ")
    }

    private static func calendar(_ choice: CalendarChoice) -> String {
        guard case .own(let calendar) = choice else { return "calendar \(choice.name)" }
        var words = ["\(calendar.years.lowerBound) to \(calendar.years.upperBound)"]
        if calendar.excludesWeekends { words.append("no weekends") }
        if !calendar.daysOff.isEmpty { words.append("off \(calendar.daysOff.joined(separator: " "))") }
        if !calendar.makeUpDays.isEmpty { words.append("on \(calendar.makeUpDays.joined(separator: " "))") }
        if !calendar.summary.isEmpty { words.append(calendar.summary) }
        return "calendar of its own \(calendar.name) (\(words.joined(separator: "; ")))"
    }

    private static func plain(_ text: ScheduleText) -> String {
        // A text that is no schedule is shown as it stands; the server says what is wrong with it.
        guard let schedule = try? Schedule(text) else { return "\(text.type) \(text.conf)" }
        let same = ScheduleText(schedule)
        switch schedule {
        case .none: return "by hand"
        case .cron:
            let usual = DaylightPolicy.vixie.rawValue
            let daylight = same.daylight == usual ? "" : ", daylight \(same.daylight)"
            return "cron \(same.conf) \(same.zone)\(daylight)"
        case .fixedRate(let period, _): return "every \(seconds(period))"
        case .fixedDelay(let delay): return "after \(seconds(delay))"
        case .once(let moment): return "at \(APIInstant(moment).exact)"
        }
    }

    /// A line for each run.
    static func table(_ runs: [RunAnswer]) -> String {
        var table = Table(
            "RUN",
            "JOB",
            "HANDLER",
            "TRIGGER",
            "PLANNED",
            "TOOK",
            "STATE",
            right: ["RUN", "JOB"]
        )
        for run in runs {
            table.add(
                "\(run.id)",
                "\(run.job)",
                run.handler + (run.shard.total > 1 ? " \(run.shard.index + 1)/\(run.shard.total)" : ""),
                run.trigger + (run.attempt > 1 ? " \(run.attempt)" : ""),
                run.plannedAt.local,
                took(run),
                run.ending.replacing("_", with: " ")
            )
        }
        return table.text
    }

    /// How a run ended, in one line.
    static func ending(_ run: RunAnswer) -> String {
        let message = run.message.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
        return "run \(run.id) \(run.ending.replacing("_", with: " "))\(message)".printable
    }

    private static func took(_ run: RunAnswer) -> String {
        guard let start = run.startedAt, let end = run.endedAt else { return "-" }
        return seconds(end.moment - start.moment)
    }

    /// Language, size and remark; its mark tells sources of one size apart.
    private static func script(_ script: JobScript) -> String {
        let remark = script.remark.isEmpty ? "" : ", \(script.remark)"
        let mark = String(script.mark, radix: 16)
        return "\(script.language.rawValue), \(script.source.utf8.count) bytes, \(mark)\(remark)"
    }

    private static func alarm(_ alarm: AlarmPolicy) -> String {
        let targets = alarm.targets.map {
            "\($0.receivers.joined(separator: ", ")) by template \($0.template)"
        }
        let recovery = alarm.tellsRecovery ? "" : ", not of recovery"
        return "\(targets.joined(separator: "; ")), once in \(seconds(alarm.window))\(recovery)"
    }

    private static func child(_ child: ChildJob) -> String {
        let params = child.params == .own ? "" : " with the params of \(child.params.rawValue)"
        return "\(child.job) on \(child.condition.rawValue)\(params)\(child.isPerShard ? ", per shard" : "")"
    }

    private static func retry(_ retry: RetryPolicy) -> String {
        guard retry.limit > 0 else { return "never" }
        let waits = "\(seconds(retry.backoff.first)) to \(seconds(retry.backoff.ceiling))"
        let words = (retry.reasons?.inOrder ?? []).map(\.rawValue).joined(separator: ", ")
        let reasons = retry.reasons == nil ? "" : ", only when \(words)"
        return
            "\(retry.limit) times, after \(waits), factor \(retry.backoff.factor), jitter \(retry.backoff.jitter)\(reasons)"
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)s" : "\(milliseconds)ms"
    }
}
