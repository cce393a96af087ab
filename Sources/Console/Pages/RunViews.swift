import Groundwork
import Scheduler

/// Runs, a page at a time.
struct RunList: Sendable {
    let runs: [RunRow]
    let isEmpty: Bool
    let form: RunForm
    /// The job whose runs are shown; nil for those of all.
    let job: String?
    /// The jobs that may be meant, where it is not clear.
    let jobs: [Fact]
    let hasJobs: Bool
    /// Where the list is to be had as a file.
    let file: String
    /// Where runs are cleared.
    let clear: String
    let older: String?

    init(
        runs: [RunRow],
        form: RunForm,
        job: String?,
        jobs: [Fact],
        export: [String: String],
        clear: String,
        older: String?
    ) {
        self.runs = runs
        isEmpty = runs.isEmpty
        self.form = form
        self.job = job
        self.jobs = jobs
        hasJobs = !jobs.isEmpty
        file = "/api/v1/runs.csv" + Visit.text(export)
        self.clear = clear
        self.older = older
    }

    /// A job to choose, with the rest of what was asked for.
    static func job(_ job: Job, _ visit: Visit) -> Fact {
        Fact("\(job.id)", "\(job.spec.group)/\(job.spec.name)", path: visit.address(with: "job", "\(job.id)"))
    }
}

/// The form above the list, filled in as it was sent.
struct RunForm: Sendable {
    /// One of a few.
    struct Option: Sendable {
        let value: String
        let name: String
        let isCurrent: Bool
    }

    let search: RunSearch
    let states: [Option]
    let reasons: [Option]
    let groups: [String]
    let executors: [String]
    let isNarrow: Bool

    init(_ search: RunSearch, executors: [ExecutorInstance], _ say: Voice) {
        self.search = search
        states = RunSearch.State.allCases.map { state in
            Option(
                value: state.rawValue,
                name: say("runs-\(state.rawValue)"),
                isCurrent: state == search.state
            )
        }
        reasons = RunReason.allCases.map { reason in
            Option(
                value: reason.rawValue,
                name: say("reason-\(reason.rawValue)"),
                isCurrent: reason == search.reason
            )
        }
        groups = Set(executors.map(\.group)).sorted()
        self.executors = Set(executors.map(\.address.url)).sorted()
        isNarrow = search.isNarrow || !search.job.isEmpty
    }
}

extension Action {
    /// Ends a run.
    static func kill(_ run: JobRun, _ say: Voice) -> Action {
        Action(
            "/runs/\(run.id)/kill",
            say("kill"),
            .bad,
            question: say("kill-question", ["n": "\(run.id)"]),
            effect: say("kill-effect")
        )
    }
}

/// A run in the list.
struct RunRow: Sendable {
    let path: String
    let number: String
    let job: Fact
    let planned: Stamp
    let dispatched: Stamp?
    let started: Stamp?
    let ended: Stamp?
    let chip: Chip
    let reason: String?
    let executor: String?
    let shard: String?
    let attempt: String?
    /// What can be done with it here; nothing once it has ended or was asked to.
    let actions: [Action]

    init(_ run: JobRun, job name: String?, _ say: Voice) {
        path = "/runs/\(run.id)"
        number = "\(run.id)"
        job = Fact(
            say("job"),
            name ?? say("job-removed", ["n": "\(run.plan.job)"]),
            path: "/runs?job=\(run.plan.job)"
        )
        planned = say.stamp(run.plan.plannedAt)
        dispatched = say.stamp(run.dispatchedAt)
        started = say.stamp(run.startedAt)
        ended = say.stamp(run.end?.at)
        chip = Chip(run, say)
        reason = run.end.flatMap { $0.reason == .completed ? nil : say("reason-\($0.reason.rawValue)") }
        executor = run.executor?.address.url
        let shard = run.plan.shard
        self.shard = shard.total == 1 ? nil : "\(shard.index + 1)/\(shard.total)"
        attempt = run.plan.attempt == 1 ? nil : say("attempt", ["n": "\(run.plan.attempt)"])
        actions = run.isOpen && run.killRequestedAt == nil ? [.kill(run, say)] : []
    }
}

/// One run and its log.
struct RunDetail: Sendable {
    /// The log as far as it was read for the page itself; the page's script goes on from there.
    struct Log: Sendable {
        let text: String
        let isEmpty: Bool
        /// The stream that goes on; nil when nothing more comes.
        let stream: String?
        /// The next page for those without a script.
        let more: String?
        let trouble: String?

        /// What was read.
        init(_ page: RunLogPage, of run: RunID) {
            text = page.text
            isEmpty = page.text.isEmpty && page.isComplete
            stream = page.isComplete ? nil : "/runs/\(run)/log?from=\(page.next)"
            more = page.isComplete ? nil : "/runs/\(run)?from=\(page.next)"
            trouble = nil
        }

        /// It could not be read so far.
        init(_ trouble: Trouble, of run: RunID, from line: Int) {
            text = ""
            isEmpty = false
            stream = "/runs/\(run)/log?from=\(line)"
            more = nil
            self.trouble = trouble.cause
        }
    }

    let number: String
    let heading: String
    let chip: Chip
    let job: Fact
    let facts: [Fact]
    let times: [Time]
    let message: String?
    let actions: [Action]
    /// What tells of changes; nil when there will be none.
    let events: String?
    /// Nil where only the rest of the page is asked for.
    let log: Log?

    /// A step of the run and when it came.
    struct Time: Sendable {
        let name: String
        let at: Stamp?
        /// How long after the step before.
        let after: String?
    }

    init(_ run: JobRun, job name: String?, log: Log?, _ say: Voice) {
        let row = RunRow(run, job: name, say)
        number = row.number
        heading = say("run-title", ["n": row.number])
        chip = row.chip
        job = row.job
        var facts = [
            Fact(say("handler"), run.plan.terms.handler),
            Fact(say("group"), run.plan.terms.group),
            Fact(say("executor"), row.executor ?? "–"),
            Fact(say("trigger-kind"), say("trigger-\(run.plan.trigger.rawValue)")),
            Fact(say("route"), say("route-\(run.plan.terms.route.rawValue)")),
            Fact(say("shard"), row.shard ?? say("shard-whole")),
            Fact(say("attempt-name"), "\(run.plan.attempt)"),
        ]
        if let target = run.plan.terms.target { facts.append(Fact(say("run-target"), target.url)) }
        if let reason = row.reason { facts.append(Fact(say("reason"), reason)) }
        if let parent = run.plan.parent {
            let led = run.plan.trigger == .parent ? "child-of" : "retry-of"
            facts.append(Fact(say(led), "\(parent)", path: "/runs/\(parent)"))
        }
        if !run.plan.terms.params.isEmpty { facts.append(Fact(say("params"), run.plan.terms.params)) }
        self.facts = facts
        times = Self.times(run, say)
        message = run.end.flatMap { $0.message.isEmpty ? nil : $0.message }
        actions = run.isOpen ? [.kill(run, say)] : []
        events = run.isOpen ? row.path + "/events" : nil
        self.log = log
    }

    private static func times(_ run: JobRun, _ say: Voice) -> [Time] {
        let steps: [(String, Moment?)] = [
            ("planned", run.plan.plannedAt), ("dispatched", run.dispatchedAt), ("started", run.startedAt),
            ("ended", run.end?.at),
        ]
        var last: Moment?
        return steps.map { name, moment in
            let after = last.flatMap { last in moment.map { say("after", ["span": say.duration($0 - last)]) }
            }
            last = moment ?? last
            return Time(name: say(name), at: say.stamp(moment), after: after)
        }
    }
}
