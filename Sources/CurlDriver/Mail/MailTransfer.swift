import CCurl
import Foundation
import Groundwork
import Synchronization

/// One easy handle that carries one message at a time, with the connections that it keeps.
///
/// libcurl: an easy handle belongs to one thread at a time; only the thread that made it uses it and frees it.
final class MailTransfer {
    private let handle: UnsafeMutableRawPointer
    private let addresses: AddressGuard?
    private var recipients: UnsafeMutablePointer<curl_slist>?
    private var call: MailCall?
    /// How much of the message libcurl has taken.
    private var offset = 0
    private var conversation = MailConversation()
    private var objection: String?

    /// Makes a handle with everything set that is the same for all messages; nil when memory is short.
    init?(settings: CurlMailClientSettings) {
        guard Self.isCurlReady, let handle = curl_easy_init() else { return nil }
        self.handle = handle
        addresses = settings.addresses
        configure(settings)
        listen()
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(recipients)
    }

    private static let isCurlReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private func configure(_ settings: CurlMailClientSettings) {
        _ = kpush_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = kpush_curl_set_long(handle, CURLOPT_QUICK_EXIT, 1)
        _ = kpush_curl_set_string(handle, CURLOPT_PROXY, "")
        _ = kpush_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        _ = kpush_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
        _ = kpush_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities = settings.authorities {
            _ = kpush_curl_set_string(handle, CURLOPT_CAINFO, authorities)
        }
        let idle = max(1, Int(settings.idleConnection.inSeconds.rounded(.up)))
        _ = kpush_curl_set_long(handle, CURLOPT_MAXAGE_CONN, idle)
        let lifetime = max(1, Int(settings.connectionLifetime.inSeconds.rounded(.up)))
        _ = kpush_curl_set_long(handle, CURLOPT_MAXLIFETIME_CONN, lifetime)
    }

