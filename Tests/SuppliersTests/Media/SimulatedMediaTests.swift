import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// Files on their way to suppliers, over the real transport against the simulator.
@Suite struct SimulatedMediaTests {
    private static let all = [SimulatedSupplier.weComApp, .weComRobot, .dingTalkNotice]

    /// A content that shows a file.
    private static func content(_ type: MediaType, _ name: String) -> String {
        switch type {
        case .image: #"{"sendType":"100","mediaId":"\#(name)"}"#
        case .voice: #"{"sendType":"20","mediaId":"\#(name)","duration":"3"}"#
        case .file: #"{"sendType":"60","mediaId":"\#(name)"}"#
        case .video: #"{"sendType":"30","mediaId":"\#(name)","title":"t"}"#
        }
    }

    /// A content without what the supplier does not know.
    private static func content(_ type: MediaType, _ name: String, at kind: SimulatedSupplier) -> String {
        content(type, name).replacing(kind == .dingTalkNotice ? "" : #","duration":"3""#, with: "")
    }

    @Test(arguments: all)
    func `a file of each type that the form names is taken, and messages may name it`(
        kind: SimulatedSupplier
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            let door = try #require(chat.supplier.mediaDoor)
            let form = try #require(
                SupplierForms(SupplierCatalogue.forms)[SupplierKind(rawValue: kind.rawValue)]
            )
            try #require(!form.media.isEmpty)
            for rule in form.media {
                let file = MediaSamples.file(rule.type)
                try rule.check(name: file.name)
                try rule.check(MediaFormat(head: file.bytes), byteCount: Int64(file.bytes.count))
                let media = try await door.upload(file)
                #expect(media.lifetime == (kind == .dingTalkNotice ? nil : .seconds(3 * 86_400)))
                let content = Self.content(rule.type, media.reference, at: kind)
                let reply = await chat.send(["u-1"], content: content, key: "k-\(rule.type)")
                #expect(reply.isAccepted, "\(rule.type): \(reply.verdicts)")
            }
        }
    }

    @Test(arguments: all)
    func `what a rule does not allow, the supplier refuses`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            let door = try #require(chat.supplier.mediaDoor)
            let amr = MediaSamples.file(.voice)
            let wrong = MediaUpload(
                name: "word.amr",
                type: .voice,
                format: .amr,
                bytes: Array("no sound".utf8)
            )
            let large = MediaUpload(
                name: "word.amr",
                type: .voice,
                format: .amr,
                bytes: amr.bytes + [UInt8](repeating: 0, count: 2 << 20)
            )
            for (file, code) in [(wrong, "40005"), (large, "40006")] {
                let error = await #expect(throws: SupplierError.self) { _ = try await door.upload(file) }
                guard case .refused(let refusal)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(refusal.code == code)
                #expect(refusal.fault == .badContent)
                #expect(!door.isMediaMissing(refusal))
            }
        }
    }

    @Test(arguments: all)
    func `a message that names a file which is not there is told from others`(
        kind: SimulatedSupplier
    ) async throws {
        try await SimulatedChat.use(kind) { chat in
            let door = try #require(chat.supplier.mediaDoor)
            let media = try await door.upload(MediaSamples.file(.voice))
            for (type, name) in [(MediaType.file, media.reference), (.voice, "m")] {
                let reply = await chat.send(["u-1"], content: Self.content(type, name, at: kind))
                let refusal = try #require(reply.verdicts[0].refusal)
                #expect(door.isMediaMissing(refusal), "\(refusal)")
            }
            chat.clock.advance(by: .seconds(3 * 86_400 - 60))
            let content = Self.content(.voice, media.reference, at: kind)
            #expect(await chat.send(["u-1"], content: content).isAccepted)
            chat.clock.advance(by: .seconds(60))
            let late = await chat.send(["u-2"], content: content)
            #expect(late.isAccepted == (kind == .dingTalkNotice))
            #expect(late.verdicts[0].refusal.map(door.isMediaMissing) ?? true)
        }
    }

    @Test(arguments: [SimulatedSupplier.weComApp, .dingTalkNotice])
    func `a token that is over is replaced in the middle of an upload`(kind: SimulatedSupplier) async throws {
        try await SimulatedChat.use(kind) { chat in
            let door = try #require(chat.supplier.mediaDoor)
            _ = try await door.upload(MediaSamples.file(.image))
            try await chat.order("/_sim/clock", #"{"advance_ms":7200001}"#)
            let media = try await door.upload(MediaSamples.file(.image))
            let content = Self.content(.image, media.reference, at: kind)
            #expect(await chat.send(["u-1"], content: content).isAccepted)
        }
    }

    @Test func `a form is written as browsers do`() {
        let file = MediaUpload(name: "a\"b\r\n.png", type: .image, format: .png, bytes: Array("xyz".utf8))
        let form = MultipartForm(file, as: "media", values: [("type", "image")])
        let boundary = "kpush-3608bca1e44ea6c4d268eb6db0226026"
        #expect(form.contentType == "multipart/form-data; boundary=\(boundary)")
        let text = """
            --\(boundary)\r
            Content-Disposition: form-data; name="type"\r
            \r
            image\r
            --\(boundary)\r
            Content-Disposition: form-data; name="media"; filename="a%22b%0D%0A.png"; filelength=3\r
            Content-Type: image/png\r
            \r
            xyz\r
            --\(boundary)--\r\n
            """
        #expect(String(decoding: form.body, as: UTF8.self) == text)
    }
}
