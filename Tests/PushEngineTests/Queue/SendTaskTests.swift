import Foundation
import Groundwork
import TestKit
import Testing

@testable import PushEngine

struct SendTaskTests {
    private func task(recipients: Int) -> SendTask {
        var task = SendTask(
            template: TemplateID(rawValue: 17),
            templateVersion: 3,
            lane: Lane(channel: .sms, type: .marketing),
            shield: .hold,
            account: AccountID(rawValue: 2),
            campaignRun: CampaignRunID(rawValue: 9),
            acceptedAt: Moment(millisecondsSinceEpoch: 1_764_063_000_123)
        )
        task.contents.append(Array("【KPush】上海".utf8))
        task.contents.append(Array("【KPush】北京".utf8))
        for index in 0..<recipients {
            task.recipients.append(Array("+8613800\(138_000 + index)".utf8))
            task.contentIndex.append(UInt16(index % 2))
        }
        return task
    }

    @Test(arguments: [0, 1, 2, 4_096])
    func `a task is read back as it was written`(recipients: Int) throws {
        let task = task(recipients: recipients)
        #expect(try SendTask(encoded: task.encoded) == task)
    }

    @Test func `a task that keeps its recipients' accounts is read back as one, unless it names an account`()
        throws
    {
        var task = task(recipients: 2)
        task.account = nil
        #expect(try SendTask(encoded: task.encoded) == task)
        task.isSticky = true
        let copy = try SendTask(encoded: task.encoded)
        #expect(copy == task)
        #expect(copy.account == nil)
    }

    @Test func `a task cut anywhere is refused and never misread`() throws {
        let bytes = task(recipients: 3).encoded
        for length in 0..<bytes.count {
            #expect(throws: PayloadError.self) { try SendTask(encoded: Array(bytes[..<length])) }
        }
    }

    @Test func `a text that no recipient list matches is refused`() {
        var task = task(recipients: 2)
        task.contentIndex[1] = 7
        #expect(throws: PayloadError.inconsistent("recipients and contents do not match")) {
            try SendTask(encoded: task.encoded)
        }
    }

    @Test func `a phone number is its own key, any other address a negative one`() {
        #expect(task(recipients: 1).key(0).rawValue == 8_613_800_138_000)
        #expect(RecipientKey(address: "someone@example.com").rawValue < 0)
        #expect(RecipientKey(address: "+").rawValue < 0)
        #expect(RecipientKey(address: "+12345678901234567").rawValue < 0)
    }

    @Test func `a message's identity leads back to its batch and place`() {
        let id = MessageID(batch: BatchID(rawValue: 77), index: 4_095)
        #expect(id.batch == BatchID(rawValue: 77))
        #expect(id.index == 4_095)
        #expect(MessageID(id.description) == id)
        #expect(BatchID(rawValue: 77).messages.contains(id.rawValue))
        #expect(!BatchID(rawValue: 78).messages.contains(id.rawValue))
    }
}

struct MembersTests {
    @Test(arguments: 0..<50)
    func `any choice of members is read back as it was written`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let share = Int.random(in: 1...100, using: &random)
        let chosen = (0..<BatchID.capacity).filter { _ in Int.random(in: 0..<100, using: &random) < share }
        let members = Members(chosen)
        let copy = try Members(encoded: members.encoded)
        #expect(copy == members)
        for index in stride(from: 0, to: BatchID.capacity, by: 7) {
            #expect(copy.contains(index) == chosen.contains(index))
        }
    }

    @Test func `a whole batch takes three bytes`() {
        #expect(Members(Array(0..<BatchID.capacity)).encoded.count == 3)
    }

    @Test func `members that no batch can have are refused`() {
        #expect(throws: PayloadError.self) { try Members(encoded: [0xFF, 0x7F, 0x01]) }
        #expect(throws: PayloadError.self) { try Members(encoded: [0x80]) }
    }
}

struct BusinessCalendarTests {
    @Test(arguments: [
        ("2026-11-24T15:59:59Z", 20_261_124), ("2026-11-24T16:00:00Z", 20_261_125),
        ("2024-02-28T16:00:00Z", 20_240_229), ("1969-12-31T00:00:00Z", 19_691_231),
        ("2026-12-31T16:00:00Z", 20_270_101),
    ])
    func `a day begins at midnight of the installation's zone`(text: String, day: Int) throws {
        let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        let date = try #require(ISO8601DateFormatter().date(from: text))
        let moment = Moment(secondsSinceEpoch: Int64(date.timeIntervalSince1970))
        #expect(BusinessCalendar(zone: zone).day(of: moment) == day)
    }
}
