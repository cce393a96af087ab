import ArgumentParser
import CurlDriver
import Foundation
import Groundwork
import Logging
import ServiceLifecycle
import SupplierSimulator
import UnixSignals

/// `kpush simulate`: stands in for the suppliers until it is interrupted.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Stand in for every supplier that messages go through, and for a mail server, on this machine.",
        discussion: """
            Requests are checked as strictly as the suppliers check them: signatures and tokens, clock, nonce, template, \
            recipients, sizes and rates. Everything accepted is kept in a ledger, so that a test can tell whether anybody \
            was sent to twice.

            A recipient's last four digits script what happens to it, unless --no-scripts is given: 0000 delivered, \
            0001 not delivered, 0002 refused for good, 0003 refused for today, 0004 accepted but never answered, \
            0005 connection reset, 0006 HTTP 500 twice and then accepted, 0007 accepted but the answer cut short, \
            0008 the receipt late and twice, 0009 answered after three seconds.

            With --smtp-port mail is taken as well, from demo@kpush.example, whose password is demo-mail-secret; the \
            digits before the @ of an address script what happens to it, and one that begins with grey has to wait for \
            five minutes.

            GET  /_sim/accounts         an account at each supplier, as POST /api/v1/accounts takes it
            GET  /_sim/stats            what was accepted, refused and doubled
            GET  /_sim/ledger?recipient=+8613800138000
            GET  /_sim/ledger/export    recipient, supplier, time and content hash, a line each
            POST /_sim/faults           what goes wrong by chance, and how long things take
            POST /_sim/script           {"enabled": false}
            POST /_sim/clock            {"advance_ms": 60000} or {"now_ms": …} or {"reset": true}
            POST /_sim/callbacks        {"aliyun": "http://…"}: where receipts are posted; null stops it
            POST /_sim/answers          {"supplier": "tencent", "recipient": "+86…", "text": "TD"}: somebody answers
            POST /_sim/tokens/revoke    {"access_key": "…"}: from now on this key is unknown
            POST /_sim/consents         {"recipient": "…", "count": 1}: what a user of the mini-program has agreed to
            POST /_sim/reset            forget everything
            """
    )

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = 8_890

    @Option(help: "The port to take mail on; 0 takes a free one, and without it there is no mail server.")
    var smtpPort: Int?

    @Option(help: "What all chance follows from.")
    var seed: UInt64 = 1

    @Option(help: "How long after acceptance a receipt comes.")
    var receiptDelayMs = 1_000

    @Option(help: "The share of accepted messages that are not delivered, from 0 to 1.")
    var failRatio = 0.0

    @Option(help: "How long each answer takes.")
    var latencyMs = 0

    @Option(help: "Where Tencent's receipts are posted; without it they wait to be pulled.")
    var tencentCallback: String?

    @Option(help: "Where Aliyun's receipts are posted; without it they can only be asked for.")
    var aliyunCallback: String?

    @Option(help: "Where mail that cannot be delivered is posted; without it nobody hears of it.")
    var bounceCallback: String?

    @Flag(help: "Stop when standard input ends, such as with the process that started it.")
    var stopWithInput = false

    @Flag(inversion: .prefixedNo, help: "Whether the last digits of a number script what happens to it.")
    var scripts = true

    @Flag(inversion: .prefixedNo, help: "Whether suppliers refuse calls above the rates that they publish.")
    var limits = true

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is from 0 to 65535.") }
        guard smtpPort.map((0...65_535).contains) ?? true else {
            throw ValidationError("--smtp-port is from 0 to 65535.")
        }
        guard (0...1).contains(failRatio) else { throw ValidationError("--fail-ratio is from 0 to 1.") }
        guard receiptDelayMs >= 0 else { throw ValidationError("--receipt-delay-ms is not below 0.") }
        guard latencyMs >= 0 else { throw ValidationError("--latency-ms is not below 0.") }
    }

    func run() async throws {
        let logger = Logger(label: "kpush.simulate")
        let simulator = SimulatorService(settings: settings, http: CurlHTTPClient(), logger: logger)
        let services = ServiceGroup(
            configuration: .init(
                services: [.init(service: simulator)] + (stopWithInput ? [InputWatch.member] : []),
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            if let url = await simulator.url {
                announce(url, mail: smtpPort == nil ? nil : await simulator.mailURL)
            }
            try await group.waitForAll()
        }
    }

    private var settings: SimulatorSettings {
        var settings = SimulatorSettings()
        settings.host = host
        settings.port = port
        settings.seed = seed
        settings.scriptsRecipients = scripts
        settings.limitsRates = limits
        settings.faults.receiptDelay = receiptDelayMs
        settings.faults.failRatio = failRatio
        settings.faults.latencyMin = latencyMs
        settings.faults.latencyMax = latencyMs
        settings.callbacks[.tencent] = tencentCallback
        settings.callbacks[.aliyun] = aliyunCallback
        settings.mailPort = smtpPort
        settings.callbacks[.smtp] = bounceCallback
        return settings
    }

    private func announce(_ url: String, mail: String?) {
        var table = Table(indent: 0)
        for supplier in SimulatedSupplier.allCases {
            guard let place = supplier == .smtp ? mail : "\(url)/\(supplier.rawValue)" else { continue }
            let values = SimulatorCredentials.demo.setup(at: supplier).values
            let words = values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            table.add(supplier.rawValue, place, words.joined(separator: ", "))
        }
        let text = """
            \(table.text)
            Accounts with their secrets: \(url)/_sim/accounts
            Control: \(url)/_sim/stats
            Stop with Ctrl-C.

            """
        // Not `print`: whoever reads this through a pipe waits for it.
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}
