import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine
import Testing

@testable import Console

/// What callers are told of errors.
@Suite struct ErrorAnswerTests {
    @Test(arguments: [
        StoreError(.unavailable, during: "admit") as any Error,
        SendFault(.unavailable, field: "messageParam", "the store does not answer"),
        CampaignFault.unavailable("the store does not answer"),
    ])
    func `whoever cannot be served now is told when to come again`(error: any Error) {
        let response = ErrorAnswer(error).response(trace: "")
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers[.retryAfter].flatMap { Int($0) } == 2)
    }

    @Test func `whoever asked for something impossible is not told to come again`() {
        let response = ErrorAnswer(SendFault(.badParams, field: "messageParam", "is missing"))
            .response(trace: "")
        #expect(response.headers[.retryAfter] == nil)
    }
}
