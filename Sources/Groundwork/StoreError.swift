/// Why a store operation did not happen.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The store cannot be reached or is busy beyond its time limit.
        case unavailable
        /// What was to be changed is not in the state the caller assumed, or already exists.
        case conflict
        /// There is no such thing.
        case notFound = "not_found"
        /// The caller leads no more: its fencing token is older than the newest one.
        case staleToken = "stale_token"
        /// What the store holds cannot be read back.
        case corrupted
        /// The disk or the quota is full.
        case full
    }

    package let code: Code
    package let operation: String
    package let detail: String

    package init(_ code: Code, during operation: String, detail: String = "") {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    /// Whether the same call may succeed later without anybody changing anything.
    package var isTransient: Bool { code == .unavailable || code == .full }

    package var description: String {
        "store: \(operation): \(code.rawValue)" + (detail.isEmpty ? "" : ": \(detail)")
    }
}
