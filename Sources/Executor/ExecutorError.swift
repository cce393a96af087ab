/// Why the executor cannot start, or could not keep something on disk.
public struct ExecutorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Code: String, Sendable {
        /// A setting is missing or out of range.
        case settings
        /// Another process already works in the folder.
        case folderInUse = "folder_in_use"
        /// A file cannot be opened, written or synchronised.
        case storage
        /// No scheduler took what was sent to it.
        case unreachable
        /// A scheduler answered, and refused.
        case refused
    }

    /// What kind of trouble it is.
    public let code: Code
    /// What was being done.
    public let operation: String
    /// What the system or the other side said.
    public let detail: String

    init(_ code: Code, during operation: String, detail: String = "") {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    /// Whether the same may succeed later without anybody changing a setting.
    public var isTransient: Bool {
        switch code {
        case .storage, .unreachable, .refused: true
        case .settings, .folderInUse: false
        }
    }

    /// The code, what was being done, and what was said.
    public var description: String {
        "executor: \(operation): \(code.rawValue)" + (detail.isEmpty ? "" : ": \(detail)")
    }
}
