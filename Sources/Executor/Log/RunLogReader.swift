import Groundwork

/// Reads and prunes run logs on a thread of its own.
actor RunLogReader {
    private let folder: RunLogFolder
    private let thread = BlockingExecutor(label: "kpush.executor.log-reader")

    init(_ folder: RunLogFolder) {
        self.folder = folder
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// See `RunLogFolder.page`.
    func page(
        _ run: RunID,
        plannedAt: Moment,
        fromLine: Int,
        isOver: Bool
    ) throws(ExecutorError) -> LogPage {
        try folder.page(run, plannedAt: plannedAt, fromLine: fromLine, isOver: isOver)
    }

    /// See `RunLogFolder.prune`.
    func prune(keeping days: Int, now: Moment, openSince: Moment?) throws(ExecutorError) -> [String] {
        try folder.prune(keeping: days, now: now, openSince: openSince)
    }
}
