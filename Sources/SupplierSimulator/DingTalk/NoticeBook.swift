import Groundwork

/// What the simulated DingTalk remembers of work notices: what became of each, and how much everybody had.
struct NoticeBook: Sendable {
    /// A user whom a notice does not reach, and why.
    struct Forbidden: Sendable {
        let user: String
        let code: String
    }

    /// One call that was taken.
    struct Notice: Sendable {
        let sentAt: Moment
        /// Users who get it, and their entries in the ledger.
        var users: [(name: String, entry: UInt32)] = []
        var invalid: [String] = []
        var forbidden: [Forbidden] = []
        var isRecalled = false
    }

    /// How many notices a user gets in a day from an application of their own company.
    static let dailyLimit = 500
    /// How many people an application reaches in a minute.
    static let minuteLimit = 5_000
    /// How many notices to the whole company go out in a day.
    static let companyLimit = 3
    /// How long a notice is known, and can be taken back.
    static let memory = Duration.seconds(86_400)

    private var notices: [Int64: Notice] = [:]
    private var day = ""
    private var countOf: [String: Int] = [:]
    private var companyCount = 0
    private var contents: Set<UInt64> = []
    private var minute: Int64 = -1
    private var people = 0

    /// Counts a notice to a user; the code of the limit that it breaks, or nil.
    mutating func admit(_ user: String, contentHash: UInt64, at now: Moment) -> String? {
        turn(to: now)
        guard people < Self.minuteLimit else { return "143103" }
        if user == ChatMessage.everybody {
            guard companyCount < Self.companyLimit else { return "143105" }
            companyCount += 1
        }
        guard countOf[user, default: 0] < Self.dailyLimit else { return "143105" }
        let subject = SimulatorRandom.mixed(contentHash ^ ContentHash.of(user.utf8))
        guard contents.insert(subject).inserted else { return "143106" }
        people += 1
        countOf[user, default: 0] += 1
        return nil
    }

    /// A number for a notice that reaches nobody.
    func unreached() -> Int64 { 300_000_000_000 + Int64(notices.count) }

    /// Keeps a notice under its number.
    mutating func keep(_ notice: Notice, as task: Int64) { notices[task] = notice }

    /// A notice that is known yet.
    func notice(_ task: Int64, at now: Moment) -> Notice? {
        guard let notice = notices[task], now - notice.sentAt <= Self.memory else { return nil }
        return notice
    }

    /// Takes a notice back; false when it is not known, or not any more.
    mutating func recall(_ task: Int64, at now: Moment) -> Bool {
        guard notice(task, at: now) != nil else { return false }
        notices[task]?.isRecalled = true
        return true
    }

    /// Begins to count anew with each day and each minute.
    private mutating func turn(to now: Moment) {
        let today = CivilTime(now, offset: CivilTime.china).date
        if day != today {
            day = today
            countOf = [:]
            companyCount = 0
            contents = []
        }
        let minute = now.secondsSinceEpoch / 60
        if self.minute != minute {
            self.minute = minute
            people = 0
        }
    }
}
