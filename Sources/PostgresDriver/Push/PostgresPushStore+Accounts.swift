package import Groundwork
package import PushEngine

extension PostgresPushStore: AccountStore {
    package func putAccount(_ account: SupplierAccount) async throws(StoreError) -> SupplierAccount {
        let sealed: [UInt8]
        do { sealed = try sealer.seal(account.config.storedSecrets) } catch {
            throw StoreError(.corrupted, during: "seal account", detail: "\(error)")
        }
        return try await pool.write("put account") { [sealer] link in
            let row =
                try link.run(
                    Self.upsertAccount,
                    .text(account.name),
                    .text(account.kind.rawValue),
                    .int(account.channel.rawValue),
                    .text(account.url),
                    .text(account.config.storedValues),
                    .bytes(sealed),
                    .int(account.weight),
                    .int(account.callsPerSecond.map(Int64.init)),
                    .bool(account.isEnabled),
                    .text(AccountWeights.stored(account.weights))
                )
                .first
            guard let row else { throw StoreError(.corrupted, during: "put account") }
            return try SupplierAccount(row, sealer)
        }
    }

    package func accounts() async throws(StoreError) -> [SupplierAccount] {
        try await pool.read("read accounts") { [sealer] link in
            try link.run("SELECT \(SupplierAccount.columns) FROM account ORDER BY id")
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
        try await pool.write("set account") { link in
            let updated = try link.run(
                Self.updateAccount,
                .int(weight),
                .int(callsPerSecond.map(Int64.init)),
                .bool(enabled),
                .int(id.rawValue),
                .text(AccountWeights.stored(weights))
            )
            guard updated.changed == 1 else { throw StoreError(.notFound, during: "set account") }
        }
    }

    package func setDiscarded(_ discarded: Bool, _ entry: DiscardEntry) async throws(StoreError) {
        let (kind, value) = entry.stored
        try await pool.write("set discard list") { link in
            try link.run(discarded ? Self.insertDiscard : Self.deleteDiscard, .text(kind), .int(value))
            return
        }
    }

    package func discardList() async throws(StoreError) -> Set<DiscardEntry> {
        try await pool.read("read discard list") { link in
            Set(try link.run("SELECT kind, value FROM discard").map { try DiscardEntry($0) })
        }
    }

    private static let upsertAccount = """
        INSERT INTO account (name, kind, channel, url, config, sealed_secrets, weight, calls_per_second, is_enabled,
            weights)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, channel = excluded.channel, url = excluded.url,
            config = excluded.config, sealed_secrets = excluded.sealed_secrets, weight = excluded.weight,
            calls_per_second = excluded.calls_per_second, is_enabled = excluded.is_enabled,
            weights = excluded.weights
        RETURNING \(SupplierAccount.columns)
        """

    private static let updateAccount =
        "UPDATE account SET weight = $1, calls_per_second = $2, is_enabled = $3, weights = $5 WHERE id = $4"

    private static let insertDiscard =
        "INSERT INTO discard (kind, value) VALUES ($1, $2) ON CONFLICT DO NOTHING"

    private static let deleteDiscard = "DELETE FROM discard WHERE kind = $1 AND value = $2"
}

extension SupplierAccount {
    fileprivate static let columns = """
        id, name, kind, channel, url, config, sealed_secrets, weight, calls_per_second, is_enabled, weights
        """

    /// Reads `columns`; secrets that cannot be opened are left out, so that it is in nobody else's way.
    fileprivate init(_ row: PostgresRow, _ sealer: any SecretSealer) throws(StoreError) {
        guard let channel = Channel(rawValue: row.int(3)) else {
            throw StoreError(.corrupted, during: "read account", detail: "channel")
        }
        let kind = SupplierKind(rawValue: row.text(2))
        let config: AccountConfig
        let weights: [MessageType: Int]
        do {
            weights = try AccountWeights.read(stored: row.text(10))
            config = try AccountConfig(
                storedValues: row.text(5),
                secrets: try? sealer.open(row.bytes(6)),
                of: kind
            )
        } catch { throw StoreError(.corrupted, during: "read account", detail: "\(error)") }
        self.init(
            id: AccountID(rawValue: row.int64(0)),
            name: row.text(1),
            kind: kind,
            channel: channel,
            url: row.text(4),
            config: config,
            weight: row.int(7),
            weights: weights,
            callsPerSecond: row.optionalInt64(8).map(Int.init),
            isEnabled: row.bool(9)
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
    fileprivate init(_ row: PostgresRow) throws(StoreError) {
        switch row.text(0) {
        case "template": self = .template(TemplateID(rawValue: row.int64(1)))
        case "recipient": self = .recipient(RecipientKey(rawValue: row.int64(1)))
        default: throw StoreError(.corrupted, during: "read discard list", detail: row.text(0))
        }
    }
}
