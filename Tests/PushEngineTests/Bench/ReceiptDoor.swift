import Groundwork
import SupplierSimulator
import Synchronization

/// Where the simulated suppliers post receipts: hands them to whichever engine is there, or refuses.
final class ReceiptDoor: HTTPClient {
    typealias Taker = @Sendable (SimulatedSupplier, [UInt8]) async -> Bool

    private let taker = Mutex<Taker?>(nil)

    static func url(of supplier: SimulatedSupplier) -> String { "http://door/\(supplier.rawValue)" }

    /// From now on posts go to `taker`; nil shuts the door.
    func lead(to taker: Taker?) {
        self.taker.withLock { $0 = taker }
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        guard let taker = taker.withLock({ $0 }),
            let supplier = SimulatedSupplier.allCases.first(where: { Self.url(of: $0) == request.url }),
            await taker(supplier, request.body)
        else { throw HTTPError(.unreachable) }
        return HTTPResponse(status: 200, body: Array(#"{"result":0,"code":0,"msg":"ok"}"#.utf8))
    }
}
