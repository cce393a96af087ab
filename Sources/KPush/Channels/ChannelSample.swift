import PushEngine
import SupplierSimulator

/// What is sent over one channel to show that it works: a content, made-up recipients, and its suppliers.
struct ChannelSample: Sendable {
    let channel: Channel
    /// Those that the simulator stands in for; its messages are split among them.
    let suppliers: [SimulatedSupplier]
    /// As a template of the channel has it.
    let content: String
    /// The header of the recipients' column.
    let column: String
    /// The address of the recipient with a number, in its one spelling.
    let address: @Sendable (Int) -> String
    /// What is no address of the channel.
    let badAddress: String

    /// One for each channel that has a supplier, in order of their numbers.
    static let all = [
        ChannelSample(
            channel: .im,
            suppliers: [.webhook],
            content: #"{"title":"新品","content":"新品已上架：https://shop.example/new"}"#,
            prefix: "im_"
        ),
        ChannelSample(
            channel: .push,
            suppliers: [.getui, .fcm, .apns, .huawei],
            content: #"{"title":"{$name}，您好","content":"优惠券今日到期","url":"https://shop.example/c"}"#,
            column: "userId",
            // As long as Apple's, and in hexadecimal digits.
            address: { number in
                let digits = String(number, radix: 16)
                return "a" + String(repeating: "0", count: 63 - digits.count) + digits
            },
            badAddress: "a,b"
        ),
        ChannelSample(
            channel: .sms,
            suppliers: [.tencent, .aliyun, .yunpian, .linTong],
            content: "您好，优惠券今日到期：https://shop.example/c 拒收请回复R",
            column: "phone",
            address: { "+86138\(10_000_000 + $0)" },
            badAddress: "12345"
        ),
        ChannelSample(
            channel: .email,
            suppliers: [.smtp],
            content: #"{"title":"{$name}，您好","content":"<p>优惠券<b>今日</b>到期。</p>"}"#,
            column: "email",
            address: { "reader-\(10_000 + $0)@example.com" },
            badAddress: "nobody"
        ),
        ChannelSample(
            channel: .officialAccount,
            suppliers: [.weChatOfficialAccount],
            content: #"{"templateId":"demo-oa-template","officialAccountParam":{"thing1":"{$name}"}}"#,
            prefix: "oOfficial_"
        ),
        ChannelSample(
            channel: .miniProgram,
            suppliers: [.weChatMiniProgram],
            content: #"{"templateId":"demo-mini-template","miniProgramParam":{"thing1":"{$name}"}}"#,
            prefix: "oMini_"
        ),
        ChannelSample(
            channel: .weComApp,
            suppliers: [.weComApp],
            content: #"{"sendType":"10","content":"您的审批已通过"}"#,
            prefix: "Zhang.San."
        ),
        ChannelSample(
            channel: .dingTalkRobot,
            suppliers: [.dingTalkRobot],
            content: #"{"sendType":"10","content":"发布完成"}"#,
            prefix: "dingrobot"
        ),
        ChannelSample(
            channel: .dingTalkWorkNotice,
            suppliers: [.dingTalkNotice],
            content: #"{"sendType":"10","content":"您的审批已通过"}"#,
            prefix: "dinguser"
        ),
        ChannelSample(
            channel: .weComRobot,
            suppliers: [.weComRobot],
            content: #"{"sendType":"10","content":"发布完成"}"#,
            prefix: "wecomrobot"
        ),
        ChannelSample(
            channel: .feishuRobot,
            suppliers: [.feishuRobot],
            content: #"{"sendType":"10","content":"发布完成"}"#,
            prefix: "ou_robot"
        ),
    ]

    private init(
        channel: Channel,
        suppliers: [SimulatedSupplier],
        content: String,
        column: String,
        address: @escaping @Sendable (Int) -> String,
        badAddress: String
    ) {
        self.channel = channel
        self.suppliers = suppliers
        self.content = content
        self.column = column
        self.address = address
        self.badAddress = badAddress
    }

    /// A channel whose recipients are ids that begin alike.
    private init(channel: Channel, suppliers: [SimulatedSupplier], content: String, prefix: String) {
        self.init(
            channel: channel,
            suppliers: suppliers,
            content: content,
            column: "userId",
            address: { "\(prefix)\(10_000 + $0)" },
            badAddress: "a,b"
        )
    }

    /// The address that an account at one of its suppliers has.
    ///
    /// - Throws: `DemoError` when the simulator takes no mail.
    func url(of supplier: SimulatedSupplier, at simulator: SimulatorControl) throws -> String {
        guard supplier == .smtp else { return "\(simulator.url)/\(supplier.rawValue)" }
        guard let mail = simulator.mailURL else { throw DemoError("the simulator takes no mail") }
        return mail
    }

    /// A crowd file: good rows, of each forty one more that is bad and one that repeats its neighbour.
    ///
    /// - Parameter count: how many recipients it has.
    /// - Returns: the file, and how many of its rows are refused.
    func crowd(of count: Int) -> (bytes: [UInt8], refused: Int) {
        var lines = ["\(column),name"]
        var refused = 0
        for number in 0..<count {
            lines.append("\(address(number)),李\(number)")
            guard number % 40 == 0 else { continue }
            lines.append("\(quoted(badAddress)),王")
            lines.append("\(address(number)),李\(number)")
            refused += 2
        }
        return (Array((lines.joined(separator: "\n") + "\n").utf8), refused)
    }

    private func quoted(_ value: String) -> String { value.contains(",") ? "\"\(value)\"" : value }
}
