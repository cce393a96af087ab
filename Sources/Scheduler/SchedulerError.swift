package import Groundwork

/// Why the scheduler did not do what an operator or a program asked for.
package enum SchedulerError: Error, Sendable, CustomStringConvertible {
    /// What was sent makes no sense; names every field that does not.
    case invalid([FieldFault])
    /// There is no such thing.
    case notFound(String)
    /// It was changed by somebody else meanwhile, exists already, or is in use.
    case conflict(String)
    /// The executor did not answer as it should.
    case executor(String)
    case store(StoreError)

    package var description: String {
        switch self {
        case .invalid(let faults): faults.map(\.description).joined(separator: "; ")
        case .notFound(let what): "\(what) is not known"
        case .conflict(let why): why
        case .executor(let why): why
        case .store(let error): error.description
        }
    }
}

/// What is wrong with one field.
package struct FieldFault: Hashable, Sendable, CustomStringConvertible {
    /// The field's path, such as `schedule.zone`.
    package let field: String
    /// What would be right.
    package let reason: String

    package init(_ field: String, _ reason: String) {
        self.field = field
        self.reason = reason
    }

    package var description: String { "\(field) \(reason)" }
}
