/// How long messages wait for the last word on them.
package struct ReceiptSettings: Hashable, Sendable {
    /// How long after its call an unanswered message is asked for, and how long the asking pauses when all have
    /// been asked for.
    package var queryAfter = Duration.seconds(60)
    /// How long after its call an accepted message without a receipt is asked for, and how long the asking
    /// pauses: its receipt may have been lost on the way to us.
    package var confirmAfter = Duration.seconds(6 * 3_600)
    /// How long after its call a supplier that tells of whole calls is asked for one, and how long the asking pauses.
    package var resultsAfter = Duration.seconds(120)
    /// How long after its call a message that the supplier knows nothing of is sent again, where its template
    /// says so.
    ///
    /// Suppliers know a message a little after they took it; Tencent tells of it only once the network has.
    package var resendAfter = Duration.seconds(600)
    /// How long a message may wait for its receipt, or for light on what became of its call.
    package var patience = Duration.seconds(72 * 3_600)
    /// The most pages taken from one account in a round.
    package var pagesPerRound = 2_000
    /// How many pulled receipts are applied in one step, give or take a page.
    package var receiptsAtOnce = 500
    /// The most messages that one account is asked for in a round.
    package var queriesPerRound = 500

    package init() {}
}

/// What one round of the receipt job did.
package struct ReceiptRound: Hashable, Sendable {
    package var counted = ReceiptCount()
    /// Messages without an answer or a receipt that the supplier was asked for.
    package var asked = 0
    /// Those that it had an answer on.
    package var cleared = 0
    /// Calls without an answer that were made again, at suppliers that drop what comes twice.
    package var repeated = 0
    /// Those that it knew nothing of and that wait to be sent again.
    package var sentAgain = 0
    /// Messages that were given up waiting for.
    package var expired = 0
    /// Accounts that did not answer, each once: they are left alone for the rest of the round.
    package var silent: [String] = []
    /// Whether there is more to fetch or to ask, which the supplier allows a second later.
    package var hasMore = false

    package init() {}

    /// Notes why nothing more is asked of an account in a round: it asks for patience, or does not answer.
    ///
    /// - Returns: whether it does not answer, which somebody should hear of.
    mutating func leave(_ account: SupplierAccount, for error: SupplierError) -> Bool {
        hasMore = hasMore || error.isThrottle
        if !error.isThrottle { silent.append(account.name) }
        return !error.isThrottle
    }

    /// What two rounds did, one after the other.
    package static func + (earlier: ReceiptRound, later: ReceiptRound) -> ReceiptRound {
        var sum = later
        sum.counted = earlier.counted + later.counted
        sum.asked += earlier.asked
        sum.cleared += earlier.cleared
        sum.repeated += earlier.repeated
        sum.sentAgain += earlier.sentAgain
        sum.expired += earlier.expired
        sum.silent = earlier.silent + later.silent
        return sum
    }
}
