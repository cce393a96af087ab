import Testing

@testable import PushEngine

@Suite struct CrowdSurveyTests {
    private let text = CrowdText(
        "userId,name\n" + (1...2_000).map { "\(13_800_000_000 + $0),n\($0)\n" }.joined() + "1,a\n\n2\n"
    )

    @Test func `a survey counts, hashes and cuts`() async throws {
        var settings = CrowdSurvey.Settings()
        settings.shardSize = 4_096
        settings.batchRows = 50
        let survey = try await CrowdSurvey.make(
            of: text,
            layout: text.layout(),
            settings: settings
        )
        #expect(survey.good == 2_000)
        #expect(survey.rows == 2_002)
        #expect(survey.rejected == ["PHONE_LENGTH": 1, "COLUMN_COUNT": 1])
        #expect(survey.emptyLines == 1)
        #expect(survey.size == Int64(text.bytes.count))
        #expect(survey.shards.count > 5)
        #expect(
            survey.shards.dropLast().allSatisfy { $0.end - $0.start >= 4_096 && $0.end - $0.start < 8_192 }
        )
    }

    @Test func `the hash is that of all bytes, the header's too`() async throws {
        let crowd = CrowdText("userId\n13800138000\n")
        let survey = try await CrowdSurvey.make(of: crowd, layout: crowd.layout())
        #expect(survey.sha256 == "a5339be7af6bebd4f56cfcdb378d7aff34360f3093e9f18acfdcbca75b174083")
    }

    @Test func `a cancelled survey ends`() async throws {
        let (text, layout) = (text, try await text.layout())
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await CrowdSurvey.make(of: text, layout: layout)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
