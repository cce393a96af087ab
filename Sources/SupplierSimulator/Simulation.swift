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
        switch supplier {
        case .tencent: TencentDesk(self, account: settings.credentials.tencent)
        case .aliyun: AliyunDesk(self, account: settings.credentials.aliyun)
        case .webhook: WebhookDesk(self, account: settings.credentials.webhook)
        case .dingTalkRobot: DingTalkRobotDesk(self, account: settings.credentials.dingTalkRobot)
        case .dingTalkNotice: DingTalkNoticeDesk(self, account: settings.credentials.dingTalkNotice)
        case .weComRobot: WeComRobotDesk(self, account: settings.credentials.weComRobot)
        case .feishuRobot: FeishuRobotDesk(self, account: settings.credentials.feishuRobot)
        case .smtp: SMTPDesk()
        case .getui: GeTuiDesk(self, account: settings.credentials.getui)
        case .fcm: FCMDesk(self, account: settings.credentials.fcm)
        case .apns: APNsDesk(self, account: settings.credentials.apns)
        case .huawei: HuaweiDesk(self, account: settings.credentials.huawei)
        case .yunpian: YunpianDesk(self, account: settings.credentials.yunpian)
        case .linTong: LinTongDesk(self, account: settings.credentials.linTong)
        case .weChatOfficialAccount, .weChatMiniProgram:
            WeChatDesk(self, supplier, account: settings.credentials[supplier])
        case .weComApp: WeComAppDesk(self, account: settings.credentials.weComApp)
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
