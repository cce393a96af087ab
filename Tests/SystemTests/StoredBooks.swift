import Foundation
import Groundwork
import Logging
import PushEngine
import SQLiteDriver

@testable import KPush

extension SQLitePushStore {
    /// The books of a data folder, read beside its server; what is sealed in them stays so.
    static func books(in data: String) throws -> SQLitePushStore {
        try SQLitePushStore(
            path: data + "/push.db",
            settings: SQLiteSettings(durability: .process),
            clock: SystemClock(),
            calendar: BusinessCalendar(zone: .gmt),
            sealer: AESSealer(key: AESSealer.newKey())
        )
    }
}

extension RecordStore {
    /// All messages of a campaign's occurrence, newest first.
    func allRecords(of run: CampaignRunID) async throws -> [MessageRecord] {
        var records: [MessageRecord] = []
        while true {
            let page = try await self.records(
                .campaignRun(run),
                state: nil,
                before: records.last?.id,
                limit: 1_000
            )
            if page.isEmpty { return records }
            records += page
        }
    }
}

extension Composition {
    /// The parts of a server on this data folder, to fill its books with.
    static func filling(_ data: String) async throws -> Composition {
        var settings = ServeSettings()
        settings.data = data
        settings.durability = .process
        return try await Composition(settings, logger: Logger(label: "filling"))
    }
}
