import Foundation
import Groundwork
import PushEngine

/// The supplier simulator as a process of its own, so that neither its memory nor its end is ours.
final class SimulatorProcess: Sendable {
    /// Its base URL.
    let url: String
    private let child: ChildProcess

    var pid: Int32 { child.pid }

    /// Starts a simulator, and waits until it listens.
    ///
    /// - Parameters:
    ///   - arguments: what `kpush simulate` is to be told beside.
    ///   - program: the `kpush` to start; nil for this very one.
    /// - Throws: `DemoError` when it does not come up.
    init(_ arguments: [String], program: URL? = nil) throws {
        let output = Pipe()
        child = try ChildProcess(
            ["simulate", "--port", "0", "--stop-with-input"] + arguments,
            program: program,
            output: output.fileHandleForWriting
        )
        // The child has an end of its own.
        try output.fileHandleForWriting.close()
        var text = ""
        while !text.contains("/_sim/stats\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw DemoError("the supplier simulator did not start") }
            text += String(decoding: data, as: UTF8.self)
        }
        let line = text.split(separator: "\n").last { $0.hasSuffix("/_sim/stats") } ?? ""
        url = String(line.drop { $0 != "h" }.dropLast("/_sim/stats".count))
    }

    /// Lets it end.
    func stop() throws {
        try child.stop()
    }
}

/// What the simulator saw: the other side's books.
struct SimulatorStats: Decodable, Sendable {
    struct Supplier: Decodable, Sendable {
        let calls: Int
        let accepted: Int
    }

    let accepted: Int
    let distinct: Int
    let doubled: Int
    let tencent: Supplier
    let aliyun: Supplier
}

/// Asks and steers a running simulator.
struct SimulatorControl: Sendable {
    let url: String
    let http: any HTTPClient

    func stats() async throws -> SimulatorStats {
        let answer = try await http.send(HTTPRequest(method: "GET", url: url + "/_sim/stats"))
        return try JSONDecoder().decode(SimulatorStats.self, from: Data(answer.body))
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

    /// Has the receipts of Aliyun posted to `address`; Tencent's wait to be pulled.
    func postReceipts(to address: String) async throws {
        let body = try JSONEncoder().encode(["aliyun": address])
        let request = HTTPRequest(
            url: url + "/_sim/callbacks",
            headers: [("content-type", "application/json")],
            body: Array(body)
        )
        let answer = try await http.send(request)
        guard answer.status == 200 else {
            throw DemoError("the simulator refused the callback address: HTTP \(answer.status)")
        }
    }
}

/// Why the demo cannot go on, in words for whoever runs it.
struct DemoError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
