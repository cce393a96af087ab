import Groundwork
import Synchronization

/// A form with a file, read strictly (RFC 7578).
struct MediaForm {
    let name: String
    let bytes: ArraySlice<UInt8>

    /// Reads a request whose form holds one file called `media`, with its name and its length.
    ///
    /// - Returns: nil when it does not.
    init?(_ request: SimulatedRequest) {
        let type = request.field("content-type") ?? ""
        let prefix = "multipart/form-data; boundary="
        guard request.method == "POST", type.hasPrefix(prefix) else { return nil }
        let boundary = type.dropFirst(prefix.count)
        guard (1...70).contains(boundary.utf8.count) else { return nil }
        let body = Array("\r\n".utf8) + request.body
        var found: [MediaForm] = []
        var rest = body[...]
        let line = Array("\r\n--\(boundary)".utf8)
        guard rest.starts(with: line) else { return nil }
        rest = rest.dropFirst(line.count)
        while !rest.elementsEqual("--\r\n".utf8) {
            guard rest.starts(with: "\r\n".utf8), let end = Self.place(of: line, in: rest),
                let head = Self.place(of: Array("\r\n\r\n".utf8), in: rest[..<end])
            else { return nil }
            let fields = String(decoding: rest[..<head], as: UTF8.self)
            let content = rest[(head + 4)..<end]
            if fields.contains("name=\"media\"") {
                guard let name = Self.value("filename", in: fields),
                    fields.contains("filelength=\(content.count)"),
                    fields.contains("\r\nContent-Type: ")
                else { return nil }
                found.append(MediaForm(name: name, bytes: content))
            }
            rest = rest[(end + line.count)...]
        }
        guard found.count == 1 else { return nil }
        self = found[0]
    }

    private init(name: String, bytes: ArraySlice<UInt8>) {
        self.name = name
        self.bytes = bytes
    }

    /// Whether the bytes begin as those of a format do.
    func isOf(_ beginnings: [[UInt8]]) -> Bool { beginnings.contains { bytes.starts(with: $0) } }

    private static func value(_ name: String, in fields: String) -> String? {
        let parts = fields.split(separator: " \(name)=\"", maxSplits: 1)
        guard parts.count == 2, let end = parts[1].firstIndex(of: "\""), end > parts[1].startIndex else {
            return nil
        }
        return String(parts[1][..<end])
    }

    private static func place(of wanted: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var start = bytes.startIndex
        while let next = bytes[start...].firstIndex(of: wanted[0]) {
            if bytes[next...].starts(with: wanted) { return next }
            start = next + 1
        }
        return nil
    }
}

/// What a simulated supplier takes as media of a type.
struct MediaLimit {
    let size: Int
    /// How the bytes begin; empty for anyhow.
    let beginnings: [[UInt8]]
    /// How the name ends; empty for anyhow.
    var endings: [String] = []

    static let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF]
    static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47]
    static let amr = Array("#!AMR".utf8)

    static let weComApp: [String: MediaLimit] = [
        "image": MediaLimit(size: 10 << 20, beginnings: [jpeg, png]),
        "voice": MediaLimit(size: 2 << 20, beginnings: [amr]),
        "video": MediaLimit(size: 10 << 20, beginnings: []),
        "file": MediaLimit(size: 20 << 20, beginnings: []),
    ]

    static let weComRobot = weComApp.filter { ["voice", "file"].contains($0.key) }

    static let dingTalk: [String: MediaLimit] = [
        "image": MediaLimit(
            size: 20 << 20,
            beginnings: [jpeg, png, Array("GIF8".utf8), Array("BM".utf8)]
        ),
        "voice": MediaLimit(size: 2 << 20, beginnings: [amr, Array("ID3".utf8), Array("RIFF".utf8)]),
        "video": MediaLimit(size: 20 << 20, beginnings: []),
        "file": MediaLimit(
            size: 20 << 20,
            beginnings: [],
            endings: [".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".pdf", ".rar"]
        ),
    ]
}

extension Simulation {
    /// Takes a file that somebody uploads.
    ///
    /// - Parameters:
    ///   - request: the upload.
    ///   - type: what it is to be.
    ///   - limits: what the supplier takes.
    ///   - least: the fewest bytes of a file.
    ///   - supplier: which.
    ///   - holder: who may name it.
    ///   - lifetime: how long the supplier has it.
    ///   - now: the time.
    /// - Returns: what the supplier says.
    /// - Throws: the words of WeCom and DingTalk for what is wrong with it.
    func takeMedia(
        _ request: SimulatedRequest,
        type: String,
        _ limits: [String: MediaLimit],
        least: Int = 1,
        at supplier: SimulatedSupplier,
        of holder: String,
        for lifetime: Duration?,
        at now: Moment
    ) throws(SimulatedRefusal) -> WireObject {
        guard let limit = limits[type] else { throw SimulatedRefusal("40004", "invalid media type") }
        guard let form = MediaForm(request) else { throw SimulatedRefusal("41005", "media data missing") }
        guard (least...limit.size).contains(form.bytes.count) else {
            throw SimulatedRefusal("40006", "invalid media size")
        }
        let hasEnding =
            limit.endings.isEmpty || limit.endings.contains { form.name.lowercased().hasSuffix($0) }
        guard hasEnding, limit.beginnings.isEmpty || form.isOf(limit.beginnings) else {
            throw SimulatedRefusal("40005", "invalid file type")
        }
        let name = world.withLock { $0.media[supplier].take(type, of: holder, for: lifetime, at: now) }
        return [
            "errcode": 0, "errmsg": "ok", "type": .text(type), "media_id": .text(name),
            "created_at": .text(String(now.secondsSinceEpoch)),
        ]
    }

    /// Makes sure that a message names only files that are there.
    ///
    /// - Parameters:
    ///   - message: the member of the message that is called after its type.
    ///   - type: its type.
    ///   - supplier: which.
    ///   - holder: who sends it.
    ///   - now: the time.
    /// - Throws: what WeCom and DingTalk say where it is not.
    func checkMedia(
        in message: WireObject,
        _ type: String,
        at supplier: SimulatedSupplier,
        of holder: String,
        at now: Moment
    ) throws(SimulatedRefusal) {
        let thumbs = (message["articles"].list ?? []).compactMap { $0.object?["thumb_media_id"].text }
        let names =
            [message["media_id"].text].compactMap { $0 }.map { ($0, [type]) } + thumbs.map { ($0, ["image"]) }
        for (name, types) in names {
            let isThere = world.withLock { $0.media[supplier].has(name, as: types, of: holder, at: now) }
            guard isThere else { throw SimulatedRefusal("40007", "invalid media_id") }
        }
    }
}
