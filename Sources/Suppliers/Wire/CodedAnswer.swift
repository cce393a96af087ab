import Groundwork
import PushEngine

/// An answer whose body says how the call went, by a number: zero is success, whatever the status.
struct CodedAnswer {
    let code: Int64
    /// The supplier's own words.
    let message: String
    let members: WireObject

    /// Reads the first of `names` that the body has a number under; nil when it has none, or is no JSON object.
    init?(_ response: HTTPResponse, code names: [String] = ["errcode"], message: String = "errmsg") {
        guard let members = (try? WireValue(json: response.body))?.object,
            let code = names.lazy.compactMap({ members[$0].wholeNumber }).first
        else { return nil }
        // A success that comes with the status of a failure proves nothing.
        guard code != 0 || (200...299).contains(response.status) else { return nil }
        self.code = code
        self.message = members[message].text ?? ""
        self.members = members
    }

    /// The refusal that it is, as one of a class.
    func refusal(_ fault: Refusal.Class, wait: Duration? = nil) -> Refusal {
        Refusal(fault, code: String(code), message: message, wait: wait)
    }
}

extension SupplierExchange {
    /// What may be said about every recipient of a call that has one answer for all.
    ///
    /// - Parameter read: what the supplier's words mean; nil when they are none.
    /// - Returns: the verdict.
    func verdict(_ read: (HTTPResponse) -> SupplierVerdict?) -> SupplierVerdict {
        switch self {
        case .ended(let verdict): verdict
        case .answered(let response): read(response) ?? Self.verdict(onUnreadable: response)
        }
    }
}
