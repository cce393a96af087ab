/// Why a supplier could not be asked.
package enum SupplierError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No answer, or one that is not of the supplier's form.
    case unavailable(String)
    /// It refused the request as a whole.
    case refused(Refusal)
    /// The bytes are not receipts of this supplier.
    case malformed(String)
    /// Somebody else posted it: its signature is wrong.
    case notGenuine
    /// The supplier has no such thing.
    case notOffered
    /// The supplier would have done it before, and does not any more.
    case tooLate

    package var description: String {
        switch self {
        case .unavailable(let detail): "supplier: unavailable: \(detail)"
        // Its own words may repeat a recipient; ours, of calls that did not get so far, do not.
        case .refused(let refusal) where refusal.isOurs:
            "supplier: refused: \(refusal.code): \(refusal.message)"
        case .refused(let refusal): "supplier: refused: \(refusal.code)"
        case .malformed(let detail): "supplier: malformed: \(detail)"
        case .notGenuine: "supplier: the signature is wrong"
        case .notOffered: "supplier: it does not offer this"
        case .tooLate: "supplier: it is too late for this"
        }
    }
}
