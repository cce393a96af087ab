import ArgumentParser
import CurlDriver
import Foundation
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import Suppliers

/// `kpush bench-channels`: how fast each supplier's adapter is.
struct ChannelsBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-channels",
        abstract: "Measure each supplier's adapter against the simulator, on this machine alone.",
        discussion: """
            Starts the supplier simulator as a process of its own, without the rates that the suppliers publish, and has \
            each adapter send as fast as it can: signing, writing, the call over a real connection, reading the answer. \
            The first line is what the transport does by itself, a small call that the simulator answers at once; \
            `allowed` is what the supplier documents. Exit code 0: everything was accepted, by both sides' count.
            """
    )

    @Option(help: "How long each is measured, in seconds.")
    var seconds = 2

    @Option(name: .customLong("repeat"), help: "How often each is measured; the median counts.")
    var times = 3

    @Option(help: "How many calls are out at a time.")
    var callsAtOnce = 16

    @Option(help: "Only suppliers whose name begins so.")
    var only = ""

    func validate() throws {
        guard (1...60).contains(seconds) else { throw ValidationError("--seconds is from 1 to 60.") }
        guard (1...100).contains(times) else { throw ValidationError("--repeat is from 1 to 100.") }
        guard (1...128).contains(callsAtOnce) else {
            throw ValidationError("--calls-at-once is from 1 to 128.")
        }
    }

    func run() async throws {
        let simulator = try SimulatorProcess(["--no-scripts", "--no-limits", "--smtp-port", "0"])
        defer { try? simulator.stop() }
        let http = CurlHTTPClient()
        defer { http.shutdown() }
        let bench = ChannelsBench(
            simulator: SimulatorControl(simulator, http: http),
            time: .seconds(seconds),
            times: times,
            callsAtOnce: callsAtOnce
        )
        var results = [try await bench.transport()]
        for sample in ChannelSample.all {
            for supplier in sample.suppliers where supplier.rawValue.hasPrefix(only) {
                results.append(try await bench.measure(supplier, of: sample))
                // Whoever reads the table through a pipe need not see this.
                FileHandle.standardError.write(Data("measured \(supplier.rawValue)\n".utf8))
            }
        }
        let faults = results.flatMap(\.faults)
        Terminal.out(Self.table(results).text + faults.map { "NO  \($0)\n" }.joined())
        if !faults.isEmpty { throw ExitCode(1) }
    }

    private static func table(_ results: [ChannelsBench.Result]) -> Table {
        let numbers = ["recipients/call", "calls/s", "recipients/s", "p50 ms", "p99 ms", "allowed/s"]
        var table = Table(
            "supplier",
            numbers[0],
            numbers[1],
            numbers[2],
            numbers[3],
            numbers[4],
            numbers[5],
            right: Set(numbers)
        )
        for result in results {
            table.add(
                result.name,
                result.recipientsPerCall.grouped,
                Int(result.median.callsPerSecond).grouped,
                Int(result.median.recipientsPerSecond).grouped,
                (result.median.latency(0.5).inSeconds * 1_000).tenths,
                (result.median.latency(0.99).inSeconds * 1_000).tenths,
                result.allowedPerSecond.map { Int($0).grouped } ?? "-"
            )
        }
        return table
    }
}
