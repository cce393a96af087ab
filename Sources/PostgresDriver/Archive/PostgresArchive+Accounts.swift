package import Groundwork
package import PushEngine

extension PostgresArchive {
    /// Writes accounts, their keys sealed by `sealer`.
    package func write(
        _ accounts: [SupplierAccount],
        sealedBy sealer: any SecretSealer
    ) async throws(StoreError) {
        var rows: [[PostgresValue]] = []
        for account in accounts {
            do {
                rows.append([
                    .int(account.id.rawValue), .text(account.name), .text(account.kind.rawValue),
                    .int(account.channel.rawValue), .text(account.url), .text(account.config.storedValues),
                    .bytes(try sealer.seal(account.config.storedSecrets)), .int(account.weight),
                    .int(account.callsPerSecond.map(Int64.init)), .bool(account.isEnabled),
                    .text(AccountWeights.stored(account.weights)),
                ])
            } catch { throw StoreError(.corrupted, during: "seal account", detail: "\(error)") }
        }
        try await pool.write("write accounts") { [rows] link in
            for row in rows { try link.run(Self.insertAccount, row) }
        }
    }

    private static let insertAccount = """
        INSERT INTO account (id, name, kind, channel, url, config, sealed_secrets, weight, calls_per_second,
            is_enabled, weights)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """
}
