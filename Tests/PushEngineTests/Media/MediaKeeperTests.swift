import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// Files that contents refer to are where messages go that name them.
@Suite struct MediaKeeperTests {
    private static let upload = "media/upload"
    private static let message = "message/send"

    @Test func `of all who need a file, in all processes, one uploads it`() async throws {
        try await MediaBench.use { bench in
            let file = try await bench.file()
            let keepers = (0..<3).map { _ in bench.keeper() }
            let taken = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        let call = bench.call(file.id, to: ["Member\(number)x"])
                        guard let reply = try? await bench.send(call, by: keepers[number % 3]) else {
                            return false
                        }
                        guard case .accepted = reply.verdicts[0] else { return false }
                        return true
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(taken == 30)
            #expect(bench.traffic[Self.upload] == 1)
            #expect(try await bench.accepted() == 30)
        }
    }

    @Test func `a content without files asks nobody, and a text that only looks like one stays`() async throws
    {
        try await MediaBench.use { bench in
            let call = SupplierCall(
                requestKey: "k-1",
                recipients: ["Zhao"],
                contents: [#"{"sendType":"10","content":"media:1"}"#],
                contentIndex: [0]
            )
            let reply = try await bench.send(call, by: bench.keeper())
            guard case .accepted = reply.verdicts[0] else {
                Issue.record("\(reply.verdicts)")
                return
            }
            #expect(bench.traffic[Self.upload] == 0)
        }
    }

    @Test func `a copy that is about to end is not named any more`() async throws {
        try await MediaBench.use { bench in
            let (file, keeper) = (try await bench.file(), bench.keeper())
            _ = try await bench.send(bench.call(file.id), by: keeper)
            let first = try #require(try await bench.copy(of: file))
            #expect(first.expiresAt == bench.clock.calendar.now + .seconds(3 * 86_400))
            bench.clock.advance(by: .seconds(3 * 86_400 - 301))
            _ = try await bench.send(bench.call(file.id, to: ["Qian"]), by: keeper)
            #expect(bench.traffic[Self.upload] == 1)
            bench.clock.advance(by: .seconds(2))
            _ = try await bench.send(bench.call(file.id, to: ["Sun"]), by: keeper)
            #expect(bench.traffic[Self.upload] == 2)
            #expect(try await bench.copy(of: file)?.name != first.name)
            #expect(try await bench.accepted() == 3)
        }
    }

    @Test func `a message that names what the supplier lost goes once, with a fresh copy`() async throws {
        try await MediaBench.use { bench in
            let (file, keeper, other) = (try await bench.file(), bench.keeper(), bench.keeper())
            _ = try await bench.send(bench.call(file.id), by: keeper)
            _ = try await bench.send(bench.call(file.id, to: ["Qian"]), by: other)
            try await bench.order("/_sim/reset")
            for (keeper, member) in [(keeper, "Sun"), (other, "Li")] {
                let reply = try await bench.send(bench.call(file.id, to: [member]), by: keeper)
                guard case .accepted = reply.verdicts[0] else {
                    Issue.record("\(reply.verdicts)")
                    return
                }
            }
            // The second finds what the first uploaded.
            #expect(bench.traffic[Self.upload] == 2)
            #expect(try await bench.accepted() == 2)
        }
    }

    @Test func `nothing is sent when the file cannot be uploaded, and later it is`() async throws {
        try await MediaBench.use { bench in
            let (file, keeper) = (try await bench.file(), bench.keeper())
            bench.traffic.breaks(Self.upload)
            let refusal = await #expect(throws: Refusal.self) {
                _ = try await bench.send(bench.call(file.id), by: keeper)
            }
            #expect(refusal?.fault == .transient)
            #expect(refusal?.code == "http.503")
            #expect(bench.traffic[Self.message] == 0)
            bench.traffic.breaks(nil)
            _ = try await bench.send(bench.call(file.id), by: keeper)
            #expect(try await bench.accepted() == 1)
        }
    }

