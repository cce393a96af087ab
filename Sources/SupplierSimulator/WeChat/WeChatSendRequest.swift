import Groundwork

/// A template message or a subscribe message, read strictly.
struct WeChatSendRequest {
    let openID: String
    let template: String
    /// What its sender names it by; empty for nothing.
    let clientID: String
    let contentHash: UInt64

    /// Reads a body.
    ///
    /// - Parameters:
    ///   - body: what was sent.
    ///   - isOfficialAccount: whether it is a template message.
    /// - Throws: WeChat's words for what is wrong with it.
    init(_ body: WireObject, isOfficialAccount: Bool) throws(SimulatedRefusal) {
        openID = body["touser"].text ?? ""
        guard !openID.isEmpty, openID.utf8.allSatisfy(Self.isOfID) else {
            throw SimulatedRefusal("40003", "invalid openid")
        }
        template = body["template_id"].text ?? ""
        clientID = body["client_msg_id"].text ?? ""
        guard let data = body["data"].object, !data.members.isEmpty else {
            throw SimulatedRefusal("47003", "argument invalid! data")
        }
        for member in data.members {
            guard let value = member.value.object?["value"].text else {
                throw SimulatedRefusal("47003", "argument invalid! data.\(member.key)")
            }
            let rule = TemplateValueRule(of: member.key)
            guard rule?.allows(value) ?? isOfficialAccount else {
                throw SimulatedRefusal("47003", "argument invalid! data.\(member.key).value is invalid")
            }
        }
        contentHash = ContentHash.of(WireValue.object(data).json)
        if isOfficialAccount { try Self.checkProgram(body) } else { try Self.checkPage(body) }
    }

    private static func checkProgram(_ body: WireObject) throws(SimulatedRefusal) {
        guard !body["miniprogram"].isNull else { return }
        // An empty application is none.
        guard let appID = body["miniprogram"].object?["appid"].text, !appID.isEmpty else {
            throw SimulatedRefusal("40013", "invalid appid")
        }
    }

    private static func checkPage(_ body: WireObject) throws(SimulatedRefusal) {
        let states = ["", "formal", "trial", "developer"]
        let languages = ["", "zh_CN", "en_US", "zh_HK", "zh_TW"]
        guard states.contains(body["miniprogram_state"].text ?? ""),
            languages.contains(body["lang"].text ?? "")
        else { throw SimulatedRefusal("47001", "data format error") }
        guard !(body["page"].text ?? "").hasPrefix("/") else {
            throw SimulatedRefusal("41030", "invalid page")
        }
    }

    private static func isOfID(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// What may stand in a variable of a template, by the beginning of its name: `thing1` is a thing.
enum TemplateValueRule: String, CaseIterable {
    case thing
    case number
    case letter
    case symbol
    case characterString = "character_string"
    case time
    case date
    case amount
    case phoneNumber = "phone_number"
    case carNumber = "car_number"
    case name
    case phrase

    /// The rule of a variable; nil for a name without one.
    init?(of variable: String) {
        let digits = variable.reversed().prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let rule = Self(rawValue: String(variable.dropLast(digits.count))) else {
            return nil
        }
        self = rule
    }

    func allows(_ value: String) -> Bool {
        guard !value.isEmpty else { return false }
        return switch self {
        case .thing: value.count <= 20
        case .number: value.count <= 32 && value.allSatisfy { $0.isDigit || $0 == "." || $0 == "-" }
        case .letter: value.count <= 32 && value.allSatisfy { $0.isASCII && $0.isLetter }
        case .symbol: value.count <= 5 && value.allSatisfy { !$0.isLetter && !$0.isNumber }
        case .characterString: value.count <= 32 && value.allSatisfy(\.isASCII)
        case .time, .date: Self.isTime(value, needsDate: self == .date)
        case .amount: Self.isAmount(value)
        case .phoneNumber: value.count <= 17 && value.allSatisfy { $0.isASCII && !$0.isLetter }
        case .carNumber: value.count <= 8
        case .name:
            value.count <= (value.allSatisfy(\.isASCII) ? 20 : 10) && !value.contains(where: \.isDigit)
        case .phrase: value.count <= 5 && value.allSatisfy { !$0.isASCII }
        }
    }

    /// A time, a date, both, or a span of them.
    private static func isTime(_ value: String, needsDate: Bool) -> Bool {
        let ends = value.split(separator: "~", omittingEmptySubsequences: false)
        return ends.count <= 2
            && ends.allSatisfy { end in
                let hasDate = end.contains("月") || end.contains("-") || end.contains("/")
                return end.contains(where: \.isDigit) && (hasDate || !needsDate && end.contains(":"))
                    && end.allSatisfy { $0.isDigit || "年月日时分秒-/:. ".contains($0) }
            }
    }

    /// One sign of a currency, ten digits, and perhaps 元.
    private static func isAmount(_ value: String) -> Bool {
        var rest = value[...]
        if let first = rest.first, first.isCurrencySymbol { rest.removeFirst() }
        if rest.last == "元" { rest.removeLast() }
        return (1...10).contains(rest.count { $0.isDigit })
            && rest.allSatisfy { $0.isDigit || $0 == "." || $0 == "," }
    }
}

extension Character {
    fileprivate var isDigit: Bool { isASCII && isNumber }
}
