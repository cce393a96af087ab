/// How a crowd file is to be read: what its header line settled.
package struct CrowdLayout: Hashable, Sendable, Codable {
    package let separator: CrowdSeparator
    /// The names of the columns, trimmed; a column without a name is empty here.
    package let columns: [String]
    /// Which column holds the recipient, counted from 0.
    package let recipient: Int
    /// How the recipients are written.
    package let addresses: AddressForm
    /// Where the first row begins.
    package let body: CrowdCursor

    package init(
        separator: CrowdSeparator,
        columns: [String],
        recipient: Int,
        addresses: AddressForm = .phone,
        body: CrowdCursor
    ) {
        self.separator = separator
        self.columns = columns
        self.recipient = recipient
        self.addresses = addresses
        self.body = body
    }

    /// Finds the columns that hold a template's variables, in the variables' order.
    ///
    /// Names are compared without regard to case.
    ///
    /// - Throws: `CrowdFileError.variablesMissing` that lists every variable without a column.
    package func columns(for variables: [String]) throws(CrowdFileError) -> [Int] {
        let names = columns.map { $0.lowercased() }
        var found: [Int] = []
        var missing: [String] = []
        for variable in variables {
            if let column = names.firstIndex(of: variable.lowercased()) {
                found.append(column)
            } else {
                missing.append(variable)
            }
        }
        guard missing.isEmpty else { throw .variablesMissing(missing) }
        return found
    }
}

/// What a reader checks and how strictly.
package struct CrowdReading: Hashable, Sendable {
    /// What a recipient is.
    package enum RecipientForm: Hashable, Sendable {
        /// A mobile number; the batch holds its canonical form.
        case phone(PhoneRules)
        /// Another address; the batch holds its one spelling.
        case address(AddressForm)

        /// Recipients that are written in a form, with the usual rules.
        package init(_ form: AddressForm) {
            self = form == .phone ? .phone(PhoneRules()) : .address(form)
        }
    }

    package var recipients = RecipientForm.phone(PhoneRules())
    /// Columns, counted from 0, in which no row may be empty.
    package var required: [Int] = []
    /// Whether a line break inside a quoted field is kept; if not, the row is refused.
    package var keepsNewlines = true
    /// Whether a quote inside an unquoted field is taken as a character.
    package var lenientQuotes = false
    /// How much of the file is read at a time; a few such pieces are in memory.
    package var chunk = 512 * 1_024
    /// About how many bytes of the file a batch holds at most.
    package var batchBytes = 1_024 * 1_024

    package init() {}

    /// Reads what a layout promises, with the usual rules.
    package init(_ layout: CrowdLayout) {
        recipients = RecipientForm(layout.addresses)
    }
}
