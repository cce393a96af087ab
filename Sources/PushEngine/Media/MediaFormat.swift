/// What the bytes of a media file are, by how they begin; nobody's word is taken for it.
package enum MediaFormat: String, Hashable, Sendable, CaseIterable {
    case jpeg
    case png
    case gif
    case bmp
    case amr
    case mp3
    case wav
    case mp4
    /// Anything else.
    case other

    /// How many bytes of the beginning are enough.
    package static let headLength = 12

    /// Looks at the beginning of a file.
    package init(head: some Sequence<UInt8>) {
        let head = Array(head.prefix(Self.headLength))
        self = Self.beginnings.first { head.starts(with: $0.bytes) }?.format ?? Self.container(head) ?? .other
    }

    /// What mail and forms call it.
    package var mime: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .gif: "image/gif"
        case .bmp: "image/bmp"
        case .amr: "audio/amr"
        case .mp3: "audio/mpeg"
        case .wav: "audio/wav"
        case .mp4: "video/mp4"
        case .other: "application/octet-stream"
        }
    }

    private static let beginnings: [(format: MediaFormat, bytes: [UInt8])] = [
        (.jpeg, [0xFF, 0xD8, 0xFF]), (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
        (.gif, Array("GIF87a".utf8)), (.gif, Array("GIF89a".utf8)), (.bmp, Array("BM".utf8)),
        (.amr, Array("#!AMR".utf8)), (.mp3, Array("ID3".utf8)),
        // Frames of MPEG audio, layer three.
        (.mp3, [0xFF, 0xFB]), (.mp3, [0xFF, 0xF3]), (.mp3, [0xFF, 0xF2]),
    ]

    /// Formats whose name stands behind a length.
    private static func container(_ head: [UInt8]) -> MediaFormat? {
        guard head.count == headLength else { return nil }
        if head.starts(with: "RIFF".utf8), head[8...].elementsEqual("WAVE".utf8) { return .wav }
        return head[4..<8].elementsEqual("ftyp".utf8) ? .mp4 : nil
    }
}
