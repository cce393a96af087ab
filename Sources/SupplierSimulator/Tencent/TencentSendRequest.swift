import Groundwork

/// The body of Tencent's `SendSms`, read strictly.
struct TencentSendRequest {
    /// A number as it was given: its digits in E.164 form, or nil and the text when it is none.
    struct Recipient {
        let number: UInt64?
        let text: ArraySlice<UInt8>
    }

    private(set) var recipients: [Recipient] = []
    private(set) var appID = ""
    private(set) var templateID = ""
    private(set) var signName = ""
    private(set) var parameterCount = 0
    private(set) var contentHash = ContentHash()
    /// How many messages each number is billed for.
    private(set) var fee: Int64 = 1
    private var textLength = 0
    private(set) var context: ArraySlice<UInt8> = []

    init(_ body: [UInt8]) throws(JSONError) {
        var scanner = JSONScanner(body)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "PhoneNumberSet": try readRecipients(&scanner)
            case "SmsSdkAppId": appID = try scanner.string()
            case "TemplateId": templateID = try scanner.string()
            case "SignName": signName = try scanner.string()
            case "TemplateParamSet": try readParameters(&scanner)
            case "SessionContext": context = scanner.utf8(of: try scanner.text())
            default: try scanner.skip()
            }
        }
        try scanner.finish()
        fee = Self.fee(text: textLength, signature: Self.length(signName.utf8))
    }

    private mutating func readRecipients(_ scanner: inout JSONScanner) throws(JSONError) {
        recipients.reserveCapacity(200)
        try scanner.beginArray()
        while try scanner.nextElement() {
            let text = scanner.utf8(of: try scanner.text())
            recipients.append(Recipient(number: PhoneDigits.e164(text), text: text))
        }
    }

    private mutating func readParameters(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.beginArray()
        while try scanner.nextElement() {
            let text = scanner.utf8(of: try scanner.text())
            contentHash.add(text)
            textLength += Self.length(text)
            parameterCount += 1
        }
    }

    /// 70 characters make one message, and parts of a longer text take 67 each; the signature counts with its
    /// brackets.
    private static func fee(text: Int, signature: Int) -> Int64 {
        let length = text + signature + 2
        return length <= 70 ? 1 : Int64((length + 66) / 67)
    }

    /// How many UTF-16 units a text has.
    private static func length(_ utf8: some Sequence<UInt8>) -> Int {
        utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : $1 >= 0xF0 ? 2 : 1) }
    }

    /// Makes sure that the request as a whole can be taken.
    func check(_ account: SimulatorCredentials.Account) throws(SimulatedRefusal) {
        guard !recipients.isEmpty else {
            throw SimulatedRefusal("MissingParameter.EmptyPhoneNumberSet", "The phone number set is empty.")
        }
        guard recipients.count <= 200 else {
            throw SimulatedRefusal(
                "LimitExceeded.PhoneNumberCountLimit",
                "At most 200 numbers in one request."
            )
        }
        guard appID == account.appID else {
            throw SimulatedRefusal(
                "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
                "The SmsSdkAppId is not yours."
            )
        }
        guard context.count < 512 else {
            throw SimulatedRefusal(
                "FailedOperation.ParametersOtherError",
                "SessionContext takes less than 512 bytes."
            )
        }
        let numbers = recipients.compactMap(\.number)
        let mainland = numbers.count { PhoneDigits.isMainland($0) }
        guard mainland == 0 || mainland == numbers.count else {
            throw SimulatedRefusal(
                "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
                "Mainland and other numbers cannot be mixed."
            )
        }
    }

    /// Why no number of the request can be sent to; nil when nothing speaks against it.
    func contentFault(_ account: SimulatorCredentials.Account) -> String? {
        if templateID != account.templateID { return "FailedOperation.TemplateIncorrectOrUnapproved" }
        if signName != account.signName { return "FailedOperation.SignatureIncorrectOrUnapproved" }
        if parameterCount != 1 { return "InvalidParameterValue.TemplateParameterFormatError" }
        return nil
    }
}
