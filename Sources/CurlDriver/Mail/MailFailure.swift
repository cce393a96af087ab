import CCurl
import Groundwork

/// What there is to tell of a call whose conversation has ended.
struct MailFailure {
    /// libcurl's result.
    let result: CURLcode
    let conversation: MailConversation
    /// Whether the caller gave up.
    let isCancelled: Bool
    /// What the guard has against an address that was to be connected to.
    let objection: String?

    /// The server's last word, or why there is none.
    ///
    /// What the server said to the last thing it was asked counts, whatever libcurl makes of it.
    var outcome: Result<MailReply, MailError> {
        if let reply = conversation.reply,
            result == CURLE_OK || !reply.isPositive || reply.stage == .message
        {
            return .success(reply)
        }
        return .failure(MailError(code, detail: detail))
    }

    private var code: MailError.Code {
        if isCancelled { return conversation.hasEnded ? .cancelled : .cancelledBeforeEnd }
        guard !conversation.hasEnded else {
            return result == CURLE_OPERATION_TIMEDOUT ? .replyTimeout : .noReply
        }
        switch result {
        case CURLE_COULDNT_CONNECT where objection != nil: return .addressRefused
        case CURLE_URL_MALFORMAT: return .badEnvelope
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR: return .unreachable
        case CURLE_USE_SSL_FAILED, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_CIPHER:
            return .notSecure
        case CURLE_LOGIN_DENIED: return .noSignIn
        case CURLE_OPERATION_TIMEDOUT: return conversation.hasBegun ? .timeoutBeforeEnd : .connectTimeout
        default: return .brokenBeforeEnd
        }
    }

    private var detail: String {
        if code == .addressRefused, let objection { return objection }
        return String(cString: curl_easy_strerror(result))
    }
}
