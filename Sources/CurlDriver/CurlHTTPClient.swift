public import Groundwork

/// Outbound HTTP over libcurl: one multi handle on a thread of its own, kept-alive connections, HTTP/1.1 or, for
/// calls that ask for it, HTTP/2.
///
/// Redirects are answers. Proxies named in the environment are ignored. A call waits for its turn when its origin
/// or the whole client is busy; the time spent waiting counts towards the call's total time limit. Cancelling the
/// calling task takes the call off the wire at once.
///
/// A request that is not safe to repeat is never written twice. libcurl by itself repeats *any* request, POST too,
/// when a reused connection dies before the first byte of the answer; this client lets it do so only while no
/// byte of the request was written, or when the method is one that may be repeated (GET, HEAD).
public final class CurlHTTPClient: HTTPClient {
    private let loop: CurlLoop

    /// Starts the client's thread.
    ///
    /// - Parameter settings: how much is done at once.
    public init(settings: CurlHTTPClientSettings = CurlHTTPClientSettings()) {
        loop = CurlLoop(settings: settings)
        loop.start()
    }

    deinit {
        loop.stop()
    }

    /// Makes one call and returns its answer, whatever the status.
    ///
    /// - Parameter request: what to send.
    /// - Returns: the answer with its whole body.
    /// - Throws: `HTTPError`, which tells whether the request may have arrived.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await make(CurlCall(request))
    }

    /// Makes one call whose body comes from a file, and returns its answer, whatever the status.
    ///
    /// An answer that refuses the request before all of the body was written ends the writing.
    ///
    /// - Parameters:
    ///   - request: what to send; its own body is not.
    ///   - file: the body, for this call alone.
    /// - Returns: the answer with its whole body.
    /// - Throws: `HTTPError`, which tells whether the request may have arrived.
    public func send(_ request: HTTPRequest, file: FileBody) async throws(HTTPError) -> HTTPResponse {
        try await make(CurlCall(request, file: file))
    }

    /// Makes one call that is signed on its way out, and returns its answer, whatever the status.
    ///
    /// - Parameters:
    ///   - request: what to send; see `AWSSignature` for what it must look like.
    ///   - signature: what it is signed with.
    /// - Returns: the answer with its whole body.
    /// - Throws: `HTTPError`, which tells whether the request may have arrived.
    package func send(
        _ request: HTTPRequest,
        signedWith signature: AWSSignature
    ) async throws(HTTPError) -> HTTPResponse {
        try await make(CurlCall(request, signature: signature))
    }

    private func make(_ call: CurlCall) async throws(HTTPError) -> HTTPResponse {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.continuation = continuation
                loop.submit(call)
            }
        } onCancel: {
            loop.cancel(call)
        }
        return try outcome.get()
    }

    /// Ends the client's thread: calls on the wire end as cancelled, later ones as never written.
    public func shutdown() {
        loop.stop()
    }

    /// The loop itself, so that a test can watch it go away.
    var loopForObservation: AnyObject { loop }
}
