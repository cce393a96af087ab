import PushEngine

/// A campaign as the API tells of it.
struct CampaignAnswer: Decodable, Sendable {
    let id: Int64
    let name: String
    let template: Int64
    let crowd: String
    let cron: String?
    let zone: String?
    let at: APIInstant?
    let createdBy: String
    let createdAt: APIInstant
    /// `active`, `paused` or `cancelled`.
    let state: String
    /// Left out of lists.
    let nextAt: APIInstant?
    let latestRun: CampaignRunAnswer?
}

/// How far one occurrence of a campaign is.
struct CampaignRunAnswer: Decodable, Sendable {
    struct Account: Decodable, Sendable {
        let account: Int64
        let states: [String: Int]
    }

    let id: Int64
    let campaign: Int64
    let plannedAt: APIInstant
    let templateVersion: Int
    let state: String
    let startedAt: APIInstant
    let readAt: APIInstant?
    let rowCount: Int64
    let rowsRead: Int64
    let refused: Int
    let refusedByCode: [String: Int]
    let received: Int
    let states: [String: Int]
    let accounts: [Account]
    let charge: Int
    let rowsPerSecond: Double?
    let secondsLeft: Double?
    let settled: Bool
}

extension CampaignRunAnswer {
    /// Messages that are in none of our hands any more.
    var sent: Int { received - waiting }

    /// Messages that wait for their turn, or for the morning.
    var waiting: Int { count { $0 == .queued || $0 == .held } }

    /// Messages to which something more will happen.
    var open: Int { count { !$0.isFinal } }

    /// The share of rows whose fate is sealed, from 0 to 1.
    var settledShare: Double {
        rowCount > 0 ? max(0, Double(rowsRead - Int64(open)) / Double(rowCount)) : 1
    }

    /// Whether every row was read and every message left.
    var isSent: Bool { (state == "finished" || state == "cancelled") && waiting == 0 }

    private func count(_ isMeant: (DeliveryState) -> Bool) -> Int {
        DeliveryState.allCases.reduce(0) { $0 + (isMeant($1) ? states[$1.name] ?? 0 : 0) }
    }
}

/// A crowd file as the API took it in.
struct CrowdAnswer: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        let row: Int64
        let line: Int64
        let column: String?
        let code: String
        let reason: String
        let text: String
    }

    let digest: String
    let name: String
    let rowCount: Int64
    let columns: [String]
    let refused: [String: Int]
    let refusedRows: [Row]
}

/// A row that an occurrence left out.
struct RowRejectAnswer: Decodable, Sendable {
    let row: Int64
    let line: Int64
    let column: String
    let code: String
    let text: String

    var reject: RowReject { RowReject(row: row, line: line, column: column, code: code, text: text) }
}

/// What a cancelled campaign took back.
struct CancelAnswer: Decodable, Sendable {
    let recalled: Int
}

/// What a campaign needs to know of its template.
struct TemplateAnswer: Decodable, Sendable {
    struct Version: Decodable, Sendable {
        let sendChannel: Int
    }

    let latest: Version
    /// Missing while none was approved.
    let serving: Version?

    /// One by which its channel's recipients are known, as its crowd files hold them.
    var idType: IDType? {
        Channel(rawValue: (serving ?? latest).sendChannel)
            .flatMap { channel in
                IDType.allCases.first { $0.addressForm == channel.addressForm }
            }
    }
}
