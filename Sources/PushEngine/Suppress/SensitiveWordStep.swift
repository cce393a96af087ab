package import Groundwork
import Synchronization

/// Stops texts that hold a word of the list, each distinct text of a batch looked at once.
package final class SensitiveWordStep: DeliveryStep {
    private let store: any SensitiveWordStore
    private let mark = Cached<WordListMark>()
    /// The words as they were last read.
    private let matcher = Mutex<(mark: WordListMark, matcher: WordMatcher)?>(nil)

    package init(store: any SensitiveWordStore) {
        self.store = store
    }

    package func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage {
        let store = store
        let mark = try await mark.value(at: batch.now) { () async throws(StoreError) in
            try await store.wordListMark()
        }
        guard !mark.isEmpty else { return Passage(goesOn: batch.waiting) }
        let matcher = try await matcher(of: mark)
        let form = batch.task.lane.channel.contentForm
        // By the place of the text; those that nobody waits for are not looked at.
        var found: [UInt16: SensitiveWordID?] = [:]
        return batch.ending(in: .censored) { index in
            let place = batch.task.contentIndex[index]
            let word = found[place] ?? matcher.first(in: batch.task.contents.text(Int(place)), form)
            found[place] = .some(word)
            return word.map { "word \($0.rawValue)" }
        }
    }

    private func matcher(of mark: WordListMark) async throws(StoreError) -> WordMatcher {
        if let known = matcher.withLock({ $0 }), known.mark == mark { return known.matcher }
        // The list may have grown since; then its mark is another, and it is read again.
        let made = WordMatcher(try await store.wordList())
        matcher.withLock { $0 = (mark, made) }
        return made
    }
}

extension WordMatcher {
    /// The first word in a content as its channel has it: in the text, or in one of its fields.
    package func first(in content: String, _ form: ContentForm) -> SensitiveWordID? {
        guard case .object = form, let value = try? WireValue(json: content.utf8) else {
            return first(in: content)
        }
        return first(in: value)
    }

    private func first(in value: WireValue) -> SensitiveWordID? {
        switch value {
        case .text(let text): first(in: text)
        case .list(let list): list.lazy.compactMap { first(in: $0) }.first
        case .object(let object): object.members.lazy.compactMap { first(in: $0.value) }.first
        default: nil
        }
    }
}
