import CurlDriver
import Foundation
import Groundwork
import Logging
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// A data folder and the simulated suppliers beside it; engines are opened in it one after another, or at once.
///
/// Nothing waits for real time: the calendar of all parts is the bench's, and so is what their waits go by.
struct PushBench: Sendable {
    /// The folder that the stores lie in.
    let folder: String
    let clock: ManualClock
    let town: SupplierTown
    let http: any HTTPClient
    let door: ReceiptDoor

    /// A Monday's noon in China.
    static let noon = Moment(secondsSinceEpoch: 1_772_424_000)
    /// The same day's 23:00 in China.
    static let night = noon + .seconds(11 * 3_600)

    static let zone = TimeZone(secondsFromGMT: 8 * 3_600) ?? .gmt

    static let quiet = Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Suppliers that answer at once and in full, with receipts that are due at once: Tencent's are pulled,
    /// Aliyun's posted.
    static var calm: SimulatorSettings {
        var settings = SimulatorSettings()
        settings.faults.receiptDelay = 0
        settings.limitsRates = false
        settings.withholding = .zero
        settings.callbacks[.aliyun] = ReceiptDoor.url(of: .aliyun)
        return settings
    }

    /// Runs the suppliers while `body` uses the folder; the calendar shows `start` at first.
    static func use(
        at start: Moment = noon,
        suppliers settings: SimulatorSettings = calm,
        _ body: (PushBench) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder("push-bench")
        let clock = ManualClock(start)
        let waiting = ManualClock(start)
        let http = CurlHTTPClient()
        let door = ReceiptDoor()
        let service = SimulatorService(
            settings: settings,
            http: door,
            clock: clock.calendar,
            waiting: waiting,
            logger: quiet
        )
        try await whileRunning(service) {
            let url = try #require(await service.url)
            let town = SupplierTown(url: url, http: http, waiting: waiting)
            try await body(
                PushBench(folder: folder.path, clock: clock, town: town, http: http, door: door)
            )
        }
        http.shutdown()
    }

    var now: Moment { clock.calendar.now }

    /// Moves the calendar, and lets the suppliers look what is due.
    func advance(by duration: Duration) async throws {
        clock.advance(by: duration)
        try await town.wake()
    }

    /// Opens an engine in the folder.
    func open(_ plan: BenchPlan = BenchPlan()) async throws -> BenchEngine {
        try await BenchEngine(in: self, plan)
    }

    /// Removes a store's file, as a broken disk would.
    func lose(_ name: String) throws {
        for suffix in ["", "-wal", "-shm"] {
            let path = "\(folder)/\(name)\(suffix)"
            if FileManager.default.fileExists(atPath: path) {
                try FileManager.default.removeItem(atPath: path)
            }
        }
    }
}

/// What is out of the ordinary with an engine.
struct BenchPlan: Sendable {
    /// The accounts' shares of the messages.
    var weights = (tencent: 80, aliyun: 20)
    /// Suppliers of other channels at which it has an account.
    var others: [SimulatedSupplier] = []
    var delivery = DeliverySettings()
    /// Accounts that fail are called all the same: rests would only have to be waited for.
    var health = AccountHealthSettings.tireless
    var rules: [MessageType: QuotaRules] = [:]
    /// What counts messages; nil for the embedded form.
    var quotas: (any QuotaStore)?
    var isAllowListOn = false
    var lane = LaneSettings()
    var crowd = CampaignSettings()
    var receipts = ReceiptSettings()
    /// Says how fast the suppliers may be called; as those of the bench do not limit rates, this one does not.
    var limiter: any RateLimiter = OpenLimiter()
    /// Makes what the engine takes for a supplier's adapter of the real one.
    var adapter: @Sendable (any Supplier) -> any Supplier = { $0 }
    /// Is told what the receipt desk has to say.
    var logger = PushBench.quiet
    /// Stands between the engine and everything that lasts.
    var wire: any BenchWire = OpenWire()
}

/// Grants everything.
struct OpenLimiter: RateLimiter {
    func take(_ wishes: [RateWish]) async throws(StoreError) -> [RateGrant] {
        wishes.map { RateGrant(granted: $0.count, wait: .zero) }
    }
}

extension AccountHealthSettings {
    /// Lets no account rest.
    static var tireless: AccountHealthSettings {
        var settings = AccountHealthSettings()
        settings.fewest = .max
        settings.refused = Backoff(first: .zero, ceiling: .zero)
        settings.throttled = Backoff(first: .zero, ceiling: .zero)
        return settings
    }
}
