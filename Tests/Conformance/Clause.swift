import Testing

/// One sentence of a port's comment, and how to see that a form of the port keeps it.
package struct Clause<Subject>: Sendable, CustomTestStringConvertible {
    /// The sentence.
    package let sentence: String
    /// Fails the running test when `Subject` does not keep it; every call needs a subject of its own.
    package let check: @Sendable (Subject) async throws -> Void

    package init(_ sentence: String, _ check: @escaping @Sendable (Subject) async throws -> Void) {
        self.sentence = sentence
        self.check = check
    }

    package var testDescription: String { sentence }
}