    /// Has libcurl tell what goes on.
    private func listen() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = kpush_curl_set_receiver(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            return MailTransfer.from(context)?.give(buffer) ?? Int(CURL_READFUNC_ABORT)
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_READDATA, context)
        _ = kpush_curl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            MailTransfer.from(context)?.conversation.read(line: line)
            return size * count
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = kpush_curl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
        // Nothing else tells which command a reply is to.
        _ = kpush_curl_set_long(handle, CURLOPT_VERBOSE, 1)
        _ = kpush_curl_set_debugger(handle) { _, kind, bytes, count, context in
            if kind == CURLINFO_HEADER_OUT {
                let command = UnsafeRawBufferPointer(start: bytes, count: count)
                MailTransfer.from(context)?.note(command)
            }
            return 0
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_DEBUGDATA, context)
        _ = kpush_curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        _ = kpush_curl_set_progress(handle) { context, _, _, _, _ in
            MailTransfer.from(context)?.call?.isCancelled.load(ordering: .relaxed) == true ? 1 : 0
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
        guard addresses != nil else { return }
        _ = kpush_curl_set_opener(handle) { context, _, address in
            guard let address else { return CURL_SOCKET_BAD }
            return MailTransfer.from(context)?.openSocket(to: address) ?? CURL_SOCKET_BAD
        }
        _ = kpush_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> MailTransfer? {
        context.map { Unmanaged<MailTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Carries `call` to its end and returns how it ended; the thread stands still for that long.
    ///
    /// A kept connection that the server closes just then is none: nothing was given to it, and the message goes over
    /// a new one.
    func carry(_ call: MailCall) -> Result<MailReply, MailError> {
        self.call = call
        defer { forget() }
        let first = perform(call, isFresh: false)
        guard wasStale(first) else { return first }
        return perform(call, isFresh: true)
    }

    private func perform(_ call: MailCall, isFresh: Bool) -> Result<MailReply, MailError> {
        let remaining = ContinuousClock.now.duration(to: call.deadline)
        guard remaining > .zero else {
            return .failure(MailError(.connectTimeout, detail: "no turn came in time"))
        }
        (offset, objection, conversation) = (0, nil, MailConversation())
        guard setUp(call, remaining: remaining, isFresh: isFresh) else {
            return .failure(MailError(.unreachable, detail: "cannot be set up"))
        }
        let result = curl_easy_perform(handle)
        let isCancelled = call.isCancelled.load(ordering: .relaxed)
        let failure = MailFailure(
            result: result,
            conversation: conversation,
            isCancelled: isCancelled,
            objection: objection
        )
        return failure.outcome
    }

    private func setUp(_ call: MailCall, remaining: Duration, isFresh: Bool) -> Bool {
        let server = call.server
        let total = max(1, Int(clamping: remaining.wholeMilliseconds))
        let connect = max(1, min(total, Int(clamping: server.timeouts.connect.wholeMilliseconds)))
        _ = kpush_curl_set_long(handle, CURLOPT_TIMEOUT_MS, total)
        _ = kpush_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, connect)
        _ = kpush_curl_set_long(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, total / 1_000 + 1)
        _ = kpush_curl_set_long(handle, CURLOPT_FRESH_CONNECT, isFresh ? 1 : 0)
        let security = server.security == .startTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE
        _ = kpush_curl_set_long(handle, CURLOPT_USE_SSL, Int(security.rawValue))
        let user = server.user.isEmpty ? nil : server.user
        _ = kpush_curl_set_string(handle, CURLOPT_USERNAME, user)
        _ = kpush_curl_set_string(handle, CURLOPT_PASSWORD, user == nil ? nil : server.password.reveal())
        // Named, because libcurl would prefer others, such as Kerberos, that nobody here has credentials for.
        let ways = server.security == .plain ? "AUTH=CRAM-MD5;AUTH=PLAIN;AUTH=LOGIN" : "AUTH=PLAIN;AUTH=LOGIN"
        _ = kpush_curl_set_string(handle, CURLOPT_LOGIN_OPTIONS, user == nil ? nil : ways)
        guard setMail(call.mail) else { return false }
        return kpush_curl_set_string(handle, CURLOPT_URL, call.url) == CURLE_OK
    }

    private func setMail(_ mail: Mail?) -> Bool {
        curl_slist_free_all(recipients)
        recipients = nil
        guard let mail else {
            _ = kpush_curl_set_list(handle, CURLOPT_MAIL_RCPT, nil)
            _ = kpush_curl_set_long(handle, CURLOPT_UPLOAD, 0)
            _ = kpush_curl_set_long(handle, CURLOPT_NOBODY, 1)
            return kpush_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, "NOOP") == CURLE_OK
        }
        recipients = curl_slist_append(nil, "<\(mail.recipient)>")
        _ = kpush_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, nil)
        _ = kpush_curl_set_long(handle, CURLOPT_NOBODY, 0)
        _ = kpush_curl_set_long(handle, CURLOPT_UPLOAD, 1)
        _ = kpush_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.message.count))
        _ = kpush_curl_set_string(handle, CURLOPT_MAIL_FROM, "<\(mail.sender)>")
        return recipients != nil && kpush_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients) == CURLE_OK
    }

    /// Lets go of the call; its credentials stay no longer than that.
    private func forget() {
        call = nil
        _ = kpush_curl_set_string(handle, CURLOPT_USERNAME, nil)
        _ = kpush_curl_set_string(handle, CURLOPT_PASSWORD, nil)
    }

    /// Whether a kept connection turned out to be none, before any message was given to it.
    private func wasStale(_ outcome: Result<MailReply, MailError>) -> Bool {
        var newConnections = 1
        _ = kpush_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &newConnections)
        guard newConnections == 0, !conversation.hasEnded else { return false }
        return switch outcome {
        case .success(let reply): reply.code == 421
        case .failure(let error): error.code == .brokenBeforeEnd
        }
    }

    // libcurl calls what follows.

    private func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let message = call?.mail?.message else { return 0 }
        let count = min(buffer.count, message.count - offset)
        buffer.copyBytes(from: message[offset..<offset + count])
        offset += count
        if offset == message.count, !conversation.hasEnded { conversation.writeEnd() }
        return count
    }

    private func note(_ command: UnsafeRawBufferPointer) {
        conversation.write(command: command)
        // libcurl waits for the answer to its goodbye, and the caller with it.
        if conversation.isOver { _ = kpush_curl_set_long(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1) }
    }

    private func openSocket(to address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        switch addresses?.socket(to: address) {
        case .success(let socket): return socket
        case .failure(let found):
            objection = found.reason
            return CURL_SOCKET_BAD
        case nil: return CURL_SOCKET_BAD
        }
    }
}
