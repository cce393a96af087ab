import Groundwork
import PushEngine
import Scheduler

/// How long what is over is kept.
struct KeepSettings: Hashable, Sendable {
    private static let day = Duration.seconds(86_400)
    /// Longer is a mistake in the unit.
    private static let longest = "3650d"

    /// Messages, receipts, crowd files, links, comparisons.
    var books = RetentionSettings()
    /// Ended runs, and their logs.
    var runs = UpkeepSettings().runRetention
    /// How many runs each day had.
    var runDays = UpkeepSettings().countRetention

    init() {}

    /// Reads what the settings say.
    ///
    /// - Throws: `SettingsError` that names the key at fault.
    init(_ reader: SettingsReader) throws(SettingsError) {
        // Suppliers tell of a message for days, and people ask about it no sooner.
        books.messages =
            try reader.duration("retention.messages", from: "7d", to: Self.longest) ?? books.messages
        books.crowds =
            try reader.duration("retention.crowds", from: "1d", to: Self.longest) ?? books.crowds
        books.links = try reader.duration("retention.links", from: "7d", to: Self.longest) ?? books.links
        books.reconciliations =
            try reader.duration("retention.reconciliations", from: "7d", to: Self.longest)
            ?? books.reconciliations
        runs = try reader.duration("retention.runs", from: "1d", to: Self.longest) ?? runs
        runDays =
            try reader.duration("retention.run-days", from: "1d", to: Self.longest) ?? max(runDays, runs)
        guard runDays >= runs else {
            throw SettingsError("retention.run-days", "is not below retention.runs")
        }
    }

    /// For how many days executors keep the logs of runs: no shorter than the runs.
    var logDays: Int {
        let days = Int(runs / Self.day)
        return Self.day * days < runs ? days + 1 : days
    }
}
