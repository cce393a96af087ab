package import Groundwork
package import Logging
import Synchronization

/// How an account is spared that does not work now.
package struct AccountHealthSettings: Hashable, Sendable {
    /// Of how many calls the last ones are looked at.
    package var calls = 20
    /// How many of them there must be before anything follows from them.
    package var fewest = 5
    /// The share of them without a usable answer from which on the account rests.
    package var share = 0.5
    /// How long it rests then: the first time, and at most.
    package var failing = Backoff(first: .seconds(2), ceiling: .seconds(60))
    /// How long it rests whose credentials, permission or balance were refused.
    package var refused = Backoff(first: .seconds(10), ceiling: .seconds(300))
    /// How long it rests that was told to slow down, unless it was told for how long.
    package var throttled = Backoff(first: .seconds(1), ceiling: .seconds(60))
    /// How it goes on after that.
    package var pace = AccountPaceSettings()
    /// How long whoever tries it again may take before another does.
    package var probe = Duration.seconds(40)

    package init() {}
}

/// How an account does, as this process knows from its own calls.
package struct AccountStanding: Hashable, Sendable {
    /// Why it rests; nil when it works, or was not called.
    package let reason: AccountHealth.Reason?
    /// For how long nobody tries it.
    package let rest: Duration
    /// How many calls a second it makes at most since it was told to slow down; nil for any number.
    package let rate: Double?
}

/// Keeps accounts that do not work now from being called again and again: a circuit breaker for each.
///
/// A circuit opens when half of the last calls had no usable answer, and at once when the supplier refuses the account
/// or asks for patience. When its time is over one call tries: if that works the circuit closes, else it stays
/// open longer. What the supplier says of a recipient or a text proves that the account works. An account that was
/// asked for patience goes on at a lower rate, which recovers (`AccountPace`).
package final class AccountHealth: Sendable {
    /// Why an account rests.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case failing
        case refused
        case throttled
    }

    private struct Circuit {
        /// Of the last calls, whether each had a usable answer.
        var recent: [Bool] = []
        var reason: Reason?
        /// Until when nobody calls.
        var until = Duration.zero
        /// Until when only one tries.
        var probedUntil = Duration.zero
        /// How often it opened without having closed.
        var openings = 0

        mutating func add(_ works: Bool, of count: Int) {
            recent.append(works)
            if recent.count > count { recent.removeFirst() }
        }

        /// Opens, or stays open for longer; calls that began before it opened make it no longer.
        mutating func open(
            _ reason: Reason,
            _ backoff: Backoff,
            atLeast wait: Duration? = nil,
            at now: Duration
        ) {
            let isLate = self.reason != nil && until > now
            if !isLate { openings += 1 }
            self.reason = reason
            until = max(until, now + (wait ?? (isLate ? .zero : backoff.wait(afterAttempt: openings))))
            probedUntil = .zero
            recent = []
        }
    }

    private let settings: AccountHealthSettings
    private let stopwatch: Stopwatch
    private let logger: Logger
    /// Other processes go at paces of their own.
    private let process = UInt64.random(in: 0...UInt64.max)
    private let circuits = Mutex<[AccountID: Circuit]>([:])
    private let paces = Mutex<[AccountID: AccountPace]>([:])

    /// Makes circuits that are all closed.
    ///
    /// - Parameters:
    ///   - settings: when they open and for how long.
    ///   - timer: monotonic.
    ///   - logger: is told of accounts that rest, and of those that work again.
    package init(
        settings: AccountHealthSettings = AccountHealthSettings(),
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.settings = settings
        stopwatch = Stopwatch(timer)
        self.logger = logger
    }

    /// Why an account rests; nil when it works, or nobody knows otherwise.
    package func reason(_ account: AccountID) -> Reason? { circuits.withLock { $0[account]?.reason } }

    /// How an account does.
    package func standing(of account: AccountID) -> AccountStanding {
        let now = stopwatch.elapsed
        let (reason, until) = circuits.withLock { ($0[account]?.reason, $0[account]?.until ?? .zero) }
        let rate = paces.withLock { $0[account]?.rate(at: now) }
        return AccountStanding(
            reason: reason,
            rest: reason == nil ? .zero : max(.zero, until - now),
            rate: rate
        )
    }

    /// What the calls of accounts are limited by that were told to slow down.
    func limits(of accounts: some Sequence<AccountID>) -> [AccountID: RateLimit] {
        let now = stopwatch.elapsed
        return paces.withLock { paces in
            var limits: [AccountID: RateLimit] = [:]
            for account in accounts where limits[account] == nil {
                let name = "account/\(account.rawValue)/pace/\(process)"
                limits[account] = paces[account]?.limit(name, at: now)
            }
            return limits
        }
    }

    /// The accounts that are not to be called now: those that rest, and those that somebody tries.
    func resting(among accounts: [AccountID]) -> Set<AccountID> {
        let now = stopwatch.elapsed
        return circuits.withLock { circuits in
            Set(
                accounts.filter { account in
                    guard let circuit = circuits[account], circuit.reason != nil else { return false }
                    return circuit.until > now || circuit.probedUntil > now
                }
            )
        }
    }

    /// Calls that may be made now.
    struct Admission: Sendable {
        /// Their places among those that were asked for.
        var places: [Int] = []
        /// Accounts whose rest is over, each of which one of the calls tries.
        var tried: Set<AccountID> = []
    }

    /// Says which calls may be made now.
    ///
    /// Those are all of an account that works, none of one that rests, and one of an account whose rest is over. A trial that does not come to be is given back with `giveBack(_:)`.
    ///
    /// - Parameter accounts: the calls' accounts.
    /// - Returns: the calls that may.
    func admit(_ accounts: [AccountID]) -> Admission {
        let now = stopwatch.elapsed
        return circuits.withLock { circuits in
            var admission = Admission()
            for (place, account) in accounts.enumerated() {
                if circuits[account]?.reason != nil, var circuit = circuits[account] {
                    guard circuit.until <= now, circuit.probedUntil <= now else { continue }
                    circuit.probedUntil = now + settings.probe
                    circuits[account] = circuit
                    admission.tried.insert(account)
                }
                admission.places.append(place)
            }
            return admission
        }
    }

    /// Lets others try accounts that were to be tried by calls that were not made after all.
    func giveBack(_ accounts: some Sequence<AccountID>) {
        circuits.withLock { circuits in
            for account in accounts { circuits[account]?.probedUntil = .zero }
        }
    }

    /// Notes how calls ended.
    func note(_ rounds: [CallRound]) {
        for round in rounds {
            if let word = CallWord(round) {
                note(word, of: round.intent.account)
            } else {
                giveBack([round.intent.account])
            }
        }
    }

    private func note(_ word: CallWord, of account: AccountID) {
        let now = stopwatch.elapsed
        let (before, after) = circuits.withLock { circuits in
            var circuit = circuits[account] ?? Circuit()
            let before = circuit.reason
            switch word {
            case .works:
                paces.withLock { $0[account, default: AccountPace()].take(at: now) }
                circuit.add(true, of: settings.calls)
                // What began before it rested says nothing new.
                if before != nil, circuit.until <= now { circuit = Circuit() }
            case .failing:
                circuit.add(false, of: settings.calls)
                let failures = circuit.recent.count { !$0 }
                let isBad =
                    circuit.recent.count >= settings.fewest
                    && Double(failures) >= settings.share * Double(circuit.recent.count)
                if before != nil || isBad { circuit.open(.failing, settings.failing, at: now) }
            case .refused: circuit.open(.refused, settings.refused, at: now)
            case .throttled(let wait):
                // Calls that began before it rested say nothing new.
                let isNews = circuit.reason == nil || circuit.until <= now
                circuit.open(.throttled, settings.throttled, atLeast: wait, at: now)
                let rest = circuit.until
                if isNews {
                    paces.withLock {
                        $0[account, default: AccountPace()].slowDown(at: now, until: rest, settings.pace)
                    }
                }
            }
            circuits[account] = circuit
            return (before, circuit.reason)
        }
        tell(account, before, after)
    }

    private func tell(_ account: AccountID, _ before: Reason?, _ after: Reason?) {
        guard before != after else { return }
        let number: Logger.MetadataValue = "\(account.rawValue)"
        if let after {
            logger.warning(
                "account rests",
                metadata: [LogKey.account: number, LogKey.reason: "\(after.rawValue)"]
            )
        } else {
            logger.notice("account works again", metadata: [LogKey.account: number])
        }
    }
}

