/// Why a call that a job asked for was not made, or did not succeed.
struct CallError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The member of the parameters that is at fault; empty when none is.
    let field: String
    let reason: String

    init(_ field: String, _ reason: String) {
        self.field = field
        self.reason = reason
    }

    var description: String { field.isEmpty ? reason : "params.\(field) \(reason)" }
}
