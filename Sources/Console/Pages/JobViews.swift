import Groundwork
import People
import PushEngine
import Scheduler

/// One job: what it does, when it is due, what it leads to, and how it went lately.
struct JobDetail: Sendable {
    /// A job that follows this one, or that this one follows.
    struct Relative: Sendable {
        let name: String
        /// Nil where there is no such job yet.
        let path: String?
        let condition: String
        let params: String
    }

    /// Who is told by one template.
    struct Told: Sendable {
        let path: String
        let template: String
        let receivers: String
    }

    /// The code that is kept for it.
    struct Script: Sendable {
        let source: String
        let remark: String?
    }

    let number: String
    let name: String
    let summary: String?
    let chip: Chip
    let actions: [Action]
    let edit: String
    let copy: String
    let history: String
    /// Where triggers of the past are made up for; nil where its schedule has none.
    let backfill: String?
    let facts: [Fact]
    let params: String?
    let script: Script?
    let glance: ScheduleGlance
    let expression: String?
    /// Why nothing of it will be.
    let isOff: Bool
    let limits: [Fact]
    let runs: [RunRow]
    let hasRuns: Bool
    let allRuns: String
    let lateness: LatenessView?
    let children: [Relative]
    let parents: [Relative]
    let hasRelatives: Bool
    let isPartial: Bool
    let alarm: [Told]
    let alarmNote: String?

    init(
        _ job: Job,
        _ kin: JobKin,
        runs: [JobRun],
        living: [ExecutorAddress],
        _ lateness: StageReport,
        _ glance: ScheduleGlance,
        _ say: Voice
    ) {
        let spec = job.spec
        number = "\(job.id)"
        name = spec.name
        summary = spec.summary.isEmpty ? nil : spec.summary
        chip = job.isEnabled ? Chip(.good, say("job-enabled")) : Chip(.idle, say("job-disabled"))
        let path = "/jobs/\(job.id)"
        actions = JobActions(job, say).onPage(living)
        edit = "\(path)/edit"
        copy = "\(path)/copy"
        history = "\(path)/history"
        let hasPast: [ScheduleType] = [.cron, .fixedRate, .once]
        backfill = hasPast.map(\.rawValue).contains(spec.schedule.type) ? "\(path)/backfill" : nil
        facts = Self.facts(job, say)
        params = spec.params.isEmpty ? nil : spec.params
        script = spec.script.map { script in
            Script(source: script.source, remark: script.remark.isEmpty ? nil : script.remark)
        }
        self.glance = glance
        expression = ScheduleWords(spec.schedule, say).expression
        isOff = !job.isEnabled
        limits = Self.limits(spec.schedule, say)
        self.runs = runs.map { RunRow($0, job: spec.name, say) }
        hasRuns = !runs.isEmpty
        allRuns = "/runs?job=\(job.id)"
        self.lateness = LatenessView(lateness, say)
        children = spec.children.map { Self.relative($0, called: $0.job, kin.ids[$0.job], say) }
        parents = kin.parents.map { Self.relative($0.link, called: $0.job.spec.fullName, $0.job.id, say) }
        hasRelatives = !children.isEmpty || !parents.isEmpty
        isPartial = kin.isPartial
        alarm = (spec.alarm?.targets ?? [])
            .map { target in
                Told(
                    path: "/templates/\(target.template)",
                    template: "#\(target.template)",
                    receivers: say("alarm-count", ["n": say.number(target.receivers.count)])
                )
            }
        alarmNote = spec.alarm.map { alarm in
            say(
                alarm.tellsRecovery ? "alarm-note-recovery" : "alarm-note",
                ["span": say.duration(alarm.window)]
            )
        }
    }

