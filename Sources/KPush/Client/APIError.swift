import Foundation
import Groundwork

/// Why a call of the API came to nothing, in words for whoever typed the command.
enum APIError: Error {
    /// Nothing reached the server.
    case unreachable(server: String, detail: String)
    /// The call may have reached the server; whether it acted on it is not known.
    case noAnswer(server: String, detail: String)
    /// What answered is no KPush.
    case notUnderstood(server: String, status: Int)
    /// The server does not know the token.
    case unauthorized(server: String)
    /// What was asked for makes no sense, or cannot be done as things stand.
    case refused(APIRefusal)
    /// The server, or an executor behind it, cannot do it now and may later.
    case unavailable(APIRefusal)
    /// The server's own fault.
    case failed(APIRefusal)
}

/// What the API answers when it does not do what it was asked for.
struct APIRefusal: Decodable, Sendable {
    struct Fault: Decodable, Sendable {
        let field: String
        let message: String
    }

    let code: String
    let message: String
    let field: String?
    let row: Int64?
    let faults: [Fault]?
    /// The verdict on each receiver, when none was taken on.
    let data: [SendVerdict]?
    let traceId: String?
    /// The answer as it came.
    var body: [UInt8] = []

    private enum CodingKeys: String, CodingKey {
        case code, message, field, row, faults, data, traceId
    }
}

extension APIError: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreachable(let server, let detail):
            "\(server) cannot be reached: \(detail); start it with kpush serve, or name another with --server"
        case .noAnswer(let server, let detail):
            "\(server) did not answer (\(detail)); whether it did what was asked is not known: look before you repeat"
        case .notUnderstood(let server, let status):
            "what answers at \(server) is no KPush (HTTP \(status)); check --server"
        case .unauthorized(let server):
            "\(server) does not know this token; name its file with --token-file, or its data folder with --data"
        case .refused(let refusal): "refused: \(refusal.sentence)"
        case .unavailable(let refusal): "not now: \(refusal.sentence); try again"
        case .failed(let refusal): "the server failed: \(refusal.sentence)"
        }
    }

    /// What the program's end tells a script.
    var exit: CommandExit {
        switch self {
        case .unreachable: .unreachable
        case .noAnswer, .notUnderstood: .noAnswer
        case .unauthorized: .noPermission
        case .refused: .refused
        case .unavailable: .temporary
        case .failed: .serverFault
        }
    }

    /// What the server wrote, when it did.
    var body: [UInt8]? {
        switch self {
        case .refused(let refusal), .unavailable(let refusal), .failed(let refusal): refusal.body
        case .unreachable, .noAnswer, .notUnderstood, .unauthorized: nil
        }
    }
}

extension APIRefusal {
    /// Everything that is wrong, with the code for programs and where it is.
    var sentence: String {
        if let faults, faults.count > 1 {
            return "\(code)" + faults.map { "\n  \($0.field) \($0.message)".printableLines }.joined()
        }
        var places = [code]
        if let field, !message.hasPrefix(field) { places.append(field) }
        if let row { places.append("row \(row)") }
        if let traceId, code == "internal" { places.append("trace \(traceId)") }
        return "\(message) (\(places.joined(separator: ", ")))".printableLines
    }
}

extension String {
    /// Fit for a terminal, line by line.
    var printableLines: String {
        split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0).replacing("\t", with: "    ").printable }
            .joined(separator: "\n")
    }
}
