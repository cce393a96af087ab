/// Why a text is not a mobile number that a message can be sent to; raw values are the codes people see.
package enum PhoneFault: String, Error, Hashable, Sendable, CaseIterable {
    /// Nothing but blanks.
    case empty = "PHONE_EMPTY"
    /// Not written as a telephone number.
    case format = "PHONE_FORMAT"
    /// An invisible character stands between the digits.
    case invisible = "INVISIBLE_CHAR"
    /// A spreadsheet wrote the number as a fraction, such as `13800138000.0`.
    case excelFloat = "PHONE_EXCEL_FLOAT"
    /// A spreadsheet wrote the number as a power of ten: digits are lost, so it is never expanded.
    case scientific = "PHONE_SCIENTIFIC"
    /// Too few or too many digits.
    case length = "PHONE_LENGTH"
    /// The digits after the country code belong to no mobile range.
    case prefix = "PHONE_PREFIX"
    /// A short service number, such as `10086`.
    case service = "PHONE_SERVICE"
    /// A real number, but of a fixed line or a hot line.
    case notMobile = "PHONE_NOT_MOBILE"
    /// No country has this calling code.
    case country = "PHONE_COUNTRY"

    /// What would be right, in one sentence.
    package var hint: String {
        switch self {
        case .empty: "the recipient is empty"
        case .format: "write the number as digits, such as 13800138000 or +8613800138000"
        case .invisible: "remove the invisible character between the digits"
        case .excelFloat: "format the column as text, or turn on the Excel repair"
        case .scientific: "format the column as text; the lost digits cannot be restored"
        case .length: "a mainland mobile number has 11 digits"
        case .prefix: "no mobile range begins with these digits"
        case .service: "service numbers cannot receive messages"
        case .notMobile: "fixed lines cannot receive messages"
        case .country: "the number's country code does not exist"
        }
    }
}