    private static func facts(_ job: Job, _ say: Voice) -> [Fact] {
        let spec = job.spec
        var facts = [
            Fact(say("group"), spec.group, path: "/jobs" + Visit.text(["group": spec.group])),
            Fact(say("handler"), spec.code(say)),
            Fact(say("route"), say("route-\(spec.route.rawValue)")),
            Fact(say("overlap"), say("overlap-\(spec.overlap.rawValue)")),
            Fact(say("misfire"), say("misfire-\(spec.misfire.rawValue)")),
            Fact(
                say("timeout-fact"),
                spec.timeout == .zero ? say("timeout-none") : say.duration(spec.timeout)
            ),
            Fact(say("retry"), retry(spec.retry, say)),
            Fact(say("created-at"), say.stamp(job.createdAt).text),
            Fact(say("version"), "\(job.version)"),
        ]
        if let reasons = spec.retry.reasons {
            let words = reasons.map(\.rawValue).sorted().map { say("reason-\($0)") }
            facts.append(Fact(say("retry-reasons"), words.joined(separator: ", ")))
        }
        if let key = spec.hashKey { facts.append(Fact(say("hash-key"), key)) }
        if let keep = spec.keep { facts.append(Fact(say("keep-fact"), say.duration(keep))) }
        if let lateness = spec.lateness {
            let share = say.percent(lateness.percent / 100)
            let words = say("late-fact-value", ["span": say.duration(lateness.target), "share": share])
            facts.append(Fact(say("late-fact"), words))
        }
        if let last = job.lastTriggerAt { facts.append(Fact(say("last-trigger"), say.stamp(last).text)) }
        if job.definition != nil { facts.append(Fact(say("comes-from"), say("definition"))) }
        return facts
    }

    private static func retry(_ retry: RetryPolicy, _ say: Voice) -> String {
        guard retry.limit > 0 else { return say("retry-none") }
        return say(
            "retry-some",
            [
                "n": "\(retry.limit)", "first": say.duration(retry.backoff.first),
                "most": say.duration(retry.backoff.ceiling),
            ]
        )
    }

    private static func limits(_ schedule: ScheduleText, _ say: Voice) -> [Fact] {
        let limits = schedule.limits
        var facts: [Fact] = []
        if schedule.type == ScheduleType.cron.rawValue {
            facts.append(Fact(say("zone"), schedule.zone))
            facts.append(Fact(say("daylight"), say("daylight-\(schedule.daylight)")))
        }
        if let calendar = limits.calendar { facts.append(Fact(say("calendar"), calendar.name)) }
        if !limits.except.isEmpty {
            facts.append(Fact(say("except"), limits.except.joined(separator: ", ")))
        }
        if let from = limits.from { facts.append(Fact(say("from"), say.stamp(from).text)) }
        if let until = limits.until { facts.append(Fact(say("until"), say.stamp(until).text)) }
        if limits.jitter > .zero { facts.append(Fact(say("jitter-fact"), say.duration(limits.jitter))) }
        return facts
    }

    private static func relative(
        _ link: ChildJob,
        called name: JobName,
        _ id: JobID?,
        _ say: Voice
    ) -> Relative {
        let condition = say("child-when-\(link.condition.rawValue)")
        return Relative(
            name: "\(name)",
            path: id.map { "/jobs/\($0)" },
            condition: link.isPerShard ? "\(condition), \(say("child-per-shard"))" : condition,
            params: say("child-params-\(link.params.rawValue)")
        )
    }
}

/// How late a job's last runs were, a row for each stage.
struct LatenessView: Sendable {
    struct Row: Sendable {
        let stage: String
        let median: String
        let percentile99: String
        let longest: String
    }

    let note: String
    let rows: [Row]

    /// Nil when no run was made by a schedule.
    init?(_ report: StageReport, _ say: Voice) {
        guard let span = report.span else { return nil }
        note = say(
            "lateness-note",
            [
                "n": say.number(report.runs), "from": say.stamp(span.lowerBound).text,
                "to": say.stamp(span.upperBound).text,
            ]
        )
        let spreads = [("start", report.start)] + RunStage.allCases.map { ($0.rawValue, report.stages[$0]) }
        rows = spreads.compactMap { name, spread in
            spread.map { spread in
                Row(
                    stage: say("lateness-\(name)"),
                    median: say.duration(spread.median),
                    percentile99: say.duration(spread.percentile99),
                    longest: say.duration(spread.longest)
                )
            }
        }
    }
}

