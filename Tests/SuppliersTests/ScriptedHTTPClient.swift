import Groundwork
import Synchronization

/// Answers calls from a script and keeps what was asked.
final class ScriptedHTTPClient: HTTPClient {
    private struct State {
        var outcomes: [Result<HTTPResponse, HTTPError>]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>

    init(_ outcomes: [Result<HTTPResponse, HTTPError>]) {
        state = Mutex(State(outcomes: outcomes))
    }

    convenience init(status: Int = 200, _ bodies: String...) {
        self.init(bodies.map { .success(HTTPResponse(status: status, body: Array($0.utf8))) })
    }

    /// The calls made so far.
    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let outcome = state.withLock { state in
            state.requests.append(request)
            return state.outcomes.isEmpty
                ? .failure(HTTPError(.unreachable, detail: "the script has ended"))
                : state.outcomes.removeFirst()
        }
        return try outcome.get()
    }
}

extension HTTPRequest {
    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header field, its name in any case.
    func field(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
