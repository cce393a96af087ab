import Groundwork

/// Which jobs a list shows.
package struct JobFilter: Hashable, Sendable {
    package var group: String?
    /// The exact name.
    package var name: String?
    /// A part of the name, of the summary or of the handler, whatever its case.
    package var text: String?
    package var isEnabled: Bool?
    /// The groups that whoever asks may see; nil for all.
    package var permitted: Set<String>?

    package init(
        group: String? = nil,
        name: String? = nil,
        text: String? = nil,
        isEnabled: Bool? = nil
    ) {
        self.group = group
        self.name = name
        self.text = text
        self.isEnabled = isEnabled
    }
}

/// One page of a list that is read from its newest entry backwards.
package struct Page<Element: Sendable, Key: Hashable & Sendable>: Sendable {
    package let elements: [Element]
    /// Where the next page goes on: pass it as `after`; nil when this page is the last.
    package let next: Key?

    package init(elements: [Element], next: Key?) {
        self.elements = elements
        self.next = next
    }

    /// Makes a page of at most `limit` of `found`, which was read one entry further to see whether more
    /// follow.
    package init(_ found: [Element], limit: Int, key: (Element) -> Key) {
        elements = Array(found.prefix(limit))
        next = found.count > limit ? elements.last.map(key) : nil
    }
}
