import Groundwork
import PushEngine
import SupplierSimulator

/// Templates and accounts to begin with: the accounts point at a simulator and open nothing else.
struct SampleData: Sendable {
    let templates: any TemplateStore
    let accounts: any AccountStore

    /// The template of the demo's campaign.
    static let campaignTemplate = "Coupon for the city"

    private static let drafts = [
        TemplateDraft(
            name: campaignTemplate,
            messageType: .marketing,
            templateType: .operations,
            content: "{$city}的朋友，您的{$coupon}优惠券已到账，今日有效：https://shop.example/c?from=sms 拒收请回复R"
        ),
        TemplateDraft(
            name: "Verification code",
            messageType: .verificationCode,
            templateType: .technical,
            content: "您的验证码是{$code}，5分钟内有效，请勿告诉他人。"
        ),
        TemplateDraft(
            name: "Order shipped",
            messageType: .notice,
            templateType: .technical,
            shield: .hold,
            content: "您的订单{$orderId}已发货，详情：https://shop.example/o?id={$orderId}"
        ),
    ]

    /// Stores the templates, approved, and the two accounts, of which the first gets four messages in five.
    ///
    /// - Parameter simulator: the simulator's URL.
    /// - Returns: the demo campaign's template and the accounts.
    /// - Throws: `StoreError`.
    func load(simulator: String) async throws -> (template: TemplateID, accounts: [SupplierAccount]) {
        var campaign: TemplateID?
        for draft in Self.drafts {
            let made = try await templates.createTemplate(draft, by: "sample")
            _ = try await templates.auditTemplate(
                made.id,
                version: made.latest.number,
                approved: true,
                note: "sample data",
                by: "sample"
            )
            if draft.name == Self.campaignTemplate { campaign = made.id }
        }
        guard let campaign else { throw DemoError("the sample data have no template for a campaign") }
        var stored: [SupplierAccount] = []
        for account in Self.demoAccounts(simulator) { stored.append(try await accounts.putAccount(account)) }
        return (campaign, stored)
    }

    private static func demoAccounts(_ simulator: String) -> [SupplierAccount] {
        [
            demoAccount(.tencent, at: "\(simulator)/tencent", weight: 80),
            demoAccount(.aliyun, at: "\(simulator)/aliyun", weight: 20),
        ]
    }

    /// An account at a simulated supplier.
    static func demoAccount(
        _ supplier: SimulatedSupplier,
        channel: Channel = .sms,
        at url: String,
        weight: Int = 100
    ) -> SupplierAccount {
        let setup = SimulatorCredentials.demo.setup(at: supplier)
        return SupplierAccount(
            id: AccountID(rawValue: 0),
            name: "\(supplier.rawValue)-demo",
            kind: SupplierKind(rawValue: supplier.rawValue),
            channel: channel,
            url: url,
            config: AccountConfig(setup.values, secrets: setup.secrets),
            weight: weight
        )
    }
}
