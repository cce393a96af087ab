import Groundwork

/// A call that an account made, with how it ended and where its members stand now.
package struct SettledCall: Sendable {
    /// One whom the call was made to.
    package struct Member: Hashable, Sendable {
        package let message: MessageID
        package let recipient: String
        /// How the call ended for it; nil when it never did, or was given up without an answer.
        package let answer: CallResult?
        /// Where it stands now, and the account that has it.
        package let state: DeliveryState
        package let holder: AccountID?
        package let charge: Int
        /// Whether no later call was made to it.
        package let isLast: Bool

        package init(
            message: MessageID,
            recipient: String,
            answer: CallResult?,
            state: DeliveryState,
            holder: AccountID?,
            charge: Int,
            isLast: Bool
        ) {
            self.message = message
            self.recipient = recipient
            self.answer = answer
            self.state = state
            self.holder = holder
            self.charge = charge
            self.isLast = isLast
        }
    }

    /// When it was made; tells calls of one instant apart.
    package let place: ListPlace
    package let account: AccountID
    package let template: TemplateID
    package let members: [Member]

    package init(place: ListPlace, account: AccountID, template: TemplateID, members: [Member]) {
        self.place = place
        self.account = account
        self.template = template
        self.members = members
    }
}

/// A receipt that belongs to no message we know.
package struct StrayReceipt: Hashable, Sendable {
    /// Where it stands among those of its account; its instant is the one that the supplier tells.
    package let place: ListPlace
    package let receipt: SupplierReceipt

    package init(place: ListPlace, receipt: SupplierReceipt) {
        self.place = place
        self.receipt = receipt
    }
}

/// What one call comes to for one of its members, as far as its account's day is concerned.
enum CallFinding: Hashable {
    /// The supplier has it.
    case taken(reference: String, charge: Int)
    /// Nobody knows whether it does.
    case open
    /// It refused it, and sent a receipt for it all the same.
    case contradicted(code: String)
    /// It does not have it, or a later call stands for it.
    case none

    init(_ member: SettledCall.Member, of account: AccountID) {
        let isOurs = member.isLast && member.holder == account
        switch member.answer {
        case .accepted(let reference, let charge), .sent(let reference, let charge):
            self = .taken(reference: reference, charge: charge)
        case .failed(let code), .again(let code):
            self = isOurs && member.state.isReceipted ? .contradicted(code: code) : .none
        case .unknown, nil:
            guard isOurs else {
                self = .none
                return
            }
            switch member.state {
            case .accepted, .sent, .delivered, .undelivered, .unconfirmed:
                self = .taken(reference: "", charge: member.charge)
            case .unknown, .unresolved: self = .open
            default: self = .none
            }
        }
    }
}

extension DeliveryState {
    /// Whether a receipt led to it.
    var isReceipted: Bool { self == .delivered || self == .undelivered }
}
