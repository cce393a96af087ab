import Groundwork

/// Reads a file in order, a few pieces ahead of whoever uses them: a store that is far away answers while the
/// pieces before are looked at, and memory does not grow with the file.
struct ReadAhead: ~Copyable, Sendable {
    private typealias Piece = Result<[UInt8], StoreError>

    private let bytes: any CrowdBytes
    private let pieceSize: Int
    /// From here on bytes are read only when somebody wants them.
    private let end: Int64
    /// Where the next piece to be asked for begins.
    private var offset: Int64
    /// The pieces that were asked for, in order; each ends by itself, and is cancelled when nobody waits any more.
    private var pending: [Task<Piece, Never>] = []

    /// Pieces that are asked for before they are needed.
    private static let depth = 3
    /// How much is read at a time behind the end of the range.
    private static let tail = 64 * 1_024

    /// Prepares to read from `offset` on; nothing is asked for yet.
    init(_ bytes: any CrowdBytes, from offset: Int64, to end: Int64, pieceSize: Int) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
        self.pieceSize = pieceSize
    }

    deinit {
        for task in pending { task.cancel() }
    }

    /// The size of the whole file.
    var size: Int64 { bytes.size }

    /// The bytes that follow those given before; none where the file ends.
    mutating func next() async throws(CrowdFileError) -> [UInt8] {
        if pending.isEmpty {
            ask(offset < end ? pieceSize : min(pieceSize, Self.tail))
        }
        while pending.count <= Self.depth, offset < end { ask(pieceSize) }
        let task = pending.removeFirst()
        let piece = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        do { return try piece.get() } catch { throw CrowdFileError(error) }
    }

    private mutating func ask(_ count: Int) {
        let (bytes, start) = (bytes, offset)
        let limit = offset < end ? end : size
        let count = Int(min(Int64(count), limit - start))
        offset += Int64(count)
        pending.append(
            Task { () -> Piece in
                do throws(StoreError) {
                    let piece = try await bytes.read(count, at: start)
                    guard piece.count == count else { throw StoreError(.conflict, during: "read") }
                    return .success(piece)
                } catch {
                    return .failure(error)
                }
            }
        )
    }
}
