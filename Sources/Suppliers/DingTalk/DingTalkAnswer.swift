import Groundwork
import PushEngine

/// What DingTalk's older interface says: a code, and another one inside when the door itself refuses.
struct DingTalkAnswer {
    let members: WireObject
    private let code: Int64
    private let answer: CodedAnswer

    /// Reads an answer; nil when it is not of DingTalk's form.
    init?(_ response: HTTPResponse) {
        guard let answer = CodedAnswer(response) else { return nil }
        self.answer = answer
        members = answer.members
        code = answer.code == Self.wrapper ? members["sub_code"].wholeNumber ?? answer.code : answer.code
    }

    /// What stands around a code of the door.
    private static let wrapper: Int64 = 88

    /// Whether the call did what it was to do.
    var isSuccess: Bool { answer.isSuccess }

    /// Whether the access token is none, or none any more.
    var isTokenRejected: Bool { [40_001, 40_014, 42_001].contains(code) }

    /// What a code other than 0 means for a call that needs a token; nil for 0.
    var refusal: Refusal? {
        guard code != 0 else { return nil }
        let (fault, wait) = Self.meaning(of: code)
        return worded(fault, wait: wait)
    }

    /// What a code other than 0 means for who asks for a token: whatever is not their fault is the account's.
    var tokenRefusal: Refusal? {
        guard code != 0 else { return nil }
        let (fault, wait) = Self.meaning(of: code)
        return worded([.throttled, .transient].contains(fault) ? fault : .badConfig, wait: wait)
    }

    private func worded(_ fault: Refusal.Class, wait: Duration?) -> Refusal {
        let words = members["sub_msg"].text ?? ""
        return Refusal(
            fault,
            code: String(code),
            message: answer.code == Self.wrapper && !words.isEmpty ? words : answer.message,
            wait: wait
        )
    }

    /// Sorts a code; one that nobody has told us about counts as a fault of the content, so that it is not sent again and
    /// again.
    private static func meaning(of code: Int64) -> (fault: Refusal.Class, wait: Duration?) {
        switch code {
        case -1, 1_430_003: (.transient, nil)
        // The token, a second time; permission; the wrapper without anything in it.
        case 40_001, 40_014, 42_001, 60_011, wrapper: (.badConfig, nil)
        // The list of users is wrong or too long; somebody whom nobody may write to.
        case 40_031, 40_032, 1_430_004: (.badRecipient, nil)
        // So many people in this minute: of the application, and of the company.
        case 143_103, 143_104, 143_203, 143_204: (.throttled, .seconds(60))
        // So many calls to one interface, of one host, or of one company: shut out for seconds or minutes.
        case 90_001...90_018: (.throttled, .seconds(60))
        // A user's notices of one day, and the same notice on the same day.
        case 143_105, 143_106, 143_205, 143_206: (.recipientLimit, nil)
        // Forbidden words (1430002), too long (34016), nobody to send to (1430000).
        default: (.badContent, nil)
        }
    }
}

/// What became of the users of one call, as `getsendresult` tells it.
///
/// A user whom no list names is one of whom DingTalk does not know yet.
struct DingTalkSendResult: Hashable {
    /// Users who have the notice, read or not.
    private(set) var delivered: Set<String> = []
    /// Users who do not and will not have it, and why.
    private(set) var failed: [String: String] = [:]

    /// Reads the members of an answer; nil when it has no result.
    init?(_ members: WireObject) {
        guard let result = members["send_result"].object else { return nil }
        delivered = Set(Self.users("read_user_id_list", result) + Self.users("unread_user_id_list", result))
        for (list, code) in [
            ("invalid_user_id_list", "invalid_user"), ("failed_user_id_list", "failed"),
            ("forbidden_user_id_list", "forbidden"),
        ] {
            for user in Self.users(list, result) { failed[user] = code }
        }
        // The same users as those that are forbidden, with a code each.
        for entry in result["forbidden_list"].list ?? [] {
            guard let user = entry.object?["userid"].text, !user.isEmpty else { continue }
            failed[user] = entry.object?["code"].text ?? "forbidden"
        }
    }

    /// Receipts of those users about whom there is a final word.
    ///
    /// Whom a call that was made again did not reach because they had the same notice before had it by the first.
    ///
    /// - Parameter question: who is asked for.
    /// - Returns: the receipts, in the recipients' order.
    func receipts(for question: ResultsQuestion) -> [SupplierReceipt] {
        question.recipients.compactMap { recipient in
            let code = failed[recipient]
            guard code != nil || delivered.contains(recipient) else { return nil }
            let isKnown = question.isOfRepeat && code.map(Self.hadTheSame.contains) == true
            return SupplierReceipt(
                recipient: recipient,
                requestKey: nil,
                reference: question.reference,
                delivered: code == nil || isKnown,
                code: code ?? "delivered",
                at: question.at
            )
        }
    }

    /// The same notice to the same user on the same day.
    private static let hadTheSame = ["143106", "143206"]

    /// A list of users, which may come as a text with commas.
    private static func users(_ name: String, _ result: WireObject) -> [String] {
        if let list = result[name].list { return list.compactMap(\.text) }
        return (result[name].text ?? "").split(separator: ",").map(String.init)
    }
}
