package import Groundwork

/// Says whose writes count: it lives where the writes go, and is as durable as they are.
///
/// Stores look the token up in it with every write. So that nothing is written under a token that is over, a new
/// term waits for the writes that have begun under the one before.
package protocol TermRegister: Sendable {
    /// The newest term of `name`; a name that has had none gets a page of the register, and with it the identity of
    /// its cluster.
    func read(_ name: String) async throws(StoreError) -> RegisteredTerm

    /// Begins a term, with a token that is higher than all before it.
    ///
    /// - Parameters:
    ///   - name: what is led.
    ///   - holder: who leads; not empty.
    ///   - seen: what the register must still say; nil whatever it says.
    /// - Returns: the token, or nil when the register says something else by now.
    /// - Throws: `StoreError`; then a term may have begun all the same, that nobody leads.
    func begin(
        _ name: String,
        holder: String,
        after seen: RegisteredTerm?
    ) async throws(StoreError) -> FencingToken?

    /// Records that the holder of a term is well.
    ///
    /// - Throws: `StoreError`, `.staleToken` when a newer term has begun or this one was ended.
    func beat(_ name: String, _ token: FencingToken) async throws(StoreError)

    /// Records that nobody leads any more; does nothing when a newer term has begun.
    func end(_ name: String, _ token: FencingToken) async throws(StoreError)
}

/// What the register says about the newest term of a name.
package struct RegisteredTerm: Hashable, Sendable {
    package let token: FencingToken
    /// Who leads; nil when the term was ended, or none has begun.
    package let holder: String?
    /// Grows with each beat; what it counts from means nothing.
    package let beats: Int64
    /// Names the register among all there are.
    package let cluster: String

    package init(token: FencingToken, holder: String?, beats: Int64, cluster: String) {
        self.token = token
        self.holder = holder
        self.beats = beats
        self.cluster = cluster
    }
}
