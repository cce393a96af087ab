/// Where and why bytes are not the JSON that was expected.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: String, Sendable {
        /// The bytes end inside a value.
        case endsEarly = "ends_early"
        /// A byte that cannot stand where it stands.
        case unexpectedByte = "unexpected_byte"
        /// Well-formed so far, but not of the kind that was asked for.
        case otherKind = "other_kind"
        /// A string with a bad escape, a lone surrogate, a control character, or bytes that are no UTF-8.
        case badString = "bad_string"
        /// A number with a fraction, or one that does not fit.
        case outOfRange = "out_of_range"
        /// Containers are nested deeper than allowed.
        case tooDeep = "too_deep"
        /// Something follows the value.
        case trailingBytes = "trailing_bytes"
    }

    package let reason: Reason
    /// The position of the offending byte, counted from 0.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "json: \(reason.rawValue) at byte \(offset)" }
}
