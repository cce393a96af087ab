/// One thing to fill in; `field.mustache` shows it.
struct FormField: Sendable {
    /// How it is filled in.
    enum Kind: Sendable {
        case line
        case number
        case area
        case choice
    }

    /// One of the values that make sense.
    struct Option: Sendable {
        let value: String
        let name: String
        let isCurrent: Bool
    }

    let name: String
    let label: String
    /// What to write, and what is usual.
    let note: String?
    let value: String
    let options: [Option]
    let isLine: Bool
    let isNumber: Bool
    let isArea: Bool
    let isChoice: Bool
    var isNeeded = false
    /// Whether it takes the whole width.
    var isWide = false
    /// Whether it holds code.
    var isCode = false
    /// The id of the list that proposes values.
    var list: String?
    /// What is wrong with the value.
    var fault: String?

    /// A field with what `input` holds under its name.
    init(_ name: String, _ label: String, _ kind: Kind = .line, in input: JobInput, note: String? = nil) {
        self.init(name, label, kind, value: input.wholeText(name), options: [], note: note)
    }

    /// A choice of which the one that `input` names is made.
    init(
        _ name: String,
        _ label: String,
        among choices: [(String, String)],
        in input: JobInput,
        note: String? = nil
    ) {
        let value = input.text(name)
        let options = choices.map { choice in
            Option(value: choice.0, name: choice.1, isCurrent: choice.0 == value)
        }
        self.init(name, label, .choice, value: value, options: options, note: note)
    }

    private init(
        _ name: String,
        _ label: String,
        _ kind: Kind,
        value: String,
        options: [Option],
        note: String?
    ) {
        self.name = name
        self.label = label
        self.note = note
        self.value = value
        self.options = options
        isLine = kind == .line
        isNumber = kind == .number
        isArea = kind == .area
        isChoice = kind == .choice
    }

    /// The field, which must be filled in.
    var needed: FormField { changed { $0.isNeeded = true } }

    /// The field over the whole width.
    var wide: FormField { changed { $0.isWide = true } }

    /// The field over the whole width, high and in letters of one width.
    var code: FormField {
        changed { field in
            field.isWide = true
            field.isCode = true
        }
    }

    /// The field with values proposed by the list of that id.
    func proposing(_ list: String) -> FormField { changed { $0.list = list } }

    private func changed(_ change: (inout FormField) -> Void) -> FormField {
        var field = self
        change(&field)
        return field
    }
}

/// A box to tick.
struct FormTick: Sendable {
    let name: String
    let label: String
    let isTicked: Bool

    init(_ name: String, _ label: String, in input: JobInput) {
        self.name = name
        self.label = label
        isTicked = input.isTicked(name)
    }
}
