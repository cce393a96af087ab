import Groundwork

/// Recipients that are to be sent next, and what was tried for them.
struct DeliveryGroup: Sendable {
    let members: Members
    /// Accounts that refused them in a way that allows another.
    var tried: Set<AccountID> = []
    /// The most recipients of a call, after a supplier refused a larger one as a whole.
    var callLimit: Int?
}

/// Chooses the account of each recipient by weight, and cuts accounts' shares into calls that fit them.
///
/// Pure: the same message gets the same account as long as the weights stand, whatever it is batched with; so does the
/// same recipient, where the template asks for it.
struct SupplierRouter {
    let roster: SupplierRoster
    /// Accounts that are not to be called now.
    var resting: Set<AccountID> = []

    /// Calls for `group`, and the recipients that no account is left for.
    func plan(
        _ group: DeliveryGroup,
        of batch: BatchID,
        _ task: SendTask
    ) -> (calls: [PlannedCall], left: Members) {
        let candidates = roster.entries.filter { entry in
            entry.account.isOpen(to: task) && !group.tried.contains(entry.account.id)
                && !resting.contains(entry.account.id)
        }
        guard !candidates.isEmpty else { return ([], group.members) }
        let choice = AccountChoice(
            among: candidates.map { ($0.account.id, $0.account.weight(for: task.lane.type)) }
        )
        var shares = [[Int]](repeating: [], count: candidates.count)
        for index in group.members.indices {
            let chosen =
                task.isSticky
                ? choice.place(of: task.key(index))
                : choice.place(of: UInt64(batch.rawValue) << 12 | UInt64(index))
            shares[chosen].append(index)
        }
        var calls: [PlannedCall] = []
        for (entry, share) in zip(candidates, shares) where !share.isEmpty {
            for layer in layers(of: share, task) {
                for members in cut(layer, task, entry.supplier.shapes, limit: group.callLimit) {
                    calls.append(PlannedCall(account: entry.account.id, members: Members(members)))
                }
            }
        }
        return (calls, Members([]))
    }

    /// Whether an account rests that the messages could go over otherwise.
    func restsAny(for task: SendTask) -> Bool {
        roster.entries.contains { resting.contains($0.account.id) && $0.account.isOpen(to: task) }
    }

    /// Recipients in layers of which each names nobody twice: a receipt tells the call and the number, so that
    /// of two messages to one number in one call the second would never get its own.
    private func layers(of share: [Int], _ task: SendTask) -> [[Int]] {
        // A campaign's occurrence has nobody twice.
        guard task.campaignRun == nil else { return [share] }
        var layers: [[Int]] = [[]]
        var layersWith: [RecipientKey: Int] = [:]
        for index in share {
            let layer = layersWith[task.key(index), default: 0]
            layersWith[task.key(index)] = layer + 1
            if layer == layers.count { layers.append([]) }
            layers[layer].append(index)
        }
        return layers
    }

    /// Cuts recipients into calls: those with one text into calls for one text, what is left over into mixed
    /// calls where the supplier has them.
    private func cut(_ share: [Int], _ task: SendTask, _ shapes: [CallShape], limit: Int?) -> [[Int]] {
        let mixed = shapes.filter { !$0.sameContent }.map(\.recipients).max().map { min($0, limit ?? $0) }
        let same = shapes.filter(\.sameContent).map(\.recipients).max().map { min($0, limit ?? $0) }
        var byContent: [UInt16: [Int]] = [:]
        for index in share { byContent[task.contentIndex[index], default: []].append(index) }
        var calls: [[Int]] = []
        var rest: [Int] = []
        for (_, indices) in byContent.sorted(by: { $0.key < $1.key }) {
            if let same, mixed.map({ indices.count >= $0 }) ?? true {
                calls += indices.chunks(of: same)
            } else {
                rest += indices
            }
        }
        if let mixed { calls += rest.sorted().chunks(of: mixed) }
        return calls
    }
}

extension SupplierAccount {
    /// Whether messages may go over it while it works.
    fileprivate func isOpen(to task: SendTask) -> Bool {
        channel == task.lane.channel && isEnabled
            && (task.account.map { $0 == id } ?? (weight(for: task.lane.type) > 0))
    }
}

extension Array {
    /// The elements in order, in pieces of `size` and one that may be shorter.
    package func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: Swift.max(1, size))
            .map { start in
                Array(self[start..<Swift.min(start + Swift.max(1, size), count)])
            }
    }
}
