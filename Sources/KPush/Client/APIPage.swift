import Foundation

/// A page of a list.
struct APIPage<Item: Decodable & Sendable>: Decodable, Sendable {
    let items: [Item]
    /// Where the next page begins; nil when this one is the last.
    let next: Cursor?

    /// A place in a list; some lists count, others have ids that need all of 64 bits.
    struct Cursor: Decodable, Sendable {
        let text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            do { text = String(try value.decode(Int64.self)) } catch DecodingError.typeMismatch {
                text = try value.decode(String.self)
            }
        }
    }

    /// Tells people how to see more.
    func hint() {
        if let next { Terminal.complain("older ones: --before \(next.text)\n") }
    }
}
