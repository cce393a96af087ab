import Foundation
import Groundwork
import PushEngine
import SupplierSimulator

/// What the simulator saw: the other side's books.
struct SimulatorStats: Sendable {
    /// Messages that were taken.
    let accepted: Int
    /// Recipients for whom messages were taken.
    let distinct: Int
    /// Messages that were taken for somebody who had one before.
    let doubled: Int
    private let suppliers: WireObject

    /// Reads the answer of `/_sim/stats`.
    ///
    /// - Throws: `WireError` when it is none.
    init(json: [UInt8]) throws {
        suppliers = try WireValue(json: json).object ?? [:]
        accepted = Int(suppliers["accepted"].wholeNumber ?? 0)
        distinct = Int(suppliers["distinct"].wholeNumber ?? 0)
        doubled = Int(suppliers["doubled"].wholeNumber ?? 0)
    }

    /// How many messages a supplier took.
    func accepted(by supplier: SimulatedSupplier) -> Int {
        Int(suppliers[supplier.rawValue].object?["accepted"].wholeNumber ?? 0)
    }
}

/// Asks and steers a running simulator.
struct SimulatorControl: Sendable {
    let url: String
    /// Where it takes mail; nil when it takes none.
    let mailURL: String?
    let http: any HTTPClient

    init(_ simulator: SimulatorProcess, http: any HTTPClient) {
        url = simulator.url
        mailURL = simulator.mailURL
        self.http = http
    }

    func stats() async throws -> SimulatorStats {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/stats"))
        return try SimulatorStats(json: answer.body)
    }

    /// Has things go wrong, or right again; what is not named stays as it is.
    ///
    /// - Parameters:
    ///   - faults: the fields of `/_sim/faults`.
    ///   - supplier: at whom; nil for all.
    /// - Throws: `DemoError` when it does not know such a fault, or `HTTPError`.
    func setFaults(_ faults: WireObject, at supplier: SupplierKind? = nil) async throws {
        var order = faults
        if let supplier { order.append("supplier", .text(supplier.rawValue)) }
        let request = HTTPRequest(
            url: url + "/_sim/faults",
            headers: [("content-type", "application/json")],
            body: WireValue.object(order).json
        )
        let answer = try await http.send(request)
        guard answer.status == 200 else {
            throw DemoError("the simulator refused its faults: HTTP \(answer.status)")
        }
    }

    /// Has suppliers take so many milliseconds for each call.
    func setLatency(_ milliseconds: Int64) async throws {
        try await setFaults([
            "latency_min_ms": .integer(milliseconds), "latency_max_ms": .integer(milliseconds),
        ])
    }

    /// Has receipts posted to addresses, by supplier; those of others wait to be pulled, or can only be asked for.
    func postReceipts(to addresses: [SimulatedSupplier: String]) async throws {
        let body = WireValue.object(
            addresses.reduce(into: [:]) { $0.append($1.key.rawValue, .text($1.value)) }
        )
        let request = HTTPRequest(
            url: url + "/_sim/callbacks",
            headers: [("content-type", "application/json")],
            body: body.json
        )
        let answer = try await http.send(request)
        guard answer.status == 200 else {
            throw DemoError("the simulator refused the callback addresses: HTTP \(answer.status)")
        }
    }
}
