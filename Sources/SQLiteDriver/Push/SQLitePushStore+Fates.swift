import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: MessageFates {
    package func neverSent(among messages: Set<MessageID>) async throws(StoreError) -> Set<MessageID> {
        try await database.read("look up what was never sent") { db in
            try messages.filter { try db.state(of: $0)?.isNeverSent == true }
        }
    }
}
