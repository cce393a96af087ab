import Foundation
package import Groundwork

/// How stores keep a user's groups: a list of names in JSON, null for all.
package enum GroupText {
    /// Writes a scope.
    ///
    /// - Throws: `StoreError` of code `.corrupted` when a name cannot be written.
    package static func write(_ scope: GroupScope) throws(StoreError) -> String? {
        guard let names = scope.names?.sorted() else { return nil }
        do { return String(decoding: try JSONEncoder().encode(names), as: UTF8.self) } catch {
            throw StoreError(.corrupted, during: "write groups", detail: "\(error)")
        }
    }

    /// Reads a scope.
    ///
    /// - Throws: `StoreError` of code `.corrupted` when it is none: a text that cannot be read permits nothing.
    package static func read(_ text: String?) throws(StoreError) -> GroupScope {
        guard let text else { return .all }
        do { return .only(try JSONDecoder().decode(Set<String>.self, from: Data(text.utf8))) } catch {
            throw StoreError(.corrupted, during: "read groups", detail: "\(error)")
        }
    }
}
