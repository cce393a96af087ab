package import Groundwork

/// Why something about users was not done.
package enum PeopleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A field holds what it must not: the field, and what would be right.
    case invalid(String, String)
    case notFound(String)
    case conflict(String)
    /// So many wait for their password to be looked at that one more would only make all wait longer.
    case busy
    case store(StoreError)

    package var description: String {
        switch self {
        case .invalid(let field, let reason): "\(field) \(reason)"
        case .notFound(let what): "there is no \(what)"
        case .conflict(let why): why
        case .busy: "too many sign in at this moment; try again"
        case .store(let error): "\(error)"
        }
    }
}
