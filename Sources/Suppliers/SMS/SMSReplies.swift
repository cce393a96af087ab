import Groundwork
import PushEngine

/// Reads what people answer to short messages, in the spellings of suppliers.
///
/// Answers are few: they are read as plain values.
enum SMSReplies {
    /// Tencent's pulled page (`{"Response":{"PullSmsReplyStatusSet":[...]}}`) or posted answer (`{...}`); nil for a body
    /// that holds no answers.
    ///
    /// cloud.tencent.com/document/product/382/5809, 55978.
    static func tencent(_ raw: [UInt8]) -> ReceiptPage? {
        guard raw.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
            let body = (try? WireValue(json: raw))?.object
        else { return nil }
        if let response = body["Response"].object {
            guard let list = response["PullSmsReplyStatusSet"].list else { return nil }
            return page(list, raw) { entry in
                guard let number = entry["PhoneNumber"].text, !number.isEmpty,
                    let text = entry["ReplyContent"].text, let at = entry["ReplyTime"].wholeNumber
                else { return nil }
                return RecipientWord(
                    sender: number.hasPrefix("+") ? number : "+" + number,
                    .answer(text),
                    signature: entry["SignName"].text,
                    at: Moment(secondsSinceEpoch: at)
                )
            }
        }
        guard !body["text"].isNull else { return nil }
        return page([.object(body)], raw) { entry in
            guard let mobile = entry["mobile"].text, !mobile.isEmpty, let text = entry["text"].text,
                let at = entry["time"].wholeNumber
            else { return nil }
            return RecipientWord(
                sender: "+\(entry["nationcode"].text ?? "86")\(mobile)",
                .answer(text),
                signature: entry["sign"].text,
                at: Moment(secondsSinceEpoch: at)
            )
        }
    }

    /// Aliyun's posted answers (`SmsUp`); nil for a body that holds none.
    static func aliyun(_ raw: [UInt8]) -> ReceiptPage? {
        guard firstEntry(of: raw, has: "content"), let list = (try? WireValue(json: raw))?.list else {
            return nil
        }
        return page(list, raw) { entry in
            guard let number = entry["phone_number"].text, !number.isEmpty, let text = entry["content"].text,
                let at = entry["send_time"].text.flatMap(time)
            else { return nil }
            return RecipientWord(
                sender: AliyunNumber.read(number),
                .answer(text),
                signature: entry["sign_name"].text,
                at: at
            )
        }
    }

    /// Yunpian's pulled answers (`[...]`) or a posted one (`{...}`); nil for a body that holds none.
    static func yunpian(_ raw: [UInt8]) -> ReceiptPage? {
        let isOne = raw.first(where: { $0 > 0x20 }) == UInt8(ascii: "{")
        guard isOne || firstEntry(of: raw, has: "reply_time"), let value = try? WireValue(json: raw),
            value.object?["mobile"].isNull != true
        else { return nil }
        return page(value.list ?? [value], raw) { entry in
            guard let mobile = entry["mobile"].text, !mobile.isEmpty, let text = entry["text"].text,
                let at = entry["reply_time"].text.flatMap(time)
            else { return nil }
            return RecipientWord(sender: MainlandNumber.read(mobile), .answer(text), at: at)
        }
    }

    private static func page(
        _ list: [WireValue],
        _ raw: [UInt8],
        _ read: (WireObject) -> RecipientWord?
    ) -> ReceiptPage {
        let words = list.compactMap { $0.object.flatMap(read) }
        return ReceiptPage(receipts: [], raw: raw, malformed: list.count - words.count, words: words)
    }

    /// Whether the first object of a list has a member.
    private static func firstEntry(of raw: [UInt8], has name: StaticString) -> Bool {
        var scanner = JSONScanner(raw)
        do throws(JSONError) {
            try scanner.beginArray()
            guard try scanner.nextElement() else { return false }
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key.equals(name) { return true }
                try scanner.skip()
            }
        } catch { return false }
        return false
    }

    /// A time in China, written `yyyy-MM-dd HH:mm:ss` or `yyyyMMddHHmmss`.
    private static func time(_ text: String) -> Moment? {
        var text = text
        if text.utf8.count == 14 {
            let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<12, 12..<14].map { Array(text.utf8)[$0] }
                .map { String(decoding: $0, as: UTF8.self) }
            text = "\(parts[0])-\(parts[1])-\(parts[2]) \(parts[3]):\(parts[4]):\(parts[5])"
        }
        return CivilTime(text)?.moment(offset: CivilTime.china)
    }
}
