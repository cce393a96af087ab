package import Groundwork

/// Keeps which executors registered, and when each was last heard of.
package protocol RegistryStore: Sendable {
    /// Notes that an executor lives.
    ///
    /// Another instance at the address, or the first beat after it signed off or was silent for as long as
    /// `ExecutorInstance.silenceLimit`, counts as another process: its `since` starts at `now`. The dialect is what
    /// this beat says; what was learned stays when it says `.run`.
    ///
    /// - Returns: the executor as it stands now.
    func beat(_ beat: ExecutorBeat, at now: Moment) async throws(StoreError) -> ExecutorInstance

    /// Notes that an executor leaves: from the return of this call on, it is not among the living.
    ///
    /// Does nothing when it is not registered. It stays listed, because runs of its may still be called back.
    func signOff(group: String, address: ExecutorAddress, at now: Moment) async throws(StoreError)

    /// Notes which word for "run this" the executors at `address` turned out to understand.
    func learn(_ dialect: ExecutorDialect, at address: ExecutorAddress) async throws(StoreError)

    /// All executors that are not forgotten, ordered by group and address.
    func instances() async throws(StoreError) -> [ExecutorInstance]

    /// Notes that at `now` somebody takes what executors say of themselves.
    ///
    /// Listening begins anew when nobody did for longer than `Listening.longestBreak`, and when the clock was put back
    /// by more than that.
    func listen(at now: Moment) async throws(StoreError)

    /// What `instances` brings, and since when somebody has listened without a break, and until when; nil when nobody ever
    /// has. Read at once: who waits for a run that was just triggered waits for this.
    func heard() async throws(StoreError) -> (instances: [ExecutorInstance], listening: Listening?)

    /// Forgets executors that were last heard of before `moment`, and says how many.
    func forget(silentSince moment: Moment) async throws(StoreError) -> Int
}
