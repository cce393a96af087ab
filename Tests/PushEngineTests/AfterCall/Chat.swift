import Groundwork
import SupplierSimulator
import Testing

@testable import PushEngine

/// A channel other than SMS, as the tests of what comes after a call use it.
struct Chat: Hashable, CustomTestStringConvertible {
    let supplier: SimulatedSupplier
    let channel: Channel
    let content: String
    let people: [String]

    var testDescription: String { supplier.rawValue }

    static let weCom = Chat(
        supplier: .weComApp,
        channel: .weComApp,
        content: #"{"sendType":"10","content":"您好"}"#,
        people: ["Zhang.San", "Li.Si", "Wang.Wu"]
    )
    static let getui = Chat(
        supplier: .getui,
        channel: .push,
        content: #"{"title":"您好","content":"再见"}"#,
        people: ["device-a", "device-bc", "device-d"]
    )
    static let dingTalk = Chat(
        supplier: .dingTalkNotice,
        channel: .dingTalkWorkNotice,
        content: #"{"content":"您好"}"#,
        people: ["zhang-san", "li-si", "wang-wu"]
    )
    static let officialAccount = Chat(
        supplier: .weChatOfficialAccount,
        channel: .officialAccount,
        content: #"{"templateId":"demo-oa-template","officialAccountParam":{"thing1":"您好"}}"#,
        people: ["oZhang_San", "oLi_Si", "oWang_Wu"]
    )
    /// It can neither be asked nor be called again.
    static let miniProgram = Chat(
        supplier: .weChatMiniProgram,
        channel: .miniProgram,
        content: #"{"templateId":"demo-mini-template","miniProgramParam":{"thing1":"您好"}}"#,
        people: ["oZhang_San"]
    )

    /// Those that drop what comes twice.
    static let dropping = [weCom, getui, dingTalk, officialAccount]

    /// Those of them that may leave a repeat without an answer: what GeTui answered once it answers at once.
    static let hesitating = [weCom, dingTalk, officialAccount]

    /// The suppliers, with the rules by which DingTalk drops what comes twice.
    static var suppliers: SimulatorSettings {
        var settings = PushBench.calm
        settings.limitsRates = true
        return settings
    }

    /// Runs the suppliers, and a plan of an engine with an account at this one.
    func use(_ body: (PushBench, BenchPlan) async throws -> Void) async throws {
        var plan = BenchPlan()
        plan.others = [supplier]
        try await PushBench.use(suppliers: Self.suppliers) { bench in try await body(bench, plan) }
    }

    /// Sends to all people of the channel, or to some.
    func send(
        by engine: BenchEngine,
        to people: [String]? = nil,
        guarantee: DeliveryGuarantee = .atMostOnce
    ) async throws -> [MessageID] {
        let template = try await engine.template(content, channel: channel, guarantee: guarantee)
        let messages = try await engine.send(people ?? self.people, template)
        try await engine.settle()
        return messages
    }
}

extension PushBench {
    /// Makes sure of how many messages the suppliers took, each for somebody else.
    func expect(taken count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let stats = try await town.stats()
        #expect(stats.accepted == count, sourceLocation: sourceLocation)
        #expect(stats.distinct == count, sourceLocation: sourceLocation)
        #expect(stats.doubled == 0, sourceLocation: sourceLocation)
    }
}
