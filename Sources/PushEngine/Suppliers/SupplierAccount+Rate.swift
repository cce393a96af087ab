extension SupplierKind {
    /// How many calls that send the supplier takes from one customer in a second, as it documents.
    package var callsPerSecond: Int {
        switch self {
        // cloud.tencent.com/document/api/382/55981 (SendSms).
        case .tencent: 3_000
        // help.aliyun.com, Dysms 2017-05-25 (SendSms, SendBatchSms).
        case .aliyun: 5_000
        }
    }
}

extension SupplierAccount {
    /// What its calls that send are limited by.
    ///
    /// A supplier counts what is signed with one key: accounts with the same key share its limit. One with a rate
    /// of its own has it for itself.
    package var callLimit: RateLimit {
        let owner = callsPerSecond == nil ? "\(kind.rawValue)/\(accessKey)" : "account/\(id.rawValue)"
        let rate = callsPerSecond ?? kind.callsPerSecond
        // What has come together and what comes in a second are no more than the rate: in no second more is sent,
        // wherever the supplier's seconds begin.
        let burst = max(1, rate / 10)
        return RateLimit(name: owner + "/send", permits: rate + 1 - burst, burst: burst)
    }
}
