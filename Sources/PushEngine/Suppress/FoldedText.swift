/// A text as it is compared with words: without case, width, blanks and punctuation.
package enum FoldedText {
    /// The letters and digits of a text, narrow and small.
    package static func scalars(of text: String) -> [Unicode.Scalar] {
        var folded: [Unicode.Scalar] = []
        folded.reserveCapacity(text.utf8.count / 2)
        for scalar in text.unicodeScalars {
            guard let kept = scalar.letterOrDigit else { continue }
            if kept.isASCII {
                folded.append(kept.smallASCII)
            } else if kept.properties.changesWhenLowercased {
                folded += kept.properties.lowercaseMapping.unicodeScalars
            } else {
                folded.append(kept)
            }
        }
        return folded
    }

    /// The same as text.
    package static func text(of text: String) -> String {
        var folded = String.UnicodeScalarView()
        folded.append(contentsOf: scalars(of: text))
        return String(folded)
    }
}

extension Unicode.Scalar {
    /// A letter or digit, a full-width one as its narrow form; nil for anything else.
    var letterOrDigit: Unicode.Scalar? {
        let narrow = 0xFF01...0xFF5E ~= value ? Unicode.Scalar(value - 0xFEE0) ?? self : self
        if narrow.isASCII {
            switch narrow.value {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return narrow
            default: return nil
            }
        }
        // Most of what is written here, and the slow look-up says the same of it.
        if 0x4E00...0x9FA5 ~= narrow.value { return narrow }
        return narrow.properties.isAlphabetic || narrow.properties.numericType != nil ? narrow : nil
    }

    fileprivate var smallASCII: Unicode.Scalar {
        0x41...0x5A ~= value ? Unicode.Scalar(UInt8(value) + 0x20) : self
    }
}
