import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What people answer to short messages, as each supplier writes it.
@Suite struct SMSRepliesTests {
    /// 2021-05-11 19:56:28 in China.
    private static let at = Moment(secondsSinceEpoch: 1_620_734_188)

    @Test func `Tencent's pulled answers are read, and a bad one is counted`() throws {
        let page = try #require(
            SMSReplies.tencent(
                Array(
                    #"""
                    {"Response":{"RequestId":"a0aabda6","PullSmsReplyStatusSet":[{"CountryCode":"86",
                    "ReplyContent":"TD","SubscriberNumber":"18501234444","ExtendCode":"11","ReplyTime":1620734188,
                    "PhoneNumber":"+8618501234444","SignName":"腾讯云"},{"ReplyContent":"x"}]}}
                    """#
                    .utf8
                )
            )
        )
        let word = RecipientWord(sender: "+8618501234444", .answer("TD"), signature: "腾讯云", at: Self.at)
        #expect(page.words == [word])
        #expect(page.malformed == 1 && page.receipts.isEmpty)
    }

    @Test func `Tencent's posted answer is read`() throws {
        let body =
            #"{"extend":"1","mobile":"18501234444","nationcode":"86","sign":"【腾讯云】","text":"1","time":1620734188}"#
        let page = try #require(SMSReplies.tencent(Array(body.utf8)))
        #expect(
            page.words == [
                RecipientWord(sender: "+8618501234444", .answer("1"), signature: "腾讯云", at: Self.at)
            ]
        )
        #expect(page.raw == Array(body.utf8))
    }

    @Test(arguments: ["2021-05-11 19:56:28", "20210511195628"])
    func `Aliyun's posted answers are read, with either time`(time: String) throws {
        let body = """
            [{"dest_code":"1","send_time":"\(time)","sign_name":"【阿里云】","sequence_id":1,
            "phone_number":"18501234444","content":"退订"},{"content":"x","send_time":"never"}]
            """
        let page = try #require(SMSReplies.aliyun(Array(body.utf8)))
        #expect(
            page.words == [
                RecipientWord(sender: "+8618501234444", .answer("退订"), signature: "阿里云", at: Self.at)
            ]
        )
        #expect(page.malformed == 1)
    }

    @Test func `Yunpian's answers are read, pulled and posted`() throws {
        let one =
            #"{"id":"2a","mobile":"18501234444","reply_time":"2021-05-11 19:56:28","text":"T","extend":"01","base_extend":"8888"}"#
        let word = RecipientWord(sender: "+8618501234444", .answer("T"), at: Self.at)
        #expect(SMSReplies.yunpian(Array(one.utf8))?.words == [word])
        #expect(SMSReplies.yunpian(Array("[\(one),\(one)]".utf8))?.words == [word, word])
    }

    @Test(arguments: [
        "", "[]", "[1]", "{}", "[{}]", "<html>", #"[{"sid":1,"mobile":"1"}]"#,
        #"{"Response":{"PullSmsSendStatusSet":[]}}"#,
        #"[{"phone_number":"1","success":true,"biz_id":"b"}]"#,
    ])
    func `what holds no answers is left to whoever reads receipts`(body: String) {
        let raw = Array(body.utf8)
        for read in [SMSReplies.tencent, SMSReplies.aliyun, SMSReplies.yunpian] {
            #expect(read(raw)?.raw == nil)
        }
    }
}
