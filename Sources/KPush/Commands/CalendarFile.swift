import ArgumentParser
import Foundation
import Scheduler
import Yams

/// Calendars as commands name them.
enum CalendarFile {
    /// The calendar that comes with KPush under this name, else the one in the YAML file at this path.
    ///
    /// - Parameter name: a name or a path.
    /// - Returns: the calendar.
    /// - Throws: `ValidationError` when there is neither, or the file is no calendar.
    static func read(_ name: String) throws -> JobCalendar {
        if let calendar = JobCalendar.builtIn(named: name) { return calendar }
        let text: String
        do {
            text = try String(contentsOf: URL(fileURLWithPath: name), encoding: .utf8)
        } catch {
            let known = JobCalendar.builtIn.map(\.name).joined(separator: ", ")
            let reason = CommandError.reason(error)
            throw ValidationError(
                "no calendar is called '\(name)' (there is \(known)), and no file: \(reason)"
            )
        }
        do {
            return try YAMLDecoder().decode(JobCalendar.self, from: text)
        } catch let error as DecodingError {
            throw ValidationError("\(name): \(error.sentence)")
        } catch {
            throw ValidationError("\(name) is not YAML: \(error)")
        }
    }
}
