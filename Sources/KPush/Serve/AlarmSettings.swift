import Groundwork
import Scheduler

/// How long something may last before it is told as a job's trouble.
struct AlarmSettings: Hashable, Sendable {
    /// What is looked for, and after how long it is told.
    var watch = WatchSettings()

    init() {}

    /// Reads what the settings say.
    ///
    /// - Throws: `SettingsError` that names the key at fault.
    init(_ reader: SettingsReader) throws(SettingsError) {
        func limit(
            _ name: String,
            to longest: String = "1d",
            _ usual: Duration
        ) throws(SettingsError) -> Duration {
            try reader.duration("alarms.\(name)", from: "1s", to: longest) ?? usual
        }
        watch.unfired = try limit("unfired", watch.unfired)
        // A look comes every 5 s, and after 60 s (`DispatchRules.patience`) the run is given up, which is told as a failure.
        watch.unmanned = try limit("unmanned", to: "50s", watch.unmanned)
        watch.stuck = try limit("stuck", watch.stuck)
    }
}
