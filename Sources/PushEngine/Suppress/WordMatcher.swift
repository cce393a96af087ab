/// Finds words in a text, all of them in one pass over it, however many there are (Aho and Corasick, 1975).
package struct WordMatcher: Sendable {
    /// How far a word was read.
    private struct Node: Sendable {
        /// The longest end of what was read that begins another word.
        var fallback: Int32 = 0
        /// The word that ends here; of several the first on the list.
        var word: SensitiveWordID?
    }

    private var nodes = [Node()]
    /// From a node and a letter to the next node.
    private var edges: [UInt64: Int32] = [:]

    /// Makes a matcher; words that have no letter are in no text.
    package init(_ words: [SensitiveWord]) {
        // The nodes in order of their depth, as their fallbacks are found.
        var levels: [[(node: Int32, parent: Int32, letter: Unicode.Scalar)]] = []
        for word in words.sorted(by: { $0.id.rawValue < $1.id.rawValue }) {
            var node: Int32 = 0
            for (depth, letter) in FoldedText.scalars(of: word.text).enumerated() {
                if let next = edges[Self.edge(node, letter)] {
                    node = next
                    continue
                }
                let next = Int32(nodes.count)
                nodes.append(Node())
                edges[Self.edge(node, letter)] = next
                if levels.count == depth { levels.append([]) }
                levels[depth].append((next, node, letter))
                node = next
            }
            if node != 0, nodes[Int(node)].word == nil { nodes[Int(node)].word = word.id }
        }
        for (node, parent, letter) in levels.dropFirst().joined() {
            let fallback = step(from: nodes[Int(parent)].fallback, letter)
            nodes[Int(node)].fallback = fallback
            nodes[Int(node)].word = nodes[Int(node)].word ?? nodes[Int(fallback)].word
        }
    }

    /// The word whose end comes first in a text; nil when it holds none.
    package func first(in text: String) -> SensitiveWordID? {
        var node: Int32 = 0
        for letter in FoldedText.scalars(of: text) {
            node = step(from: node, letter)
            if let word = nodes[Int(node)].word { return word }
        }
        return nil
    }

    private func step(from node: Int32, _ letter: Unicode.Scalar) -> Int32 {
        var node = node
        while true {
            if let next = edges[Self.edge(node, letter)] { return next }
            guard node != 0 else { return 0 }
            node = nodes[Int(node)].fallback
        }
    }

    private static func edge(_ node: Int32, _ letter: Unicode.Scalar) -> UInt64 {
        UInt64(UInt32(bitPattern: node)) << 32 | UInt64(letter.value)
    }
}
