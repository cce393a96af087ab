import Groundwork
import People
import PushEngine
import Scheduler

/// What a member of an input can be read as.
protocol InputValue {
    /// What must stand there, for whoever sent something else.
    static var expectation: String { get }

    /// Reads a value; nil when it is of another kind.
    ///
    /// - Parameters:
    ///   - input: what came.
    ///   - isText: whether it came where everything is text.
    init?(input: WireValue, isText: Bool)
}

extension String: InputValue {
    static var expectation: String { "a string" }

    init?(input: WireValue, isText: Bool) {
        guard case .text(let text) = input else { return nil }
        self = text
    }
}

extension Bool: InputValue {
    static var expectation: String { "true or false" }

    init?(input: WireValue, isText: Bool) {
        if isText {
            guard let truth = input.truth else { return nil }
            self = truth
        } else {
            guard case .bool(let value) = input else { return nil }
            self = value
        }
    }
}

extension Int64: InputValue {
    static var expectation: String { "a whole number" }

    init?(input: WireValue, isText: Bool) {
        switch input {
        case .integer(let number): self = number
        case .text(let text) where isText:
            guard let number = Int64(text) else { return nil }
            self = number
        default: return nil
        }
    }
}

extension Int: InputValue {
    static var expectation: String { Int64.expectation }

    init?(input: WireValue, isText: Bool) {
        guard let number = Int64(input: input, isText: isText) else { return nil }
        self.init(exactly: number)
    }
}

extension Double: InputValue {
    static var expectation: String { "a number" }

    init?(input: WireValue, isText: Bool) {
        switch input {
        case .integer(let number): self = Double(number)
        case .number(let number): self = number
        case .text(let text) where isText:
            guard let number = Double(text), number.isFinite else { return nil }
            self = number
        default: return nil
        }
    }
}

extension Moment: InputValue {
    static var expectation: String { "an instant such as 2030-01-15T04:00:00.000Z" }

    init?(input: WireValue, isText: Bool) {
        guard case .text(let text) = input, let moment = InstantText.moment(text, in: .utc) else {
            return nil
        }
        self = moment
    }
}

extension MessageID: InputValue {
    static var expectation: String { "the digits of a message id" }

    init?(input: WireValue, isText: Bool) {
        guard case .text(let text) = input else { return nil }
        self.init(text)
    }
}

extension SupplierKind: InputValue {
    static var expectation: String { "the name of a kind of supplier" }

    init?(input: WireValue, isText: Bool) {
        guard case .text(let text) = input else { return nil }
        self.init(rawValue: text)
    }
}

extension ListPlace: InputValue {
    static var expectation: String { "what an earlier page gave as next" }

    init?(input: WireValue, isText: Bool) {
        guard case .text(let text) = input else { return nil }
        self.init(text)
    }
}

/// An identity that counts from 1: callers may write it as a number or as its digits.
protocol InputIdentity: InputValue, RawRepresentable<Int64> {}

extension InputIdentity {
    static var expectation: String { "a number above 0" }

    init?(input: WireValue, isText: Bool) {
        let number: Int64? =
            switch input {
            case .integer(let number): number
            case .text(let text): Int64(text)
            default: nil
            }
        guard let number, number > 0 else { return nil }
        self.init(rawValue: number)
    }
}

extension TemplateID: InputIdentity {}
extension CampaignID: InputIdentity {}
extension CampaignRunID: InputIdentity {}
extension BatchID: InputIdentity {}
extension AccountID: InputIdentity {}
extension JobID: InputIdentity {}
extension GroupID: InputIdentity {}
extension RunID: InputIdentity {}
extension UserID: InputIdentity {}
extension AuditID: InputIdentity {}
extension MediaID: InputIdentity {}

/// One of a few words or codes.
protocol InputChoice: InputValue, RawRepresentable, CaseIterable where RawValue: InputValue {}

extension InputChoice {
    static var expectation: String {
        "one of \(allCases.map { "\($0.rawValue)" }.joined(separator: ", "))"
    }

    init?(input: WireValue, isText: Bool) {
        guard let raw = RawValue(input: input, isText: isText) else { return nil }
        self.init(rawValue: raw)
    }
}

extension Channel: InputChoice {}
extension MessageType: InputChoice {}
extension IDType: InputChoice {}
extension MediaType: InputChoice {}
extension TemplateType: InputChoice {}
extension ShieldType: InputChoice {}
extension DeliveryGuarantee: InputChoice {}
extension DeliveryState: InputChoice {}
extension Role: InputChoice {}
extension ScheduleType: InputChoice {}
extension DaylightPolicy: InputChoice {}
extension MisfirePolicy: InputChoice {}
extension BlockStrategy: InputChoice {}
extension RouteStrategy: InputChoice {}
extension JobCalendar.Weekends: InputChoice {}
extension ChildCondition: InputChoice {}
extension ChildParams: InputChoice {}
extension JobScript.Language: InputChoice {}
extension RunState.Name: InputChoice {}
extension RunReason: InputChoice {}
