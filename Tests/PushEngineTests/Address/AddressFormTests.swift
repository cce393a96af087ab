import Testing

@testable import PushEngine

@Suite struct AddressFormTests {
    @Test(arguments: [
        (AddressForm.phone, "138 0013 8000", "+8613800138000"),
        (.mail, " Ann.Lee+x@Example.COM ", "Ann.Lee+x@example.com"), (.mail, "a@b.co", "a@b.co"),
        (.id, " o6_bmjrPTlm6_2sgVt7hMZOPfL2M ", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"), (.id, "@all", "@all"),
    ])
    func `an address has one spelling`(form: AddressForm, text: String, spelling: String) throws {
        #expect(try form.spelling(of: text) == spelling)
        #expect(try form.spelling(of: spelling) == spelling)
    }

    @Test(arguments: [
        (AddressForm.phone, "10086", "PHONE_SERVICE"), (.mail, "", "MAIL_EMPTY"), (.mail, "ann", "MAIL_FORM"),
        (.mail, "a b@c.de", "MAIL_FORM"), (.mail, "a..b@c.de", "MAIL_FORM"),
        (.mail, "a@localhost", "MAIL_DOMAIN"),
        (.mail, "a@-b.de", "MAIL_DOMAIN"), (.mail, "a@b..de", "MAIL_DOMAIN"),
        (.mail, "a@中.cn", "MAIL_DOMAIN"),
        (.mail, "a@b.de\r\nRCPT TO:<x@y.z>", "MAIL_FORM"), (.mail, "@b.de", "MAIL_LENGTH"),
        (.mail, String(repeating: "a", count: 65) + "@b.de", "MAIL_LENGTH"), (.id, "  ", "ID_EMPTY"),
        (.id, "a,b", "ID_CHARACTER"), (.id, "a|b", "ID_CHARACTER"), (.id, "a b", "ID_CHARACTER"),
        (.id, "中", "ID_CHARACTER"), (.id, String(repeating: "a", count: 513), "ID_TOO_LONG"),
    ])
    func `an address under which nobody can be reached says why`(
        form: AddressForm,
        text: String,
        code: String
    ) {
        #expect { try form.spelling(of: text) } throws: { ($0 as? AddressFault)?.code == code }
    }

    @Test func `letter cases of a mail address tell no two people apart, and it stays as it was written`()
        throws
    {
        let written = try AddressForm.mail.spelling(of: "Ann.Lee@Example.org")
        #expect(written == "Ann.Lee@example.org")
        for other in ["ann.lee@example.org", "ANN.LEE@EXAMPLE.ORG", "Ann.lee@example.Org"] {
            #expect(RecipientKey(address: other) == RecipientKey(address: written))
            #expect(other.compared == written.compared)
            #expect(try Addressee(other, on: .email) == Addressee(written, on: .email))
        }
        #expect(RecipientKey(address: "ann.leo@example.org") != RecipientKey(address: written))
        // An id that a supplier gave is told apart by its letters' cases.
        #expect(RecipientKey(address: "oAbC") != RecipientKey(address: "oabc"))
        #expect("oAbC".compared == "oAbC")
        #expect(try Addressee("oAbC", on: .officialAccount) != Addressee("oabc", on: .officialAccount))
    }
}
