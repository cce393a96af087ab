import Testing

@testable import PushEngine

@Suite struct CrowdHeaderTests {
    private func layout(_ text: String) throws -> CrowdLayout { try CrowdText(text).layout() }

    @Test(arguments: [
        "\u{FEFF}userId,name\n", "\u{FEFF}\"userId\",\"name\"\n", "userId,name\n", " userId ,\tname\r\n",
    ])
    func `a byte order mark and quotes are dropped`(head: String) throws {
        let layout = try layout(head + "13800138000,a\n")
        #expect(layout.columns == ["userId", "name"])
        #expect(layout.recipient == 0)
        #expect(layout.body == CrowdCursor(offset: Int64(head.utf8.count), row: 1, line: 2))
    }

    @Test(arguments: [
        "手机号", "Phone", "mobile", "USERID", " userId ", "手机", "phone_number", "User ID", "用户ID",
        "Mobile-Phone",
    ])
    func `the recipient's column goes by many names`(name: String) throws {
        #expect(try layout("name,\(name),city\na,13800138000,b\n").recipient == 1)
    }

    @Test func `the recipient's column may be named`() throws {
        try CrowdText("id,phone2\n1,2\n")
            .withFile { path in
                let layout = try CrowdHeader.read(path: path, recipient: "Phone2")
                #expect(layout.recipient == 1)
                #expect(throws: CrowdFileError.recipientMissing(columns: ["id", "phone2"])) {
                    try CrowdHeader.read(path: path)
                }
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
    func `a header that cannot be used is refused`(text: String, error: CrowdFileError) {
        #expect(throws: error) { try layout(text) }
    }

    @Test(arguments: [257, 10_000, 60_000])
    func `more than 256 columns are refused`(count: Int) throws {
        let names = (1..<count).map { "c\($0)" }
        let error = #expect(throws: CrowdFileError.self) {
            try layout("userId," + names.joined(separator: ",") + "\n")
        }
        #expect(error?.code == "TOO_MANY_COLUMNS")
        #expect(try layout("userId," + names.prefix(255).joined(separator: ",") + "\n").columns.count == 256)
    }

    @Test func `blank names at the end are no columns`() throws {
        #expect(try layout("userId,name,,\n").columns == ["userId", "name"])
        #expect(try layout("userId,,name\n").columns == ["userId", "", "name"])
    }

    @Test func `variables are found by name and the missing ones listed`() throws {
        let layout = try layout("userId,Name,city\n")
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
    func `another kind of file is refused by its name`(bytes: [UInt8], kind: CrowdFileKind) {
        #expect(throws: CrowdFileError.unsupported(kind)) { try CrowdText(bytes).layout() }
    }

    @Test func `a header without rows is refused`() async throws {
        for text in ["userId,name\n", "userId", "userId\n\n \n"] {
            let folder = try CrowdFolder(CrowdText(text))
            let layout = try CrowdHeader.read(path: folder.path)
            await #expect(throws: CrowdFileError.noRows) {
                try await CrowdSurvey.make(of: folder.path, layout: layout)
            }
        }
    }
}
