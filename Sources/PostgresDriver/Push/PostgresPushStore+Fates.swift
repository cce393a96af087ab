package import Groundwork
package import PushEngine

extension PostgresPushStore: MessageFates {
    package func neverSent(among messages: Set<MessageID>) async throws(StoreError) -> Set<MessageID> {
        guard !messages.isEmpty else { return [] }
        let batches = Set(messages.map(\.batch))
        let sheets = try await pool.read("look up what was never sent") { link in
            try BatchSheet.read(Array(batches), link)
        }
        return messages.filter { sheets[$0.batch]?.standings[$0.index]?.state.isNeverSent == true }
    }
}

extension BatchSheet {
    /// Reads batches without locking them; those that do not exist are missing.
    static func read(_ ids: [BatchID], _ link: PostgresLink) throws -> [BatchID: BatchSheet] {
        guard let first = ids.min(), let last = ids.max() else { return [:] }
        let sheets =
            try link.run(
                "SELECT \(columns) FROM batch WHERE id = ANY ($1) AND id BETWEEN $2 AND $3",
                .ints(ids.map(\.rawValue)),
                .int(first.rawValue),
                .int(last.rawValue)
            )
            .map { try BatchSheet($0) }
        return Dictionary(uniqueKeysWithValues: sheets.map { ($0.row.id, $0) })
    }
}