/// What a call as a whole says of its account.
private enum CallWord {
    case works
    /// No usable answer, for none of its recipients.
    case failing
    case refused
    case throttled(wait: Duration?)

    /// Judges a call; nil for one that was not made, or that we refused ourselves for what was to be sent.
    init?(_ round: CallRound) {
        guard round.wasMade, let first = round.reply.verdicts.first, !first.isOurWord else { return nil }
        switch first {
        case .accepted: self = .works
        case .ambiguous: self = .failing
        case .refused(let refusal):
            switch refusal.fault {
            case .badRecipient, .badContent, .recipientLimit, .recipientLater: self = .works
            case .badConfig: self = .refused
            case .throttled: self = .throttled(wait: refusal.wait)
            case .transient: self = .failing
            }
        }
        // A word that is not about everybody is about the one.
        let isShared = round.reply.verdicts.allSatisfy { $0.speaksOfAccount }
        if !isShared { self = .works }
    }
}

extension SupplierVerdict {
    /// Whether it is about a content or a recipient, and was never asked of the supplier.
    fileprivate var isOurWord: Bool {
        guard case .refused(let refusal) = self, refusal.code.hasPrefix("kpush.") else { return false }
        switch refusal.fault {
        case .badRecipient, .badContent, .recipientLimit, .recipientLater: return true
        case .transient: return ["kpush.attachment", "kpush.media"].contains { refusal.code.hasPrefix($0) }
        case .badConfig, .throttled: return false
        }
    }

    /// Whether it need not be about its recipient.
    fileprivate var speaksOfAccount: Bool {
        switch self {
        case .accepted: false
        case .ambiguous: true
        case .refused(let refusal): [.badConfig, .throttled, .transient].contains(refusal.fault)
        }
    }
}
