import Testing

@testable import PushEngine

@Suite struct CrowdHeaderTests {
    private func layout(_ text: String) async throws -> CrowdLayout { try await CrowdText(text).layout() }

    @Test(arguments: [
        "\u{FEFF}userId,name\n", "\u{FEFF}\"userId\",\"name\"\n", "userId,name\n", " userId ,\tname\r\n",
    ])
    func `a byte order mark and quotes are dropped`(head: String) async throws {
        let layout = try await layout(head + "13800138000,a\n")
        #expect(layout.columns == ["userId", "name"])
        #expect(layout.recipient == 0)
        #expect(layout.body == CrowdCursor(offset: Int64(head.utf8.count), row: 1, line: 2))
    }

    @Test(arguments: [
        "手机号", "Phone", "mobile", "USERID", " userId ", "手机", "phone_number", "User ID", "用户ID",
        "Mobile-Phone",
    ])
    func `the recipient's column goes by many names`(name: String) async throws {
        #expect(try await layout("name,\(name),city\na,13800138000,b\n").recipient == 1)
    }

    @Test func `the recipient's column may be named`() async throws {
        let crowd = CrowdText("id,phone2\n1,2\n")
        #expect(try await CrowdHeader.read(crowd, recipient: "Phone2").recipient == 1)
        await #expect(throws: CrowdFileError.recipientMissing(columns: ["id", "phone2"])) {
            try await CrowdHeader.read(crowd)
        }
    }

    @Test(arguments: [
        ("phone,phone\n", CrowdFileError.headerDuplicate(["phone", "phone"])),
        ("userId,手机号\n", .headerDuplicate(["userId", "手机号"])),
        ("userId,Name,name\n", .headerDuplicate(["Name", "name"])),
        ("13800138000,Ann\n", .headerMissing),
        ("Ann;+86 138-0013-8000\n", .headerMissing),
        ("name,city\n", .recipientMissing(columns: ["name", "city"])),
        ("", .empty), ("\u{FEFF}", .empty), (" \r\n\n", .empty),
        ("userId,\"name\n13800138000,a\n", .headerUnreadable(.unterminatedQuote)),
        ("userId,na\"me\n", .headerUnreadable(.quote)),
        ("userId,a\0b\n", .headerUnreadable(.nulByte)),
        ("<html><table>", .unsupported(.html)),
    ])
    func `a header that cannot be used is refused`(text: String, error: CrowdFileError) async {
        await #expect(throws: error) { try await layout(text) }
    }

    @Test(arguments: [257, 10_000, 60_000])
    func `more than 256 columns are refused`(count: Int) async throws {
        let names = (1..<count).map { "c\($0)" }
        let error = await #expect(throws: CrowdFileError.self) {
            try await layout("userId," + names.joined(separator: ",") + "\n")
        }
        #expect(error?.code == "TOO_MANY_COLUMNS")
        #expect(
            try await layout("userId," + names.prefix(255).joined(separator: ",") + "\n").columns.count == 256
        )
    }

    @Test func `blank names at the end are no columns`() async throws {
        #expect(try await layout("userId,name,,\n").columns == ["userId", "name"])
        #expect(try await layout("userId,,name\n").columns == ["userId", "", "name"])
    }

    @Test func `variables are found by name and the missing ones listed`() async throws {
        let layout = try await layout("userId,Name,city\n")
        #expect(try layout.columns(for: ["city", "name"]) == [2, 1])
        #expect(throws: CrowdFileError.variablesMissing(["code", "url"])) {
            try layout.columns(for: ["code", "name", "url"])
        }
    }

    @Test(
        arguments: [
            ([0x1F, 0x8B, 8, 0], CrowdFileKind.gzip), ([0x50, 0x4B, 3, 4, 0, 0], .zip),
            ([0xFF, 0xFE, 0x75, 0], .utf16LittleEndian),
            ([0xFE, 0xFF, 0, 0x75], .utf16BigEndian), ([0xD0, 0xCF, 0x11, 0xE0, 0xA1], .xls),
            (Array("u\0s\0e\0r\0I\0d\0".utf8), .utf16LittleEndian),
            ([0xCA, 0xD6, 0xBB, 0xFA, 0xBA, 0xC5, 0x2C, 0x61, 0x0A], .legacyChinese),
            ([0x50, 0x4B, 3, 4] + Array("....[Content_Types].xml".utf8), .xlsx),
        ] as [([UInt8], CrowdFileKind)]
    )
    func `another kind of file is refused by its name`(bytes: [UInt8], kind: CrowdFileKind) async {
        await #expect(throws: CrowdFileError.unsupported(kind)) { try await CrowdText(bytes).layout() }
    }

    @Test func `a header without rows is refused`() async throws {
        for text in ["userId,name\n", "userId", "userId\n\n \n"] {
            let crowd = CrowdText(text)
            let layout = try await crowd.layout()
            await #expect(throws: CrowdFileError.noRows) {
                try await CrowdSurvey.make(of: crowd, layout: layout)
            }
        }
    }
}
