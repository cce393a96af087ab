package import Groundwork
import Synchronization

/// Carries calls to fake executors without a network; an address where nobody is refuses the connection.
package final class InProcessHTTP: HTTPClient {
    private let executors = Mutex<[String: FakeExecutor]>([:])

    package init() {}

    /// Puts an executor at the address `http://host:9999`, or takes it away.
    package func place(_ executor: FakeExecutor?, at host: String) {
        executors.withLock { $0[host] = executor }
    }

    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let rest = request.url.split(separator: "/", maxSplits: 2)[1]
        let host = String(rest.prefix { $0 != ":" })
        guard let executor = executors.withLock({ $0[host] }) else {
            throw HTTPError(.unreachable, detail: "connection refused")
        }
        guard let response = executor.answer(request) else { throw HTTPError(.answerTimeout) }
        return response
    }
}
