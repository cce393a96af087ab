import Foundation
import Groundwork
import Scheduler

/// What the form of a job holds: a text under each name, as browsers send them.
///
/// Names are the paths by which `FieldFault` tells of fields.
struct JobInput: Sendable {
    private(set) var texts: [String: String]

    /// What somebody typed in.
    init(_ texts: [String: String]) {
        self.texts = texts
    }

    /// What the form shows of a job before anything is typed in.
    init(_ spec: JobSpec) {
        texts = [
            "name": spec.name, "group": spec.group, "summary": spec.summary,
            "handler": spec.handler, "params": spec.params,
            "route": spec.route.rawValue, "overlap": spec.overlap.rawValue,
            "misfire": spec.misfire.rawValue, "timeout": Self.text(spec.timeout),
        ]
        if let key = spec.hashKey { texts["hashKey"] = key }
        if let keep = spec.keep { texts["keep"] = Self.text(keep.inSeconds / 86_400) }
        if let lateness = spec.lateness {
            texts["lateness.target"] = Self.text(lateness.target)
            texts["lateness.percent"] = Self.text(lateness.percent)
        }
        if let script = spec.script { put(script) }
        put(spec.schedule)
        put(spec.retry)
        for (index, child) in spec.children.enumerated() { put(child, index) }
        // Where nobody is told yet, what is usual is proposed; it counts once a template is named.
        put(spec.alarm ?? AlarmPolicy([]))
    }

    /// The text under a name, without blanks around it.
    func text(_ name: String) -> String { (texts[name] ?? "").trimmingSpaces }

    /// The text under a name as it is, with the line breaks that the stores keep; browsers send others.
    func wholeText(_ name: String) -> String { (texts[name] ?? "").replacing("\r\n", with: "\n") }

    /// Whether a box is ticked.
    func isTicked(_ name: String) -> Bool { texts[name] != nil }

    /// Ticks a box.
    mutating func tick(_ name: String) { texts[name] = "1" }

    /// How many rows of a list there are up to the last in which something stands, at most `limit`.
    func rows(of list: String, atMost limit: Int) -> Int {
        let numbers = texts.keys.compactMap { key -> Int? in
            let parts = key.split(separator: "-")
            guard parts.count == 3, parts[0] == list, Self.typed.contains(parts[2]), !text(key).isEmpty else {
                return nil
            }
            return Int(parts[1])
        }
        return min(limit, (numbers.max() ?? -1) + 1)
    }

    /// What is typed into a row; its other columns hold something from the start.
    private static let typed: Set<Substring> = ["job", "template", "receivers"]

    /// The names under which two forms hold different texts, in the order of the alphabet.
    func differences(from other: JobInput) -> [String] {
        Set(texts.keys).union(other.texts.keys)
            .filter { wholeText($0).trimmingSpaces != other.wholeText($0).trimmingSpaces }
            .sorted()
    }

    /// A number of seconds as it is typed in.
    static func text(_ duration: Duration) -> String { text(duration.inSeconds) }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }

    private mutating func put(_ script: JobScript) {
        texts["script.language"] = script.language.rawValue
        texts["script.source"] = script.source
        texts["script.remark"] = script.remark
    }

    private mutating func put(_ schedule: ScheduleText) {
        let limits = schedule.limits
        let rules = ZoneRules(named: schedule.zone) ?? .utc
        texts["schedule.type"] = schedule.type
        texts["schedule.conf"] = schedule.conf
        texts["schedule.zone"] = schedule.zone
        texts["schedule.daylight"] = schedule.daylight
        texts["schedule.calendar"] = limits.calendar?.formText ?? ""
        texts["schedule.except"] = limits.except.joined(separator: " ")
        texts["schedule.from"] = limits.from.map { InstantText.local($0, in: rules) } ?? ""
        texts["schedule.until"] = limits.until.map { InstantText.local($0, in: rules) } ?? ""
        texts["schedule.jitter"] = Self.text(limits.jitter)
    }

    private mutating func put(_ retry: RetryPolicy) {
        texts["retry.limit"] = "\(retry.limit)"
        texts["retry.first"] = Self.text(retry.backoff.first)
        texts["retry.ceiling"] = Self.text(retry.backoff.ceiling)
        texts["retry.factor"] = Self.text(retry.backoff.factor)
        texts["retry.jitter"] = Self.text(retry.backoff.jitter)
        for reason in retry.reasons ?? [] { texts["retry.reasons-\(reason.rawValue)"] = "1" }
    }

    private mutating func put(_ child: ChildJob, _ index: Int) {
        texts["children-\(index)-job"] = "\(child.job)"
        texts["children-\(index)-when"] = child.condition.rawValue
        texts["children-\(index)-params"] = child.params.rawValue
        if child.isPerShard { texts["children-\(index)-shard"] = "1" }
    }

    private mutating func put(_ alarm: AlarmPolicy) {
        for (index, target) in alarm.targets.enumerated() {
            texts["alarm-\(index)-template"] = "\(target.template)"
            texts["alarm-\(index)-receivers"] = target.receivers.joined(separator: "\n")
        }
        texts["alarm.window"] = Self.text(alarm.window)
        if alarm.tellsRecovery { texts["alarm.recovery"] = "1" }
    }
}
