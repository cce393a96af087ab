import Groundwork
package import Logging
package import Scheduler
import Synchronization

/// Words between the processes of a cluster, published on one channel.
package final class RedisWakeLine: WakeLine {
    private let client: RedisClient
    private let channel: String
    private let process: String
    private let logger: Logger
    private let listener = Mutex<RedisListener?>(nil)

    /// Makes a line that nobody listens to yet.
    ///
    /// - Parameters:
    ///   - client: publishes; its settings say where the server is.
    ///   - name: the name of the cluster, which may share the server with others.
    ///   - process: names this process among all, whose own words are not heard.
    ///   - logger: is told when the connection is lost.
    package init(_ client: RedisClient, name: String, process: String, logger: Logger) {
        self.client = client
        channel = "{kpush:\(name)}:runs"
        self.process = process
        self.logger = logger
    }

    package func tell(_ word: WakeWord) async {
        let text = "\(process) \(String(decoding: word.json, as: UTF8.self))"
        // The client tells of a server that is away; who waits for a word looks by itself.
        _ = try? await client.send(["PUBLISH", .text(channel), .text(text)])
    }

    package func listen(_ heard: @escaping @Sendable (WakeWord) -> Void) {
        let ear = RedisListener(client.settings, channels: [channel], logger: logger) { [process] news in
            guard case .message(_, let text) = news else {
                heard(.runsMayGo)
                return
            }
            let parts = text.split(separator: " ", maxSplits: 1)
            if parts.first.map(String.init) == process { return }
            // A word that cannot be read, of a process of another version, still says that there is something.
            let word = parts.count == 2 ? try? WakeWord(json: parts[1].utf8) : nil
            heard(word ?? .runsMayGo)
        }
        listener.withLock { $0 = ear }
    }

    /// Whether words of other processes come through.
    var isListening: Bool { listener.withLock { $0?.isListening ?? false } }
}
