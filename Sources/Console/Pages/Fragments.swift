/// The small things that pages are put together from; each has a partial template of its name.

/// A word in a coloured frame: where something stands.
struct Chip: Hashable, Sendable {
    /// What the colour says.
    enum Tone: String, Sendable {
        case good
        case busy
        case wait
        case held
        case bad
        case idle
    }

    let tone: String
    let text: String

    init(_ tone: Tone, _ text: String) {
        self.tone = tone.rawValue
        self.text = text
    }
}

/// A whole, split by colour; the parts add up to it.
struct Bar: Sendable {
    /// One part.
    struct Part: Sendable {
        let tone: String
        let name: String
        let count: String
        let share: String
        /// Where it begins and how wide it is, in percent.
        let start: String
        let width: String
        let isEmpty: Bool
    }

    let parts: [Part]
    /// What those hear who cannot see it.
    let label: String

    /// Lays the parts side by side; those without a share are kept, for the legend.
    init(_ counts: [(tone: String, name: String, count: Int64)], say: Voice) {
        let whole = max(1, counts.reduce(0) { $0 + max(0, $1.count) })
        var before: Int64 = 0
        var parts: [Part] = []
        for (tone, name, count) in counts {
            let count = max(0, count)
            let share = Double(count) / Double(whole)
            parts.append(
                Part(
                    tone: tone,
                    name: name,
                    count: say.number(count),
                    share: say.percent(share),
                    start: Self.percent(Double(before) / Double(whole)),
                    width: Self.percent(share),
                    isEmpty: count == 0
                )
            )
            before += count
        }
        self.parts = parts
        label = parts.filter { !$0.isEmpty }.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    }

    private static func percent(_ share: Double) -> String {
        let thousandths = Int((share * 100_000).rounded())
        let rest = String(thousandths % 1_000 + 1_000).dropFirst()
        return "\(thousandths / 1_000).\(rest)%"
    }
}

/// A button that asks before it acts.
struct Action: Sendable {
    /// One more thing to type in before.
    struct Field: Sendable {
        let name: String
        let label: String
        let isNeeded: Bool
        /// What it holds before anything is typed.
        var value = ""
    }

    /// One more thing to choose before.
    struct Selection: Sendable {
        let name: String
        let label: String
        let options: [FormField.Option]
    }

    /// Unique on the page.
    let id: String
    /// Where the form goes.
    let path: String
    let name: String
    let tone: String
    let question: String
    /// What it will do, and to how many.
    let effect: String?
    var field: Field?
    var selection: Selection?

    init(_ path: String, _ name: String, _ tone: Chip.Tone, question: String, effect: String? = nil) {
        id = "ask" + path.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
        self.path = path
        self.name = name
        self.tone = tone.rawValue
        self.question = question
        self.effect = effect
    }
}

/// A name and what stands behind it.
struct Fact: Sendable {
    let name: String
    let value: String
    var path: String?
    var tone: String?

    init(_ name: String, _ value: String, path: String? = nil, tone: Chip.Tone? = nil) {
        self.name = name
        self.value = value
        self.path = path
        self.tone = tone?.rawValue
    }
}

/// One choice among few, as links.
struct Choice: Sendable {
    let name: String
    let path: String
    let isCurrent: Bool
}
