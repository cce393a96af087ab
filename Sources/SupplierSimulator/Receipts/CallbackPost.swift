import Groundwork

/// Receipts on their way to the other side in one post.
struct CallbackPost: Sendable {
    let supplier: SimulatedSupplier
    let url: String
    /// The messages' numbers in the ledger, at most 100.
    let entries: [UInt32]
    /// What somebody answered, where the post is of that.
    var answer: SimulatedAnswer?
    /// How often it was tried, this time included.
    var attempt = 1
    /// When it is to be made.
    var due: Int64

    /// The same post at its next attempt; nil when it was the last.
    ///
    /// - Parameters:
    ///   - waits: those before each further attempt.
    ///   - now: the time.
    /// - Returns: the post, or nil.
    func next(_ waits: [Duration], after now: Moment) -> CallbackPost? {
        guard attempt <= waits.count else { return nil }
        var next = self
        next.attempt += 1
        next.due = (now + waits[attempt - 1]).millisecondsSinceEpoch
        return next
    }
}

extension World {
    /// Takes the posts that are due at `now`; those of new receipts hold as many as the supplier puts into one.
    mutating func takePosts(of desks: [any SupplierDesk], at now: Moment, limit: Int = 16) -> [CallbackPost] {
        let instant = now.millisecondsSinceEpoch
        var posts = retries.filter { $0.due <= instant }
        retries.removeAll { $0.due <= instant }
        for desk in desks {
            let supplier = desk.supplier
            guard let url = callbacks[supplier] else { continue }
            for answer in answers[supplier] {
                posts.append(
                    CallbackPost(supplier: supplier, url: url, entries: [], answer: answer, due: instant)
                )
            }
            answers[supplier] = []
            while posts.count < limit {
                let entries = receipts[supplier].takeDue(at: instant, limit: desk.receiptsPerPost)
                guard !entries.isEmpty else { break }
                posts.append(CallbackPost(supplier: supplier, url: url, entries: entries, due: instant))
            }
        }
        return posts
    }

    /// When the next post is due; nil when none is in sight.
    var nextPost: Moment? {
        let ofReceipts = SimulatedSupplier.allCases.compactMap {
            callbacks[$0] == nil ? nil : receipts[$0].nextDue
        }
        return (ofReceipts + retries.map(\.due)).min().map { Moment(millisecondsSinceEpoch: $0) }
    }
}
