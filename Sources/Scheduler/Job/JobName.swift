/// A job as people name it: unlike its id, the same in every database.
package struct JobName: Hashable, Sendable, CustomStringConvertible {
    /// The app name of its executor group; empty where a text left it out.
    package var group: String
    package var name: String

    package init(group: String, name: String) {
        self.group = group
        self.name = name
    }

    /// Reads `group/name`, or a name alone; group names have no slash in them.
    package init(_ text: String) {
        guard let slash = text.firstIndex(of: "/") else {
            self.init(group: "", name: text)
            return
        }
        self.init(group: String(text[..<slash]), name: String(text[text.index(after: slash)...]))
    }

    /// `group/name`.
    package var description: String { group.isEmpty ? name : "\(group)/\(name)" }

    /// The name as somebody of `group` means it.
    package func within(_ group: String) -> JobName {
        self.group.isEmpty ? JobName(group: group, name: name) : self
    }
}

extension JobName: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(description)
    }
}
