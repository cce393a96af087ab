package import Groundwork

/// Speaks one supplier's wire for one account: turns calls into requests and answers into verdicts.
///
/// An adapter holds no state of ours and decides nothing: which recipients go into which call, what is tried
/// again and what a verdict means for a recipient is the delivery's business. Whatever a supplier does not offer it
/// leaves to what this protocol says by itself.
package protocol Supplier: Sendable {
    /// The account this adapter signs with.
    var account: AccountID { get }

    /// The shapes of call the supplier offers, the roomiest first.
    ///
    /// A call must fit one of them.
    var shapes: [CallShape] { get }

    /// What its calls that send are limited by, all of them at once; empty for no limit.
    var callLimits: [RateLimit] { get }

    /// What one recipient may be sent, counted for each by itself and before it is sent.
    ///
    /// Only for suppliers that drop what is over it without a word; empty for all others.
    var recipientLimits: [RateLimit] { get }

    /// Makes one call; never throws, because every way in which a call can end is a verdict.
    ///
    /// It is over within `DeliverySettings.sendLimit`: after that others may take the call for lost.
    ///
    /// - Parameter call: recipients and contents that fit one of `shapes`.
    /// - Returns: one verdict for each recipient, in the call's order.
    func send(_ call: SupplierCall) async -> SupplierReply

    /// Proves that the account's address and credentials are good, without sending anything to anybody.
    ///
    /// - Throws: `SupplierError` that says what is wrong; `.notOffered` when the supplier has no call for it.
    func check() async throws(SupplierError)

    /// Where the access tokens of its calls come from; nil for a supplier that signs each call.
    var tokenSource: (any TokenSource)? { get }

    /// What takes the files that contents refer to; nil for a supplier whose contents name none.
    var mediaDoor: (any MediaDoor)? { get }

    // MARK: After the call

    /// Whether the supplier tells what became of a message that it took; if not, its taking it is the last word.
    var givesReceipts: Bool { get }

    /// The most bytes of one callback.
    var callbackLimit: Int { get }

    /// Takes receipts that wait at the supplier, at most one page of them.
    ///
    /// The supplier may forget what it hands out (Tencent does): the raw page is in the answer so that it can be
    /// stored before it is read. An empty page means that nothing waits; so does a supplier that has no pull.
    ///
    /// - Throws: `SupplierError` when the supplier did not answer or refused.
    func pullReceipts() async throws(SupplierError) -> ReceiptPage

    /// Takes what recipients answered and waits at the supplier, at most one page of it, as `pullReceipts` does.
    ///
    /// - Throws: `SupplierError` when the supplier did not answer or refused.
    func pullWords() async throws(SupplierError) -> ReceiptPage

    /// Whether a refusal says of its recipient that they want nothing more, or that nobody is there any more: what is
    /// sent later will be refused as well.
    func isLasting(_ refusal: Refusal) -> Bool

    /// Finds out what somebody posted to the account's callback door, and whether the supplier did.
    ///
    /// - Throws: `SupplierError.notGenuine` when its signature is wrong, `.malformed` when it is nothing that the
    ///   supplier posts.
    func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents

    /// Reads receipts out of a callback, or of a page stored earlier.
    ///
    /// - Throws: `SupplierError.malformed` when the whole body cannot be read; a single bad entry is left out
    ///   and counted.
    func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage

    /// Asks what became of a message whose call ended without an answer.
    ///
    /// - Parameters:
    ///   - recipient: the number as it was sent.
    ///   - requestKey: the key that the call carried.
    ///   - sentAt: when the call was made.
    /// - Returns: what the supplier knows of it.
    /// - Throws: `SupplierError` when the supplier did not answer or refused; `.malformed` when what it said of
    ///   this message cannot be read; `.notOffered` when it cannot be asked.
    func query(
        recipient: String,
        requestKey: String,
        sentAt: Moment
    ) async throws(SupplierError) -> QueryAnswer

    /// For how long after a call the same call again, with the same key, reaches nobody twice; nil when it may at any
    /// time.
    var repeatsAreDroppedFor: Duration? { get }

    /// Until when a call that was made at an instant may be made again without reaching anybody twice; nil when it may
    /// not at any time.
    func repeatsAreDropped(ofCallAt moment: Moment) -> Moment?

    /// For how long after a call the supplier tells what became of those in it, when it is asked by its reference; nil
    /// when it does not.
    var resultsAreKnownFor: Duration? { get }

    /// Asks what became of those whom the supplier knows under one reference.
    ///
    /// - Parameter question: the reference, and who had the message under it.
    /// - Returns: receipts of those about whom it has a final word, without the key of the call.
    /// - Throws: `SupplierError` when the supplier did not answer or refused; `.malformed` when the answer cannot be read;
    ///   `.tooLate` when it does not know the call any more; `.notOffered` when it cannot be asked so.
    func results(_ question: ResultsQuestion) async throws(SupplierError) -> [SupplierReceipt]

    /// What it takes back of what it has taken; nil when nothing.
    var recallOffer: RecallOffer? { get }

    /// Asks the supplier to take a message back.
    ///
    /// - Parameters:
    ///   - reference: the supplier's reference of the message, which may be that of its whole call.
    ///   - recipients: who had it under that reference, as they were sent.
    /// - Throws: `SupplierError` when the supplier did not answer or refused; `.tooLate` when it takes this back no more;
    ///   `.notOffered` when it takes nothing back.
    func recall(reference: String, recipients: [String]) async throws(SupplierError)

    /// Asks for the supplier's own figures of a day that is over; nil when it has none of that day.
    ///
    /// - Throws: `SupplierError` when the supplier did not answer or refused.
    func statistics(of day: DaySpan) async throws(SupplierError) -> SupplierDay?
}

extension Supplier {
    package var callLimits: [RateLimit] { [] }

    package var recipientLimits: [RateLimit] { [] }

    package func check() async throws(SupplierError) { throw .notOffered }

    package var tokenSource: (any TokenSource)? { nil }

    package var mediaDoor: (any MediaDoor)? { nil }

    package var givesReceipts: Bool { true }

    /// A hundred receipts are far less.
    package var callbackLimit: Int { 2 << 20 }

    package func pullReceipts() async throws(SupplierError) -> ReceiptPage {
        ReceiptPage(receipts: [], raw: [])
    }

    package func pullWords() async throws(SupplierError) -> ReceiptPage {
        ReceiptPage(receipts: [], raw: [])
    }

    package func isLasting(_ refusal: Refusal) -> Bool { false }

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        throw .notOffered
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage { throw .notOffered }

    package func query(
        recipient: String,
        requestKey: String,
        sentAt: Moment
    ) async throws(SupplierError) -> QueryAnswer { throw .notOffered }

    package var repeatsAreDroppedFor: Duration? { nil }

    package func repeatsAreDropped(ofCallAt moment: Moment) -> Moment? {
        repeatsAreDroppedFor.map { moment + $0 }
    }

    package var resultsAreKnownFor: Duration? { nil }

    package func results(_ question: ResultsQuestion) async throws(SupplierError) -> [SupplierReceipt] {
        throw .notOffered
    }

    package var recallOffer: RecallOffer? { nil }

    package func recall(reference: String, recipients: [String]) async throws(SupplierError) {
        throw .notOffered
    }

    package func statistics(of day: DaySpan) async throws(SupplierError) -> SupplierDay? { nil }
}
