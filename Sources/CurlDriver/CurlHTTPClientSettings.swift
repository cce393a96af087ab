/// How much a `CurlHTTPClient` does at once and keeps.
public struct CurlHTTPClientSettings: Sendable, Hashable {
    /// The most calls, and so connections, to one origin at once; further calls wait for their turn.
    public var connectionsPerHost = 64
    /// The most calls at once to all origins together.
    public var inFlight = 1_024
    /// The most calls that may wait for a turn; one more is refused as never written.
    public var waiting = 65_536
    /// How long an unused connection is kept; a little under what servers commonly grant, because a connection
    /// that the server closes while a request is on its way leaves that request's fate unknown.
    public var idleConnection = Duration.seconds(45)
    /// The largest answer that is taken in, in bytes.
    public var answerLimit = 64 << 20

    /// Which addresses may be called, for clients that call URLs of strangers' choosing; nil lets all be.
    public var addresses: AddressGuard?

    /// Makes the default settings.
    public init() {}
}
