import Groundwork
import Scheduler

/// The versions of one job.
struct JobHistoryView: Sendable {
    /// One version.
    struct Row: Sendable {
        let number: String
        let since: Stamp
        /// Whether it counts.
        let isCurrent: Bool
        let isFrom: Bool
        let isTo: Bool
        let changes: String
        /// Why its script is as it is.
        let remark: String?
        /// Leads to what it changed; nil where the version before it is not kept.
        let compare: String?
        /// Nil where it counts, and where the job is gone.
        let restore: Action?
    }

    let title: String
    let name: String
    let number: String
    let path: String
    /// The job's own page; nil when it is gone.
    let job: String?
    let rows: [Row]
    let comparison: VersionComparison?
    let older: String?

    /// Tells of a page of versions.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - steps: the versions, the newest first.
    ///   - newest: the newest version of all; ended when the job is gone.
    ///   - comparison: what changed between two versions that somebody asked for.
    ///   - chosen: the numbers of those two.
    ///   - older: the address of the next page.
    ///   - say: the reader's voice.
    init(
        _ id: JobID,
        _ steps: [VersionStep],
        newest: JobVersion?,
        comparison: VersionComparison?,
        chosen: (from: Int64?, to: Int64?),
        older: String?,
        _ say: Voice
    ) {
        let newestName = newest?.spec.name ?? ""
        let current = newest?.end == nil ? newest?.number : nil
        name = newestName
        title = say("versions-of", ["name": newestName])
        number = "\(id)"
        path = "/jobs/\(id)/history"
        job = current == nil ? nil : "/jobs/\(id)"
        // Before anybody has chosen, the newest is compared with the one before it.
        let to = chosen.to ?? steps.first?.version.number
        let from = chosen.from ?? steps.dropFirst().first?.version.number
        rows = steps.map { step in
            let number = step.version.number
            return Row(
                number: "\(number)",
                since: say.stamp(step.version.since),
                isCurrent: number == current,
                isFrom: number == from,
                isTo: number == to,
                changes: Self.changes(step, say),
                remark: Self.remark(step),
                compare: step.changes == nil
                    ? nil : "/jobs/\(id)/history" + Visit.text(["from": "\(number - 1)", "to": "\(number)"]),
                restore: current.flatMap { $0 == number ? nil : Self.restore(number, of: id, over: $0, say) }
            )
        }
        self.comparison = comparison
        self.older = older
    }

    private static func changes(_ step: VersionStep, _ say: Voice) -> String {
        guard let changes = step.changes else {
            return say(step.version.number == 1 ? "version-made" : "version-oldest")
        }
        guard !changes.isEmpty else { return say("version-same") }
        return changes.map { say("field-\($0.rawValue)") }.joined(separator: ", ")
    }

    private static func remark(_ step: VersionStep) -> String? {
        guard step.changes?.contains(.script) ?? true else { return nil }
        return step.version.spec.script.flatMap { $0.remark.isEmpty ? nil : $0.remark }
    }

    private static func restore(_ number: Int64, of id: JobID, over newest: Int64, _ say: Voice) -> Action {
        Action(
            "/jobs/\(id)/history/\(number)/restore" + Visit.text(["from": "\(newest)"]),
            say("restore"),
            .good,
            question: say("restore-question", ["n": "\(number)"]),
            effect: say("restore-effect")
        )
    }
}

/// What changed from one version of a job to another.
struct VersionComparison: Sendable {
    /// A field whose value is short.
    struct Field: Sendable {
        let label: String
        let before: String
        let after: String
    }

    /// A text that is compared line by line.
    struct Text: Sendable {
        let label: String
        let lines: [Line]
    }

    /// A line of a text, or where lines were left out.
    struct Line: Sendable {
        let kind: String
        let text: String
    }

    let heading: String
    let fields: [Field]
    let texts: [Text]
    let isEmpty: Bool

    /// The fields whose texts may have many lines.
    private static let long = ["params", "script.source"]

