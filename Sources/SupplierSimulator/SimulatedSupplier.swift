/// The suppliers that the simulator stands in for.
package enum SimulatedSupplier: String, Hashable, Sendable, CaseIterable, Codable {
    case tencent
    case aliyun
    case webhook
    case dingTalkRobot = "dingtalk-robot"
    case dingTalkNotice = "dingtalk-notice"
    case weComRobot = "wecom-robot"
    case feishuRobot = "feishu-robot"
    case smtp
    case getui
    case fcm
    case apns
    case huawei
    case yunpian
    case linTong = "lintong"
    case weChatOfficialAccount = "wechat-oa"
    case weChatMiniProgram = "wechat-mini"
    case weComApp = "wecom-app"

    /// Whether its receipts wait for somebody who asks for them when nobody is to be told.
    var keepsReceipts: Bool {
        switch self {
        case .tencent, .yunpian: true
        default: false
        }
    }

    /// Whether it tells of what was delivered as well, and not only of what was not.
    var reportsSuccess: Bool {
        switch self {
        case .smtp: false
        default: true
        }
    }

    /// Whether it tells at all what became of a message.
    var givesReceipts: Bool {
        switch self {
        case .linTong, .weComApp: false
        default: true
        }
    }

    /// Its place among all.
    var place: Int { Self.places[self] ?? 0 }

    private static let places = Dictionary(
        uniqueKeysWithValues: allCases.enumerated().map { ($0.element, $0.offset) }
    )
}

/// One of something for each supplier.
struct PerSupplier<Value> {
    private var values: [Value]

    init(repeating value: Value) {
        values = Array(repeating: value, count: SimulatedSupplier.allCases.count)
    }

    subscript(supplier: SimulatedSupplier) -> Value {
        get { values[supplier.place] }
        // In place: a getter and a setter would copy the whole value for each change.
        _modify { yield &values[supplier.place] }
    }
}

extension PerSupplier: Sendable where Value: Sendable {}
