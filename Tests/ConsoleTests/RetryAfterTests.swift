import Groundwork
import HTTPTypes
import PushEngine
import Testing

@testable import Console

@Suite struct RetryAfterTests {
    @Test(arguments: [
        SendFault(.unavailable, field: "messageParam", "the store does not answer") as any Error,
        StoreError(.unavailable, during: "read"), CampaignFault.unavailable("the store does not answer"),
    ])
    func `who finds a store away is told when to ask again`(error: any Error) {
        let response = ErrorAnswer(error).response(trace: "t")
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers[.retryAfter] == "5")
    }

    @Test func `who asked wrongly is not told to ask again`() {
        let response = ErrorAnswer(SendFault(.badParams, field: "code", "is send")).response(trace: "t")
        #expect(response.status == .badRequest)
        #expect(response.headers[.retryAfter] == nil)
    }
}
