import Groundwork
import SupplierSimulator
import Synchronization
import TestKit
import Testing

/// Where the simulated suppliers post receipts: hands them to whichever engine is there, or refuses.
final class ReceiptDoor: HTTPClient {
    typealias Taker = @Sendable (SimulatedSupplier, [UInt8]) async -> Bool

    private struct State {
        var taker: Taker?
        /// How many posts are being taken.
        var inside = 0
    }

    private let state = Mutex(State())

    static func url(of supplier: SimulatedSupplier) -> String { "http://door/\(supplier.rawValue)" }

    /// From now on posts go to `taker`.
    func lead(to taker: @escaping Taker) {
        state.withLock { $0.taker = taker }
    }

    /// From now on posts are refused; returns when those that were inside are taken.
    func shut() async throws {
        state.withLock { $0.taker = nil }
        try await eventually("nobody is inside") { state.withLock { $0.inside == 0 } }
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let taker = state.withLock { state in
            state.inside += 1
            return state.taker
        }
        defer { state.withLock { $0.inside -= 1 } }
        guard let taker,
            let supplier = SimulatedSupplier.allCases.first(where: { Self.url(of: $0) == request.url }),
            await taker(supplier, request.body)
        else { throw HTTPError(.unreachable) }
        return HTTPResponse(status: 200, body: Array(#"{"result":0,"code":0,"msg":"ok"}"#.utf8))
    }
}
