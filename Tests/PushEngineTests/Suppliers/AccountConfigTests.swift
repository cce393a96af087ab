import Groundwork
import Testing

@testable import PushEngine

@Suite struct AccountConfigTests {
    private static let config = AccountConfig(
        ["appId": "wx1", "from": "\"快推\" <a@b.c>", "none": ""],
        secrets: ["secret": Secret("{\"s\\"), "token": Secret("t")]
    )

    @Test func `what is stored is what comes back`() throws {
        let again = try AccountConfig(
            storedValues: Self.config.storedValues,
            secrets: Self.config.storedSecrets,
            of: SupplierKind(rawValue: "x")
        )
        #expect(again == Self.config)
        #expect(again.values["none"] == nil)
        #expect(!"\(again)".contains("{\"s"))
    }

    @Test func `secrets that cannot be opened are missing, and the account is locked`() throws {
        let locked = try AccountConfig(
            storedValues: Self.config.storedValues,
            secrets: nil,
            of: SupplierKind(rawValue: "x")
        )
        #expect(locked.isLocked)
        #expect(locked.secrets.isEmpty)
        #expect(locked.values == Self.config.values)
    }

    @Test(arguments: [("tencent", "secretKey"), ("aliyun", "accessKeySecret")])
    func `the one secret of accounts from before they had forms has its field's name`(
        kind: String,
        field: String
    ) throws {
        let config = try AccountConfig(
            storedValues: "{}",
            secrets: Secret("old"),
            of: SupplierKind(rawValue: kind)
        )
        #expect(config.secrets == [field: Secret("old")])
    }

    @Test(arguments: ["", "[]", #"{"a":1}"#])
    func `a text that is no configuration is refused`(text: String) {
        #expect(throws: PayloadError.self) {
            try AccountConfig(storedValues: text, secrets: Secret("{}"), of: SupplierKind(rawValue: "x"))
        }
    }
}
