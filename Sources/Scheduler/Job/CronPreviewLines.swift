import Foundation
import Groundwork

/// Answers the lines of `kpush cron next --stdin`: one question and one answer a line, fields parted by tabs.
package enum CronPreviewLines {
    /// Answers `EXPR<TAB>ZONE<TAB>EPOCH_MS`.
    ///
    /// The answer is the next `count` instants after the given one as milliseconds since the epoch, joined by
    /// commas: fewer where the schedule ends, nothing where it has ended. What is not a question is answered by
    /// `REJECT<TAB>field<TAB>reason`; the field is one of those of ``CronSyntaxError``, or `zone`, `epoch`, `line`
    /// or `calendar`. A carriage return at the end of the line is passed over.
    ///
    /// - Parameters:
    ///   - line: the question.
    ///   - count: how many instants to answer.
    ///   - policy: what happens at clock changes.
    ///   - calendar: the calendar whose days, in the question's zone, alone count; nil for all days.
    /// - Returns: the answer, without a line feed.
    package static func answer(
        line: String,
        count: Int,
        policy: DaylightPolicy,
        calendar: JobCalendar? = nil
    ) -> String {
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
        guard let zone = ZoneRules.zone(named: String(Substring(parts[1]))) else {
            return rejection("zone", "there is no such time zone")
        }
        guard let start = Int64(Substring(parts[2])) else {
            return rejection("epoch", "not a whole number of milliseconds since the epoch")
        }
        let schedule = Schedule.cron(expression, zone: zone, daylight: policy)
        let days = calendar.map { (calendar: $0, zone: zone) }
        do throws(CalendarError) {
            return try instants(schedule, Moment(millisecondsSinceEpoch: start), count, on: days)
        } catch {
            return rejection("calendar", error.description)
        }
    }

    private static func instants(
        _ schedule: Schedule,
        _ start: Moment,
        _ count: Int,
        on days: (calendar: JobCalendar, zone: TimeZone)?
    ) throws(CalendarError) -> String {
        var answer = ""
        var last = start
        for index in 0..<max(0, count) {
            guard let next = try schedule.nextTrigger(after: last, on: days) else { break }
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
