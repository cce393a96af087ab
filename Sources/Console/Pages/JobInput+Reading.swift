import Foundation
import Groundwork
import Scheduler

extension JobInput {
    /// The most children, and the most templates of an alarm, that the form reads.
    static let mostChildren = 32
    static let mostTargets = 10

    /// The spec that it describes, and what is wrong with it by field.
    ///
    /// What cannot be read is left as it usually is.
    ///
    /// - Parameter before: the spec that is changed; what the form does not show stays as it is there.
    /// - Returns: the spec, and every fault.
    func spec(of before: JobSpec?) -> (spec: JobSpec, faults: [FieldFault]) {
        var reader = FieldReader(input: self)
        var spec = before ?? JobSpec(name: "", group: "", handler: "")
        spec.name = text("name")
        spec.group = text("group")
        spec.summary = wholeText("summary").trimmingSpaces
        spec.handler = text("handler")
        spec.script = Self.script(&reader, of: before?.script)
        spec.params = wholeText("params")
        spec.schedule = Self.schedule(&reader, anchor: spec.schedule.anchor)
        spec.route = reader.choice("route", usual: .round)
        spec.overlap = reader.choice("overlap", usual: .serial)
        spec.misfire = reader.choice("misfire", usual: .usual(for: spec.schedule))
        spec.timeout = reader.seconds("timeout", usual: .zero)
        spec.hashKey = text("hashKey").isEmpty ? nil : text("hashKey")
        spec.keep =
            text("keep").isEmpty
            ? nil : Duration(written: reader.number("keep", in: 1...3_650, usual: 1) * 86_400)
        spec.lateness = Self.lateness(&reader)
        spec.retry = Self.retry(&reader)
        spec.children = Self.children(&reader, of: spec.group)
        spec.alarm = Self.alarm(&reader)
        let unread = Set(reader.faults.map(\.field))
        return (spec, reader.faults + spec.faults.filter { !unread.contains($0.field) })
    }

    /// The schedule alone, and what cannot be read of it.
    func schedule() -> (schedule: ScheduleText, faults: [FieldFault]) {
        var reader = FieldReader(input: self)
        let schedule = Self.schedule(&reader, anchor: ScheduleText.manual.anchor)
        return (schedule, reader.faults)
    }

    private static func schedule(_ reader: inout FieldReader, anchor: Moment) -> ScheduleText {
        let input = reader.input
        let zone = input.text("schedule.zone")
        let calendar = Self.calendar(&reader)
        let type = input.text("schedule.type")
        let days = input.text("schedule.except")
            .split { $0.isWhitespace || ",;，、".contains($0) }
            .map(String.init)
        return ScheduleText(
            type: type,
            conf: type == ScheduleType.none.rawValue ? "" : input.text("schedule.conf"),
            zone: zone.isEmpty ? "UTC" : zone,
            daylight: input.text("schedule.daylight"),
            anchor: anchor,
            limits: ScheduleLimits(
                calendar: calendar,
                except: days,
                from: reader.instant("schedule.from", zone: zone),
                until: reader.instant("schedule.until", zone: zone),
                jitter: reader.seconds("schedule.jitter", usual: .zero)
            )
        )
    }

    private static func calendar(_ reader: inout FieldReader) -> CalendarChoice? {
        let text = reader.input.text("schedule.calendar")
        guard !text.isEmpty else { return nil }
        do { return try CalendarChoice(formText: text) } catch {
            let reason = (error as? InputFault)?.message ?? "is no calendar"
            reader.faults.append(FieldFault("schedule.calendar", reason))
            return nil
        }
    }

    /// The script, where a language is chosen; a changed one needs a word about the change.
    private static func script(_ reader: inout FieldReader, of before: JobScript?) -> JobScript? {
        let input = reader.input
        let source = input.wholeText("script.source")
        guard !input.text("script.language").isEmpty else {
            if !source.trimmingSpaces.isEmpty {
                reader.faults.append(
                    FieldFault("script.language", "must be chosen where there is a script")
                )
            }
            return nil
        }
        let language = reader.choice("script.language", usual: JobScript.Language.shell)
        let script = JobScript(language, source, remark: input.text("script.remark"))
        if script.mark != before?.mark, script.remark.isEmpty || script.remark == before?.remark {
            reader.faults.append(
                FieldFault("script.remark", "must say in 4 to 100 characters what changed")
            )
        }
        return script
    }

