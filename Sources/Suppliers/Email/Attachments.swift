import Groundwork
import PushEngine

/// The files that go with a message.
enum Attachments {
    /// The most bytes of all files of a message; in base64 they are a third more, and many servers take no more than 20 MB.
    static let sizeLimit = LinkedFiles.sizeLimit
    private static let countLimit = 20
    /// No file is begun to be fetched after this much of a call's time: the mail itself needs the rest.
    private static let patience = Duration.seconds(8)

    /// Fetches what a content links to.
    ///
    /// - Parameters:
    ///   - list: addresses with commas between them; empty for none.
    ///   - files: what fetches, and keeps for those who try again soon.
    ///   - time: the call's.
    /// - Returns: the files, in the list's order.
    /// - Throws: `Refusal` when one cannot be had, or they are too large: nothing was sent.
    static func fetch(
        _ list: String,
        _ files: LinkedFiles,
        within time: CallTime
    ) async throws(Refusal) -> [MailMessage.File] {
        let links = list.split(separator: ",").map { String($0).trimming() }.filter { !$0.isEmpty }
        guard links.count <= countLimit else {
            throw Refusal(
                .badContent,
                code: "kpush.attachments",
                message: "more than \(countLimit) attachments"
            )
        }
        var fetched: [MailMessage.File] = []
        var size = 0
        // One after the other: no more than the limit is ever held.
        for (place, link) in links.enumerated() {
            guard time.elapsed < patience else {
                throw refusal(.unavailable("they take too long"), place + 1)
            }
            let file: LinkedFile
            do throws(LinkedFileFault) { file = try await files.file(at: link) } catch {
                throw refusal(error, place + 1)
            }
            size += file.bytes.count
            guard size <= sizeLimit else { throw refusal(.tooLarge, place + 1) }
            let name = name(file.name, place + 1)
            fetched.append(MailMessage.File(name: name, type: file.type, bytes: file.bytes))
        }
        return fetched
    }

    private static func refusal(_ fault: LinkedFileFault, _ number: Int) -> Refusal {
        switch fault {
        case .badLink(let detail):
            Refusal(.badContent, code: "kpush.attachment_link", message: "attachment \(number): \(detail)")
        case .missing(let status):
            Refusal(
                .badContent,
                code: "kpush.attachment_missing",
                message: "attachment \(number): http status \(status)"
            )
        case .tooLarge:
            Refusal(
                .badContent,
                code: "kpush.attachments_too_large",
                message: "at most \(sizeLimit >> 20) MB in all"
            )
        case .unavailable(let detail):
            Refusal(
                .transient,
                code: "kpush.attachment_unavailable",
                message: "attachment \(number): \(detail)",
                wait: .seconds(60)
            )
        }
    }

    /// A name that fits into a field and leads out of no folder.
    private static func name(_ name: String, _ number: Int) -> String {
        let clean = name.unicodeScalars.filter { scalar in
            scalar.value >= 0x20 && !(0x7F...0x9F ~= scalar.value) && scalar != "/" && scalar != "\\"
        }
        let text = String(String.UnicodeScalarView(clean)).trimming()
        guard !text.isEmpty, text != ".", text != ".." else { return "attachment-\(number)" }
        guard text.utf8.count > 120 else { return text }
        let ending = text.lastIndex(of: ".").map { text[$0...] } ?? ""
        let kept = ending.utf8.count <= 12 ? ending : ""
        var start = text.prefix(100)
        while start.utf8.count + kept.utf8.count > 120 { start.removeLast() }
        return String(start) + kept
    }
}
