import CCurl
import Groundwork

/// What libcurl can tell about a transfer that ended without an answer.
struct CurlFailure {
    /// libcurl's result.
    let result: CURLcode
    /// Bytes of the request that were handed to the kernel, over all attempts.
    let bytesWritten: Int
    /// Whether the answer grew beyond what is allowed.
    var isTooLarge = false
    /// What the guard has against an address that was to be connected to.
    var objection: String?

    /// The error for the caller.
    ///
    /// Only one thing proves that the other side has not seen the request: not a byte of it was written. libcurl's
    /// own result is looked at after that, since several of its codes are used before and after the write
    /// (`CURLE_UNSUPPORTED_PROTOCOL` also means "answered in HTTP/0.9").
    var error: HTTPError {
        HTTPError(code, detail: detail)
    }

    private var code: HTTPError.Code {
        if isTooLarge || result == CURLE_FILESIZE_EXCEEDED { return .tooLarge }
        guard bytesWritten == 0 else {
            return result == CURLE_OPERATION_TIMEDOUT ? .answerTimeout : .noAnswer
        }
        switch result {
        case CURLE_COULDNT_CONNECT where objection != nil:
            return .addressRefused
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return .badURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
            CURLE_INTERFACE_FAILED, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .unreachable
        case CURLE_OPERATION_TIMEDOUT:
            return .connectTimeout
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING:
            return .brokenBeforeWrite
        default:
            return .noAnswer
        }
    }

    private var detail: String {
        if code == .addressRefused, let objection { return objection }
        return transportDetail
    }

    private var transportDetail: String {
        result == CURLE_OK ? "the answer's head was cut short" : String(cString: curl_easy_strerror(result))
    }
}
