import Testing

@testable import PushEngine

/// How files are told apart, and how contents refer to them.
@Suite struct MediaWordsTests {
    @Test(
        arguments: [
            ([0xFF, 0xD8, 0xFF, 0xE0], MediaFormat.jpeg),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
            ([0x89, 0x50, 0x4E, 0x47], .other), (Array("GIF89a..".utf8), .gif), (Array("BM1234".utf8), .bmp),
            (Array("#!AMR-WB\n".utf8), .amr), (Array("ID3\u{3}".utf8), .mp3), ([0xFF, 0xFB, 0x90], .mp3),
            (Array("RIFF....WAVEfmt ".utf8), .wav), (Array("RIFF....AVI LIST".utf8), .other),
            ([0, 0, 0, 0x20] + Array("ftypisom".utf8), .mp4), (Array("<svg>".utf8), .other), ([], .other),
        ] as [([UInt8], MediaFormat)]
    )
    func `a file is what its bytes say`(bytes: [UInt8], format: MediaFormat) {
        #expect(MediaFormat(head: bytes) == format)
    }

    @Test(arguments: [
        (#"{"mediaId":"media:12"}"#, #"{"mediaId":"@x"}"#),
        (
            #"{"mpNewsArticle":[{"title":"media:12","thumbMediaId":"media:12"}]}"#,
            #"{"mpNewsArticle":[{"title":"media:12","thumbMediaId":"@x"}]}"#
        ),
        (
            #"{"dingDingOaBody":{"image":"media:12"},"content":"media:12"}"#,
            #"{"dingDingOaBody":{"image":"@x"},"content":"media:12"}"#
        ),
        (#"{"picUrl":"media:12","url":"media:12"}"#, #"{"picUrl":"@x","url":"media:12"}"#),
    ])
    func `a reference stands where a supplier's own name would`(content: String, replaced: String) {
        #expect(MediaReference.all(in: content) == [MediaID(rawValue: 12)])
        #expect(MediaReference.replaced(in: content, by: [MediaID(rawValue: 12): "@x"]) == replaced)
    }

    @Test(arguments: [
        "media:12", #"{"mediaId":"media:012"}"#, #"{"mediaId":"media:0"}"#, #"{"mediaId":"media:-1"}"#,
        #"{"mediaId":" media:12"}"#, #"{"mediaId":"media:12x"}"#, #"{"mediaId":"@lADOmedia:12"}"#,
        #"{"mediaId":"media:+12"}"#, #"{"content":"media:12"}"#, #"{"mediaId":"media:{$n}"}"#,
    ])
    func `anything else is a text`(content: String) {
        #expect(MediaReference.all(in: content).isEmpty)
        #expect(MediaReference.replaced(in: content, by: [MediaID(rawValue: 12): "@x"]) == content)
    }

    @Test func `a rule refuses what the supplier would`() throws {
        let image = MediaRule(.image, sizes: 6...100, formats: [.jpeg, .png])
        try image.check(.png, byteCount: 6)
        for (format, count) in [(MediaFormat.png, 5), (.png, 101), (.gif, 50)] as [(MediaFormat, Int64)] {
            #expect(throws: CatalogueFault.self) { try image.check(format, byteCount: count) }
        }
        let file = MediaRule(.file, sizes: 1...100, endings: ["pdf", "docx"])
        try file.check(name: "a.b.PDF")
        for name in [
            "pdf", "a.exe", "a.pdf.exe", "", "a/b.pdf", "a\n.pdf", String(repeating: "a", count: 97) + ".pdf",
        ] {
            #expect(throws: CatalogueFault.self, "\(name)") { try file.check(name: name) }
        }
    }
}
