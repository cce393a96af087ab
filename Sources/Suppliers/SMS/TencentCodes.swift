import PushEngine

/// What Tencent's codes mean for us.
enum TencentCodes {
    /// Sorts a code; one that nobody has told us about counts as a fault of the content, so that it is not sent
    /// again and again, unless its family says that the fault is on their side or the account's.
    static func fault(of code: String) -> Refusal.Class {
        if let fault = table[code] { return fault }
        if code.hasPrefix("RequestLimitExceeded") { return .throttled }
        if code.hasPrefix("AuthFailure") || code.hasPrefix("UnauthorizedOperation") { return .badConfig }
        if code.hasPrefix("InternalError") { return .transient }
        return .badContent
    }

    /// How long a recipient is left alone who cannot have a message now; nil where nobody says.
    static func wait(of code: String) -> Duration? { waits[code] }

    private static let waits: [String: Duration] = [
        "LimitExceeded.PhoneNumberThirtySecondLimit": .seconds(30),
        "LimitExceeded.PhoneNumberOneHourLimit": .seconds(1_200),
        "LimitExceeded.DeliveryFrequencyLimit": .seconds(600),
        "FailedOperation.MarketingSendTimeConstraint": .seconds(1_800),
    ]

    private static let table: [String: Refusal.Class] = [
        "InternalError.Timeout": .transient,
        "InternalError.SendAndRecvFail": .transient,
        "InternalError.OtherError": .transient,
        "InternalError.UnknownError": .transient,
        // Our clock is more than ten minutes off: the same call again does not help, another account may.
        "InternalError.RequestTimeException": .badConfig,

        "LimitExceeded.PhoneNumberThirtySecondLimit": .recipientLater,
        "LimitExceeded.PhoneNumberOneHourLimit": .recipientLater,
        "LimitExceeded.PhoneNumberDailyLimit": .recipientLimit,
        "LimitExceeded.PhoneNumberSameContentDailyLimit": .recipientLimit,
        "LimitExceeded.DeliveryFrequencyLimit": .recipientLater,

        "LimitExceeded.AppDailyLimit": .throttled,
        "LimitExceeded.DailyLimit": .throttled,
        // Marketing goes out from 08:00 to 22:00 only: later, not never.
        "FailedOperation.MarketingSendTimeConstraint": .recipientLater,

        "FailedOperation.PhoneNumberInBlacklist": .badRecipient,
        "InvalidParameterValue.IncorrectPhoneNumber": .badRecipient,

        "FailedOperation.ContainSensitiveWord": .badContent,
        "FailedOperation.TemplateIncorrectOrUnapproved": .badContent,
        "FailedOperation.SignatureIncorrectOrUnapproved": .badContent,
        "FailedOperation.JsonParseFail": .badContent,
        "FailedOperation.ParametersOtherError": .badContent,
        "InvalidParameterValue.TemplateParameterFormatError": .badContent,
        "InvalidParameterValue.TemplateParameterLengthLimit": .badContent,
        "InvalidParameterValue.ContentLengthLimit": .badContent,
        "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": .badContent,

        "FailedOperation.InsufficientBalanceInSmsPackage": .badConfig,
        "InvalidParameterValue.SdkAppIdNotExist": .badConfig,
        "UnsupportedOperation.UnsuportedRegion": .badConfig,
        "UnauthorizedOperation.RequestIpNotInWhitelist": .badConfig,
        "UnauthorizedOperation.RequestPermissionDeny": .badConfig,
        "UnauthorizedOperation.SdkAppIdIsDisabled": .badConfig,
        "UnauthorizedOperation.SerivceSuspendDueToArrears": .badConfig,
        "UnauthorizedOperation.SmsSdkAppIdVerifyFail": .badConfig,
        "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny": .badConfig,

        // Calls that we should not have made: nothing was sent, and nothing would be the second time.
        "LimitExceeded.PhoneNumberCountLimit": .badContent,
        "MissingParameter.EmptyPhoneNumberSet": .badContent,
        Self.mixedRegions: .badContent,
    ]

    /// Mainland and other numbers in one call: each half may be right.
    static let mixedRegions = "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"
}
