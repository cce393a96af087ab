import PushEngine

/// What Aliyun's codes mean for us.
enum AliyunCodes {
    /// Sorts a code; one that nobody has told us about counts as a fault of the content, so that it is not sent
    /// again and again, unless its family says that the fault is on their side or the account's.
    static func fault(of code: String) -> Refusal.Class {
        if let fault = table[code] { return fault }
        if code.hasPrefix("Throttling") { return .throttled }
        if code.hasPrefix("InvalidAccessKeyId") || code.hasPrefix("Forbidden") { return .badConfig }
        if code.hasPrefix("isp.") || code.hasPrefix("ServiceUnavailable") || code.hasPrefix("InternalError") {
            return .transient
        }
        return .badContent
    }

    /// What a code and its words come to: only they tell how long a number's limit lasts.
    static func refusal(_ code: String, _ message: String) -> Refusal {
        let wait: Duration? =
            if message.contains("分钟级") { .seconds(60) } else if message.contains("小时级") {
                .seconds(1_200)
            } else { nil }
        guard code == numberLimit, let wait else {
            return Refusal(fault(of: code), code: code, message: message)
        }
        return Refusal(.recipientLater, code: code, message: message, wait: wait)
    }

    private static let numberLimit = "isv.BUSINESS_LIMIT_CONTROL"

    /// The same signed request arrived before, by way of something between us: what became of that one is not known.
    static let nonceUsed = "SignatureNonceUsed"

    private static let table: [String: Refusal.Class] = [
        "isp.SYSTEM_ERROR": .transient,
        "ServiceUnavailable": .transient,

        "isv.BUSINESS_LIMIT_CONTROL": .recipientLimit,

        "isv.DAY_LIMIT_CONTROL": .throttled,
        "isv.MONTH_LIMIT_CONTROL": .throttled,
        "Throttling.User": .throttled,

        "isv.MOBILE_NUMBER_ILLEGAL": .badRecipient,
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": .badRecipient,

        "isv.SMS_TEMPLATE_ILLEGAL": .badContent,
        "isv.SMS_SIGNATURE_ILLEGAL": .badContent,
        "isv.SMS_SIGN_ILLEGAL": .badContent,
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL": .badContent,
        "isv.SMS_CONTENT_ILLEGAL": .badContent,
        "isv.TEMPLATE_MISSING_PARAMETERS": .badContent,
        "isv.INVALID_JSON_PARAM": .badContent,
        "isv.PARAM_LENGTH_LIMIT": .badContent,
        "isv.PARAM_NOT_SUPPORT_URL": .badContent,
        "isv.BLACK_KEY_CONTROL_LIMIT": .badContent,
        "isv.INVALID_PARAMETERS": .badContent,
        "isv.EXTEND_CODE_ERROR": .badContent,

        "isv.AMOUNT_NOT_ENOUGH": .badConfig,
        "isv.OUT_OF_SERVICE": .badConfig,
        "isv.PRODUCT_UN_SUBSCRIPT": .badConfig,
        "isv.PRODUCT_UNSUBSCRIBE": .badConfig,
        "isv.ACCOUNT_NOT_EXISTS": .badConfig,
        "isv.ACCOUNT_ABNORMAL": .badConfig,
        "isp.RAM_PERMISSION_DENY": .badConfig,
        "isv.DENY_IP_RANGE": .badConfig,
        "SignatureDoesNotMatch": .badConfig,
        "InvalidTimeStamp.Expired": .badConfig,

        // A call that we should not have made: nothing was sent, and nothing would be the second time.
        "isv.MOBILE_COUNT_OVER_LIMIT": .badContent,
    ]
}
