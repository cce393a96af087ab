package import Groundwork

/// A rendered content of a channel that has fields, as adapters read it.
package struct RenderedContent: Sendable {
    private let fields: WireObject

    /// Reads a rendered content.
    ///
    /// - Throws: `WireError.notJSON` when it is none.
    package init(_ text: String) throws(WireError) {
        guard let fields = try WireValue(json: text.utf8).object else { throw WireError(.notJSON) }
        self.fields = fields
    }

    /// A field as text; empty when it has none of the name.
    package subscript(name: String) -> String { fields[name].text ?? "" }

    /// A field as it stands; null when it has none of the name.
    package func value(_ name: String) -> WireValue { fields[name] }

    /// What a chat shows.
    package var sendType: SendType { SendType(rawValue: self["sendType"]) ?? .text }
}
