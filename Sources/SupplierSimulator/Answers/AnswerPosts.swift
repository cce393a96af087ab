import Groundwork

extension TencentDesk {
    func post(of answer: SimulatedAnswer, to url: String, under signature: String) -> HTTPRequest? {
        let body: WireObject = [
            "extend": "", "mobile": .text(answer.mobile), "nationcode": .text(answer.country),
            "sign": .text(signature), "text": .text(answer.text),
            "time": .integer(answer.at.secondsSinceEpoch),
        ]
        return .receipts(WireValue.object(body).json, to: url)
    }

    /// The answer to `PullSmsReplyStatus`.
    static func pulled(_ answers: [SimulatedAnswer], under signature: String, requestID: String) -> [UInt8] {
        let list = answers.map { answer -> WireValue in
            .object([
                "ExtendCode": "", "CountryCode": .text(answer.country),
                "SubscriberNumber": .text(answer.mobile),
                "PhoneNumber": .text(answer.recipient), "SignName": .text(signature),
                "ReplyContent": .text(answer.text), "ReplyTime": .integer(answer.at.secondsSinceEpoch),
            ])
        }
        let response: WireObject = ["PullSmsReplyStatusSet": .list(list), "RequestId": .text(requestID)]
        return WireValue.object(["Response": .object(response)]).json
    }
}

extension AliyunDesk {
    func post(of answer: SimulatedAnswer, to url: String, under signature: String) -> HTTPRequest? {
        let entry: WireObject = [
            "phone_number": .text(answer.mobile), "content": .text(answer.text),
            "sign_name": .text("【\(signature)】"), "send_time": .text(answer.time), "dest_code": "",
            "sequence_id": .integer(Int64(answer.number)),
        ]
        return .receipts(WireValue.list([.object(entry)]).json, to: url)
    }
}

extension YunpianDesk {
    func post(of answer: SimulatedAnswer, to url: String, under signature: String) -> HTTPRequest? {
        let body = String(decoding: WireValue.object(Self.entry(answer)).json, as: UTF8.self)
        return .receipts(
            Array("sms_reply=\(FormParameters.encoded(body))".utf8),
            to: url,
            as: "application/x-www-form-urlencoded"
        )
    }

    /// The answer to `pull_reply`.
    static func pulled(_ answers: [SimulatedAnswer]) -> [UInt8] {
        WireValue.list(answers.map { .object(entry($0)) }).json
    }

    private static func entry(_ answer: SimulatedAnswer) -> WireObject {
        [
            "id": .text(String(answer.number)), "mobile": .text(answer.mobile),
            "reply_time": .text(answer.time), "text": .text(answer.text), "extend": "", "base_extend": "8888",
        ]
    }
}

extension WeChatDesk {
    /// What somebody does who follows an official account, or does not any more.
    func post(of answer: SimulatedAnswer, to url: String, under signature: String) -> HTTPRequest? {
        guard supplier == .weChatOfficialAccount, ["subscribe", "unsubscribe"].contains(answer.text) else {
            return nil
        }
        let event = """
            <xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>
            <FromUserName><![CDATA[\(answer.recipient)]]></FromUserName>
            <CreateTime>\(answer.at.secondsSinceEpoch)</CreateTime>
            <MsgType><![CDATA[event]]></MsgType>
            <Event><![CDATA[\(answer.text)]]></Event>
            </xml>
            """
        return .receipts(
            Array(event.utf8),
            to: signed(url, seed: UInt64(answer.number), openID: answer.recipient),
            as: "text/xml"
        )
    }
}
