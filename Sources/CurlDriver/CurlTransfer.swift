import CCurl
import Foundation
import Groundwork

/// One easy handle with its buffers: carries one call at a time and is used again for the next.
///
/// libcurl: an easy handle belongs to one thread at a time; only the loop's thread makes, uses and frees it.
final class CurlTransfer {
    let handle: UnsafeMutableRawPointer
    private let answerLimit: Int
    private let addresses: AddressGuard?
    private var fields: UnsafeMutablePointer<curl_slist>?
    /// The request's body; libcurl reads it where it lies.
    private var upload = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 1)
    private var head: [UInt8] = []
    private var body: [UInt8] = []
    private var isTooLarge = false
    /// What the guard had against an address that libcurl was about to connect to.
    private(set) var objection: String?
    /// Whether the blank line after the head was seen; libcurl takes a head that the connection's end cut short.
    private var isHeadWhole = false
    /// Whether the method may be written twice when the first time brought no answer.
    private var mayRepeat = false
    private var attempts = 0
    /// Whether the handle holds keys that it signs with.
    private var isSigning = false
    /// The call being carried; nil while the handle rests.
    private(set) var call: CurlCall?

    /// Makes a handle with everything set that is the same for all calls; nil when memory is short.
    init?(settings: CurlHTTPClientSettings) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        answerLimit = settings.answerLimit
        addresses = settings.addresses
        configure(idleSeconds: Int(settings.idleConnection.inSeconds.rounded(.up)))
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(fields)
        upload.deallocate()
    }

    private func configure(idleSeconds: Int) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = kpush_curl_set_pointer(handle, CURLOPT_PRIVATE, context)
        _ = kpush_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        // A look-up of a name that outlasts its call is left to end by itself: waiting for it would hold up every other call.
        _ = kpush_curl_set_long(handle, CURLOPT_QUICK_EXIT, 1)
        _ = kpush_curl_set_string(handle, CURLOPT_PROXY, "")
        _ = kpush_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = kpush_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        _ = kpush_curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        // Matters where libcurl may ask first whether a large body is wanted, and nobody answers.
        _ = kpush_curl_set_long(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, 100)
        _ = kpush_curl_set_long(handle, CURLOPT_MAXAGE_CONN, max(1, idleSeconds))
        _ = kpush_curl_set_offset(handle, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(answerLimit))
        _ = kpush_curl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { bytes, _, count, context in
            CurlTransfer.from(context)?.takeHead(bytes, count) ?? 0
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = kpush_curl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, _, count, context in
            CurlTransfer.from(context)?.takeBody(bytes, count) ?? 0
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        _ = kpush_curl_set_receiver(handle, CURLOPT_READFUNCTION) { bytes, _, count, context in
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: count)
            return CurlTransfer.from(context)?.call?.file?.read(into: buffer) ?? 0
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_READDATA, context)
        _ = kpush_curl_set_seeker(handle) { context, offset, _ in
            // libcurl seeks from the beginning alone.
            CurlTransfer.from(context)?.call?.file?.seek(to: Int64(offset))
            return CURL_SEEKFUNC_OK
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_SEEKDATA, context)
        _ = kpush_curl_set_prereq(handle) { context, _, _, _, _ in
            CurlTransfer.from(context)?.mayWrite() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_PREREQDATA, context)
        guard addresses != nil else { return }
        _ = kpush_curl_set_opener(handle) { context, _, address in
            guard let address else { return CURL_SOCKET_BAD }
            return CurlTransfer.from(context)?.openSocket(to: address) ?? CURL_SOCKET_BAD
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
    }

    /// Finds the transfer behind a pointer that libcurl hands back.
    static func from(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Sets up the handle for `call`, which may take until `now + remaining`.
    func carry(_ call: CurlCall, remaining: Duration) -> CURLcode {
        self.call = call
        call.transfer = self
        attempts = 0
        isTooLarge = false
        objection = nil
        isHeadWhole = false
        mayRepeat = call.request.method == "GET" || call.request.method == "HEAD"
        head.removeAll(keepingCapacity: true)
        let total = max(1, Int(clamping: remaining.wholeMilliseconds))
        let connect = max(1, min(total, Int(clamping: call.request.timeouts.connect.wholeMilliseconds)))
        _ = kpush_curl_set_long(handle, CURLOPT_TIMEOUT_MS, total)
        _ = kpush_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, connect)
        setVersion(call.request)
        setMethodAndBody(call.request, call.file)
        let list = setFields(call.request, isSigned: call.signature != nil)
        setSignature(call.signature)
        return list == CURLE_OK ? kpush_curl_set_string(handle, CURLOPT_URL, call.request.url) : list
    }

    /// Over TLS, calls at the same time share one connection, and so wait for it to be made.
    ///
    /// Without it each has its own: libcurl 7.88 cannot go on with one that it began by prior knowledge, and would take
    /// one that speaks HTTP/1.1.
    private func setVersion(_ request: HTTPRequest) {
        let isPlain = !request.url.hasPrefix("https:")
        let version =
            switch request.version {
            case .automatic: CURL_HTTP_VERSION_1_1
            case .two where isPlain: CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
            case .two: CURL_HTTP_VERSION_2TLS
            }
        let isShared = request.version == .two && !isPlain
        let isAlone = request.version == .two && isPlain
        _ = kpush_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(version))
        _ = kpush_curl_set_long(handle, CURLOPT_PIPEWAIT, isShared ? 1 : 0)
        _ = kpush_curl_set_long(handle, CURLOPT_FRESH_CONNECT, isAlone ? 1 : 0)
        _ = kpush_curl_set_long(handle, CURLOPT_FORBID_REUSE, isAlone ? 1 : 0)
    }

    private func setMethodAndBody(_ request: HTTPRequest, _ file: FileBody?) {
        let bodyIsExpected = ["POST", "PUT", "PATCH"].contains(request.method)
        _ = kpush_curl_set_long(handle, CURLOPT_HTTPGET, 1)
        if bodyIsExpected || !request.body.isEmpty || file != nil {
            if file == nil { hold(request.body) }
            let size = file?.size ?? Int64(request.body.count)
            _ = kpush_curl_set_long(handle, CURLOPT_POST, 1)
            _ = kpush_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(size))
            // Without fields libcurl asks for the bytes.
            _ = kpush_curl_set_pointer(handle, CURLOPT_POSTFIELDS, file == nil ? upload.baseAddress : nil)
            _ = kpush_curl_set_string(
                handle,
                CURLOPT_CUSTOMREQUEST,
                request.method == "POST" ? nil : request.method
            )
        } else if request.method == "HEAD" {
            _ = kpush_curl_set_long(handle, CURLOPT_NOBODY, 1)
            _ = kpush_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, nil)
        } else {
            _ = kpush_curl_set_string(
                handle,
                CURLOPT_CUSTOMREQUEST,
                request.method == "GET" ? nil : request.method
            )
        }
    }

    /// Keeps a body where libcurl can read it for as long as the call takes.
    private func hold(_ body: [UInt8]) {
        if upload.count < body.count {
            upload.deallocate()
            upload = .allocate(byteCount: body.count, alignment: 1)
        }
        upload.copyBytes(from: body)
    }

    private func setFields(_ request: HTTPRequest, isSigned: Bool) -> CURLcode {
        curl_slist_free_all(fields)
        fields = nil
        // libcurl adds these of its own accord; a field without a value takes them out, but would be signed.
        var lines = isSigned ? [] : ["Expect:"]
        if !isSigned, !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        for field in request.headers {
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        for line in lines {
            guard let longer = curl_slist_append(fields, line) else { return CURLE_OUT_OF_MEMORY }
            fields = longer
        }
        return kpush_curl_set_list(handle, CURLOPT_HTTPHEADER, fields)
    }

    /// Has libcurl sign the request, or not; the keys stay no longer than the call.
    private func setSignature(_ signature: AWSSignature?) {
        guard signature != nil || isSigning else { return }
        isSigning = signature != nil
        let scheme = signature.map { "aws:amz:\($0.region):s3" }
        _ = kpush_curl_set_string(handle, CURLOPT_AWS_SIGV4, scheme)
        _ = kpush_curl_set_string(handle, CURLOPT_USERNAME, signature?.accessKey)
        _ = kpush_curl_set_string(handle, CURLOPT_PASSWORD, signature?.secretKey.reveal())
        // The scheme's name switches the way of signing on, and does not switch it off.
        if signature == nil { _ = kpush_curl_set_long(handle, CURLOPT_HTTPAUTH, KPUSH_CURLAUTH_BASIC) }
    }

    /// Takes the result of the call, gives it to the caller and makes the handle free for the next.
    func conclude(_ result: CURLcode) {
        guard let call = rest() else { return }
        guard result == CURLE_OK, isHeadWhole else {
            let failure = CurlFailure(
                result: result,
                bytesWritten: bytesWritten,
                isTooLarge: isTooLarge,
                objection: objection
            )
            body = []
            return call.finish(.failure(failure.error))
        }
        var status = 0
        _ = kpush_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        let answer = HTTPResponse(status: status, headers: ResponseHead.fields(of: head), body: body)
        body = []
        call.finish(.success(answer))
    }

    /// Lets go of the call without an answer and returns it.
    func rest() -> CurlCall? {
        defer { call = nil }
        call?.transfer = nil
        setSignature(nil)
        return call
    }

    /// Whether the other side may have a part of the request.
    var hasWritten: Bool { bytesWritten > 0 }

    private var bytesWritten: Int {
        var head = 0
        var body: curl_off_t = 0
        _ = kpush_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &head)
        _ = kpush_curl_get_offset(handle, CURLINFO_SIZE_UPLOAD_T, &body)
        return head + Int(body)
    }

    /// Asked by libcurl before each attempt to write the request, the ones it makes by itself included.
    private func mayWrite() -> Bool {
        attempts += 1
        return attempts == 1 || mayRepeat || bytesWritten == 0
    }

    /// Asked by libcurl for a socket to connect with, once for each address that it tries.
    private func openSocket(to address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        switch addresses?.socket(to: address) {
        case .success(let socket): return socket
        case .failure(let found):
            objection = found.reason
            return CURL_SOCKET_BAD
        case nil: return CURL_SOCKET_BAD
        }
    }

    private func takeHead(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let line = UnsafeRawBufferPointer(start: bytes, count: count)
        // A status line begins a head anew: what came before was an interim (1xx) answer.
        if line.starts(with: "HTTP/".utf8) {
            head.removeAll(keepingCapacity: true)
            isHeadWhole = false
        } else if line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n") {
            isHeadWhole = true
        }
        guard head.count + count <= Self.headLimit else {
            isTooLarge = true
            return 0
        }
        head.append(contentsOf: line)
        return count
    }

    private func takeBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard body.count + count <= answerLimit else {
            isTooLarge = true
            return 0
        }
        if body.isEmpty {
            var announced: curl_off_t = 0
            _ = kpush_curl_get_offset(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced)
            body.reserveCapacity(min(max(count, Int(announced)), 1 << 20))
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private static let headLimit = 256 << 10
}
