import Foundation
import Groundwork
import Scheduler

/// The form that makes or changes a job, with everything that an operator decides about one.
struct JobForm: Sendable {
    /// What is known beside the job: values to choose from.
    struct Supplies: Sendable {
        let groups: [String]
        let jobs: [String]
        let templates: [FormField.Option]
    }

    /// A field that somebody else changed meanwhile.
    struct Difference: Sendable {
        let label: String
        let theirs: String
    }

    /// A job that follows.
    struct ChildRow: Sendable {
        let job: FormField
        let condition: FormField
        let params: FormField
        let shard: FormTick
    }

    /// A template by which trouble is told.
    struct AlarmRow: Sendable {
        let template: FormField
        let receivers: FormField
    }

    let heading: String
    let path: String
    let back: String
    let backName: String
    /// The version that is changed; nil for a new job.
    let version: String?
    /// Whether a new job's schedule is served at once; nil for one that there is.
    let enabled: FormTick?
    /// What to know before anything is changed.
    let warning: String?
    var problem: String?
    /// What is wrong and has no field of its own.
    var faults: [String] = []
    /// What somebody else saved since this form was opened, and the version to save over.
    var differences: [Difference] = []
    var newest: String?

    var about: [FormField]
    var schedule: [FormField]
    var limits: [FormField]
    /// Whether something holds the schedule back, so that it is shown at once.
    var hasLimits: Bool
    var work: [FormField]
    var script: [FormField]
    /// Whether the script's fields are shown at once.
    var hasScript: Bool
    var retry: [FormField]
    let reasons: [FormTick]
    var reasonsFault: String?
    let children: [ChildRow]
    var childrenFault: String?
    let alarms: [AlarmRow]
    var alarmFault: String?
    var alarm: [FormField]
    let recovery: FormTick

    let groups: [String]
    let jobs: [String]
    let templates: [FormField.Option]
    let zones: [String]
    let cron: [CronRow]
    let glance: ScheduleGlance

    /// Rows left empty for further entries; saving makes more.
    private static let emptyRows = 2

    init(
        _ input: JobInput,
        _ frame: Frame,
        _ supplies: Supplies,
        _ glance: ScheduleGlance,
        _ say: Voice
    ) {
        heading = frame.heading
        path = frame.path
        back = frame.back
        backName = frame.backName
        version = frame.version.map { "\($0)" }
        warning = frame.warning
        enabled = frame.version == nil ? FormTick("enabled", say("job-form-enabled"), in: input) : nil
        about = Self.about(input, say)
        schedule = Self.schedule(input, say)
        limits = Self.limits(input, say)
        hasLimits = limits.contains { !["", "0"].contains($0.value) }
        work = Self.work(input, say)
        script = Self.script(input, say)
        hasScript = !input.text("script.source").isEmpty || !input.text("script.language").isEmpty
        retry = Self.retry(input, say)
        reasons = RunReason.retryable.map { reason in
            FormTick("retry.reasons-\(reason.rawValue)", say("reason-\(reason.rawValue)"), in: input)
        }
        children = Self.children(input, say)
        alarms = Self.alarms(input, say)
        alarm = [
            FormField("alarm.window", say("alarm-window"), .number, in: input, note: say("alarm-window-hint"))
        ]
        recovery = FormTick("alarm.recovery", say("alarm-recovery"), in: input)
        groups = supplies.groups
        jobs = supplies.jobs
        templates = supplies.templates
        zones = TimeZone.knownTimeZoneIdentifiers
        cron = CronRow.all(say)
        self.glance = glance
    }

    /// Where a form stands: what it makes or changes.
    struct Frame: Sendable {
        let heading: String
        let path: String
        let back: String
        let backName: String
        let version: Int64?
        var warning: String?
    }

    /// Shows what is wrong, each fault at its field.
    mutating func show(_ faults: [FieldFault], _ say: Voice) {
        guard !faults.isEmpty else { return }
        problem = say("job-form-faults")
        for fault in faults where !place(fault) { self.faults.append(fault.description) }
    }

    /// Shows what somebody else saved since the form was opened.
    ///
    /// - Parameters:
    ///   - names: the names of what differs between what was typed and what is stored.
    ///   - stored: what is stored.
    ///   - version: the version of what is stored.
    ///   - say: the reader's voice.
    mutating func show(changed names: [String], in stored: JobInput, version: Int64, _ say: Voice) {
        problem = say("job-form-conflict", ["n": "\(version)"])
        newest = "\(version)"
        let labels = Dictionary(fields.map { ($0.name, $0.label) }) { first, _ in first }
        differences = names.map { name in
            let text = stored.wholeText(name)
            return Difference(label: labels[name] ?? name, theirs: text.isEmpty ? "–" : text)
        }
    }

    private var fields: [FormField] {
        let lists = [about, schedule, limits, work, script, retry, alarm]
        let rows = children.flatMap { [$0.job, $0.condition, $0.params] }
        return lists.flatMap(\.self) + rows + alarms.flatMap { [$0.template, $0.receivers] }
    }

    /// Puts a fault at the field that it is about; false where there is none.
    private mutating func place(_ fault: FieldFault) -> Bool {
        switch fault.field {
        case "children": childrenFault = fault.reason
        case "alarm.to": alarmFault = fault.reason
        case "retry.reasons": reasonsFault = fault.reason
        case let name where name.hasPrefix("children-"): childrenFault = fault.reason
        default:
            let name = fault.field == "retry.backoff" ? "retry.ceiling" : fault.field
            let lists: [WritableKeyPath<JobForm, [FormField]>] = [
                \.about, \.schedule, \.limits, \.work, \.script, \.retry, \.alarm,
            ]
            for list in lists {
                guard let index = self[keyPath: list].firstIndex(where: { $0.name == name }) else { continue }
                self[keyPath: list][index].fault = fault.reason
                if list == \.limits { hasLimits = true }
                if list == \.script { hasScript = true }
                return true
            }
            return false
        }
        return true
    }

    static func children(_ input: JobInput, _ say: Voice) -> [ChildRow] {
        let conditions = ChildCondition.allCases.map { ($0.rawValue, say("child-when-\($0.rawValue)")) }
        let params = ChildParams.allCases.map { ($0.rawValue, say("child-params-\($0.rawValue)")) }
        let count = input.rows(of: "children", atMost: JobInput.mostChildren) + emptyRows
        return (0..<min(count, JobInput.mostChildren))
            .map { index in
                let row = "children-\(index)"
                return ChildRow(
                    job: FormField("\(row)-job", say("job"), in: input).proposing("known-jobs"),
                    condition: FormField("\(row)-when", say("child-when"), among: conditions, in: input),
                    params: FormField("\(row)-params", say("params"), among: params, in: input),
                    shard: FormTick("\(row)-shard", say("child-per-shard"), in: input)
                )
            }
    }

    static func alarms(_ input: JobInput, _ say: Voice) -> [AlarmRow] {
        let count = input.rows(of: "alarm", atMost: JobInput.mostTargets) + 1
        return (0..<min(count, JobInput.mostTargets))
            .map { index in
                AlarmRow(
                    template: FormField("alarm-\(index)-template", say("alarm-template"), in: input)
                        .proposing("known-templates"),
                    receivers: FormField(
                        "alarm-\(index)-receivers",
                        say("alarm-receivers"),
                        .area,
                        in: input,
                        note: say("alarm-receivers-hint")
                    )
                )
            }
    }
}
