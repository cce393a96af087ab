package import Groundwork

/// Remembers calls that carry a key, so that one that is made again changes nothing again.
package protocol IdempotencyStore: Sendable {
    /// Notes that a call begins, unless it has been made before.
    ///
    /// One that began `KeyedCall.patience` ago or earlier and left nothing counts as dead, and the call begins anew.
    ///
    /// - Returns: what is known of the key.
    func begin(_ call: KeyedCall, at now: Moment) async throws(StoreError) -> CallBeginning

    /// Keeps what the call was answered; does nothing when its key is not known any more.
    func finish(_ key: String, with answer: KeptAnswer) async throws(StoreError)

    /// Forgets a call that changed nothing: with the same key it begins anew. One that added runs stays.
    func forget(_ key: String) async throws(StoreError)

    /// Forgets calls that began before `moment`, at most `limit`, and says how many.
    func prune(begunBefore moment: Moment, limit: Int) async throws(StoreError) -> Int
}

/// A call that is made once, however often it is sent.
package struct KeyedCall: Hashable, Sendable {
    /// What the caller named it.
    package let key: String
    /// Tells calls with another method, path or body from it.
    package let digest: String

    package init(key: String, digest: String) {
        self.key = key
        self.digest = digest
    }

    /// How long a call that has no answer yet counts as under way.
    package static let patience = Duration.seconds(60)
    /// How long a key is remembered.
    package static let retention = Duration.seconds(30 * 86_400)
}

/// What is known of a key when a call with it comes.
package enum CallBeginning: Hashable, Sendable {
    /// Nothing: the call is to be made.
    case begun
    /// It was made, and answered like this.
    case answered(KeptAnswer)
    /// It was made and added these runs; its answer got lost.
    case triggered([RunID])
    /// It is being made.
    case underWay
    /// The key is another call's.
    case taken
}

/// What a call was answered.
package struct KeptAnswer: Hashable, Sendable {
    /// The status of HTTP.
    package let status: Int
    /// Where what was made can be asked for.
    package let location: String?
    /// JSON.
    package let body: String

    package init(status: Int, location: String?, body: String) {
        self.status = status
        self.location = location
        self.body = body
    }
}
