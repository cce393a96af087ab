extension String {
    /// Whether this host, as one listens on it, can be reached from this machine only.
    ///
    /// True for `localhost`, `::1` and `127.0.0.0/8`; a name that merely begins like that range can be anybody's.
    package var isLoopbackHost: Bool {
        if self == "localhost" || self == "::1" { return true }
        let parts = split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }
}