    init(from before: JobVersion, to after: JobVersion, _ say: Voice) {
        heading = say("versions-between", ["from": "\(before.number)", "to": "\(after.number)"])
        let (old, new) = (JobForm.told(before, say), JobForm.told(after, say))
        let names = new.map(\.name) + old.map(\.name).filter { name in !new.contains { $0.name == name } }
        let oldByName = Dictionary(old.map { ($0.name, $0) }) { first, _ in first }
        let newByName = Dictionary(new.map { ($0.name, $0) }) { first, _ in first }
        var fields: [Field] = []
        var texts: [Text] = []
        for name in names {
            let (old, new) = (oldByName[name], newByName[name])
            guard let label = new?.label ?? old?.label, old?.value != new?.value else { continue }
            if Self.long.contains(name) {
                let diff = LineDiff(from: old?.value ?? "", to: new?.value ?? "")
                texts.append(Text(label: label, lines: Self.lines(diff, say)))
            } else {
                // Two values that read the same are told as they are stored.
                let isTold = old?.text != new?.text
                let before = isTold ? old?.text : old?.value
                let after = isTold ? new?.text : new?.value
                fields.append(Field(label: label, before: Self.shown(before), after: Self.shown(after)))
            }
        }
        self.fields = fields
        self.texts = texts
        isEmpty = fields.isEmpty && texts.isEmpty
    }

    private static func shown(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "–" }
        return text
    }

    private static func lines(_ diff: LineDiff, _ say: Voice) -> [Line] {
        diff.hunks()
            .flatMap { hunk in
                let place = say("diff-lines", ["from": "\(hunk.oldStart)", "to": "\(hunk.newStart)"])
                return [Line(kind: "place", text: place)]
                    + hunk.lines.map { line in
                        Line(kind: "\(line.fate)", text: "\(line.fate.rawValue) \(line.text)")
                    }
            }
    }
}

extension JobForm {
    /// A field of the form as it reads.
    struct Told: Sendable {
        let name: String
        let label: String
        /// What the form holds.
        let value: String
        /// What its reader sees.
        let text: String
    }

    /// Everything that the form would show of a version, in its order.
    static func told(_ version: JobVersion, _ say: Voice) -> [Told] {
        let input = JobInput(version.spec)
        let switched = say(version.isEnabled ? "job-enabled" : "job-disabled")
        var told = [Told(name: "enabled", label: say("field-enabled"), value: switched, text: switched)]
        func add(_ fields: [FormField], of row: String = "") {
            told += fields.map { field in
                let choice = field.options.first { $0.isCurrent }?.name
                let label = row.isEmpty ? field.label : "\(row): \(field.label)"
                return Told(name: field.name, label: label, value: field.value, text: choice ?? field.value)
            }
        }
        func add(_ tick: FormTick, of row: String = "") {
            let text = say(tick.isTicked ? "tick-yes" : "tick-no")
            let label = row.isEmpty ? tick.label : "\(row): \(tick.label)"
            told.append(Told(name: tick.name, label: label, value: text, text: text))
        }
        add(Self.about(input, say) + Self.schedule(input, say) + Self.limits(input, say))
        add(Self.work(input, say) + Self.script(input, say) + Self.retry(input, say))
        for reason in RunReason.retryable.map(\.rawValue) {
            let tick = FormTick("retry.reasons-\(reason)", say("reason-\(reason)"), in: input)
            add(tick, of: say("retry-reasons"))
        }
        for (row, child) in zip(Self.children(input, say), version.spec.children) {
            let name = "\(say("child")) \(child.job)"
            add([row.job, row.condition, row.params], of: name)
            add(row.shard, of: name)
        }
        guard let alarm = version.spec.alarm else { return told }
        for (row, _) in zip(Self.alarms(input, say), alarm.targets) { add([row.template, row.receivers]) }
        add([FormField("alarm.window", say("alarm-window"), .number, in: input)])
        add(FormTick("alarm.recovery", say("alarm-recovery"), in: input))
        return told
    }
}
