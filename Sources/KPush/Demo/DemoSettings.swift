/// How large the demo is.
struct DemoSettings: Sendable {
    var rows = 100_000
    var seed: UInt64 = 1
    /// Shares of all rows.
    var bad = 0.03
    var duplicates = 0.05
    /// How far ahead the campaign is scheduled.
    var lead = Duration.seconds(15)
    /// How long to wait while nothing changes.
    var patience = Duration.seconds(300)
}
