package import Groundwork

/// Tells what became of messages that hold a place in somebody's quota.
package protocol MessageFates: Sendable {
    /// Those of `messages` that ended without ever reaching anybody: refused by all, taken back or dropped.
    ///
    /// One that may still be sent is not among them, nor one that nobody knows.
    func neverSent(among messages: Set<MessageID>) async throws(StoreError) -> Set<MessageID>
}
