/// A growing array that never moves what it holds, so that growth costs no second copy of it all.
struct ChunkedArray<Element: Sendable>: Sendable {
    private static var chunkSize: Int { 1 << 15 }

    private var chunks: [[Element]] = []
    private(set) var count = 0

    mutating func append(_ element: Element) {
        if count == chunks.count * Self.chunkSize {
            var chunk: [Element] = []
            chunk.reserveCapacity(Self.chunkSize)
            chunks.append(chunk)
        }
        chunks[chunks.count - 1].append(element)
        count += 1
    }

    subscript(index: Int) -> Element {
        chunks[index / Self.chunkSize][index % Self.chunkSize]
    }
}
