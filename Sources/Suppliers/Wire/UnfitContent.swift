import Groundwork
import PushEngine

/// Why a content is not sent at all: the supplier would refuse it, or cut it.
struct UnfitContent: Error, Hashable {
    /// What is wrong, such as `too_long`.
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    var verdict: SupplierVerdict { .refused(Refusal(.badContent, code: "kpush.\(reason)")) }
}

extension SupplierCall {
    /// Its only content.
    ///
    /// - Parameter limit: the most recipients that one call takes.
    /// - Returns: the content.
    /// - Throws: `UnfitContent` when the call has more recipients, none, or another number of contents.
    func onlyContent(recipients limit: Int) throws(UnfitContent) -> RenderedContent {
        guard contents.count == 1, (1...limit).contains(recipients.count) else {
            throw UnfitContent("call_shape")
        }
        do throws(WireError) {
            return try RenderedContent(contents[0])
        } catch {
            throw UnfitContent("content_form")
        }
    }
}

extension RenderedContent {
    /// A text that must be there.
    ///
    /// - Throws: `UnfitContent` when it is not, or has more bytes than `limit`.
    func text(_ name: String, atMost limit: Int = .max) throws(UnfitContent) -> String {
        let text = self[name]
        guard !text.isEmpty else { throw UnfitContent("\(name)_missing") }
        guard text.utf8.count <= limit else { throw UnfitContent("too_long") }
        return text
    }

    /// A list that must be there, of some number of entries.
    ///
    /// - Throws: `UnfitContent` when it is not.
    func list(_ name: String, _ range: ClosedRange<Int>) throws(UnfitContent) -> [WireValue] {
        guard let list = value(name).list, !list.isEmpty else { throw UnfitContent("\(name)_missing") }
        guard range.contains(list.count) else { throw UnfitContent("\(name)_count") }
        return list
    }

    /// An object that must be there.
    ///
    /// - Throws: `UnfitContent` when it is not.
    func object(_ name: String) throws(UnfitContent) -> WireObject {
        guard let object = value(name).object else { throw UnfitContent("\(name)_missing") }
        return object
    }
}

extension WireObject {
    /// Adds a text at the end, unless it is empty: some suppliers take an empty member for a wrong one.
    mutating func append(unlessEmpty text: String, _ key: String) {
        if !text.isEmpty { append(key, .text(text)) }
    }
}
