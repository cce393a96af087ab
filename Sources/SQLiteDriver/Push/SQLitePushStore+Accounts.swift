import Foundation
import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: AccountStore {
    package func putAccount(_ account: SupplierAccount) async throws(StoreError) -> SupplierAccount {
        let sealed: [UInt8]
        do { sealed = try sealer.seal(account.config.storedSecrets) } catch {
            throw StoreError(.corrupted, during: "seal account", detail: "\(error)")
        }
        return try await database.write("put account") { [sealer] db in
            try db.execute(
                cached: Self.upsertAccount,
                [
                    account.name, account.kind.rawValue, account.channel.rawValue, account.url,
                    account.config.storedValues, Data(sealed), account.weight,
                    AccountWeights.stored(account.weights), account.callsPerSecond, account.isEnabled,
                ]
            )
            let row = try Row.fetchOne(db, sql: Self.selectByName, arguments: [account.name])
            guard let row else { throw StoreError(.corrupted, during: "put account") }
            return try SupplierAccount(row, sealer)
        }
    }

    package func accounts() async throws(StoreError) -> [SupplierAccount] {
        try await database.read("read accounts") { [sealer] db in
            try Row.fetchAll(db, sql: "SELECT * FROM account ORDER BY id")
                .map { try SupplierAccount($0, sealer) }
        }
    }

    package func setAccount(
        _ id: AccountID,
        weight: Int,
        weights: [MessageType: Int],
        callsPerSecond: Int?,
        enabled: Bool
    ) async throws(StoreError) {
        try await database.write("set account") { db in
            try db.execute(
                cached: Self.updateAccount,
                [weight, AccountWeights.stored(weights), callsPerSecond, enabled, id.rawValue]
            )
            guard db.changesCount == 1 else { throw StoreError(.notFound, during: "set account") }
        }
    }

    package func setDiscarded(_ discarded: Bool, _ entry: DiscardEntry) async throws(StoreError) {
        let (kind, value) = entry.stored
        try await database.write("set discard list") { db in
            try db.execute(cached: discarded ? Self.insertDiscard : Self.deleteDiscard, [kind, value])
        }
    }

    package func discardList() async throws(StoreError) -> Set<DiscardEntry> {
        try await database.read("read discard list") { db in
            let rows = try Row.fetchAll(db, sql: "SELECT kind, value FROM discard")
            return Set(try rows.map { try DiscardEntry($0) })
        }
    }

    private static let upsertAccount = """
        INSERT INTO account (name, kind, channel, url, config, sealed_secrets, weight, weights,
            calls_per_second, is_enabled)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, channel = excluded.channel, url = excluded.url,
            config = excluded.config, sealed_secrets = excluded.sealed_secrets, weight = excluded.weight,
            weights = excluded.weights,
            calls_per_second = excluded.calls_per_second, is_enabled = excluded.is_enabled
        """

    private static let selectByName = "SELECT * FROM account WHERE name = ?"

    private static let updateAccount =
        "UPDATE account SET weight = ?, weights = ?, calls_per_second = ?, is_enabled = ? WHERE id = ?"

    private static let insertDiscard = "INSERT OR IGNORE INTO discard (kind, value) VALUES (?, ?)"

    private static let deleteDiscard = "DELETE FROM discard WHERE kind = ? AND value = ?"
}

extension SupplierAccount {
    /// Reads a row of `account`; secrets that cannot be opened are left out, so that it is in nobody else's way.
    fileprivate init(_ row: Row, _ sealer: any SecretSealer) throws {
        guard let channel = Channel(rawValue: row["channel"]) else {
            throw StoreError(.corrupted, during: "read account", detail: "channel")
        }
        let kind = SupplierKind(rawValue: row["kind"])
        let sealed: Data = row["sealed_secrets"]
        let config: AccountConfig
        let weights: [MessageType: Int]
        do {
            weights = try AccountWeights.read(stored: row["weights"])
            config = try AccountConfig(
                storedValues: row["config"],
                secrets: try? sealer.open(Array(sealed)),
                of: kind
            )
        } catch { throw StoreError(.corrupted, during: "read account", detail: "\(error)") }
        self.init(
            id: AccountID(rawValue: row["id"]),
            name: row["name"],
            kind: kind,
            channel: channel,
            url: row["url"],
            config: config,
            weight: row["weight"],
            weights: weights,
            callsPerSecond: row["calls_per_second"],
            isEnabled: row["is_enabled"]
        )
    }
}

extension DiscardEntry {
    fileprivate var stored: (kind: String, value: Int64) {
        switch self {
        case .template(let id): ("template", id.rawValue)
        case .recipient(let key): ("recipient", key.rawValue)
        }
    }

    /// Reads a row of `discard`.
    fileprivate init(_ row: Row) throws {
        let kind: String = row["kind"]
        switch kind {
        case "template": self = .template(TemplateID(rawValue: row["value"]))
        case "recipient": self = .recipient(RecipientKey(rawValue: row["value"]))
        default: throw StoreError(.corrupted, during: "read discard list", detail: kind)
        }
    }
}
