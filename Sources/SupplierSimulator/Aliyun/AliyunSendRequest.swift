import Groundwork

/// What Aliyun's `SendSms` or `SendBatchSms` asks for, read strictly.
struct AliyunSendRequest {
    private(set) var messages: [World.Message] = []
    let key: ArraySlice<UInt8>

    /// Reads the parameters of `action`.
    ///
    /// - Throws: the verdict on the whole call, where there is something to find fault with.
    init(
        _ action: String,
        _ parameters: FormParameters,
        account: SimulatorCredentials.Account
    ) throws(SimulatedRefusal) {
        let key = parameters["OutId"] ?? ""
        guard key.utf8.count < 256 else {
            throw SimulatedRefusal("isv.INVALID_PARAMETERS", "OutId takes less than 256 bytes.")
        }
        self.key = Array(key.utf8)[...]
        guard parameters["TemplateCode"] == account.templateID else {
            throw SimulatedRefusal("isv.SMS_TEMPLATE_ILLEGAL", "The template is not approved.")
        }
        if action == "SendSms" {
            try readSame(parameters, account: account)
        } else {
            try readBatch(parameters, account: account)
        }
    }

    private mutating func readSame(
        _ parameters: FormParameters,
        account: SimulatorCredentials.Account
    ) throws(SimulatedRefusal) {
        guard parameters["SignName"] == account.signName else { throw Self.illegalSignature }
        let numbers = Array((parameters["PhoneNumbers"] ?? "").utf8).split(separator: UInt8(ascii: ","))
        guard numbers.count <= 1_000 else { throw Self.tooMany }
        let hash = try Self.contentHash(parameters["TemplateParam"] ?? "")
        try take(numbers) { _ in hash }
    }

    private mutating func readBatch(
        _ parameters: FormParameters,
        account: SimulatorCredentials.Account
    ) throws(SimulatedRefusal) {
        let numbers = try Self.strings(parameters["PhoneNumberJson"])
        let signatures = try Self.strings(parameters["SignNameJson"])
        guard numbers.count <= 100 else { throw Self.tooMany }
        guard signatures.allSatisfy({ $0.elementsEqual(account.signName.utf8) }) else {
            throw Self.illegalSignature
        }
        let hashes = try Self.contentHashes(parameters["TemplateParamJson"] ?? "")
        guard signatures.count == numbers.count, hashes.count == numbers.count else {
            throw SimulatedRefusal("isv.INVALID_PARAMETERS", "The lists are not of one length.")
        }
        try take(numbers) { hashes[$0] }
    }

    private mutating func take(
        _ numbers: [ArraySlice<UInt8>],
        _ hash: (Int) -> UInt64
    ) throws(SimulatedRefusal) {
        guard !numbers.isEmpty else { throw Self.illegalNumber }
        messages.reserveCapacity(numbers.count)
        for (position, text) in numbers.enumerated() {
            guard let number = PhoneDigits.e164(text) else { throw Self.illegalNumber }
            messages.append(World.Message(recipient: number, contentHash: hash(position)))
        }
    }

    private static let illegalSignature = SimulatedRefusal(
        "isv.SMS_SIGNATURE_ILLEGAL",
        "The signature is not approved."
    )
    private static let illegalNumber = SimulatedRefusal("isv.MOBILE_NUMBER_ILLEGAL", "A number is not one.")
    private static let tooMany = SimulatedRefusal(
        "isv.MOBILE_COUNT_OVER_LIMIT",
        "Too many numbers in one call."
    )

    private static func strings(_ json: String?) throws(SimulatedRefusal) -> [ArraySlice<UInt8>] {
        try reading(json ?? "") { scanner throws(JSONError) in
            var strings: [ArraySlice<UInt8>] = []
            try scanner.beginArray()
            while try scanner.nextElement() { strings.append(scanner.utf8(of: try scanner.text())) }
            return strings
        }
    }

    private static func contentHashes(_ json: String) throws(SimulatedRefusal) -> [UInt64] {
        let hashes = try reading(json) { scanner throws(JSONError) in
            var hashes: [UInt64?] = []
            try scanner.beginArray()
            while try scanner.nextElement() { hashes.append(try content(&scanner)) }
            return hashes
        }
        return try hashes.map { hash throws(SimulatedRefusal) in try needed(hash) }
    }

    private static func contentHash(_ json: String) throws(SimulatedRefusal) -> UInt64 {
        try needed(try reading(json) { scanner throws(JSONError) in try content(&scanner) })
    }

    private static func needed(_ hash: UInt64?) throws(SimulatedRefusal) -> UInt64 {
        guard let hash else {
            throw SimulatedRefusal("isv.TEMPLATE_MISSING_PARAMETERS", "The variable `content` is missing.")
        }
        return hash
    }

    /// Reads the variables of one message; nil when the template's only one is not among them.
    private static func content(_ scanner: inout JSONScanner) throws(JSONError) -> UInt64? {
        var hash: UInt64?
        try scanner.beginObject()
        while let name = try scanner.nextKey() {
            if name.equals("content") {
                hash = ContentHash.of(scanner.utf8(of: try scanner.text()))
            } else {
                try scanner.skip()
            }
        }
        return hash
    }

    private static func reading<Value>(
        _ json: String,
        _ read: (inout JSONScanner) throws(JSONError) -> Value
    ) throws(SimulatedRefusal) -> Value {
        do throws(JSONError) {
            var scanner = JSONScanner(Array(json.utf8))
            let value = try read(&scanner)
            try scanner.finish()
            return value
        } catch {
            throw SimulatedRefusal("isv.INVALID_JSON_PARAM", "The JSON cannot be read: \(error).")
        }
    }
}
