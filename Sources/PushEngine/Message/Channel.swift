/// A way to reach people; raw values are the codes that outsiders hold (`send_channel`).
package enum Channel: Int, Hashable, Sendable, CaseIterable, Codable {
    case im = 10
    case push = 20
    case sms = 30
    case email = 40
    case officialAccount = 50
    case miniProgram = 60
    case weComApp = 70
    case dingTalkRobot = 80
    case dingTalkWorkNotice = 90
    case weComRobot = 100
    case feishuRobot = 110
    case alipayMiniProgram = 120

    /// The channel's part of a lane's name.
    package var name: String {
        switch self {
        case .im: "im"
        case .push: "push"
        case .sms: "sms"
        case .email: "email"
        case .officialAccount: "official_accounts"
        case .miniProgram: "mini_program"
        case .weComApp: "enterprise_we_chat"
        case .dingTalkRobot: "ding_ding_robot"
        case .dingTalkWorkNotice: "ding_ding_work_notice"
        case .weComRobot: "enterprise_we_chat_robot"
        case .feishuRobot: "fei_shu_robot"
        case .alipayMiniProgram: "alipay_mini_program"
        }
    }
}

/// What a message is for; raw values are the codes that outsiders hold (`msg_type`).
package enum MessageType: Int, Hashable, Sendable, CaseIterable, Codable {
    case notice = 10
    case marketing = 20
    case verificationCode = 30
    case alert = 40

    /// The type's part of a lane's name.
    package var name: String {
        switch self {
        case .notice: "notice"
        case .marketing: "marketing"
        case .verificationCode: "auth_code"
        case .alert: "alert"
        }
    }
}

/// One channel and message type: it has a topic, a consumer group and a pool of its own, so that it slows no other.
package struct Lane: Hashable, Sendable, CustomStringConvertible {
    package let channel: Channel
    package let type: MessageType

    package init(channel: Channel, type: MessageType) {
        self.channel = channel
        self.type = type
    }

    /// Reads a lane's name, such as `sms.marketing`; nil when there is no such lane.
    package init?(name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2,
            let channel = Channel.allCases.first(where: { $0.name == parts[0] }),
            let type = MessageType.allCases.first(where: { $0.name == parts[1] })
        else { return nil }
        self.init(channel: channel, type: type)
    }

    /// The lane's name, such as `sms.marketing`: topic, group and metrics label.
    package var name: String { "\(channel.name).\(type.name)" }

    package var description: String { name }

    /// Every lane there can be.
    package static let all: [Lane] = Channel.allCases.flatMap { channel in
        MessageType.allCases.map { Lane(channel: channel, type: $0) }
    }
}