/// The jobs that a job triggers, and those that trigger it.
struct JobKin: Sendable {
    /// Those of its children that exist.
    var ids: [JobName: JobID] = [:]
    var parents: [(job: Job, link: ChildJob)] = []
    /// Whether there are more jobs than were looked through for parents.
    var isPartial = false

    /// How many pages of jobs are looked through for parents.
    private static let pages = 10
    private static let pageSize = 500

    /// Looks for the kin of `job` that belongs to some groups.
    ///
    /// - Throws: `SchedulerError` when the jobs cannot be read.
    init(of job: Job, among groups: GroupScope, in jobs: JobService) async throws(SchedulerError) {
        var seen = JobFilter()
        seen.permitted = groups.names
        for child in job.spec.children {
            var filter = seen
            filter.group = child.job.group
            filter.name = child.job.name
            ids[child.job] = try await jobs.list(filter, limit: 1).elements.first?.id
        }
        let name = job.spec.fullName
        var after: JobID?
        for _ in 0..<Self.pages {
            let page = try await jobs.list(seen, after: after, limit: Self.pageSize)
            for other in page.elements {
                for link in other.spec.children where link.job == name { parents.append((other, link)) }
            }
            after = page.next
            guard after != nil else { return }
        }
        isPartial = true
    }
}

extension JobSpec {
    /// What it runs: its handler's name, or the language of its script.
    func code(_ say: Voice) -> String {
        script.map { say("script-\($0.language.rawValue)") } ?? handler
    }
}

/// What can be done with a job.
struct JobActions {
    private let job: Job
    private let say: Voice

    /// The longest parameters that a list carries for each of its jobs, in bytes.
    private static let shortParams = 1_024
    /// How many executors there are to choose from; any other is named over the API.
    private static let mostExecutors = 500

    init(_ job: Job, _ say: Voice) {
        self.job = job
        self.say = say
    }

    /// In the list, which is shown again afterwards.
    var inList: [Action] {
        [trigger(asking: job.spec.params.utf8.count <= Self.shortParams), toggle(at: "")]
    }

    /// On the job's own page, which is shown again afterwards.
    ///
    /// - Parameter living: the executors that may have its runs.
    /// - Returns: the buttons, in their order.
    func onPage(_ living: [ExecutorAddress]) -> [Action] {
        var trigger = trigger(asking: true)
        if !living.isEmpty { trigger.selection = executors(living) }
        return [trigger, toggle(at: "?at=job"), remove]
    }

    /// The choice of the only executor that may have a run.
    private func executors(_ living: [ExecutorAddress]) -> Action.Selection {
        let any = say("trigger-any", ["route": say("route-\(job.spec.route.rawValue)")])
        return Action.Selection(
            name: "address",
            label: say("executor"),
            options: [FormField.Option(value: "", name: any, isCurrent: true)]
                + living.prefix(Self.mostExecutors)
                .map { FormField.Option(value: $0.url, name: $0.url, isCurrent: false) }
        )
    }

    private var path: String { "/jobs/\(job.id)" }

    /// Runs it now; asks for parameters and proposes its own.
    private func trigger(asking: Bool) -> Action {
        var trigger = Action(
            "\(path)/trigger",
            say("trigger"),
            .good,
            question: say("trigger-question", ["name": job.spec.name]),
            effect: say(asking ? "trigger-params-effect" : "trigger-effect")
        )
        if asking {
            var field = Action.Field(name: "params", label: say("params"), isNeeded: false)
            field.value = job.spec.params
            trigger.field = field
        }
        return trigger
    }

    private func toggle(at place: String) -> Action {
        let name = job.spec.name
        return job.isEnabled
            ? Action(
                "\(path)/disable\(place)",
                say("disable"),
                .bad,
                question: say("disable-question", ["name": name]),
                effect: say("disable-effect")
            )
            : Action(
                "\(path)/enable\(place)",
                say("enable"),
                .good,
                question: say("enable-question", ["name": name])
            )
    }

    private var remove: Action {
        Action(
            "\(path)/delete",
            say("delete"),
            .bad,
            question: say("delete-question", ["name": job.spec.name]),
            effect: say("delete-effect")
        )
    }
}
