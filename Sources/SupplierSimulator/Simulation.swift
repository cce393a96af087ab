import Groundwork
import Synchronization

/// What the parts of a running simulator share: settings, time, memory, and a bell for the posts of receipts.
final class Simulation: Sendable {
    let settings: SimulatorSettings
    let clock: SimulatorClock
    let world: Mutex<World>
    /// Rings when there may be something to post, or when the time for it may have changed.
    let bell = PostBell()
    /// Where mail is taken, as soon as it is.
    let mailPort = BoundPort()
    private let requests = Atomic<UInt64>(0)

    /// The suppliers.
    var desks: [any SupplierDesk] { SimulatedSupplier.allCases.map(desk) }

    /// Who stands in for `supplier`.
    func desk(_ supplier: SimulatedSupplier) -> any SupplierDesk {
        let account = settings.credentials[supplier]
        return switch supplier {
        case .tencent: TencentDesk(simulation: self, account: account)
        case .aliyun: AliyunDesk(simulation: self, account: account)
        case .webhook: WebhookDesk(simulation: self, account: account)
        case .dingTalkRobot: DingTalkRobotDesk(simulation: self, account: account)
        case .dingTalkNotice: DingTalkNoticeDesk(simulation: self, account: account)
        case .weComRobot: WeComRobotDesk(simulation: self, account: account)
        case .feishuRobot: FeishuRobotDesk(simulation: self, account: account)
        case .smtp: SMTPDesk()
        case .getui: GeTuiDesk(simulation: self, account: account)
        case .fcm: FCMDesk(simulation: self, account: account)
        case .apns: APNsDesk(simulation: self, account: account)
        case .huawei: HuaweiDesk(simulation: self, account: account)
        case .yunpian: YunpianDesk(simulation: self, account: account)
        case .linTong: LinTongDesk(simulation: self, account: account)
        case .weChatOfficialAccount, .weChatMiniProgram:
            WeChatDesk(supplier: supplier, simulation: self, account: account)
        case .weComApp: WeComAppDesk(simulation: self, account: account)
        }
    }

    init(settings: SimulatorSettings, clock: any WallClock) {
        self.settings = settings
        self.clock = SimulatorClock(base: clock)
        world = Mutex(World(settings: settings))
    }

    /// Lets the posts of receipts look again at what is due.
    func ringForPosts() {
        bell.ring()
    }

    /// An id for the next answer.
    func requestID() -> String {
        let number = requests.wrappingAdd(1, ordering: .relaxed).newValue
        let chance = SimulatorRandom.mixed(settings.seed ^ number)
        return "\(String(chance, radix: 16, uppercase: true))-\(number)"
    }
}
