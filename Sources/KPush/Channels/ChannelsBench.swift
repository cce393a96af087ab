import CurlDriver
import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import Suppliers

/// Measures the adapters of suppliers one after another, and the transport that all of them share.
struct ChannelsBench: Sendable {
    let simulator: SimulatorControl
    /// For how long each is measured.
    let time: Duration
    /// How often; the median counts.
    let times: Int
    /// How many calls are out at a time.
    let callsAtOnce: Int

    /// What was measured of one.
    struct Result: Sendable {
        let name: String
        let recipientsPerCall: Int
        /// How many recipients a second the supplier allows; nil where it documents nothing.
        var allowedPerSecond: Double?
        let median: AdapterBench.Figures
        /// What should not be, in words.
        var faults: [String] = []
    }

    private let timer = ContinuousClock()
    private let tools: SupplierTools

    init(simulator: SimulatorControl, time: Duration, times: Int, callsAtOnce: Int) {
        self.simulator = simulator
        self.time = time
        self.times = times
        self.callsAtOnce = callsAtOnce
        let clock = SystemClock()
        let logger = Logger(label: "kpush.bench-channels")
        tools = SupplierTools(
            http: simulator.http,
            clock: clock,
            tokens: TokenKeeper(store: LocalAccessTokenStore(clock: clock), timer: timer, logger: logger),
            mail: CurlMailClient()
        )
    }

    /// Measures one supplier's adapter, and compares its count with the simulator's.
    func measure(_ supplier: SimulatedSupplier, of sample: ChannelSample) async throws -> Result {
        let account = SampleData.demoAccount(
            supplier,
            channel: sample.channel,
            at: try sample.url(of: supplier, at: simulator)
        )
        let bench = AdapterBench(
            sample: sample,
            adapter: SupplierForms(SupplierCatalogue.forms).adapter(of: account, tools),
            callsAtOnce: callsAtOnce,
            timer: timer
        )
        // Connections and tokens.
        let warm = await bench.run(for: .milliseconds(200), number: 0)
        var runs: [AdapterBench.Figures] = []
        for number in 1...times { runs.append(await bench.run(for: time, number: number)) }
        var result = Result(
            name: supplier.rawValue,
            recipientsPerCall: bench.recipientsPerCall,
            allowedPerSecond: bench.allowedPerSecond,
            median: runs.median
        )
        let all = [warm] + runs
        let sent = all.reduce(0) { $0 + $1.accepted }
        let taken = try await simulator.stats().accepted(by: supplier)
        if sent != taken {
            result.faults.append(
                "\(supplier.rawValue): \(sent.grouped) accepted by our count, \(taken.grouped) by the simulator's"
            )
        }
        for (code, count) in all.flatMap(\.refused) {
            result.faults.append("\(supplier.rawValue): \(count.grouped) times \(code)")
        }
        return result
    }

    /// Measures small calls that the simulator answers at once.
    func transport() async throws -> Result {
        var runs: [AdapterBench.Figures] = []
        for _ in 1...times {
            let start = timer.now
            let end = start + time
            var figures = AdapterBench.Figures()
            try await withThrowingTaskGroup(of: [Duration].self) { group in
                for _ in 0..<callsAtOnce { group.addTask { try await smallCalls(until: end) } }
                for try await latencies in group { figures.latencies += latencies }
            }
            figures.calls = figures.latencies.count
            figures.time = timer.now - start
            runs.append(figures)
        }
        return Result(name: "(transport)", recipientsPerCall: 0, median: runs.median)
    }

    private func smallCalls(until end: ContinuousClock.Instant) async throws -> [Duration] {
        var latencies: [Duration] = []
        while timer.now < end {
            let start = timer.now
            let request = HTTPRequest(url: simulator.url + "/_sim/callbacks", body: Array("{}".utf8))
            _ = try await simulator.http.send(request)
            latencies.append(timer.now - start)
        }
        return latencies
    }
}

extension [AdapterBench.Figures] {
    /// The one in the middle by its rate of calls.
    fileprivate var median: AdapterBench.Figures {
        let sorted = sorted { $0.callsPerSecond < $1.callsPerSecond }
        return sorted.isEmpty ? AdapterBench.Figures() : sorted[sorted.count / 2]
    }
}
