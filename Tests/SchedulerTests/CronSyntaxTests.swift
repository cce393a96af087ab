import Scheduler
import TestKit
import Testing

/// What is refused, and whether the refusal points at the right place.
@Suite struct CronSyntaxTests {
    @Test(arguments: [
        ("", "expression", 0), ("   ", "expression", 0), ("* * *", "expression", 5),
        ("0 0 8 * *", "expression", 9), ("0 13 * 5 ?", "expression", 10), ("@daily", "expression", 0),
        ("0 0 0 * * ? 2025 9", "expression", 17), ("nonsense", "expression", 8),
    ])
    func `a wrong number of fields`(text: String, field: String, position: Int) {
        expectError(text, field, position)
    }

    @Test(arguments: [
        ("5? 0 0 * * ?", "second", 1), ("** 0 0 * * ?", "second", 1), ("*5 0 0 * * ?", "second", 1),
        ("1.5 0 0 * * ?", "second", 1), ("0 0 0 5C * ?", "dayOfMonth", 7),
        ("0 0 0 1-5W * ?", "dayOfMonth", 9), ("0 0 0 ? * SUNDAY", "dayOfWeek", 10),
        ("0 0 0 ? JANUARY MON", "month", 8), ("99 0 0 * * ?", "second", 0), ("0 98 0 * * ?", "minute", 2),
        ("0 0 99 * * ?", "hour", 4), ("*/0 0 0 * * ?", "second", 2), ("0 0/0 0 * * ?", "minute", 4),
        ("1, 0 0 * * ?", "second", 2), (",1 0 0 * * ?", "second", 0), (", 0 0 * * ?", "second", 0),
        ("1,,2 0 0 * * ?", "second", 2), ("0 0 0 * * ? 24", "year", 12), ("0 0 0 * * ? 3000", "year", 12),
        ("0 0 0 * * ? 1969", "year", 12), ("0 0 0 * * ? 2200", "year", 12),
    ])
    func `what Quartz lets pass`(text: String, field: String, position: Int) {
        expectError(text, field, position)
    }

    @Test(arguments: [
        ("L 0 0 * * ?", "second", 0), ("0 L 0 * * ?", "minute", 2), ("0 0 L * * ?", "hour", 4),
        ("0 0 0 1 L ?", "month", 8), ("0 0 0 ? , MON", "month", 8), ("0 0 0 , * ?", "dayOfMonth", 6),
        ("0 0 0 ? * ,", "dayOfWeek", 10), ("0 0 0 ? * #", "dayOfWeek", 10), ("/ 0 0 * * ?", "second", 1),
        ("- 0 0 * * ?", "second", 0), ("0 0 0 W * ?", "dayOfMonth", 6),
    ])
    func `what makes Quartz stumble`(text: String, field: String, position: Int) {
        expectError(text, field, position)
    }

    @Test(arguments: [
        ("0 0 0 ? * 0", 10), ("0 0 0 ? * 8", 10), ("0 0 0 ? * 0#1", 10), ("0 0 0 ? * 6#0", 12),
        ("0 0 0 ? * 6#6", 12), ("0 0 0 ? * 6#", 12), ("0 0 0 ? * 2-4#1", 13), ("0 0 0 ? * FRI#3/2", 15),
        ("0 0 0 ? * 2L#1", 12), ("0 0 0 ? * L2", 11), ("0 0 0 ? * FRIW", 10), ("0 0 0 ? * 5W", 11),
        ("0 0 0 ? * MON/8", 14), ("0 0 0 ? * MON-", 14), ("0 0 0 ? * MO", 10), ("0 0 0 ? * MON-FRIL", 17),
        ("0 0 0 ? * ?,5", 11), ("0 0 0 ? * 5,?", 12),
    ])
    func `days of the week that are none`(text: String, position: Int) {
        expectError(text, "dayOfWeek", position)
    }

    @Test(arguments: [
        ("0 0 0 0 * ?", 6), ("0 0 0 32 * ?", 6), ("0 0 0 0W * ?", 6), ("0 0 0 32W * ?", 6),
        ("0 0 0 L-31 * ?", 8), ("0 0 0 L-31W * ?", 8), ("0 0 0 L- * ?", 8), ("0 0 0 LW-3 * ?", 8),
        ("0 0 0 WL * ?", 6), ("0 0 0 5L * ?", 7), ("0 0 0 L5 * ?", 7), ("0 0 0 L/2 * ?", 7),
        ("0 0 0 15W/2 * ?", 9), ("0 0 0 5#2 * ?", 7), ("0 0 0 MON * ?", 6), ("0 0 0 ?,5 * MON", 7),
        ("0 0 0 99999999999999999999 * ?", 6),
    ])
    func `days of the month that are none`(text: String, position: Int) {
        expectError(text, "dayOfMonth", position)
    }

    @Test(arguments: [
        ("0/60 0 0 * * ?", "second", 2), ("0 0/60 0 * * ?", "minute", 4), ("0 0 0/24 * * ?", "hour", 6),
        ("0 0 0 1/32 * ?", "dayOfMonth", 8), ("0 0 0 1 1/13 ?", "month", 10),
        ("5/ 0 0 * * ?", "second", 2), ("1-5/ 0 0 * * ?", "second", 4), ("1/2/3 0 0 * * ?", "second", 3),
        ("1-2-3 0 0 * * ?", "second", 3), ("-5 0 0 * * ?", "second", 0), ("+5 0 0 * * ?", "second", 0),
        ("5- 0 0 * * ?", "second", 2), ("? 0 0 * * ?", "second", 0), ("0 0 0 * ? ?", "month", 8),
        ("H 0 0 * * ?", "second", 0), ("0 0 MON * * ?", "hour", 4), ("0 0 0 1 13 ?", "month", 8),
        ("0 0 0 1 0 ?", "month", 8), ("0 0 0 * * ? 2030-2025", "year", 17), ("0 0 0 * * ? L", "year", 12),
    ])
    func `values, ranges and steps out of bounds`(text: String, field: String, position: Int) {
        expectError(text, field, position)
    }

