import Groundwork

/// How contents refer to media files of ours: a text `media:12` where a supplier's own id, or the address of a picture,
/// would stand.
package enum MediaReference {
    /// The text that refers to a file.
    package static func text(_ id: MediaID) -> String { prefix + String(id.rawValue) }

    /// The files that a content refers to; one that is no JSON object refers to none.
    package static func all(in content: String) -> Set<MediaID> {
        guard mayOccur(in: content), let object = (try? WireValue(json: content.utf8))?.object else {
            return []
        }
        var found: Set<MediaID> = []
        _ = replaced(.object(object), isMedia: false) { id in
            found.insert(id)
            return nil
        }
        return found
    }

    /// The content with the suppliers' ids in place of references that `ids` has one for.
    static func replaced(in content: String, by ids: [MediaID: String]) -> String {
        guard let object = (try? WireValue(json: content.utf8))?.object else { return content }
        let value = replaced(.object(object), isMedia: false) { ids[$0] }
        return String(decoding: value.json, as: UTF8.self)
    }

    private static let prefix = "media:"

    /// Whether a look is worth its while.
    static func mayOccur(in content: String) -> Bool { content.utf8.contains(sequence: prefix.utf8) }

    private static func replaced(
        _ value: WireValue,
        isMedia: Bool,
        _ name: (MediaID) -> String?
    ) -> WireValue {
        switch value {
        case .text(let text) where isMedia: id(text).flatMap(name).map { .text($0) } ?? value
        case .list(let list): .list(list.map { replaced($0, isMedia: isMedia, name) })
        case .object(let object):
            .object(
                object.members.reduce(into: WireObject()) { copy, member in
                    let isMedia = ContentField.Kind.isPicture(member.key)
                    copy.append(member.key, replaced(member.value, isMedia: isMedia, name))
                }
            )
        case .null, .bool, .integer, .number, .text: value
        }
    }

    /// The file that a whole text refers to; nil for any other text.
    private static func id(_ text: String) -> MediaID? {
        guard text.hasPrefix(prefix), let number = Int64(text.dropFirst(prefix.count)), number > 0 else {
            return nil
        }
        let id = MediaID(rawValue: number)
        return self.text(id) == text ? id : nil
    }
}

extension Sequence<UInt8> {
    /// Whether some bytes occur in these, one after the other.
    fileprivate func contains(sequence wanted: some Collection<UInt8>) -> Bool {
        let wanted = Array(wanted)
        let all = Array(self)
        guard all.count >= wanted.count else { return false }
        return (0...(all.count - wanted.count))
            .contains { start in
                all[start] == wanted[0] && all[start..<(start + wanted.count)].elementsEqual(wanted)
            }
    }
}
