import Groundwork

extension JobSpec {
    /// What is wrong with it, by field; empty when it can be stored and run.
    package var faults: [FieldFault] {
        var faults: [FieldFault] = []
        func check(_ isRight: Bool, _ field: String, _ reason: String) {
            if !isRight { faults.append(FieldFault(field, reason)) }
        }
        check(Self.isLine(name, atMost: 128), "name", "must have 1 to 128 characters and no line break")
        check(Self.isAppName(group), "group", "must be 1 to 64 of letters, digits, dot, dash and underscore")
        if let script {
            check(handler.isEmpty, "handler", "must be left out of a job that has a script")
            faults += script.faults
        } else {
            let reason = "must have 1 to 255 characters and no line break"
            check(Self.isLine(handler, atMost: 255), "handler", reason)
        }
        check(summary.count <= 1_000, "summary", "must have at most 1000 characters")
        check(params.utf8.count <= 65_536, "params", "must have at most 65536 bytes")
        // No environment variable, no argument and not every database can hold it.
        let texts = [("summary", summary), ("params", params), ("script.source", script?.source ?? "")]
        for (field, text) in texts {
            check(!text.utf8.contains(0), field, "must not hold the character NUL")
        }
        check(schedule.conf.utf8.count <= 1_024, "schedule.conf", "must have at most 1024 bytes")
        check(timeout >= .zero && timeout <= Self.longestTimeout, "timeout", "must be from 0 to 30 days")
        if let keep {
            check(keep >= .seconds(86_400) && keep <= Self.longestKeep, "keep", "must be from 1 to 3650 days")
        }
        faults += lateness?.faults ?? []
        if let hashKey {
            let reason = "must have 1 to 128 characters and no line break"
            check(Self.isLine(hashKey, atMost: 128), "hashKey", reason)
        }
        check((0...100).contains(retry.limit), "retry.limit", "must be from 0 to 100")
        check(
            retry.backoff.first >= .zero && retry.backoff.ceiling >= retry.backoff.first,
            "retry.backoff",
            "must not be negative, and its ceiling not below its first wait"
        )
        check((1...100).contains(retry.backoff.factor), "retry.backoff.factor", "must be from 1 to 100")
        check((0...1).contains(retry.backoff.jitter), "retry.backoff.jitter", "must be from 0 to 1")
        let reasons = retry.reasons ?? Set(RunReason.retryable)
        check(
            !reasons.isEmpty && reasons.allSatisfy(\.mayRetry),
            "retry.reasons",
            "must be some of \(RunReason.retryable.map(\.rawValue).joined(separator: ", "))"
        )
        check(children.count <= Self.mostChildren, "children", "must be at most \(Self.mostChildren)")
        check(Set(children).count == children.count, "children", "names the same child twice")
        for child in children {
            check(
                Self.isAppName(child.job.group) && Self.isLine(child.job.name, atMost: 128),
                "children",
                "\(child.job) must be group/name of a job"
            )
            check(child.job != fullName, "children", "the job would trigger itself without end")
        }
        if let alarm {
            check((1...10).contains(alarm.targets.count), "alarm.to", "must name 1 to 10 templates")
            for target in alarm.targets {
                check(target.template > 0, "alarm.to", "must name templates by their numbers")
                let isRight =
                    (1...100).contains(target.receivers.count)
                    && target.receivers.allSatisfy { Self.isLine($0, atMost: 512) }
                check(isRight, "alarm.to", "must have 1 to 100 receivers for each template")
            }
            check(
                alarm.window >= .zero && alarm.window <= .seconds(7 * 86_400),
                "alarm.window",
                "must be from 0 to 7 days"
            )
        }
        do {
            let isCalm =
                switch try Rhythm(schedule, since: Moment(millisecondsSinceEpoch: 0)).schedule {
                case .fixedRate(let period, _), .fixedDelay(let period): period >= Self.shortestPeriod
                case .cron, .once, .none: true
                }
            check(isCalm, "schedule.conf", "must be at least 100ms")
        } catch {
            faults.append(FieldFault(error))
        }
        return faults
    }

    /// What it is called in every database.
    package var fullName: JobName { JobName(group: group, name: name) }

    private static let mostChildren = 32

    /// Below it a schedule would be a busy loop.
    private static let shortestPeriod = Duration.milliseconds(100)

    private static let longestKeep = Duration.seconds(3_650 * 86_400)

    private static let longestTimeout = Duration.seconds(30 * 86_400)

    private static func isLine(_ text: String, atMost limit: Int) -> Bool {
        !text.trimmingBlanks.isEmpty && text.count <= limit
            && !text.contains { $0.isNewline || $0 == "\0" }
    }

    private static func isAppName(_ text: String) -> Bool {
        (1...64).contains(text.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }
    }
}

extension FieldFault {
    /// What is wrong with a job's schedule.
    init(_ error: ScheduleError) {
        self.init("schedule.\(error.field)", error.reason)
    }
}
