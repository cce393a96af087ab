/// The part of a file that is in memory: consecutive bytes that have been read and not yet used.
struct ByteWindow: ~Copyable, Sendable {
    private var file: ReadAhead
    /// The window's memory; only `head..<tail` holds bytes of use.
    var storage: [UInt8] = []
    /// The first byte not used yet.
    var head = 0
    /// Where the bytes that were read end.
    private(set) var tail = 0
    /// Whether the file ends with the window.
    private(set) var isFinal: Bool
    /// The offset in the file of the memory's first byte.
    private var base: Int64

    /// Opens an empty window on a file.
    init(_ file: consuming ReadAhead, offset: Int64) {
        base = offset
        isFinal = offset >= file.size
        self.file = file
    }

    /// The offset in the file of the first byte not used yet.
    var offset: Int64 { base + Int64(head) }

    /// How many bytes wait to be used.
    var count: Int { tail - head }

    /// Reads on, and makes room for it: unused bytes move to the front, and a window that is full of them grows.
    ///
    /// - Returns: where in the memory the new bytes lie.
    /// - Throws: `CrowdFileError` when the file cannot be read.
    mutating func refill() async throws(CrowdFileError) -> Range<Int> {
        let piece = try await file.next()
        if head > 0 { moveToFront() }
        let end = tail + piece.count
        if end > storage.count {
            storage.reserveCapacity(end)
            storage.append(contentsOf: repeatElement(0, count: end - storage.count))
        }
        storage.withUnsafeMutableBytes { target in
            let room = UnsafeMutableRawBufferPointer(rebasing: target[tail..<end])
            piece.withUnsafeBytes { room.copyMemory(from: $0) }
        }
        defer { tail = end }
        isFinal = base + Int64(end) >= file.size
        return tail..<end
    }

    private mutating func moveToFront() {
        let unused = count
        let from = head
        storage.withUnsafeMutableBufferPointer { buffer in
            guard let first = buffer.baseAddress else { return }
            first.update(from: first + from, count: unused)
        }
        base += Int64(from)
        head = 0
        tail = unused
    }
}
