import Groundwork

/// Writes the answers that the simulated WeChat and WeCom have in common.
enum ErrcodeWriter {
    static func refusal(_ refusal: SimulatedRefusal, requestID: String) -> SimulatedReply {
        let code = Int64(refusal.code) ?? -1
        let words = "\(refusal.message) rid: \(requestID)"
        return reply(["errcode": .integer(code), "errmsg": .text(words)])
    }

    static func success(_ members: KeyValuePairs<String, WireValue> = [:]) -> SimulatedReply {
        var object: WireObject = ["errcode": 0, "errmsg": "ok"]
        for member in members { object.append(member.key, member.value) }
        return reply(object)
    }

    static func token(_ value: String, for rest: Duration, naming code: Bool) -> SimulatedReply {
        var object: WireObject = code ? ["errcode": 0, "errmsg": "ok"] : WireObject()
        object.append("access_token", .text(value))
        object.append("expires_in", .integer(rest.wholeMilliseconds / 1_000))
        return reply(object)
    }

    private static func reply(_ object: WireObject) -> SimulatedReply {
        SimulatedReply(body: WireValue.object(object).json)
    }
}

extension SimulatedRequest {
    /// The body as a JSON object.
    ///
    /// - Throws: WeChat's and WeCom's words for a body that is none.
    func jsonBody() throws(SimulatedRefusal) -> WireObject {
        guard method == "POST" else { throw SimulatedRefusal("43002", "require POST method") }
        guard !body.isEmpty else { throw SimulatedRefusal("44002", "empty post data") }
        guard field("content-type")?.hasPrefix("application/json") == true,
            let object = (try? WireValue(json: body))?.object
        else { throw SimulatedRefusal("47001", "data format error") }
        return object
    }

    /// The parameters behind the question mark.
    var parameters: FormParameters { FormParameters(query.utf8) ?? FormParameters() }
}
