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
        func limit(_ name: String, _ usual: Duration) throws(SettingsError) -> Duration {
            try reader.duration("alarms.\(name)", from: "1s", to: "1d") ?? usual
        }
        watch.unfired = try limit("unfired", watch.unfired)
        watch.unmanned = try limit("unmanned", watch.unmanned)
        watch.stuck = try limit("stuck", watch.stuck)
    }
}