    @Test func `a message that names a file of nobody's is refused for good`() async throws {
        try await MediaBench.use { bench in
            let file = try await bench.file()
            try await bench.library.remove(file.id)
            for id in [file.id, MediaID(rawValue: 99)] {
                let refusal = await #expect(throws: Refusal.self) {
                    _ = try await bench.send(bench.call(id), by: bench.keeper())
                }
                #expect(refusal?.fault == .badContent)
                #expect(refusal?.code == "kpush.media_unknown")
            }
            #expect(bench.traffic[Self.message] == 0)
        }
    }

    @Test func `whoever stood still for too long does not call, though the file is there`() async throws {
        try await MediaBench.use { bench in
            let file = try await bench.file()
            let calls = MediaCalls(keeper: bench.keeper())
            let refusal = await #expect(throws: Refusal.self) {
                _ = try await calls.send(bench.call(file.id), to: bench.entry) { false }
            }
            #expect(refusal?.code == "held_up")
            #expect(bench.traffic[Self.message] == 0)
            #expect(try await bench.copy(of: file) != nil)
        }
    }

    @Test func `an uploader that died is got over once its turn is`() async throws {
        try await MediaBench.use { bench in
            let file = try await bench.file()
            let turn = try await bench.books.takeMediaTurn(
                of: file.id,
                at: bench.entry.account.id,
                after: .none,
                for: .seconds(45)
            )
            #expect(turn != nil)
            async let reply = bench.send(bench.call(file.id), by: bench.keeper())
            bench.clock.advance(by: .seconds(45))
            #expect(try await reply.verdicts.count == 1)
            #expect(try await bench.accepted() == 1)
            #expect(bench.traffic[Self.upload] == 1)
        }
    }

    @Test func `copies that enabled templates use are renewed before they end, and no others`() async throws {
        try await MediaBench.use { bench in
            let keeper = bench.keeper()
            let used = try await bench.file("used.png", MediaBench.png + [1])
            let idle = try await bench.file("idle.png", MediaBench.png + [2])
            for file in [used, idle] { _ = try await bench.send(bench.call(file.id), by: keeper) }
            let draft = TemplateDraft(
                name: "picture",
                channel: .weComApp,
                messageType: .notice,
                templateType: .technical,
                content: #"{"sendType":"100","mediaId":"media:\#(used.id.rawValue)"}"#
            )
            let made = try await bench.books.createTemplate(draft, by: "ann")
            _ = try await bench.books.auditTemplate(made.id, version: 1, approved: true, note: "", by: "ben")
            let entry = bench.entry
            let renewal = MediaRenewal(
                templates: bench.books,
                copies: bench.books,
                directory: SupplierDirectory(
                    accounts: bench.books,
                    clock: bench.clock.calendar,
                    logger: PushBench.quiet
                ) { _ in entry.supplier },
                keeper: keeper,
                clock: bench.clock.calendar
            )
            #expect(try await renewal.run() == MediaRenewal.Round())
            bench.clock.advance(by: .seconds(61 * 3_600))
            let before = try await bench.copy(of: used)
            bench.traffic.breaks(Self.upload)
            #expect(try await renewal.run().failed == ["wecom media:\(used.id.rawValue): http.503"])
            // What could not be renewed is there as long as it was.
            #expect(try await bench.copy(of: used) == before)
            bench.traffic.breaks(nil)
            #expect(try await renewal.run().renewed == 1)
            #expect(
                try await bench.copy(of: used)?.lasts(.seconds(3 * 86_400), after: bench.clock.calendar.now)
                    == true
            )
            #expect(try await renewal.run().renewed == 0)
            #expect(
                try await bench.copy(of: idle)?.lasts(.seconds(12 * 3_600), after: bench.clock.calendar.now)
                    == false
            )
            _ = try await bench.books.setTemplate(made.id, enabled: false)
            bench.clock.advance(by: .seconds(61 * 3_600))
            #expect(try await renewal.run() == MediaRenewal.Round())
        }
    }
}
