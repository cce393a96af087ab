import PushEngine
import Testing

@testable import Suppliers

/// Every code that the suppliers document, and what each means for us.
@Suite struct SupplierCodesTests {
    @Test(arguments: [
        (
            Refusal.Class.transient,
            ["Timeout", "SendAndRecvFail", "OtherError", "UnknownError", "New"].map { "InternalError.\($0)" }
        ),
        (
            .recipientLimit,
            ["PhoneNumberDailyLimit", "PhoneNumberSameContentDailyLimit"].map { "LimitExceeded.\($0)" }
        ),
        (
            .recipientLater,
            [
                "LimitExceeded.PhoneNumberThirtySecondLimit", "LimitExceeded.PhoneNumberOneHourLimit",
                "LimitExceeded.DeliveryFrequencyLimit", "FailedOperation.MarketingSendTimeConstraint",
            ]
        ),
        (
            .throttled,
            [
                "LimitExceeded.AppDailyLimit", "LimitExceeded.DailyLimit", "RequestLimitExceeded",
                "RequestLimitExceeded.UinLimitExceeded",
            ]
        ),
        (
            .badRecipient,
            ["FailedOperation.PhoneNumberInBlacklist", "InvalidParameterValue.IncorrectPhoneNumber"]
        ),
        (
            .badContent,
            [
                "ContainSensitiveWord", "TemplateIncorrectOrUnapproved", "SignatureIncorrectOrUnapproved",
                "JsonParseFail", "ParametersOtherError",
            ]
            .map { "FailedOperation.\($0)" }
        ),
        (
            .badContent,
            [
                "TemplateParameterFormatError", "TemplateParameterLengthLimit", "ContentLengthLimit",
                "ProhibitedUseUrlInTemplateParameter",
            ]
            .map { "InvalidParameterValue.\($0)" }
        ),
        (
            .badConfig,
            [
                "AuthFailure.SignatureFailure", "AuthFailure.SignatureExpire", "AuthFailure.SecretIdNotFound",
                "AuthFailure.UnauthorizedOperation",
            ]
        ),
        (
            .badConfig,
            [
                "RequestIpNotInWhitelist", "RequestPermissionDeny", "SdkAppIdIsDisabled",
                "SerivceSuspendDueToArrears", "SmsSdkAppIdVerifyFail",
                "IndividualUserMarketingSmsPermissionDeny",
            ]
            .map { "UnauthorizedOperation.\($0)" }
        ),
        (
            .badConfig,
            [
                "FailedOperation.InsufficientBalanceInSmsPackage", "InvalidParameterValue.SdkAppIdNotExist",
                "UnsupportedOperation.UnsuportedRegion", "InternalError.RequestTimeException",
            ]
        ),
        (
            .badContent,
            [
                "LimitExceeded.PhoneNumberCountLimit", "MissingParameter.EmptyPhoneNumberSet",
                "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", "Something.New",
            ]
        ),
    ])
    func `Tencent's codes have their class`(fault: Refusal.Class, codes: [String]) {
        for code in codes { #expect(TencentCodes.fault(of: code) == fault, "\(code)") }
    }

    @Test(arguments: [
        (Refusal.Class.transient, ["isp.SYSTEM_ERROR", "ServiceUnavailable", "InternalError", "isp.NEW"]),
        (.recipientLimit, ["isv.BUSINESS_LIMIT_CONTROL"]),
        (.throttled, ["isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "Throttling.User", "Throttling"]),
        (.badRecipient, ["isv.MOBILE_NUMBER_ILLEGAL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED"]),
        (
            .badContent,
            [
                "SMS_TEMPLATE_ILLEGAL", "SMS_SIGNATURE_ILLEGAL", "SMS_SIGN_ILLEGAL",
                "SMS_SIGNATURE_SCENE_ILLEGAL", "SMS_CONTENT_ILLEGAL", "TEMPLATE_MISSING_PARAMETERS",
                "INVALID_JSON_PARAM", "PARAM_LENGTH_LIMIT", "PARAM_NOT_SUPPORT_URL",
                "BLACK_KEY_CONTROL_LIMIT", "INVALID_PARAMETERS", "EXTEND_CODE_ERROR",
                "MOBILE_COUNT_OVER_LIMIT", "NEW",
            ]
            .map { "isv.\($0)" }
        ),
        (
            .badConfig,
            [
                "isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "isv.PRODUCT_UN_SUBSCRIPT",
                "isv.PRODUCT_UNSUBSCRIBE", "isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL",
                "isp.RAM_PERMISSION_DENY", "isv.DENY_IP_RANGE", "SignatureDoesNotMatch",
                "InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive", "InvalidTimeStamp.Expired",
            ]
        ),
    ])
    func `Aliyun's codes have their class`(fault: Refusal.Class, codes: [String]) {
        for code in codes { #expect(AliyunCodes.fault(of: code) == fault, "\(code)") }
    }
}
