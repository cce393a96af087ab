/// How much books hold, counted from beginning to end: what a copy must have in common with the original.
package struct BooksCensus: Hashable, Sendable {
    /// Messages that are counted together.
    package struct Kind: Hashable, Comparable, Sendable, CustomStringConvertible {
        package let day: Int
        package let template: Int64
        /// The campaign's occurrence; 0 for calls of the API.
        package let run: Int64
        package let state: Int

        package init(day: Int, template: Int64, run: Int64, state: Int) {
            self.day = day
            self.template = template
            self.run = run
            self.state = state
        }

        package static func < (left: Kind, right: Kind) -> Bool {
            (left.day, left.template, left.run, left.state)
                < (right.day, right.template, right.run, right.state)
        }

        package var description: String {
            let name = DeliveryState(rawValue: state)?.name ?? "state \(state)"
            let origin = run == 0 ? "API" : "campaign run \(run)"
            return "day \(day), template \(template), \(origin), \(name)"
        }
    }

    package struct Sum: Hashable, Sendable {
        package var count: Int
        /// Message units charged.
        package var charge: Int

        package init(count: Int = 0, charge: Int = 0) {
            self.count = count
            self.charge = charge
        }
    }

    /// Counted message by message.
    package var messages: [Kind: Sum]
    /// What the books' own counts say.
    package var tallies: [Kind: Sum]
    /// How many rows each table has that travels, by its name.
    package var rows: [String: Int]

    package init(messages: [Kind: Sum] = [:], tallies: [Kind: Sum] = [:], rows: [String: Int] = [:]) {
        self.messages = messages
        self.tallies = tallies
        self.rows = rows
    }

    package var messageCount: Int { messages.values.reduce(0) { $0 + $1.count } }

    /// What `copy` has otherwise, a line each; none when the two agree.
    package func differences(from copy: BooksCensus) -> [String] {
        Self.differences("messages", messages, copy.messages)
            + Self.differences("tally", tallies, copy.tallies)
            + Set(rows.keys).union(copy.rows.keys).sorted()
            .compactMap { table in
                let (here, there) = (rows[table] ?? 0, copy.rows[table] ?? 0)
                return here == there ? nil : "\(table): \(here) rows, and \(there) in the copy"
            }
    }

    private static func differences(_ what: String, _ here: [Kind: Sum], _ there: [Kind: Sum]) -> [String] {
        Set(here.keys).union(there.keys).sorted()
            .compactMap { kind in
                let (left, right) = (here[kind] ?? Sum(), there[kind] ?? Sum())
                guard left != right else { return nil }
                return """
                    \(what), \(kind): \(left.count) (\(left.charge) charged), and \(right.count) \
                    (\(right.charge) charged) in the copy
                    """
            }
    }
}
