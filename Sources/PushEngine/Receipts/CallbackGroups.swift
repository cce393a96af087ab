import Groundwork

/// Applies callbacks together that arrive while others of their account are being applied.
///
/// Suppliers post on many connections at once, mostly of the same batches: one by one they would wait for each
/// other in the store, each with a step of its own.
actor CallbackGroups {
    /// What a supplier posted, read.
    struct Callback: Sendable {
        let raw: [UInt8]
        let receipts: [SupplierReceipt]
    }

    private struct Waiter {
        let callback: Callback
        let continuation: CheckedContinuation<Turn, Never>
    }

    private enum Turn: Sendable {
        /// Somebody applied it with others.
        case over(Result<Void, StoreError>)
        /// It applies itself, and those that wait by then.
        case begins
    }

    /// Keeps pages of one account as they came and applies their receipts, in one step.
    typealias Writer =
        @Sendable (_ callbacks: [Callback], _ account: AccountID) async throws(StoreError) -> Void

    /// The most callbacks of an account that wait; suppliers post again what they hear no good word of.
    static let waitingLimit = 64

    private let receiptsAtOnce: Int
    private let writer: Writer
    /// The accounts of which callbacks are being applied, with those that wait.
    private var queues: [AccountID: [Waiter]] = [:]

    /// Makes groups of at most `receiptsAtOnce` receipts; a callback of more is a group.
    init(receiptsAtOnce: Int, writer: @escaping Writer) {
        self.receiptsAtOnce = receiptsAtOnce
        self.writer = writer
    }

    /// How many callbacks of an account wait for the one that is being applied.
    func waiting(_ account: AccountID) -> Int { queues[account]?.count ?? 0 }

    /// Keeps a callback as it came and applies its receipts; returns when the store has it all.
    ///
    /// - Throws: `StoreError`, `.unavailable` also when too many wait.
    func apply(_ callback: Callback, of account: AccountID) async throws(StoreError) {
        if queues[account] == nil {
            queues[account] = []
        } else if waiting(account) >= Self.waitingLimit {
            throw StoreError(
                .unavailable,
                during: "apply receipts",
                detail: "\(waiting(account)) callbacks wait"
            )
        } else if case .over(let result) = await turn(of: callback, account) {
            return try result.get()
        }
        let others = takeWaiting(of: account, beside: callback)
        let together = await write([callback] + others.map(\.callback), of: account)
        // One that cannot be written keeps no other from being so.
        let isDivided = !others.isEmpty && together.isRefusal
        for waiter in others {
            let result = isDivided ? await write([waiter.callback], of: account) : together
            waiter.continuation.resume(returning: .over(result))
        }
        if together.isOutage { dismiss(account, with: together) }
        let own = isDivided ? await write([callback], of: account) : together
        handOver(account)
        try own.get()
    }

    /// Waits until somebody has applied it, or nobody does.
    private func turn(of callback: Callback, _ account: AccountID) async -> Turn {
        await withCheckedContinuation { continuation in
            queues[account]?.append(Waiter(callback: callback, continuation: continuation))
        }
    }

    private func takeWaiting(of account: AccountID, beside callback: Callback) -> [Waiter] {
        var count = callback.receipts.count
        let others = (queues[account] ?? [])
            .prefix { waiter in
                count += waiter.callback.receipts.count
                return count <= receiptsAtOnce
            }
        queues[account]?.removeFirst(others.count)
        return Array(others)
    }

    /// Lets the one that waits longest go on.
    private func handOver(_ account: AccountID) {
        guard queues[account]?.isEmpty == false, let next = queues[account]?.removeFirst() else {
            queues[account] = nil
            return
        }
        next.continuation.resume(returning: .begins)
    }

    /// Tells all who wait that the store is away, each of whom would otherwise find it out after the other.
    private func dismiss(_ account: AccountID, with outage: Result<Void, StoreError>) {
        let waiting = queues[account] ?? []
        queues[account] = []
        for waiter in waiting { waiter.continuation.resume(returning: .over(outage)) }
    }

    private func write(_ callbacks: [Callback], of account: AccountID) async -> Result<Void, StoreError> {
        do throws(StoreError) {
            return .success(try await writer(callbacks, account))
        } catch {
            return .failure(error)
        }
    }
}

extension Result where Failure == StoreError {
    /// Whether the store answered, and did not take it.
    fileprivate var isRefusal: Bool {
        if case .failure(let error) = self { !error.isTransient } else { false }
    }

    /// Whether the store did not answer.
    fileprivate var isOutage: Bool {
        if case .failure(let error) = self { error.isTransient } else { false }
    }
}
