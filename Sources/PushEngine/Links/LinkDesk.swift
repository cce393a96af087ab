package import Groundwork
import Synchronization

/// Answers whoever follows a short link.
package final class LinkDesk: Sendable {
    /// Links that are kept in memory; then all are looked up anew.
    private static let room = 10_000

    private let store: any LinkStore
    private let counter: ClickCounter
    private let known = Mutex<[String: String]>([:])

    package init(store: any LinkStore, counter: ClickCounter) {
        self.store = store
        self.counter = counter
    }

    /// The address behind a code, which counts as clicked where a person asks; nil when there is none.
    ///
    /// - Throws: `StoreError` when the store does not answer.
    package func follow(_ code: String, counts: Bool) async throws(StoreError) -> String? {
        guard let url = try await address(of: code) else { return nil }
        if counts { counter.count(code) }
        return url
    }

    private func address(of code: String) async throws(StoreError) -> String? {
        guard LinkCode.isOne(code) else { return nil }
        if let url = known.withLock({ $0[code] }) { return url }
        guard let link = try await store.link(code), link.url.isWebAddress else { return nil }
        known.withLock { known in
            if known.count >= Self.room { known.removeAll() }
            known[code] = link.url
        }
        return link.url
    }
}

extension String {
    /// Whether it leads to the web and nowhere else.
    fileprivate var isWebAddress: Bool {
        let head = prefix(8).lowercased()
        return head.hasPrefix("http://") || head.hasPrefix("https://")
    }
}
