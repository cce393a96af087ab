/// Why a text is not a cron expression: which field, where in the text, what is wrong and what to write instead.
package struct CronSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field at fault: `second`, `minute`, `hour`, `dayOfMonth`, `month`, `dayOfWeek`, `year`, or
    /// `expression` where the text as a whole is.
    package let field: String
    /// The column in the whole text, counted in characters from 0, where reading stopped.
    package let position: Int
    /// What is wrong, in one line of printable text.
    package let reason: String
    /// What would be right; empty where nothing sensible can be proposed.
    package let hint: String

    /// Field, column, reason and hint in one line.
    package var description: String { "\(field) at column \(position): \(explanation)" }

    /// Reason and hint in one line, for whoever shows the field by other means.
    package var explanation: String { hint.isEmpty ? reason : "\(reason); \(hint)" }
}
