/// Why a text cannot be sent as an SMS.
package enum SMSContentFault: Error, Hashable, Sendable {
    /// Nothing to send.
    case empty
    /// More characters than the supplier takes: how many there are, and the limit.
    case tooLong(characters: Int, limit: Int)
    /// A character that is the signature's or that the supplier refuses.
    case forbidden(Character)
    /// A variable of more characters than the supplier takes.
    case variableTooLong(characters: Int, limit: Int)
    /// A variable that holds a link.
    case variableHoldsLink

    /// The code that people see.
    package var code: String {
        switch self {
        case .empty: "CONTENT_EMPTY"
        case .tooLong: "CONTENT_TOO_LONG"
        case .forbidden: "CONTENT_FORBIDDEN_CHAR"
        case .variableTooLong: "VAR_TOO_LONG"
        case .variableHoldsLink: "VAR_HOLDS_LINK"
        }
    }
}

/// What one supplier takes as the body of an SMS and as a variable in it.
package struct SMSContentRules: Hashable, Sendable {
    /// The most characters (UTF-16 units) of a body.
    package var bodyLimit = 500
    /// Characters that no body and no variable may hold.
    package var forbidden: Set<Character> = ["【", "】"]
    /// The most characters of a variable; nil has no limit.
    package var variableLimit: Int?
    /// Whether a variable may hold a link.
    package var allowsLinksInVariables = true

    package init() {}

    /// Aliyun: variables of 1 to 35 characters.
    package static var aliyun: SMSContentRules {
        var rules = SMSContentRules()
        rules.variableLimit = 35
        return rules
    }

    /// Tencent: no link in a variable, and neither ¥ nor ★.
    package static var tencent: SMSContentRules {
        var rules = SMSContentRules()
        rules.forbidden.formUnion(["¥", "★"])
        rules.allowsLinksInVariables = false
        return rules
    }

    /// Checks a body, without its signature.
    ///
    /// - Throws: `SMSContentFault` for the first thing wrong.
    package func check(body: String) throws(SMSContentFault) {
        guard !body.isEmpty else { throw .empty }
        let characters = body.utf16.count
        guard characters <= bodyLimit else { throw .tooLong(characters: characters, limit: bodyLimit) }
        if let found = body.first(where: forbidden.contains) { throw .forbidden(found) }
    }

    /// Checks the value of a variable.
    ///
    /// - Throws: `SMSContentFault` for the first thing wrong.
    package func check(variable: String) throws(SMSContentFault) {
        if let limit = variableLimit, variable.utf16.count > limit {
            throw .variableTooLong(characters: variable.utf16.count, limit: limit)
        }
        if let found = variable.first(where: forbidden.contains) { throw .forbidden(found) }
        if !allowsLinksInVariables, LinkTracker.holdsLink(Array(variable.utf8).span) {
            throw .variableHoldsLink
        }
    }
}