    private static func lateness(_ reader: inout FieldReader) -> LatenessTarget? {
        guard !reader.input.text("lateness.target").isEmpty else { return nil }
        return LatenessTarget(
            reader.seconds("lateness.target", usual: .zero),
            percent: reader.number("lateness.percent", in: 0...100, usual: LatenessTarget.usualPercent)
        )
    }

    private static func retry(_ reader: inout FieldReader) -> RetryPolicy {
        let usual = RetryPolicy.usualBackoff
        let reasons = RunReason.retryable.filter { reader.input.isTicked("retry.reasons-\($0.rawValue)") }
        return RetryPolicy(
            limit: Int(reader.number("retry.limit", in: 0...100, usual: 0)),
            backoff: Backoff(
                first: reader.seconds("retry.first", usual: usual.first),
                ceiling: reader.seconds("retry.ceiling", usual: usual.ceiling),
                factor: reader.number("retry.factor", in: 1...100, usual: usual.factor),
                jitter: reader.number("retry.jitter", in: 0...1, usual: usual.jitter)
            ),
            reasons: reasons.isEmpty ? nil : Set(reasons)
        )
    }

    private static func children(_ reader: inout FieldReader, of group: String) -> [ChildJob] {
        var children: [ChildJob] = []
        for index in 0..<reader.input.rows(of: "children", atMost: mostChildren) {
            let row = "children-\(index)"
            let name = reader.input.text("\(row)-job")
            guard !name.isEmpty else { continue }
            let child = ChildJob(
                JobName(name),
                on: reader.choice("\(row)-when", usual: .success),
                params: reader.choice("\(row)-params", usual: .own),
                isPerShard: reader.input.isTicked("\(row)-shard")
            )
            children.append(child.within(group))
        }
        return children
    }

    /// Nobody is told where no row names a template.
    private static func alarm(_ reader: inout FieldReader) -> AlarmPolicy? {
        var targets: [AlarmTarget] = []
        for index in 0..<reader.input.rows(of: "alarm", atMost: mostTargets) {
            let number = reader.input.text("alarm-\(index)-template")
            let receivers = reader.input.text("alarm-\(index)-receivers")
                .split { $0.isNewline || ",;，；".contains($0) }
                .map { String($0).trimmingSpaces }
                .filter { !$0.isEmpty }
            guard !number.isEmpty || !receivers.isEmpty else { continue }
            // A number that is none is refused as the template that no store has.
            targets.append(AlarmTarget(template: Int64(number) ?? 0, receivers: receivers))
        }
        guard !targets.isEmpty else { return nil }
        return AlarmPolicy(
            targets,
            window: reader.seconds("alarm.window", usual: AlarmPolicy.usualWindow),
            tellsRecovery: reader.input.isTicked("alarm.recovery")
        )
    }
}

/// Reads what was typed into single fields, and notes what cannot be read.
private struct FieldReader {
    let input: JobInput
    var faults: [FieldFault] = []

    init(input: JobInput) {
        self.input = input
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>, usual: Double) -> Double {
        let text = input.text(name)
        guard !text.isEmpty else { return usual }
        guard let number = Double(text), range.contains(number) else {
            let bounds = "\(Int(range.lowerBound)) to \(Int(range.upperBound))"
            faults.append(FieldFault(name, "must be a number from \(bounds)"))
            return usual
        }
        return number
    }

    mutating func seconds(_ name: String, usual: Duration) -> Duration {
        Duration(written: number(name, in: 0...1e9, usual: usual.inSeconds)) ?? usual
    }

    mutating func choice<Choice: InputChoice>(_ name: String, usual: Choice) -> Choice
    where Choice.RawValue == String {
        let text = input.text(name)
        guard !text.isEmpty else { return usual }
        guard let choice = Choice(rawValue: text) else {
            faults.append(FieldFault(name, "must be \(Choice.expectation)"))
            return usual
        }
        return choice
    }

    /// An instant as the clocks of `zone` show it, or with an offset of its own.
    mutating func instant(_ name: String, zone: String) -> Moment? {
        let text = input.text(name)
        guard !text.isEmpty else { return nil }
        guard let moment = InstantText.moment(text, in: ZoneRules(named: zone) ?? .utc) else {
            faults.append(FieldFault(name, "is no instant: write it as 2027-03-14T02:30"))
            return nil
        }
        return moment
    }
}
