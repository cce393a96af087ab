import Groundwork
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// Templates that show a file, from acceptance to the supplier that wants it uploaded first.
@Suite(.timeLimit(.minutes(5))) struct MediaDeliveryTests {
    /// A file of each type that goes to a WeCom application, and a content that shows it.
    private static let files: [(type: MediaType, name: String, head: [UInt8], content: String)] = [
        (.image, "logo.png", MediaBench.png, #"{"sendType":"100","mediaId":"media:1"}"#),
        (.file, "terms.pdf", Array("%PDF-1.7".utf8), #"{"sendType":"60","mediaId":"media:1"}"#),
    ]

    @Test(arguments: files.indices)
    func
        `a file is uploaded once, and again when the supplier has forgotten it, and everybody has one message`(
            file: Int
        ) async throws
    {
        try await Self.use { bench, plan, traffic in
            let engine = try await bench.open(plan)
            let template = try await Self.template(engine, file)
            let first = try await Self.send(engine, 0..<12, template)
            try await engine.settle()
            #expect(traffic.uploads.value == 1)
            // In its books the supplier has it for three days; nobody here knows that they are over.
            try await bench.town.pass(.seconds(3 * 86_400 + 1))
            let second = try await Self.send(engine, 12..<24, template)
            try await engine.settle()
            #expect(traffic.uploads.value == 2)
            try await Self.expectSent(engine, first + second)
            // The supplier's token was over too: a call was made once more for each of the two, at the most.
            #expect((25...48).contains(traffic.messages.value))
        }
    }

    @Test func `who comes later, in another process, finds what was uploaded anew`() async throws {
        try await Self.use { bench, plan, traffic in
            let engine = try await bench.open(plan)
            let template = try await Self.template(engine)
            var messages = try await Self.send(engine, 0..<1, template)
            try await engine.settle()
            try await bench.town.pass(.seconds(3 * 86_400 + 1))
            messages += try await Self.send(engine, 1..<2, template)
            try await engine.settle()
            let other = try await bench.open(plan)
            messages += try await Self.send(other, 2..<3, template)
            try await other.settle()
            #expect(traffic.uploads.value == 2)
            // The second was made once more for a token that was over, and once more for the file.
            #expect(traffic.messages.value == 5)
            try await Self.expectSent(other, messages)
        }
    }

    @Test func `while the file cannot be uploaded nobody has anything, and later everybody has one message`()
        async throws
    {
        try await Self.use { bench, plan, traffic in
            let engine = try await bench.open(plan)
            let template = try await Self.template(engine)
            var messages = try await Self.send(engine, 0..<3, template)
            try await engine.settle()
            try await bench.town.pass(.seconds(3 * 86_400 + 1))
            traffic.breakUploads(true)
            messages += try await Self.send(engine, 3..<6, template)
            try await engine.working {
                try await eventually("uploads were tried in vain") {
                    try await engine.passTime()
                    return traffic.uploads.value >= 4
                }
                try await bench.expect(taken: 3 * Self.callSize)
                traffic.breakUploads(false)
            }
            try await engine.settleInTime()
            try await Self.expectSent(engine, messages)
        }
    }

    /// The calls of one who finds the file gone, in their order.
    enum Call: Int, CaseIterable {
        case withOldName
        case upload
        case withNewName
    }

    @Test(arguments: Call.allCases, [false, true])
    func `a call that is cut off while the file is uploaded anew doubles nothing`(
        call: Call,
        isAnswerLost: Bool
    ) async throws {
        try await Self.use { bench, plan, _ in
            let engine = try await bench.open(plan)
            let template = try await Self.template(engine)
            let before = try await Self.send(engine, 0..<1, template)
            try await engine.settle()
            try await bench.town.pass(.seconds(3 * 86_400 + 1))
            let calls = Count()
            let cut: @Sendable (BenchOperation) async throws(WireCut) -> Void = {
                operation throws(WireCut) in
                guard case .call(let body) = operation, Traffic.isUpload(body) || Traffic.isMessage(body)
                else { return }
                if calls.add(1) == call.rawValue + 1 { throw WireCut() }
            }
            var broken = plan
            broken.wire = isAnswerLost ? TestWire(onAfter: cut) : TestWire(onBefore: cut)
            let other = try await bench.open(broken)
            let messages = try await Self.send(other, 1..<2, template)
            try await other.settleInTime()
            // Without an answer to a call that may have been taken nobody is sent to again.
            let isDoubtful = isAnswerLost && call != .upload
            let states = try await other.states(messages)
            #expect(states.allSatisfy { $0 == (isDoubtful ? .unknown : .sent) }, "\(states)")
            let wasTaken = !isDoubtful || call == .withNewName
            let taken = before.count + (wasTaken ? messages.count : 0)
            try await bench.expect(taken: taken)
            // Nor by whoever looks after calls without an answer: under another name it is another call.
            try await bench.advance(by: .seconds(61))
            #expect(try await other.takeReceipts().repeated == 0)
            try await bench.expect(taken: taken)
        }
    }

    /// How many people each sending is for.
    private static let callSize = 20

    /// What goes to the supplier.
    private final class Traffic: Sendable {
        let uploads = Count()
        let messages = Count()
        private let broken = Count()

        func breakUploads(_ isBroken: Bool) { broken.add(isBroken ? 1 : -1) }

        var wire: TestWire {
            TestWire(onBefore: { [self] operation throws(WireCut) in
                guard case .call(let body) = operation else { return }
                if Self.isMessage(body) { messages.add(1) }
                guard Self.isUpload(body) else { return }
                uploads.add(1)
                if broken.value > 0 { throw WireCut() }
            })
        }

        static func isUpload(_ body: [UInt8]) -> Bool { has(body, "form-data; name=\"media\"") }

        static func isMessage(_ body: [UInt8]) -> Bool { has(body, "\"msgtype\"") }

        private static func has(_ body: [UInt8], _ text: String) -> Bool {
            String(decoding: body, as: UTF8.self).contains(text)
        }
    }

    private static func use(_ body: (PushBench, BenchPlan, Traffic) async throws -> Void) async throws {
        let traffic = Traffic()
        var plan = BenchPlan()
        plan.others = [.weComApp]
        plan.wire = traffic.wire
        try await PushBench.use(suppliers: Chat.suppliers) { bench in try await body(bench, plan, traffic) }
    }

    /// A template that shows the first file there is.
    private static func template(_ engine: BenchEngine, _ place: Int = 0) async throws -> TemplateID {
        let sample = files[place]
        let file = try await engine.media.take(
            name: sample.name,
            as: sample.type,
            for: .weComApp,
            by: "ann"
        ) { staged, _ in
            try await staged.append(sample.head)
        }
        #expect(file.id == MediaID(rawValue: 1))
        return try await engine.template(sample.content, channel: .weComApp)
    }

    /// Sends to people whom nobody else is sent to, each number as a sending of its own.
    private static func send(
        _ engine: BenchEngine,
        _ numbers: Range<Int>,
        _ template: TemplateID
    ) async throws -> [MessageID] {
        var messages: [MessageID] = []
        for number in numbers {
            messages += try await engine.send((0..<callSize).map { "member-\(number)-\($0)" }, template)
        }
        return messages
    }

    /// Checks that all were sent, that the supplier took one message for each, and that their stories are in order.
    private static func expectSent(
        _ engine: BenchEngine,
        _ messages: [MessageID],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let states = try await engine.states(messages)
        #expect(states.allSatisfy { $0 == .sent }, sourceLocation: sourceLocation)
        try await engine.bench.expect(taken: messages.count, sourceLocation: sourceLocation)
        try await engine.expectSoundStories(messages, sourceLocation: sourceLocation)
    }
}
