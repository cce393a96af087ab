import Groundwork
import PushEngine

@testable import Suppliers

/// Files as suppliers take them.
enum MediaSamples {
    /// A small file of a type.
    static func file(_ type: MediaType) -> MediaUpload {
        let (name, format, head): (String, MediaFormat, [UInt8]) =
            switch type {
            case .image: ("logo.png", .png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
            case .voice: ("word.amr", .amr, Array("#!AMR\n".utf8))
            case .file: ("terms \"2026\" 条款.pdf", .other, Array("%PDF-1.7".utf8))
            case .video: ("film.mp4", .mp4, [0, 0, 0, 0x18] + Array("ftypmp42".utf8))
            }
        // Among the bytes what ends a part of a form.
        let bytes = head + Array("\r\n--\r\n\r\n".utf8) + (0...255).map { UInt8($0) }
        return MediaUpload(name: name, type: type, format: format, bytes: bytes)
    }

    /// A content with the name of an uploaded file in place of every `"m"`.
    static func uploaded(_ content: String, by supplier: any Supplier) async throws -> String {
        guard content.contains(#""m""#), let door = supplier.mediaDoor else { return content }
        let type: MediaType =
            switch try RenderedContent(content).sendType {
            case .voice: .voice
            case .video: .video
            case .file: .file
            default: .image
            }
        let media = try await door.upload(file(type))
        return content.replacing(#""m""#, with: "\"\(media.reference)\"")
    }
}
