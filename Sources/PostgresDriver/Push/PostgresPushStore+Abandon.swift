package import Groundwork
package import PushEngine

extension PostgresPushStore {
    package func abandon(_ intents: [Intent], of batch: BatchID) async throws(StoreError) {
        let now = clock.now
        try await pool.write("abandon") { link in
            var change = try BatchChange(of: batch, naming: intents, at: now, link)
            try change.abandon(intents)
            _ = try change.commit(to: link)
        }
    }
}