    @Test(arguments: [
        ("0 0 0 1 * MON", 10), ("0 0 0 1 * *", 10), ("0 0 0 * * MON", 10), ("0 0 0 */2 * *", 12),
        ("0 0 0 ? * ?", 10),
    ])
    func `day fields that contradict or say nothing`(text: String, position: Int) {
        expectError(text, "dayOfWeek", position)
    }

    @Test(arguments: [
        ("0 0 0 31 2 ?", "dayOfMonth", 6), ("0 0 0 30 FEB ?", "dayOfMonth", 6),
        ("0 0 0 30,31 2 ?", "dayOfMonth", 6), ("0 0 0 31 4,6,9,11 ?", "dayOfMonth", 6),
        ("0 0 0 30W 2 ?", "dayOfMonth", 6), ("0 0 0 31W 4 ?", "dayOfMonth", 6),
        ("0 0 0 L-29 2 ?", "dayOfMonth", 6), ("0 0 0 29 2 ? 2100", "year", 13),
        ("0 0 0 29 2 ? 2025-2027", "year", 13), ("0 0 0 ? 2 MON#5 2025", "year", 16),
    ])
    func `what can never fire`(text: String, field: String, position: Int) {
        let error = expectError(text, field, position)
        #expect(error?.reason.hasPrefix("never fires") == true)
    }

    @Test(arguments: [
        ("0 0 0 ? * SUNDAY", "write SUN"), ("0 0 0 1 * MON", "write ? for one of them"),
        ("0 0 8 * *", "looks like Unix cron"), ("0 0 0 LW-3 * ?", "nothing follows W"),
        ("*/0 0 0 * * ?", "a step is 1 to 59"), ("0 0 0 * * ? 3000", "1970 to 2199"),
        ("1.5 0 0 * * ?", "only whole numbers"), ("0 0 0 ? * 8", "day of week is 1 to 7"),
    ])
    func `the hint says what to write`(text: String, hint: String) {
        let error = #expect(throws: CronSyntaxError.self) { try CronExpression(text) }
        #expect(error?.hint.contains(hint) == true, "\(error?.hint ?? "no error")")
    }

    @Test(arguments: [
        "0\t0 0 * * ?\u{1}", "\u{0} 0 0 * * ?", "0 0 0 * * ?\r", "0 0 0 \n * ?", "0 0 0 \u{85} * ?",
    ])
    func `reasons are one printable line whatever the text`(text: String) throws {
        let error = try #require(throws: CronSyntaxError.self) { try CronExpression(text) }
        #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
    }

    @Test func `columns count characters, not bytes`() {
        expectError("0 0 0 * * ? 2025 \u{4E2D}\u{6587} x", "expression", 17)
        expectError("0 0 \u{FF11} * * ?", "hour", 4)
        expectError("\u{1F600} 0 0 * * ? * x", "expression", 14)
    }

    @Test(arguments: [
        "  0 0 12 * * ?  ", "0\t0\t12\t*\t*\t?", "00 00 012 * * ?", "0 0 12 * jan-dec ?",
        "0 0 12 ? * Sun-Sat",
        "0 0 12 * * ? *", "0 0 12 1-31 * ?", "0 0 12 *,5 * ?", "0 0 12 ? * 6-2,3,4,5",
    ])
    func `other spellings of every noon`(text: String) throws {
        let answers = try CronQuestion(expression: text, from: "2025-01-30T12:00:00").answers(3)
        #expect(answers == ["2025-01-31T12:00:00Z", "2025-02-01T12:00:00Z", "2025-02-02T12:00:00Z"])
    }

    @Test(arguments: [
        ("0 30 2 * * ?", false), ("0,30 0,30 2,3 * * ?", false), ("0 30 2 1-5 */2 ? 2025-2030", false),
        ("0 30 2-2 * * ?", true), ("0 0/20 2 * * ?", true), ("* 30 2 * * ?", true), ("0 30 * * * ?", true),
    ])
    func `a star, slash or dash in the clock fields makes an interval`(text: String, interval: Bool) throws {
        #expect(try CronExpression(text).isInterval == interval)
    }

    @Test func `random bytes are read or refused, and never crash`() {
        var random = SeededGenerator(seed: 20_250_309)
        let alphabet = Array("0123456789*/-,?LW# MONFRIJAN\t.@\u{e9}\n")
        var refused = 0
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &random)
            let text = String((0..<length).map { _ in alphabet.randomElement(using: &random) ?? " " })
            do {
                _ = try CronExpression(text)
            } catch {
                refused += 1
                if error.position > text.count || error.reason.isEmpty { Issue.record("\(text): \(error)") }
            }
        }
        #expect(refused > 10_000)
    }

    @discardableResult
    private func expectError(
        _ text: String,
        _ field: String,
        _ position: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> CronSyntaxError? {
        let error = #expect(throws: CronSyntaxError.self, sourceLocation: sourceLocation) {
            try CronExpression(text)
        }
        #expect(error?.field == field, "\(text): \(error?.description ?? "")", sourceLocation: sourceLocation)
        #expect(error?.position == position, "\(error?.description ?? "")", sourceLocation: sourceLocation)
        return error
    }
}
