/// The part of a file that is in memory: consecutive bytes that have been read and not yet used.
struct ByteWindow: Sendable {
    /// The window's memory; only `head..<tail` holds bytes of use.
    var storage: [UInt8]
    /// The first byte not used yet.
    var head = 0
    /// Where the bytes that were read end.
    private(set) var tail = 0
    /// Whether the file ends with the window.
    private(set) var isFinal = false
    /// The offset in the file of the memory's first byte.
    private var base: Int64

    init(offset: Int64, capacity: Int) {
        base = offset
        storage = Array(repeating: 0, count: capacity)
    }

    /// The offset in the file of the first byte not used yet.
    var offset: Int64 { base + Int64(head) }

    /// How many bytes wait to be used.
    var count: Int { tail - head }

    /// Reads on, and makes room for it: unused bytes move to the front, and a window that is full of them grows.
    ///
    /// - Throws: `CrowdFileError` when the file cannot be read.
    mutating func refill(from file: borrowing FrozenFile) throws(CrowdFileError) {
        if head > 0 { moveToFront() }
        if tail == storage.count {
            storage.append(contentsOf: repeatElement(0, count: storage.count))
        }
        tail += try file.read(
            at: base + Int64(tail),
            into: &storage,
            from: tail,
            count: storage.count - tail
        )
        isFinal = base + Int64(tail) >= file.size
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
