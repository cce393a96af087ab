import Groundwork
import Synchronization

/// One simulated supplier: what it answers, and how it posts receipts.
protocol SupplierDesk: Sendable {
    var supplier: SimulatedSupplier { get }

    /// Does what a request asks for; refusals are answers too.
    func answer(_ request: SimulatedRequest) -> SimulatedReply

    /// What the supplier calls a message.
    ///
    /// - Parameters:
    ///   - entry: the message's number in the ledger.
    ///   - ledger: what the simulator took.
    /// - Returns: the reference.
    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String

    /// A post of receipts to where they are wanted.
    ///
    /// - Parameters:
    ///   - entries: the messages' numbers in the ledger, at most 100.
    ///   - url: where to.
    ///   - ledger: what the simulator took.
    /// - Returns: the post.
    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest

    /// A post of what somebody answered, with the signature of what they answered; nil when the supplier tells nobody.
    func post(of answer: SimulatedAnswer, to url: String, under signature: String) -> HTTPRequest?

    /// Whether the other side said in the supplier's way that it has the receipts.
    func isTaken(_ response: HTTPResponse) -> Bool

    /// How many receipts one post holds at most.
    var receiptsPerPost: Int { get }

    /// The waits before each further attempt at a post; after the last one its receipts are dropped.
    var postWaits: [Duration] { get }
}

extension SupplierDesk {
    /// A supplier that tells nobody what became of a message has nothing to post; it is never asked for it.
    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest {
        .receipts([], to: url)
    }

    func post(of answer: SimulatedAnswer, to url: String, under signature: String) -> HTTPRequest? { nil }

    func isTaken(_ response: HTTPResponse) -> Bool { true }

    var receiptsPerPost: Int { 100 }

    var postWaits: [Duration] { [] }

    /// What most suppliers want to hear: a number that is zero, in a JSON object.
    static func saysZero(_ response: HTTPResponse, under name: StaticString) -> Bool {
        guard response.status == 200 else { return false }
        var scanner = JSONScanner(response.body)
        var isZero = false
        do throws(JSONError) {
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key.equals(name) { isZero = try scanner.lenientInteger() == 0 } else { try scanner.skip() }
            }
        } catch { return false }
        return isZero
    }
}

/// A simulated supplier that is called over HTTP, as all are but mail servers.
protocol CalledDesk: SupplierDesk {
    var simulation: Simulation { get }

    /// Does what a request asks for.
    ///
    /// - Throws: the supplier's refusal of it.
    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply

    /// What the supplier says no with.
    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply
}

extension CalledDesk {
    func answer(_ request: SimulatedRequest) -> SimulatedReply {
        if simulation.world.withLock({ $0.isDown(supplier) }) { return .outage }
        let now = simulation.clock.now
        do throws(SimulatedRefusal) {
            return try serve(request, at: now)
        } catch {
            simulation.world.withLock { $0.refuse(error.code, of: supplier) }
            return refusal(error, at: now)
        }
    }
}
