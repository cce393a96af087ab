import Foundation
import Groundwork

/// Writes a message with its header and its parts (RFC 5322, RFC 2045 to 2047).
///
/// Only ASCII comes out of it, in lines of at most 76 characters but for names of files: every server takes that.
struct MailWriter {
    /// The header's fields in order, each value folded.
    private(set) var fields: [(name: String, value: String)] = []
    private(set) var body: [UInt8] = []

    /// Writes `message`.
    ///
    /// - Throws: `MailFault` when a text of the header would end it early.
    init(_ message: MailMessage) throws(MailFault) {
        try Self.check(message.subject, "title")
        try Self.check(message.fromName, "fromName")
        for file in message.files { try Self.check(file.name, "name of a file") }
        let sender =
            message.fromName.isEmpty
            ? message.from : "\(EncodedWords.phrase(message.fromName, after: 6))\r\n <\(message.from)>"
        fields = [
            ("From", sender),
            ("To", message.to),
            ("Subject", EncodedWords.unstructured(message.subject, after: 9)),
            ("Date", MailDate.text(message.date)),
            ("Message-ID", "<\(message.id)>"),
            ("MIME-Version", "1.0"),
        ]
        if message.isAutomatic { fields.append(("Auto-Submitted", "auto-generated")) }
        if let unsubscribe = message.unsubscribe {
            fields.append(("List-Unsubscribe", "<\(unsubscribe)>"))
            if unsubscribe.lowercased().hasPrefix("https:") {
                fields.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
            }
        }
        let content = Self.content(of: message)
        fields += content.fields
        body = content.body
    }

    /// The whole message, a signature's field before the others when it has one.
    func bytes(signature: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 2_048)
        if let signature { bytes += "DKIM-Signature: \(signature)\r\n".utf8 }
        for field in fields { bytes += "\(field.name): \(field.value)\r\n".utf8 }
        bytes += "\r\n".utf8
        return bytes + body
    }

    private static func check(_ text: String, _ field: String) throws(MailFault) {
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) }) else {
            throw .control(field: field)
        }
    }

    // What is shown innermost, what it shows around it, and what goes with it around that.
    private static func content(of message: MailMessage) -> MIMEPart {
        let page = InlineImages(message.html, id: message.id)
        let texts = MIMEPart.several(
            "alternative",
            [
                .file(type: "text/plain; charset=utf-8", Array(message.text.utf8)),
                .file(type: "text/html; charset=utf-8", Array(page.html.utf8)),
            ],
            id: message.id
        )
        let images = page.images.map { image in
            MIMEPart.file(
                type: image.type,
                image.bytes,
                extra: [("Content-ID", "<\(image.id)>"), ("Content-Disposition", "inline")]
            )
        }
        let shown = images.isEmpty ? texts : .several("related", [texts] + images, id: message.id)
        let files = message.files.map { MIMEPart.attachment($0) }
        return files.isEmpty ? shown : .several("mixed", [shown] + files, id: message.id)
    }
}

/// A part of a message, with the fields that say what it is.
struct MIMEPart {
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    /// Anything, in base64.
    static func file(
        type: String,
        _ bytes: [UInt8],
        extra: [(name: String, value: String)] = []
    ) -> MIMEPart {
        let options: Data.Base64EncodingOptions = [
            .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
        ]
        var body = Array(Data(bytes).base64EncodedData(options: options))
        if body.last != UInt8(ascii: "\n") { body += "\r\n".utf8 }
        return MIMEPart(
            fields: [("Content-Type", type), ("Content-Transfer-Encoding", "base64")] + extra,
            body: body
        )
    }

    /// Something that is kept or opened, with its name.
    static func attachment(_ file: MailMessage.File) -> MIMEPart {
        let plain = String(
            decoding: file.name.unicodeScalars.map { scalar -> UInt8 in
                let isPlain = 0x20...0x7E ~= scalar.value && scalar != "\"" && scalar != "\\"
                return isPlain ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "_")
            },
            as: UTF8.self
        )
        // Both spellings at once count as one name too many, and some take the poorer one.
        let name =
            plain == file.name
            ? "filename=\"\(plain)\"" : "filename*=UTF-8''\(PercentEncoding.encoded(file.name))"
        return .file(
            type: "\(file.type);\r\n name=\"\(plain)\"",
            file.bytes,
            extra: [("Content-Disposition", "attachment;\r\n \(name)")]
        )
    }

    /// Several parts as one.
    ///
    /// - Parameters:
    ///   - kind: how they belong together, such as `alternative`.
    ///   - parts: the parts.
    ///   - id: the message's, which makes what stands between the parts its own.
    /// - Returns: the part that holds them.
    static func several(_ kind: String, _ parts: [MIMEPart], id: String) -> MIMEPart {
        // No line of base64 begins like that, and no kind's begins like another's.
        let hash = RequestSigning.sha256Hex(id.utf8).prefix(16)
        let boundary = "=_\(kind)_\(hash)"
        var body: [UInt8] = []
        for part in parts {
            body += "--\(boundary)\r\n".utf8
            for field in part.fields { body += "\(field.name): \(field.value)\r\n".utf8 }
            body += "\r\n".utf8
            body += part.body
        }
        body += "--\(boundary)--\r\n".utf8
        return MIMEPart(
            fields: [("Content-Type", "multipart/\(kind);\r\n boundary=\"\(boundary)\"")],
            body: body
        )
    }
}
