package import Groundwork

/// A batch with all its members, on its way from one store to another.
package struct ArchivedBatch: Sendable {
    /// One member, and where it stands.
    package struct Member: Sendable {
        /// Its place in the batch.
        package let place: Int
        /// The row of the crowd file; 0 for a call of the API.
        package let row: Int64
        package let state: DeliveryState
        package let account: AccountID?
        package let charge: Int
        package let changedAt: Moment

        package init(
            place: Int,
            row: Int64,
            state: DeliveryState,
            account: AccountID?,
            charge: Int,
            changedAt: Moment
        ) {
            self.place = place
            self.row = row
            self.state = state
            self.account = account
            self.charge = charge
            self.changedAt = changedAt
        }
    }

    package let id: BatchID
    /// The day of acceptance by which it is counted.
    package let day: Int
    package let task: SendTask
    /// A bit for each state that a member was ever in, as both stores number them.
    package let states: Int64
    /// By place; those of the task's recipients are missing that were there before.
    package let members: [Member]

    package init(id: BatchID, day: Int, task: SendTask, states: Int64, members: [Member]) {
        self.id = id
        self.day = day
        self.task = task
        self.states = states
        self.members = members
    }
}
