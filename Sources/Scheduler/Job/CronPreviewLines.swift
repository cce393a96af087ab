import Groundwork

/// Answers the lines of `kpush cron next --stdin`: one question and one answer a line, fields parted by tabs.
package enum CronPreviewLines {
    /// Answers `EXPR<TAB>ZONE<TAB>EPOCH_MS`.
    ///
    /// The answer is the next `count` instants after the given one as milliseconds since the epoch, joined by
    /// commas: fewer where the schedule ends, nothing where it has ended. What is not a question is answered by
    /// `REJECT<TAB>field<TAB>reason`; the field is one of those of ``CronSyntaxError``, or `zone`, `epoch` or
    /// `line`. A carriage return at the end of the line is passed over.
    package static func answer(line: String, count: Int, policy: DaylightPolicy) -> String {
        let utf8 = line.utf8.last == UInt8(ascii: "\r") ? line.utf8.dropLast() : line.utf8[...]
        let parts = utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            return rejection("line", "not EXPR<TAB>ZONE<TAB>EPOCH_MS: found \(parts.count - 1) tabs")
        }
        let expression: CronExpression
        do throws(CronSyntaxError) {
            expression = try CronExpression(String(Substring(parts[0])))
        } catch {
            return rejection(error.field, "column \(error.position): \(error.explanation)")
        }
        guard let rules = ZoneRules(named: String(Substring(parts[1]))) else {
            return rejection("zone", "there is no such time zone")
        }
        guard let start = Int64(Substring(parts[2])) else {
            return rejection("epoch", "not a whole number of milliseconds since the epoch")
        }
        return instants(expression, rules, Moment(millisecondsSinceEpoch: start), count, policy)
    }

    private static func instants(
        _ expression: CronExpression,
        _ rules: ZoneRules,
        _ start: Moment,
        _ count: Int,
        _ policy: DaylightPolicy
    ) -> String {
        var answer = ""
        var last = start
        for index in 0..<max(0, count) {
            guard let next = expression.next(after: last, in: rules, policy: policy) else { break }
            if index > 0 { answer += "," }
            answer += String(next.millisecondsSinceEpoch)
            last = next
        }
        return answer
    }

    private static func rejection(_ field: String, _ reason: String) -> String {
        "REJECT\t\(field)\t\(reason)"
    }
}
