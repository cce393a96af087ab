import Testing

@testable import PushEngine

@Suite struct CrowdReportTests {
    private func line(_ text: String, column: Int? = 2) -> String {
        var out: [UInt8] = []
        CrowdReport.append(CrowdReject(line: 3, row: 2, column: column, fault: .quote, text: text), to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test func `a refused row is one row of the report`() {
        let hint = CrowdRowFault.quote.hint
        #expect(line("a,\"b", column: nil) == "3,2,,CSV_QUOTE,\"\(hint)\",\"a,\"\"b\"\n")
        #expect(line("a\nb\0") == "3,2,2,CSV_QUOTE,\"\(hint)\",\"a\nb\u{FFFD}\"\n")
    }

    @Test(arguments: ["=1+1", "+86", "-1", "@x", "\tx", "\rx"])
    func `what a spreadsheet would run is shown as text`(text: String) {
        #expect(line(text).hasSuffix(",\"'\(text)\"\n"))
    }
}
