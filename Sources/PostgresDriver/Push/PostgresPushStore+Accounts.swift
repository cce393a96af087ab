package import Groundwork
package import PushEngine

extension PostgresPushStore: AccountStore {
    package func putAccount(_ account: SupplierAccount) async throws(StoreError) -> SupplierAccount {
        let sealed: [UInt8]
        do { sealed = try sealer.seal(account.secretKey) } catch {
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
                    .text(account.accessKey),
                    .bytes(sealed),
                    .text(account.signName),
                    .text(account.templateID),
                    .text(account.appID),
                    .text(account.region),
                    .int(account.weight),
                    .bool(account.isEnabled)
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

    package func setAccount(_ id: AccountID, weight: Int, enabled: Bool) async throws(StoreError) {
        try await pool.write("set account") { link in
            let update = "UPDATE account SET weight = $1, is_enabled = $2 WHERE id = $3"
            let updated = try link.run(update, .int(weight), .bool(enabled), .int(id.rawValue))
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
        INSERT INTO account (name, kind, channel, url, access_key, sealed_key, sign_name, template_code, app,
            region, weight, is_enabled)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, channel = excluded.channel, url = excluded.url,
            access_key = excluded.access_key, sealed_key = excluded.sealed_key,
            sign_name = excluded.sign_name, template_code = excluded.template_code, app = excluded.app,
            region = excluded.region, weight = excluded.weight, is_enabled = excluded.is_enabled
        RETURNING \(SupplierAccount.columns)
        """

    private static let insertDiscard =
        "INSERT INTO discard (kind, value) VALUES ($1, $2) ON CONFLICT DO NOTHING"

    private static let deleteDiscard = "DELETE FROM discard WHERE kind = $1 AND value = $2"
}

extension SupplierAccount {
    fileprivate static let columns = """
        id, name, kind, channel, url, access_key, sealed_key, sign_name, template_code, app, region, weight, \
        is_enabled
        """

    /// Reads `columns`; a key that cannot be opened is left out, so that it is in nobody else's way.
    fileprivate init(_ row: PostgresRow, _ sealer: any SecretSealer) throws(StoreError) {
        guard let kind = SupplierKind(rawValue: row.text(2)), let channel = Channel(rawValue: row.int(3))
        else {
            throw StoreError(.corrupted, during: "read account", detail: row.text(2))
        }
        self.init(
            id: AccountID(rawValue: row.int64(0)),
            name: row.text(1),
            kind: kind,
            channel: channel,
            url: row.text(4),
            accessKey: row.text(5),
            secretKey: (try? sealer.open(row.bytes(6))) ?? Secret(""),
            signName: row.text(7),
            templateID: row.text(8),
            appID: row.text(9),
            region: row.text(10),
            weight: row.int(11),
            isEnabled: row.bool(12)
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
