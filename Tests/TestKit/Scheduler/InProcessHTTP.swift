package import Groundwork
import Synchronization
import Testing

/// Carries calls to fake executors without a network; an address where nobody is refuses the connection.
package final class InProcessHTTP: HTTPClient {
    private let executors = Mutex<[String: FakeExecutor]>([:])
    private let events = Mutex<[String: @Sendable () async throws -> Void]>([:])

    package init() {}

    /// Puts an executor at the address `http://host:9999`, or takes it away.
    package func place(_ executor: FakeExecutor?, at host: String) {
        executors.withLock { $0[host] = executor }
    }

    /// Has something happen while the next call with that word, such as `kill`, is on its way.
    package func meanwhile(_ word: String, _ event: @escaping @Sendable () async throws -> Void) {
        events.withLock { $0[word] = event }
    }

    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let rest = request.url.split(separator: "/", maxSplits: 2)[1]
        let host = String(rest.prefix { $0 != ":" })
        guard let executor = executors.withLock({ $0[host] }) else {
            throw HTTPError(.unreachable, detail: "connection refused")
        }
        let word = String(request.url.split(separator: "/").last ?? "")
        do { try await events.withLock { $0.removeValue(forKey: word) }?() } catch { Issue.record(error) }
        guard let response = executor.answer(request) else { throw HTTPError(.answerTimeout) }
        return response
    }
}
