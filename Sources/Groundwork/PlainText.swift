extension StringProtocol {
    /// Whether everything in it can be seen, in the order in which it stands: no line breaks and other control
    /// characters, none that turn the direction of writing, and nothing without width but the two joiners that scripts
    /// and emoji need.
    package var isPlain: Bool {
        unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: false
            case .format: scalar == "\u{200C}" || scalar == "\u{200D}"
            default: true
            }
        }
    }
}
