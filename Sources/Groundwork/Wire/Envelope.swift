/// The answer to every call of the wire.
///
/// An application failure is HTTP 200 with a code other than 200. The payload is written under both `content`
/// (what the older generations read) and `data` (what the newer read).
package struct Envelope: Hashable, WireMessage {
    /// 200 for success, anything else for failure.
    package var code: Int
    /// What went wrong, or nothing.
    package var message: String?
    /// What was asked for; null when there is no payload.
    package var payload: WireValue
    /// Whether the payload is written under `data` alone: who asked reads that, and a large one costs twice under both.
    package var isPlain = false

    package init(code: Int, message: String? = nil, payload: WireValue = .null) {
        self.code = code
        self.message = message
        self.payload = payload
    }

    /// Success, with or without a payload.
    package static func success(_ payload: WireValue = .null) -> Envelope {
        Envelope(code: WireCode.success, payload: payload)
    }

    /// A failure that `message` explains.
    package static func failure(_ message: String) -> Envelope {
        Envelope(code: WireCode.failure, message: message)
    }

    /// Whether the other side said yes.
    package var isSuccess: Bool { code == WireCode.success }

    /// Reads an object with a `code`, or the callback-shaped array with which some executors answer `/run`.
    ///
    /// - Throws: `WireError` when there is no code to be found.
    package init(wire: WireValue) throws(WireError) {
        if let first = wire.list?.first {
            let item = try WireObject(body: first)
            let result = item["executeResult"].object ?? WireObject()
            let code = try item["handleCode"].isNull ? result.number("code") : item.number("handleCode")
            guard let code else { throw WireError(.missing, member: "handleCode") }
            self.init(code: Int(clamping: code), message: item["handleMsg"].text ?? result["msg"].text)
            return
        }
        let object = try WireObject(body: wire)
        let payload = object["data"].isNull ? object["content"] : object["data"]
        self.init(
            code: Int(clamping: try object.requiredNumber("code")),
            message: object["msg"].text,
            payload: payload
        )
    }

    /// Reads whatever came back over HTTP; what is no envelope becomes a failure that quotes it, cut short.
    package init(status: Int, body: [UInt8]) {
        let quote = { String(decoding: body.prefix(Envelope.quoteLimit), as: UTF8.self) }
        guard status == 200 else {
            self = .failure("HTTP \(status): \(quote())")
            return
        }
        do {
            self = try Envelope(json: body)
        } catch {
            self = .failure("unreadable answer (\(error)): \(quote())")
        }
    }

    package var wire: WireValue {
        var body: WireObject = ["code": .integer(Int64(code)), "msg": .optional(message)]
        if !isPlain { body.append("content", payload) }
        body.append("data", payload)
        return .object(body)
    }

    private static let quoteLimit = 500
}

/// The codes of envelopes and callbacks.
package enum WireCode {
    package static let success = 200
    package static let failure = 500
    /// Only as a run's outcome.
    package static let timedOut = 502
    /// Only to whoever calls too often.
    package static let unavailable = 502
}

extension WireObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, WireValue)...) {
        self.init()
        for (key, value) in elements { append(key, value) }
    }
}

extension WireValue {
    /// Text, or null for nil.
    package static func optional(_ text: String?) -> WireValue { text.map(WireValue.text) ?? .null }
}
