/// A sentence about what a schedule does that its author may not expect, in each language in which schedules are said.
package struct ScheduleWarning: Hashable, Sendable {
    package let english: String
    package let chinese: String

    init(_ english: String, _ chinese: String) {
        self.english = english
        self.chinese = chinese
    }

    /// The sentence, without a full stop.
    package func text(in language: CronLanguage) -> String {
        switch language {
        case .english: english
        case .chinese: chinese
        }
    }
}
