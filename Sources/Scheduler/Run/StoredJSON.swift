import Foundation
package import Groundwork

/// The form in which stores keep what has no columns of its own.
package enum StoredJSON {
    /// Writes a value.
    ///
    /// - Throws: `StoreError` of code `.corrupted` when it has a part that JSON cannot hold.
    package static func text(_ value: some Encodable, during operation: String) throws(StoreError) -> String {
        do { return String(decoding: try JSONEncoder().encode(value), as: UTF8.self) } catch {
            throw StoreError(.corrupted, during: operation, detail: "\(error)")
        }
    }

    /// Reads a value.
    ///
    /// - Throws: `StoreError` of code `.corrupted` when it is none.
    package static func value<Value: Decodable>(
        _ bytes: some Sequence<UInt8>,
        during operation: String
    ) throws(StoreError) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(bytes)) } catch {
            throw StoreError(.corrupted, during: operation, detail: "\(error)")
        }
    }
}
