import Groundwork
import PushEngine

/// An answer whose body says how the call went, by a number: zero is success, with the status of one.
struct CodedAnswer {
    let code: Int64
    /// The supplier's own words.
    let message: String
    let members: WireObject
    private let hasGoodStatus: Bool

    /// Reads the first of `names` that the body has a number under; nil when it has none, or is no JSON object.
    init?(_ response: HTTPResponse, code names: [String] = ["errcode"], message: String = "errmsg") {
        // Why it cannot be read does not matter: what follows from that depends on the status.
        guard let members = (try? WireValue(json: response.body))?.object else { return nil }
        // Tokens come without a code.
        let unsaid: Int64? = members["access_token"].isNull ? nil : 0
        guard let code = names.lazy.compactMap({ members[$0].wholeNumber }).first ?? unsaid else {
            return nil
        }
        self.code = code
        self.message = members[message].text ?? ""
        self.members = members
        hasGoodStatus = (200...299).contains(response.status)
    }

    /// Whether the call did what it was to do; a success that comes with the status of a failure proves nothing.
    var isSuccess: Bool { code == 0 && hasGoodStatus }

    /// The refusal that it is, as one of a class.
    func refusal(_ fault: Refusal.Class, wait: Duration? = nil) -> Refusal {
        Refusal(fault, code: String(code), message: message, wait: wait)
    }

    /// What it says of every recipient of a call.
    ///
    /// - Parameters:
    ///   - reference: what the supplier calls the message that it took.
    ///   - refusal: what an answer without success means.
    /// - Returns: the verdict.
    func verdict(accepted reference: String, refusal: (CodedAnswer) -> Refusal) -> SupplierVerdict {
        guard code == 0 else { return .refused(refusal(self)) }
        guard isSuccess else { return .ambiguous(detail: Self.contradiction) }
        return .accepted(reference: reference, charge: 0)
    }

    static let contradiction = "a success with the status of none"
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

    /// The answer to a call that is not about recipients and did what it was to do.
    ///
    /// - Parameter refusal: what an answer without success means.
    /// - Returns: the answer.
    /// - Throws: `SupplierError` when there is none, or another one.
    func success(refusal: (CodedAnswer) -> Refusal) throws(SupplierError) -> CodedAnswer {
        let response = try self.response()
        guard let answer = CodedAnswer(response) else {
            throw SupplierError(Self.verdict(onUnreadable: response))
        }
        guard answer.code == 0 else { throw .refused(refusal(answer)) }
        guard answer.isSuccess else { throw .unavailable(CodedAnswer.contradiction) }
        return answer
    }

    /// The token that a call for one brought.
    ///
    /// - Parameter refusal: what an answer without a token means.
    /// - Returns: the token.
    /// - Throws: `SupplierError` when there is none.
    func token(refusal: (CodedAnswer) -> Refusal) throws(SupplierError) -> FetchedToken {
        let answer = try success(refusal: refusal)
        guard let value = answer.members["access_token"].text, !value.isEmpty,
            let seconds = answer.members["expires_in"].wholeNumber, seconds > 0
        else { throw .malformed("an answer without an access token") }
        return FetchedToken(Secret(value), for: .seconds(seconds))
    }
}
