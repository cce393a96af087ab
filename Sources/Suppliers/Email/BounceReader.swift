import Groundwork
import PushEngine

/// Reads what a mail server says became of a message (RFC 3464), out of the mail that it says so in.
///
/// A mail that is no such report, such as somebody's "I am away", holds no receipts.
struct BounceReader {
    private(set) var receipts: [SupplierReceipt] = []
    /// Reports of which nobody can tell what they are about.
    private(set) var malformed = 0

    init(_ raw: [UInt8], receivedAt now: Moment) {
        let mail = MIMEReader(raw[...])
        guard let report = Self.find(in: mail, { $0.type == "multipart/report" }),
            let status = report.parts.first(where: { $0.type.hasPrefix("message/delivery-status") })
        else { return }
        let original = Self.original(in: report)
        let name = Self.names(original, mail).first
        for group in Self.groups(status.contents.prefix(MIMEReader.headerLimit)).dropFirst() {
            // What is left of a mark between two parts, in a mail that was cut short, is no group.
            guard let action = group["action"]?.lowercased() else { continue }
            // It is still being tried, or went where nobody reports from.
            if ["delayed", "relayed"].contains(action) { continue }
            let candidates = [
                Self.address(group["original-recipient"]), Self.address(group["final-recipient"]),
                original?["to"],
            ]
            guard let found = name, ["failed", "delivered", "expanded"].contains(action),
                let recipient = Self.recipient(candidates.compactMap(\.self), of: found.name)
            else {
                malformed += 1
                continue
            }
            receipts.append(
                SupplierReceipt(
                    recipient: recipient,
                    requestKey: found.name.requestKey,
                    reference: found.id,
                    delivered: action != "failed",
                    code: String((group["status"] ?? "").prefix { $0.isNumber || $0 == "." }),
                    at: Self.moment(group, mail) ?? now
                )
            )
        }
    }

    /// The part for which `condition` holds, at most so deep.
    private static func find(
        in part: MIMEReader,
        depth: Int = 4,
        _ condition: (MIMEReader) -> Bool
    ) -> MIMEReader? {
        if condition(part) { return part }
        guard depth > 0 else { return nil }
        for part in part.parts {
            if let found = find(in: part, depth: depth - 1, condition) { return found }
        }
        return nil
    }

    /// The header of the message that is reported of, where the report holds it.
    private static func original(in report: MIMEReader) -> MIMEReader? {
        let kinds = ["message/rfc822", "text/rfc822-headers", "message/global", "message/rfc822-headers"]
        return report.parts.first { kinds.contains($0.type) }.map { MIMEReader($0.contents[...]) }
    }

    /// What the message that is reported of is called: as its own header has it, or the address that the report went to.
    private static func names(_ original: MIMEReader?, _ mail: MIMEReader) -> [(name: MailName, id: String)] {
        var names: [(name: MailName, id: String)] = []
        if let id = original?["message-id"]?.filter({ $0 != "<" && $0 != ">" }),
            let name = MailName(id.prefix { $0 != "@" })
        {
            names.append((name, id))
        }
        for field in mail.fields
        where ["to", "delivered-to", "x-original-to", "envelope-to"].contains(field.name) {
            let address = field.value.split { $0 == "<" || $0 == ">" || $0 == " " }.first { $0.contains("@") }
            guard let local = address?.prefix(while: { $0 != "@" }), local.hasPrefix("bounce+"),
                let name = MailName(local.dropFirst(7))
            else { continue }
            names.append((name, name.local))
        }
        return names
    }

    /// Who the message went to: an address may have led to another, which is what the report is about.
    private static func recipient(_ candidates: [String], of name: MailName) -> String? {
        let spelled = candidates.map { candidate in
            let address = candidate.split { $0 == "<" || $0 == ">" || $0 == " " }.last { $0.contains("@") }
            return address.flatMap { try? AddressForm.mail.spelling(of: String($0)) } ?? candidate
        }
        return spelled.first { name.isTo($0) }
    }

    /// An address behind its kind, such as `rfc822; someone@example.com`.
    private static func address(_ value: String?) -> String? {
        guard let value, let mark = value.firstIndex(of: ";") else { return value }
        return String(value[value.index(after: mark)...]).trimming()
    }

    /// The groups of fields of a status: that of the message, then one for each recipient.
    private static func groups(_ status: ArraySlice<UInt8>) -> [MIMEReader] {
        let text = String(decoding: status, as: UTF8.self).replacing("\r\n", with: "\n")
        var groups: [[Substring]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.allSatisfy({ $0 == " " || $0 == "\t" }) {
                if groups.last?.isEmpty == false { groups.append([]) }
            } else {
                groups[groups.count - 1].append(line)
            }
        }
        return groups.filter { !$0.isEmpty }
            .map { MIMEReader(Array($0.joined(separator: "\n").utf8)[...]) }
    }

    private static func moment(_ group: MIMEReader, _ mail: MIMEReader) -> Moment? {
        [group["last-attempt-date"], mail["date"]].lazy.compactMap { $0.flatMap(MailDate.moment) }.first
    }
}
