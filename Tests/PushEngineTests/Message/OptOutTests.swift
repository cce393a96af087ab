import Testing

@testable import PushEngine

@Suite struct OptOutTests {
    @Test func `a text gets its opt-out words`() {
        #expect(OptOut.append(OptOut.usualSuffix, to: "满300减50") == "满300减50，拒收请回复R")
        #expect(OptOut.append("", to: "满300减50") == "满300减50")
    }

    @Test(arguments: ["拒收请回复R", "拒收请回复R。", "回T退订", "退订回T", "退订回 TD", "回TD退订", "退订回ＴＤ！", "回复N退订"])
    func `a text that ends with opt-out words gets no more`(ending: String) {
        let text = "满300减50，" + ending
        #expect(OptOut.append(OptOut.usualSuffix, to: text) == text)
    }

    @Test(arguments: ["退订回T后无法恢复", "R", "拒收", "请回复R"])
    func `words in the middle or half of them do not count`(ending: String) {
        #expect(OptOut.append("回T退订", to: ending) == ending + "，回T退订")
    }

    @Test(arguments: ["R", "T", "TD", "td。", "TＤ", " n ", "退订", "拒收", "qx", "Stop", "unsubscribe!"])
    func `a reply of one key word is a refusal`(reply: String) {
        #expect(OptOut.isRefusal(reply))
    }

    @Test(arguments: ["R u there", "不要退订", "", "TDD", "请问怎么退订"])
    func `a key word inside a sentence is no refusal`(reply: String) {
        #expect(!OptOut.isRefusal(reply))
    }

    @Test func `a body is checked against the supplier's rules`() {
        let rules = SMSContentRules.tencent
        #expect(throws: SMSContentFault.empty) { try rules.check(body: "") }
        #expect(throws: SMSContentFault.forbidden("【")) { try rules.check(body: "您好【京东】") }
        #expect(throws: SMSContentFault.forbidden("★")) { try rules.check(body: "五★") }
        #expect(throws: SMSContentFault.tooLong(characters: 501, limit: 500)) {
            try rules.check(body: String(repeating: "中", count: 501))
        }
        #expect(throws: Never.self) { try rules.check(body: String(repeating: "中", count: 500)) }
    }

    @Test func `a variable is checked against the supplier's rules`() {
        #expect(throws: SMSContentFault.variableHoldsLink) {
            try SMSContentRules.tencent.check(variable: "见https://a.cn/x")
        }
        #expect(throws: SMSContentFault.variableTooLong(characters: 36, limit: 35)) {
            try SMSContentRules.aliyun.check(variable: String(repeating: "a", count: 36))
        }
        #expect(throws: SMSContentFault.forbidden("】")) { try SMSContentRules().check(variable: "】") }
        #expect(throws: Never.self) { try SMSContentRules.aliyun.check(variable: "https://a.cn/x") }
    }
}
