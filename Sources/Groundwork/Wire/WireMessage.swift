/// A body of the wire between scheduler and executor: read tolerantly, written for every generation.
///
/// Reading treats a missing member as null, takes numbers that are spelled as text, and ignores unknown
/// members.
package protocol WireMessage: Sendable {
    /// Reads a message from its JSON value.
    ///
    /// - Throws: `WireError` that names the member which is missing or makes no sense.
    init(wire: WireValue) throws(WireError)

    /// The message as it is written.
    var wire: WireValue { get }
}

extension WireMessage {
    /// Reads a message from its bytes.
    ///
    /// - Throws: `WireError`.
    package init(json: some Sequence<UInt8>) throws(WireError) {
        try self.init(wire: WireValue(json: json))
    }

    /// The message's bytes.
    package var json: [UInt8] { wire.json }
}

/// Why a body of the wire cannot be read.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Code: String, Sendable {
        /// The bytes are not JSON.
        case notJSON = "not_json"
        /// A JSON value of another kind was expected.
        case wrongKind = "wrong_kind"
        /// A member that is needed is missing, null or blank.
        case missing
    }

    package let code: Code
    /// The member, or nothing for the whole body.
    package let member: String

    package init(_ code: Code, member: String = "") {
        self.code = code
        self.member = member
    }

    package var description: String {
        let subject = member.isEmpty ? "body" : member
        switch code {
        case .notJSON: return "\(subject) is not JSON"
        case .wrongKind: return "\(subject) is of the wrong kind"
        case .missing: return "\(subject) is missing"
        }
    }
}

/// The headers by which both sides prove who they are; names are matched whatever their case.
package enum WireHeader {
    /// Carries the shared access token.
    package static let accessToken = "XXL-JOB-ACCESS-TOKEN"
    /// Carries the executor group's name; only the newest generation sends it.
    package static let appName = "XXL-JOB-APPNAME"
}

/// Texts of ours in answers whose shape has no room for what they say.
package enum WireText {
    /// Begins the refusal of an executor that cannot take any run at the moment: another may, or it later.
    package static let notNow = "not now: "
}

extension WireObject {
    /// Reads the object that a body must be.
    init(body: WireValue) throws(WireError) {
        guard let object = body.object else { throw WireError(.wrongKind) }
        self = object
    }

    /// The whole number under `key`, which must be there.
    func requiredNumber(_ key: String) throws(WireError) -> Int64 {
        guard let number = try number(key) else { throw WireError(.missing, member: key) }
        return number
    }

    /// The whole number under `key`; nil when missing, null or empty text.
    func number(_ key: String) throws(WireError) -> Int64? {
        let value = self[key]
        if value.isNull || value == .text("") { return nil }
        guard let number = value.wholeNumber else { throw WireError(.wrongKind, member: key) }
        return number
    }

    /// The instant under `key`, in milliseconds since the epoch; 1970 when missing, null or empty text.
    func instant(_ key: String) throws(WireError) -> Moment {
        let moment = Moment(millisecondsSinceEpoch: try number(key) ?? 0)
        guard Moment.nameable.contains(moment) else { throw WireError(.wrongKind, member: key) }
        return moment
    }

    /// The text under `key`, which must not be blank.
    func requiredText(_ key: String) throws(WireError) -> String {
        let text = (self[key].text ?? "").trimming()
        guard !text.isEmpty else { throw WireError(.missing, member: key) }
        return text
    }
}

extension String {
    /// The text without blanks around it.
    package func trimming() -> String {
        let blank: (Character) -> Bool = { $0.isWhitespace }
        let head = drop(while: blank)
        return String(head.reversed().drop(while: blank).reversed())
    }
}
