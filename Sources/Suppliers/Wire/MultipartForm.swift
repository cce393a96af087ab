import Groundwork
import PushEngine

/// A form with one file in it, as browsers write it (RFC 7578).
struct MultipartForm {
    let contentType: String
    let body: [UInt8]

    /// Writes a form.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - field: what the form calls it.
    ///   - values: what else the form holds, before the file.
    init(_ file: MediaUpload, as field: String, values: [(name: String, value: String)] = []) {
        // Of the bytes themselves, so that it occurs nowhere in them and the same form has the same bytes.
        let boundary = "kpush-" + RequestSigning.sha256Hex(file.bytes).prefix(32)
        var text = ""
        for (name, value) in values {
            text +=
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.quoted(name))\"\r\n\r\n\(value)\r\n"
        }
        text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.quoted(field))\"; "
        text += "filename=\"\(Self.quoted(file.name))\"; filelength=\(file.bytes.count)\r\n"
        text += "Content-Type: \(file.format.mime)\r\n\r\n"
        contentType = "multipart/form-data; boundary=\(boundary)"
        body = Array(text.utf8) + file.bytes + Array("\r\n--\(boundary)--\r\n".utf8)
    }

    /// Nothing in a name may end its quotes or its line; by scalars, for a line's end of two is one character.
    private static func quoted(_ name: String) -> String {
        name.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\"": text += "%22"
            case "\r": text += "%0D"
            case "\n": text += "%0A"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// A call that posts the form.
    func request(to url: String) -> HTTPRequest {
        HTTPRequest(
            url: url,
            headers: [("Content-Type", contentType)],
            body: body,
            timeouts: HTTPTimeouts(total: Self.limit)
        )
    }

    /// A file takes longer than a message.
    private static let limit = Duration.seconds(20)
}

/// What WeCom and DingTalk say once they have a file.
enum UploadReply {
    /// What no message is sent with that names a file they do not have.
    static let missing = "40007"

    /// Their name for the file.
    ///
    /// - Parameters:
    ///   - exchange: how the call ended.
    ///   - lifetime: how long they have the file.
    ///   - refusal: what an answer without success means; nil for success.
    /// - Returns: the name.
    /// - Throws: `SupplierError` when they do not have it.
    static func media(
        in exchange: SupplierExchange,
        lasting lifetime: Duration?,
        refusal: (CodedAnswer) -> Refusal
    ) throws(SupplierError) -> UploadedMedia {
        let answer = try exchange.success(refusal: refusal)
        guard let name = answer.members["media_id"].text, !name.isEmpty else {
            throw .unavailable("an answer without a media_id")
        }
        return UploadedMedia(reference: name, lifetime: lifetime)
    }
}
