import Crypto
import Groundwork

/// The events that tell what became of messages: those of official accounts as XML, those of mini-programs as JSON,
/// as their servers are set.
extension WeChatDesk {
    var receiptsPerPost: Int { 1 }

    var postWaits: [Duration] { [.seconds(5), .seconds(5), .seconds(5)] }

    func isTaken(_ response: HTTPResponse) -> Bool {
        response.status == 200 && (response.body.isEmpty || response.body == Array("success".utf8))
    }

    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest {
        let number = entries.first ?? 0
        let isXML = supplier == .weChatOfficialAccount
        let entry = ledger[number]
        let openID = ledger.name(of: entry.recipient)
        let at = (entry.acceptedAt + Int64(entry.receiptAfter)) / 1_000
        return .receipts(
            isXML
                ? Self.jobFinished(number, openID: openID, isDelivered: entry.isDelivered, at: at)
                : sent(number, openID: openID, isDelivered: entry.isDelivered, at: at),
            to: signed(url, seed: UInt64(number), openID: openID),
            as: isXML ? "text/xml" : "application/json"
        )
    }

    /// The address with what proves that WeChat posts there.
    func signed(_ url: String, seed: UInt64, openID: String) -> String {
        let now = simulation.clock.now.secondsSinceEpoch
        let nonce = String(SimulatorRandom.mixed(seed ^ UInt64(bitPattern: now)) % 1_000_000_000)
        let signature = Self.signature([account.callbackToken.reveal(), String(now), nonce])
        let query = "signature=\(signature)&timestamp=\(now)&nonce=\(nonce)"
        return "\(url)\(url.contains("?") ? "&" : "?")\(query)&openid=\(FormParameters.encoded(openID))"
    }

    /// What events are signed with.
    static func signature(_ parts: [String]) -> String {
        SignatureMaths.hex(Insecure.SHA1.hash(data: Array(parts.sorted().joined().utf8)))
    }

    private static let originalID = "gh_7f083739789a"

    private static func jobFinished(
        _ entry: UInt32,
        openID: String,
        isDelivered: Bool,
        at seconds: Int64
    ) -> [UInt8] {
        // With the blank that only one of the failures has.
        let failure = openID.hasSuffix("0001") ? "failed:user block" : "failed: system failed"
        return Array(
            """
            <xml><ToUserName><![CDATA[\(originalID)]]></ToUserName>
            <FromUserName><![CDATA[\(openID)]]></FromUserName>
            <CreateTime>\(seconds)</CreateTime>
            <MsgType><![CDATA[event]]></MsgType>
            <Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>
            <MsgID>\(messageID(entry))</MsgID>
            <Status><![CDATA[\(isDelivered ? "success" : failure)]]></Status>
            </xml>
            """
            .utf8
        )
    }

    private func sent(_ entry: UInt32, openID: String, isDelivered: Bool, at seconds: Int64) -> [UInt8] {
        WireValue.object([
            "ToUserName": .text(Self.originalID), "FromUserName": .text(openID),
            "CreateTime": .integer(seconds), "MsgType": "event", "Event": "subscribe_msg_sent_event",
            "SubscribeMsgSentEvent": .object([
                "List": .object([
                    "TemplateId": .text(account.templateID), "MsgID": .text(String(Self.messageID(entry))),
                    "ErrorCode": isDelivered ? 0 : 10_001,
                    "ErrorStatus": isDelivered ? "success" : "system failed",
                ])
            ]),
        ])
        .json
    }
}
