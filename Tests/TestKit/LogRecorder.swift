package import Logging
import Synchronization

/// Keeps what is logged, for a test to look at.
package struct LogRecorder: LogHandler {
    private final class Lines: Sendable {
        let lines = Mutex<[String]>([])
    }

    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let store = Lines()

    package init() {}

    /// Each line's sentence and keys, in order.
    package var lines: [String] { store.lines.withLock { $0 } }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        let line = ([event.message.description] + all.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
        store.lines.withLock { $0.append(line) }
    }
}
