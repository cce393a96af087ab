import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What suppliers are asked about a day, and how their figures are read.
@Suite struct StatisticsTests {
    /// A day in China.
    private static func day(startingAt hours: Int = 0) throws -> DaySpan {
        let start = try #require(CivilTime("2026-03-02 00:00:00")).moment(offset: CivilTime.china)
        return DaySpan(
            day: try #require(CalendarDay(number: 20_260_302)),
            start: start + .seconds(hours * 3_600),
            end: start + .seconds((hours + 24) * 3_600)
        )
    }

    @Test func `Tencent is asked by the hour, and tells what it took and charged`() async throws {
        let http = ScriptedHTTPClient(
            #"{"Response":{"SendStatusStatistics":{"FeeCount":"7","RequestCount":6,"RequestSuccessCount":5},"RequestId":"r"}}"#
        )
        let supplier = SupplierOutcomeTests.supplier(.tencent, over: http)
        let figures = try await supplier.statistics(of: try Self.day())
        #expect(figures == SupplierDay(accepted: 5, segments: 7))
        let request = try #require(http.requests.first)
        #expect(request.field("x-tc-action") == "SendStatusStatistics")
        let body =
            #"{"BeginTime":"2026030200","EndTime":"2026030223","SmsSdkAppId":"1400006666","Limit":0,"Offset":0}"#
        #expect(request.text == body)
    }

    @Test func `a refusal and an answer without figures are no figures`() async throws {
        let refusal =
            #"{"Response":{"Error":{"Code":"AuthFailure.SecretIdNotFound","Message":"m"},"RequestId":"r"}}"#
        let http = ScriptedHTTPClient(refusal, #"{"Response":{"RequestId":"r"}}"#)
        let supplier = SupplierOutcomeTests.supplier(.tencent, over: http)
        let day = try Self.day()
        for _ in 0..<2 {
            await #expect(throws: SupplierError.self) { _ = try await supplier.statistics(of: day) }
        }
    }

    @Test func `Aliyun is asked for the mainland and for elsewhere, and both are added up`() async throws {
        let answer = #"""
            {"Code":"OK","Message":"OK","Data":{"TotalSize":1,"TargetList":[{"TotalCount":5,\#
            "RespondedSuccessCount":3,"RespondedFailCount":1,"NoRespondedCount":1,"SendDate":"20260302"}]}}
            """#
        let http = ScriptedHTTPClient(
            answer,
            #"{"Code":"OK","Message":"OK","Data":{"TotalSize":0,"TargetList":[]}}"#
        )
        let supplier = SupplierOutcomeTests.supplier(.aliyun, over: http)
        let figures = try await supplier.statistics(of: try Self.day())
        #expect(figures == SupplierDay(accepted: 5, delivered: 3, undelivered: 1))
        let asked = http.requests.map { $0.url + $0.text }
        #expect(asked.count == 2)
        #expect(asked[0].contains("IsGlobe=1") && asked[1].contains("IsGlobe=2"))
        for question in asked {
            #expect(question.contains("StartDate=20260302") && question.contains("EndDate=20260302"))
        }
    }

    @Test func `Aliyun, which counts China's days, is not asked for another zone's`() async throws {
        let http = ScriptedHTTPClient()
        let supplier = SupplierOutcomeTests.supplier(.aliyun, over: http)
        #expect(try await supplier.statistics(of: try Self.day(startingAt: 8)) == nil)
        #expect(http.requests.isEmpty)
    }
}
