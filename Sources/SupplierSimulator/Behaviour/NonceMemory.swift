/// Remembers the nonces of signed calls for as long as a signature is valid.
///
/// Two generations, each as old as a signature may get; the older is forgotten as a whole.
struct NonceMemory: Sendable {
    private let validity: Int64
    private var young: Set<UInt64> = []
    private var old: Set<UInt64> = []
    private var youngSince: Int64 = .min

    init(validityMilliseconds: Int64) {
        validity = validityMilliseconds
    }

    /// Notes `nonce` as used at `milliseconds`; tells whether it was new.
    mutating func take(_ nonce: String, at milliseconds: Int64) -> Bool {
        if youngSince == .min || milliseconds - youngSince >= validity * 2 {
            old = youngSince == .min || milliseconds - youngSince >= validity * 4 ? [] : young
            young = []
            youngSince = milliseconds
        }
        let hash = ContentHash.of(nonce.utf8)
        guard !old.contains(hash) else { return false }
        return young.insert(hash).inserted
    }
}
