import CurlDriver
import Foundation
import Groundwork

/// Calls the HTTP API of one server.
struct APIClient: Sendable {
    let server: String
    private let token: Secret
    private let http = CurlHTTPClient()

    init(server: String, token: Secret) {
        self.server = server
        self.token = token
    }

    /// What a server may take for an ordinary answer.
    private static let patience = HTTPTimeouts(connect: .seconds(5), total: .seconds(60))
    /// What a large file may take to be sent and looked through, or a large store.
    private static let longPatience = HTTPTimeouts(connect: .seconds(5), total: .seconds(6 * 3_600))

    func get(_ path: String, _ query: [(String, String?)] = []) async throws(APIError) -> APIAnswer {
        try await answer { () throws(HTTPError) in try await http.send(request("GET", path, query)) }
    }

    /// Asks for what takes longer the more is stored.
    func getPatiently(_ path: String, _ query: [(String, String?)]) async throws(APIError) -> APIAnswer {
        var request = request("GET", path, query)
        request.timeouts = Self.longPatience
        return try await answer { () throws(HTTPError) in try await http.send(request) }
    }

    func post(_ path: String, _ body: WireObject? = nil) async throws(APIError) -> APIAnswer {
        try await answer { () throws(HTTPError) in try await http.send(request("POST", path, body: body)) }
    }

    func put(_ path: String, _ body: WireObject) async throws(APIError) -> APIAnswer {
        try await answer { () throws(HTTPError) in try await http.send(request("PUT", path, body: body)) }
    }

    /// Sends a file without ever holding it.
    func upload(
        _ file: FileBody,
        to path: String,
        _ query: [(String, String?)]
    ) async throws(APIError)
        -> APIAnswer
    {
        var request = request("POST", path, query)
        request.headers.append(("content-type", "text/csv"))
        request.timeouts = Self.longPatience
        return try await answer { () throws(HTTPError) in try await http.send(request, file: file) }
    }

    /// Ends the client's thread.
    func shutdown() {
        http.shutdown()
    }

    private func request(
        _ method: String,
        _ path: String,
        _ query: [(String, String?)] = [],
        body: WireObject? = nil
    ) -> HTTPRequest {
        var pairs: [String] = []
        for case (let name, let value?) in query { pairs.append("\(name)=\(Self.escaped(value))") }
        let url = server + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
        var request = HTTPRequest(method: method, url: url, timeouts: Self.patience)
        request.headers = [("authorization", "Bearer \(token.reveal())"), ("accept", "application/json")]
        if let body {
            request.headers.append(("content-type", "application/json"))
            request.body = WireValue.object(body).json
        }
        return request
    }

    /// Spelled so that it can stand in a path or a query.
    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )

    private func answer(
        _ call: () async throws(HTTPError) -> HTTPResponse
    ) async throws(APIError) -> APIAnswer {
        let response: HTTPResponse
        do throws(HTTPError) { response = try await call() } catch {
            let detail = error.detail.isEmpty ? error.code.rawValue : error.detail
            throw error.mayHaveArrived
                ? .noAnswer(server: server, detail: detail) : .unreachable(server: server, detail: detail)
        }
        let answer = APIAnswer(server: server, status: response.status, bytes: response.body)
        switch response.status {
        case 200..<300: return answer
        case 401: throw .unauthorized(server: server)
        case 500: throw .failed(try refusal(answer))
        case 502, 503, 504, 507: throw .unavailable(try refusal(answer))
        default: throw .refused(try refusal(answer))
        }
    }

    private func refusal(_ answer: APIAnswer) throws(APIError) -> APIRefusal {
        var refusal = try answer.decoded(APIRefusal.self)
        refusal.body = answer.bytes
        return refusal
    }
}

/// An answer of the API.
struct APIAnswer: Sendable {
    let server: String
    let status: Int
    let bytes: [UInt8]

    /// The answer as it came.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// What it says.
    ///
    /// - Throws: `APIError.notUnderstood` when it says something else.
    func decoded<Body: Decodable>(_ type: Body.Type = Body.self) throws(APIError) -> Body {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw .notUnderstood(server: server, status: status)
        }
    }
}
