import Groundwork
import PushEngine
import SupplierSimulator
import Testing

@testable import Suppliers

/// An adapter as the suite tries it: whom it speaks to, what people and contents look like there, and where its supplier
/// differs from most.
///
/// A new supplier is one more entry in `of(_:)`, which does not compile without it.
struct AdapterCase: Sendable, CustomTestStringConvertible {
    /// What becomes of a recipient that can never work, among others of the same call.
    enum BadRecipient: Sendable {
        /// It is refused by itself, for the fault of this class, and the others go.
        case alone(Refusal.Class = .badRecipient)
        /// The whole call is refused, and may be made again in halves.
        case inHalves
        /// It is passed over, and nobody is told.
        case unnoticed
        /// There are no others: a call has one recipient.
        case single(Refusal.Class = .badRecipient)
    }

    let simulated: SimulatedSupplier
    /// What tells it from another entry of the same supplier.
    var variant = ""
    /// What its account has beside what the simulator says of it.
    var values: [String: String] = [:]
    /// How somebody is called whose number ends in these four digits.
    var person: @Sendable (_ digits: String) -> String = { "u-\($0)" }
    /// How the members of a crowd are called, none of whom is scripted.
    var crowd: @Sendable (_ number: Int) -> String = { "user-\($0)x" }
    /// What the supplier takes with a text of one's choice.
    var content: @Sendable (_ text: String) -> String = { #"{"content":"\#($0)"}"# }
    var badRecipient = BadRecipient.alone()
    /// A content that the supplier refuses; nil where it looks at none.
    var badContent: String?
    /// Secrets that are wrong, made from the right ones.
    var wrong: @Sendable ([String: Secret]) -> [String: Secret] = { $0.mapValues { _ in Secret("wrong") } }
    /// What it says over its rate, and when it is down.
    var throttled = Refusal.Class.throttled
    var outage = Refusal.Class.transient
    /// What a reset proves; nil for nothing.
    var reset: Refusal.Class?
    /// Whether a message is open whose answer was cut.
    var cutLeavesOpen = true
    /// How long an access token is good; nil for none.
    var tokenLife: Duration?
    /// Whether receipts can be pulled, are posted, and whether a call without an answer can be asked for.
    var pulls = false
    var posts = false
    var answers = false
    /// Whether a message can be taken back.
    var recalls = false
    /// Whether what was delivered is told as well.
    var tellsSuccess = true
    /// How many calls the simulated supplier takes at once, where that is few enough to be tried.
    var rate: Int?

    var testDescription: String { simulated.rawValue + (variant.isEmpty ? "" : " (\(variant))") }

    /// Every adapter, and the further ways in which some sign.
    static let all =
        SimulatedSupplier.allCases.map(of) + [
            of(.aliyun)
                .with {
                    $0.variant = "rpc"
                    $0.values = ["signature": "rpc"]
                }
        ]

    static func those(_ offer: (AdapterCase) -> Bool) -> [AdapterCase] { all.filter(offer) }

    static let tokened = those { $0.tokenLife != nil }
    static let many = those { if case .single = $0.badRecipient { false } else { true } }

    private func with(_ change: (inout AdapterCase) -> Void) -> AdapterCase {
        var copy = self
        change(&copy)
        return copy
    }

    static func of(_ simulated: SimulatedSupplier) -> AdapterCase {
        AdapterCase(simulated: simulated)
            .with { entry in
                switch simulated {
                case .tencent: entry.sms(pulls: true, posts: true, answers: true)
                case .aliyun:
                    entry.sms(posts: true, answers: true)
                    entry.badRecipient = .inHalves
                case .yunpian: entry.sms(pulls: true, posts: true, answers: true)
                case .linTong:
                    entry.sms()
                    entry.badRecipient = .alone(.badContent)
                case .smtp: entry.mail()
                case .getui, .fcm, .apns, .huawei: entry.push()
                case .weChatOfficialAccount, .weChatMiniProgram: entry.weChat()
                case .weComApp:
                    entry.person = { "Zhang.San\($0)" }
                    entry.badContent = #"{"sendType":"100","mediaId":"none"}"#
                    entry.tokenLife = .seconds(7_200)
                    entry.recalls = true
                case .dingTalkNotice:
                    entry.badRecipient = .unnoticed
                    entry.badContent = #"{"sendType":"100","mediaId":"none"}"#
                    entry.tokenLife = .seconds(7_200)
                    entry.recalls = true
                case .dingTalkRobot: entry.robot(rate: 20)
                case .feishuRobot: entry.robot(rate: 5)
                case .weComRobot:
                    entry.robot(rate: 20)
                    entry.badContent = #"{"sendType":"60","mediaId":"none"}"#
                    entry.wrong = { _ in ["webhook": Secret("/cgi-bin/webhook/send?key=none")] }
                case .webhook: break
                }
            }
    }

    private mutating func sms(pulls: Bool = false, posts: Bool = false, answers: Bool = false) {
        person = { "+861380013\($0)" }
        crowd = { "+86138\(10_010_010 + $0 * 100)" }
        content = { $0 }
        (self.pulls, self.posts, self.answers) = (pulls, posts, answers)
    }

    private mutating func mail() {
        person = { "p\($0)@example.com" }
        content = { #"{"title":"\#($0)","content":"<p>\#($0)</p>"}"# }
        badRecipient = .single()
        (throttled, reset) = (.recipientLater, .transient)
        (posts, tellsSuccess) = (true, false)
    }

    private mutating func push() {
        content = { #"{"title":"t","content":"\#($0)"}"# }
        badRecipient = .single()
        switch simulated {
        case .apns:
            person = { String(repeating: "ab", count: 30) + $0 }
            // Its answer has no body that could be cut.
            cutLeavesOpen = false
            throttled = .recipientLater
            wrong = { _ in ["privateKey": SimulatorCredentials.demo.apns.nextKey.secretKey] }
        case .fcm:
            tokenLife = .seconds(3_600)
            wrong = { _ in ["privateKey": SimulatorCredentials.demo.fcm.nextKey.secretKey] }
        case .huawei:
            badRecipient = .alone()
            tokenLife = .seconds(3_600)
            outage = .throttled
            posts = true
            wrong = { $0.merging(["appSecret": Secret("wrong")]) { $1 } }
        default:
            tokenLife = .seconds(86_400)
            recalls = true
        }
    }

    private mutating func weChat() {
        let isOfficial = simulated == .weChatOfficialAccount
        let (template, values) =
            isOfficial
            ? ("demo-oa-template", "officialAccountParam") : ("demo-mini-template", "miniProgramParam")
        person = { "oOpenid_\($0)" }
        content = { #"{"templateId":"\#(template)","\#(values)":{"thing1":"\#($0)"}}"# }
        badContent = #"{"templateId":"other","\#(values)":{"thing1":"a"}}"#
        badRecipient = .single()
        tokenLife = .seconds(7_200)
        posts = true
    }

    private mutating func robot(rate: Int) {
        badRecipient = .unnoticed
        self.rate = rate
        wrong = { secrets in
            secrets.reduce(into: [:]) { $0[$1.key] = $1.key == "webhook" ? $1.value : Secret("SECwrong") }
        }
    }
}
