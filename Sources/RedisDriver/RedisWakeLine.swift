package import Logging
import Scheduler
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

    package func tell() async {
        // The client tells of a server that is away; who leads looks by itself.
        _ = try? await client.send(["PUBLISH", .text(channel), .text(process)])
    }

    package func listen(_ heard: @escaping @Sendable () -> Void) {
        let ear = RedisListener(client.settings, channels: [channel], logger: logger) { [process] news in
            if case .message(_, process) = news { return }
            heard()
        }
        listener.withLock { $0 = ear }
    }

    /// Whether words of other processes come through.
    var isListening: Bool { listener.withLock { $0?.isListening ?? false } }
}
