import GRDB
package import Groundwork
package import PushEngine

/// The push engine's books in one file: messages and their fates, campaigns, templates, accounts.
///
/// One type keeps the promises of many ports, because what they say is written in the same transactions.
package struct SQLitePushStore: Sendable {
    let database: SQLiteDatabase
    let clock: any WallClock
    let calendar: BusinessCalendar
    let sealer: any SecretSealer
    let keys: RequestKeys
    let recipients: YoungTable

    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: the file, usually `push.db` in the data folder.
    ///   - settings: how it is kept.
    ///   - clock: tells when things happened.
    ///   - calendar: the days by which messages are counted.
    ///   - sealer: turns the accounts' keys into what may lie on a disk.
    /// - Throws: `StoreError` when the file cannot be opened or is of a later version.
    package init(
        path: String,
        settings: SQLiteSettings = SQLiteSettings(),
        clock: any WallClock,
        calendar: BusinessCalendar,
        sealer: any SecretSealer
    ) throws(StoreError) {
        try self.init(
            path: path,
            settings: settings,
            clock: clock,
            calendar: calendar,
            sealer: sealer,
            recipients: YoungTable("recipient_index")
        )
    }

    init(
        path: String,
        settings: SQLiteSettings,
        clock: any WallClock,
        calendar: BusinessCalendar,
        sealer: any SecretSealer,
        recipients: YoungTable
    ) throws(StoreError) {
        self.recipients = recipients
        database = try SQLiteDatabase(path: path, settings: settings, migrator: PushMigrations.migrator)
        self.clock = clock
        self.calendar = calendar
        self.sealer = sealer
        let installation = try database.prepare("read installation") { db in
            try Int64.fetchOne(db, sql: "SELECT id FROM installation")
        }
        guard let installation, let number = UInt32(exactly: installation) else {
            throw StoreError(.corrupted, during: "read installation")
        }
        keys = RequestKeys(installation: number)
    }

    /// Random, chosen when the file was made: by it the receipts of our calls are told from others'.
    package var installation: UInt32 { keys.installation }
}
