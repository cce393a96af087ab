import Groundwork
import PushEngine
import Testing

@testable import Suppliers

/// What the chats' signatures are for given moments and secrets, computed apart from this code.
@Suite struct ChatSigningTests {
    @Test(
        arguments: [
            (1_700_000_000_000, "SECtest", "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g="),
            (
                1_700_000_000_000, "SEC000000000000000000000000000000000000000000000000000000000000test",
                "bCcJiIKqyObgdvB5UiIbViJlixojz9bQW5dnZbgLAd8="
            ),
            (1_546_084_445_901, "this is secret", "iZUamRUhDrNjadIMypR3HzMCRArfP4PWgn33Azh7zVk="),
        ] as [(Int64, String, String)]
    )
    func `DingTalk's robots are signed for`(milliseconds: Int64, secret: String, signature: String) {
        let made = RequestSigning.dingTalkRobot(Secret(secret), at: milliseconds)
        #expect(made == signature)
        #expect(PercentEncoding.encoded(made) == signature.dropLast() + "%3D")
    }

    @Test(
        arguments: [
            (1_599_360_473, "demo", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
            (1_700_000_000, "meeting", "C7gOpTmbUEImnlSm7ag0pX5SEtBE8g8qbaRSqYiA6sQ="),
            (1_700_000_000, "SECtest", "G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk="),
        ] as [(Int64, String, String)]
    )
    func `Feishu's robots are signed for`(seconds: Int64, secret: String, signature: String) {
        #expect(RequestSigning.feishuRobot(Secret(secret), at: seconds) == signature)
    }

    @Test func `Feishu's way is not DingTalk's`() {
        let other = RequestSigning.dingTalkRobot(Secret("SECtest"), at: 1_700_000_000)
        #expect(other == "4a+I/5ws+NoapnHErfi4wLu5as2XKn44STmnPCuf/ew=")
        #expect(RequestSigning.feishuRobot(Secret("SECtest"), at: 1_700_000_000) != other)
    }

    @Test func `a webhook is signed over moment and body`() {
        let made = RequestSigning.webhook(
            Secret("webhook-secret"),
            at: 1_700_000_000,
            body: Array(#"{"a":1}"#.utf8)
        )
        #expect(made == "2ff3101d20a9c9551ad8fbe65d513983f9ea07874c06dadf559d0c4e7f43181c")
    }

    @Test(
        arguments: [
            ("13800138000", ["13800138000"], []), ("+8613800138000", ["13800138000"], []),
            ("+85291234567", ["+85291234567"], []), ("manager123", [], ["manager123"]),
            ("23800138000", [], ["23800138000"]), ("138001380001", [], ["138001380001"]),
            ("+12", [], ["+12"]), ("+1380013800x", [], ["+1380013800x"]),
            ("1380013800x", [], ["1380013800x"]),
        ] as [(String, [String], [String])]
    )
    func `a recipient is a mobile or an id`(recipient: String, mobiles: [String], ids: [String]) {
        let mentions = Mentions([recipient])
        #expect(mentions.mobiles == mobiles)
        #expect(mentions.ids == ids)
        #expect(!mentions.isAll)
    }

    @Test func `everybody is a recipient too`() {
        let mentions = Mentions(["u1", "@all"])
        #expect(mentions.isAll)
        #expect(mentions.ids == ["u1"])
    }
}
