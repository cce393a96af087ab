package import Groundwork

/// Knows the runs of executors that fetch theirs, whose addresses are `ExecutorAddress.isPulled`.
package protocol PullStore: Sendable {
    /// What the executor at `address` is to be told of: runs that were handed to it and that it has not confirmed, and runs
    /// whose end was asked for; oldest first.
    ///
    /// - Parameters:
    ///   - address: the executor's.
    ///   - limit: the most runs.
    ///   - known: versions of runs that it knows of; those are left out.
    /// - Returns: the runs.
    /// - Throws: `StoreError` when the store cannot be read.
    func untold(
        at address: ExecutorAddress,
        limit: Int,
        besides known: [RunID: Int64]
    ) async throws(StoreError) -> [JobRun]

    /// How many open runs each of these executors has or is to get; none is listed that has none.
    func loads() async throws(StoreError) -> [ExecutorAddress: Int]
}

extension PullStore {
    /// What the executor at `address` is to be told of, whatever it knows; oldest first, at most `limit`.
    package func untold(at address: ExecutorAddress, limit: Int) async throws(StoreError) -> [JobRun] {
        try await untold(at: address, limit: limit, besides: [:])
    }
}
