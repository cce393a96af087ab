import Groundwork

/// A message as the simulated mail server looks at it.
struct SMTPMessage {
    /// What it is called, without angle brackets.
    let id: String
    /// Tells what people read of it from what others read, whatever it is called and whenever it was sent.
    let contentHash: UInt64

    /// Checks a message.
    ///
    /// - Parameters:
    ///   - lines: its lines, dots taken away.
    ///   - recipient: the envelope's.
    /// - Throws: `SimulatedRefusal` for the first thing that no server should see.
    init(_ lines: [ArraySlice<UInt8>], to recipient: String) throws(SimulatedRefusal) {
        guard lines.allSatisfy({ $0.count <= 998 }) else {
            throw SimulatedRefusal("554 5.6.0", "a line of the message is too long")
        }
        var fields: [String: String] = [:]
        var last = ""
        let header = lines.prefix { !$0.isEmpty }
        for line in header {
            guard line.allSatisfy({ 0x20...0x7E ~= $0 || $0 == 0x09 }) else {
                throw SimulatedRefusal("554 5.6.0", "the header holds a byte that is not ASCII")
            }
            if line.first == 0x20 || line.first == 0x09 {
                fields[last, default: ""] += String(decoding: line, as: UTF8.self)
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                last = String(decoding: line[..<colon], as: UTF8.self).lowercased()
                guard fields[last] == nil else {
                    throw SimulatedRefusal("554 5.6.0", "the header has two fields \(last)")
                }
                fields[last] = String(decoding: line[(colon + 1)...], as: UTF8.self).trimming()
            } else {
                throw SimulatedRefusal("554 5.6.0", "a line of the header is no field")
            }
        }
        for name in ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"] {
            guard fields[name]?.isEmpty == false else {
                throw SimulatedRefusal("554 5.6.0", "the header has no \(name)")
            }
        }
        let id = fields["message-id"]?.filter { $0 != "<" && $0 != ">" } ?? ""
        guard id.contains("@"), fields["to"]?.hasSuffix(recipient) == true else {
            throw SimulatedRefusal("554 5.6.0", "the message is for somebody else")
        }
        self.id = id
        contentHash = Self.hash(fields["subject"] ?? "", lines.dropFirst(header.count))
    }

    /// Of the title and of what the parts hold; what stands between these is another in each message.
    private static func hash(_ title: String, _ lines: ArraySlice<ArraySlice<UInt8>>) -> UInt64 {
        var hash = ContentHash()
        hash.add(title.utf8)
        var isInPart = true
        for line in lines {
            if line.starts(with: "--".utf8) {
                isInPart = false
            } else if line.isEmpty {
                isInPart = true
            } else if isInPart {
                hash.add(line)
            }
        }
        return hash.value
    }
}
