/// A language in which a cron expression can be said.
package enum CronLanguage: String, CaseIterable, Sendable {
    case english = "en"
    case chinese = "zh"
}

extension CronExpression {
    /// What the expression means, in one phrase: `every day at 02:30`, `每天 02:30`.
    ///
    /// Says every reading of the clock at which the expression fires and no other, so that two expressions with
    /// the same words match the same readings. It is made from what was read, not from how it was written:
    /// `0/5`, `*/5` and a list of every fifth minute are said alike. Zone and daylight-saving policy are not
    /// part of an expression and not said.
    ///
    /// - Parameter language: the language of the phrase.
    /// - Returns: the phrase, without a full stop.
    package func words(in language: CronLanguage) -> String {
        let dates = CronDates(self)
        let times = CronTimes(self, mayWrap: dates.isEveryDay)
        return switch language {
        case .english: EnglishCronWords(dates: dates, times: times).text
        case .chinese: ChineseCronWords(dates: dates, times: times).text
        }
    }
}
