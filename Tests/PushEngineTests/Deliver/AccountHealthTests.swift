import Groundwork
import Logging
import TestKit
import Testing

@testable import PushEngine

/// When accounts rest, and when they are tried again.
@Suite struct AccountHealthTests {
    private let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_000_000))
    private let log = LogRecorder()
    private let health: AccountHealth
    private let account = AccountID(rawValue: 7)

    init() {
        var settings = AccountHealthSettings()
        settings.failing.jitter = 0
        settings.refused.jitter = 0
        settings.throttled.jitter = 0
        let log = log
        health = AccountHealth(settings: settings, timer: clock, logger: Logger(label: "test") { _ in log })
    }

    private static let down = SupplierVerdict.refused(Refusal(.transient, code: "http.503"))
    private static let taken = SupplierVerdict.accepted(reference: "r", charge: 1)

    private func note(_ verdicts: SupplierVerdict..., wasMade: Bool = true) {
        let intent = Intent(
            id: IntentID(rawValue: 1),
            account: account,
            members: Members(Array(verdicts.indices))
        )
        health.note([CallRound(intent: intent, reply: SupplierReply(verdicts: verdicts), wasMade: wasMade)])
    }

    private var rests: Bool { health.resting(among: [account]) == [account] }

    @Test func `an account rests when half of its last calls had no usable answer, and not before`() {
        for _ in 0..<4 { note(Self.taken) }
        for _ in 0..<3 { note(Self.down) }
        #expect(!rests)
        note(.ambiguous(detail: "timeout"))
        #expect(rests)
        #expect(health.reason(account) == .failing)
        #expect(health.resting(among: [AccountID(rawValue: 8)]).isEmpty)
    }

    @Test func `a few failures of a young account prove nothing`() {
        for _ in 0..<4 { note(Self.down) }
        #expect(!rests)
    }

    @Test func `when its time is over one tries, and all go on when that works`() {
        for _ in 0..<5 { note(Self.down) }
        clock.advance(by: .milliseconds(1_999))
        #expect(rests)
        clock.advance(by: .milliseconds(1))
        #expect(!rests)
        // Of several calls one tries it.
        #expect(health.admit([account, account, AccountID(rawValue: 8)]).places == [0, 2])
        #expect(rests)
        #expect(health.admit([account]).places.isEmpty)
        note(Self.taken)
        #expect(!rests)
        #expect(health.reason(account) == nil)
        #expect(log.lines.filter { $0.contains("works again") }.count == 1)
    }

    @Test func `it rests twice as long each time that trying fails, and never longer than a minute`() {
        for _ in 0..<5 { note(Self.down) }
        var rest = Duration.seconds(2)
        for _ in 0..<8 {
            clock.advance(by: rest - .milliseconds(1))
            #expect(rests)
            clock.advance(by: .milliseconds(1))
            #expect(!rests)
            note(Self.down)
            rest = min(rest * 2, .seconds(60))
        }
    }

    @Test func `somebody who tries and dies keeps it from the others for a while only`() {
        for _ in 0..<5 { note(Self.down) }
        clock.advance(by: .seconds(2))
        #expect(health.admit([account]).tried == [account])
        clock.advance(by: .seconds(39))
        #expect(rests)
        clock.advance(by: .seconds(1))
        #expect(!rests)
    }

    @Test func `whoever only asks tries nothing, and a trial that is not made is another's`() {
        for _ in 0..<5 { note(Self.down) }
        clock.advance(by: .seconds(2))
        for _ in 0..<3 { #expect(!rests) }
        #expect(health.admit([account]).tried == [account])
        health.giveBack([account])
        #expect(health.admit([account]).tried == [account])
        note(Self.taken, wasMade: false)
        #expect(!rests)
    }

    @Test func `a call that began before the account rested does not end its rest`() {
        note(.refused(Refusal(.throttled, code: "429", wait: .seconds(90))))
        note(Self.taken)
        #expect(rests)
        clock.advance(by: .seconds(90))
        note(Self.taken)
        #expect(health.reason(account) == nil)
    }

    @Test func `what we refuse ourselves says nothing of the account, but for its own faults`() {
        for _ in 0..<9 { note(.refused(Refusal(.transient, code: "kpush.attachment_unavailable"))) }
        #expect(!rests)
        note(.refused(Refusal(.badConfig, code: "kpush.private_key")))
        clock.advance(by: .seconds(10))
        note(.refused(Refusal(.badContent, code: "kpush.too_long")))
        #expect(health.reason(account) == .refused)
    }

    @Test func `an account that is refused rests at once`() {
        note(.refused(Refusal(.badConfig, code: "isv.AMOUNT_NOT_ENOUGH")))
        #expect(health.reason(account) == .refused)
        clock.advance(by: .seconds(9))
        #expect(rests)
        clock.advance(by: .seconds(1))
        #expect(!rests)
    }

    @Test func `an account that is told to slow down rests as long as it is told`() {
        note(.refused(Refusal(.throttled, code: "429", wait: .seconds(90))))
        clock.advance(by: .seconds(89))
        #expect(rests)
        clock.advance(by: .seconds(1))
        #expect(!rests)
    }

    @Test func `an account that was told to slow down goes on at half its rate until that has recovered`() {
        for _ in 0..<100 { note(Self.taken) }
        #expect(health.standing(of: account).rate == nil)
        #expect(health.limits(of: [account]).isEmpty)
        note(.refused(Refusal(.throttled, code: "429")))
        // Those that were out already are told so as well, and it is no news.
        for _ in 0..<8 { note(.refused(Refusal(.throttled, code: "429"))) }
        clock.advance(by: .seconds(1))
        #expect(!rests)
        note(Self.taken)
        #expect(health.reason(account) == nil)
        #expect(health.standing(of: account).rate == 50)
        #expect(health.limits(of: [account, account]).mapValues(\.permits) == [account: 500])
        clock.advance(by: .seconds(20))
        #expect(health.standing(of: account).rate == 100)
        clock.advance(by: .seconds(41))
        #expect(health.standing(of: account).rate == nil)
        #expect(health.limits(of: [account]).isEmpty)
    }

    @Test func `a limit of one recipient slows the account down for nobody`() {
        for _ in 0..<20 { note(Self.taken) }
        for _ in 0..<20 { note(.refused(Refusal(.recipientLimit, code: "x", wait: .seconds(60)))) }
        note(Self.taken, .refused(Refusal(.throttled, code: "429")))
        #expect(!rests)
        #expect(health.standing(of: account).rate == nil)
    }

    @Test func `calls that come back late make the rest no longer`() {
        for _ in 0..<5 { note(Self.down) }
        for _ in 0..<20 { note(Self.down) }
        clock.advance(by: .seconds(2))
        #expect(!rests)
    }

    @Test func `what is about a recipient or a text, and what was not sent, is not held against the account`()
    {
        for fault in [Refusal.Class.badRecipient, .badContent, .recipientLimit] {
            for _ in 0..<30 { note(.refused(Refusal(fault, code: "x"))) }
        }
        for _ in 0..<30 { note(Self.down, wasMade: false) }
        for _ in 0..<30 { note(Self.taken, Self.down) }
        #expect(!rests)
    }
}
