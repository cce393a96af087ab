import Logging

/// Writes what a handler logs to its run's log and, with the run's ids, to the executor's own log.
struct RunLogHandler: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    private let log: RunLog
    private let executor: Logger

    /// Makes a handler that writes to `log`, and to `executor`, which carries the ids of the run.
    init(_ log: RunLog, executor: Logger) {
        self.log = log
        self.executor = executor
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        log.write(event.level, event.message.description, all)
        executor.log(
            level: event.level,
            event.message,
            metadata: all,
            source: event.source,
            file: event.file,
            function: event.function,
            line: event.line
        )
    }
}
