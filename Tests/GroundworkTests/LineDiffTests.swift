import Testing

@testable import Groundwork

struct LineDiffTests {
    private static func marks(_ old: String, _ new: String) -> [String] {
        LineDiff(from: old, to: new).lines.map { "\($0.fate.rawValue)\($0.text)" }
    }

    @Test(
        arguments: [
            ("", "", []), ("a\n", "a\n", [" a"]), ("", "a\nb\n", ["+a", "+b"]), ("a\nb\n", "", ["-a", "-b"]),
            ("a\nb\nc\n", "a\nx\nc\n", [" a", "-b", "+x", " c"]),
            ("a\nb\nc\nd\n", "b\nc\ne\nd\n", ["-a", " b", " c", "+e", " d"]),
            ("a\na\n", "a\na\na\n", [" a", " a", "+a"]), ("a\r\nb\n", "a\nb\n", ["-a\r", "+a", " b"]),
            ("a\n\n", "a\n", [" a", "-"]),
        ] as [(String, String, [String])]
    )
    func `lines are kept, removed and added`(old: String, new: String, lines: [String]) {
        #expect(Self.marks(old, new) == lines)
    }

    @Test func `a line break that is missing at the end is a difference`() {
        let diff = LineDiff(from: "a\nb", to: "a\nb\n")
        #expect(diff.lines.map(\.fate) == [.kept, .removed, .added])
        #expect(diff.lines.map(\.isLastUnbroken) == [false, true, false])
    }

    @Test func `hunks hold what changed with the lines around it, and say where they begin`() {
        let old = (1...40).map { "\($0)\n" }.joined()
        let new = old.replacing("5\n6\n", with: "5\nx\n6\n").replacing("30\n", with: "")
        let hunks = LineDiff(from: old, to: new).hunks(context: 2)
        #expect(hunks.map(\.oldStart) == [4, 28])
        #expect(hunks.map(\.newStart) == [4, 29])
        #expect(hunks[0].lines.map(\.text) == ["4", "5", "x", "6", "7"])
        #expect(hunks[1].lines.map(\.text) == ["28", "29", "30", "31", "32"])
        #expect(LineDiff(from: old, to: old).hunks().isEmpty)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `taking back what was added gives the old text, and what was removed the new`(seed: UInt64) {
        var state = seed
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        func text() -> String {
            (0..<next(30)).map { _ in "\(next(4))" }.joined(separator: "\n") + (next(2) == 0 ? "\n" : "")
        }
        let (old, new) = (text(), text())
        let lines = LineDiff(from: old, to: new).lines
        func whole(_ fate: LineDiff.Fate) -> String {
            lines.filter { $0.fate == .kept || $0.fate == fate }
                .map { $0.text + ($0.isLastUnbroken ? "" : "\n") }.joined()
        }
        #expect(whole(.removed) == old)
        #expect(whole(.added) == new)
    }

    @Test func `texts that differ over thousands of lines are compared at once`() {
        let old = (0..<40_000).map { "\($0)\n" }.joined()
        let new = (0..<40_000).map { "\($0 * 2)\n" }.joined()
        let clock = ContinuousClock()
        let took = clock.measure { #expect(LineDiff(from: old, to: new).lines.count == 79_999) }
        #expect(took < .seconds(10))
    }
}
