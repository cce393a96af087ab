package import Groundwork

/// Why a template or an account cannot be stored or changed.
package enum CatalogueFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A field makes no sense: its name as callers spell it, and what would be right.
    case invalid(field: String, reason: String)
    case notFound(String)
    /// It was changed meanwhile, or is in a state that does not allow it.
    case conflict(String)
    case unavailable(StoreError.Code)

    package var description: String {
        switch self {
        case .invalid(let field, let reason): "\(field) \(reason)"
        case .notFound(let what): "\(what) is not known"
        case .conflict(let why): why
        case .unavailable(let code): "the store does not answer: \(code.rawValue)"
        }
    }

    /// What a store's refusal to do something with `subject` means to who asked.
    package init(_ error: StoreError, _ subject: String) {
        switch error.code {
        case .notFound: self = .notFound(subject)
        case .conflict:
            self = .conflict(error.detail.isEmpty ? "\(subject) was changed meanwhile" : error.detail)
        case .unavailable, .staleToken, .corrupted, .full: self = .unavailable(error.code)
        }
    }
}

/// Asks a store; what it refuses is told in the words of who asked for `subject`.
func asking<Result: Sendable>(
    _ subject: String,
    _ access: () async throws(StoreError) -> Result
) async throws(CatalogueFault) -> Result {
    do { return try await access() } catch { throw CatalogueFault(error, subject) }
}
