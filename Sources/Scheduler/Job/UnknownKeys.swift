extension Decoder {
    /// Refuses keys that mean nothing: a misspelt one would be ignored in silence.
    ///
    /// - Parameter known: the keys that mean something.
    /// - Throws: `DecodingError` that names the first other key and those that are known.
    package func refuseUnknownKeys(known: [String]) throws {
        let keys = try container(keyedBy: AnyKey.self).allKeys
        guard let unknown = keys.first(where: { !known.contains($0.stringValue) }) else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: codingPath + [unknown],
                debugDescription:
                    "unknown key \(unknown.stringValue); known are \(known.joined(separator: ", "))"
            )
        )
    }
}

/// A key of any name.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}
