package import Groundwork

/// Says who should lead: quick to answer, quick to forget.
///
/// Its memory may be lost, its clock may jump, and two may believe that they hold it: that costs an election and
/// no more, since `TermRegister` tells whose writes count.
package protocol ElectionLock: Sendable {
    /// Takes the lock called `name` for a time, when nobody holds it or `holder` does.
    ///
    /// - Parameters:
    ///   - name: what is led.
    ///   - holder: who asks; not empty.
    ///   - duration: for how long, from now.
    /// - Returns: who holds it now: `holder` when it was taken.
    /// - Throws: `StoreError`, `.unavailable` when it cannot be asked; then it may have been taken all the same.
    func take(_ name: String, holder: String, for duration: Duration) async throws(StoreError) -> String

    /// Makes the lock last `duration` from now, when `holder` holds it.
    ///
    /// - Returns: whether that is so; nothing happened if not.
    func extend(_ name: String, holder: String, for duration: Duration) async throws(StoreError) -> Bool

    /// Puts `holder` in the place of `former` for `duration` from now, when it is still `former` who holds the lock.
    ///
    /// - Returns: whether that is so; nothing happened if not.
    func replace(
        _ name: String,
        _ former: String,
        by holder: String,
        for duration: Duration
    ) async throws(StoreError) -> Bool

    /// Frees the lock and announces it, when `holder` holds it; does nothing otherwise.
    func release(_ name: String, holder: String) async throws(StoreError)

    /// Waits until a release is announced.
    ///
    /// One that was announced since this process last tried to take the lock counts, too. To return without one
    /// costs a vain election and no more.
    ///
    /// - Parameters:
    ///   - name: what is led.
    ///   - limit: how long to wait at most.
    /// - Throws: `StoreError`, `.unavailable` when nobody can tell.
    func waitForRelease(_ name: String, atMost limit: Duration) async throws(StoreError)

    /// Tells which cluster the lock called `name` serves.
    ///
    /// - Parameters:
    ///   - name: what is led.
    ///   - cluster: the caller's cluster: the lock serves it from now on when it has served none.
    /// - Returns: the cluster that it serves.
    /// - Throws: `StoreError`, `.unavailable` when it cannot be asked.
    func cluster(of name: String, orElse cluster: String) async throws(StoreError) -> String
}
