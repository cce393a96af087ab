/// The demo's outcome as `--summary` writes it, for programs to read.
struct DemoFigures: Codable, Hashable, Sendable {
    /// Data rows of the crowd file.
    let rows: Int
    /// Messages that were taken on: one for each good row.
    let recipients: Int
    /// From the first row read to the last message in a supplier's hands.
    let sentSeconds: Double
    /// From the first row read to the last final state.
    let settledSeconds: Double
    /// The most memory the process had resident, in bytes.
    let peakMemory: Int
    /// Recipients that the simulator got twice.
    let doubled: Int
    /// What must hold and does not, in words; empty when both books agree.
    let disagreements: [String]

    /// Rows from the file to their end, a second.
    var rowsPerSecond: Double { Double(rows) / max(0.001, sentSeconds) }

    /// Messages from the file to a supplier, a second.
    var recipientsPerSecond: Double { Double(recipients) / max(0.001, sentSeconds) }
}
