import ArgumentParser

/// `kpush campaigns`: crowds that get a template at a time.
struct CampaignsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaigns",
        abstract: "Make campaigns, steer them, and watch them go.",
        discussion: CommandExit.help,
        subcommands: [
            CampaignListCommand.self, CampaignShowCommand.self, CampaignCreateCommand.self,
            CampaignStartCommand.self, CampaignPauseCommand.self, CampaignResumeCommand.self,
            CampaignCancelCommand.self, CampaignWatchCommand.self, CampaignRejectsCommand.self,
        ]
    )
}

/// `kpush campaigns list`.
struct CampaignListCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List campaigns, the newest first."
    )

    @Option(help: "The most campaigns to show, up to 500.")
    var limit = 50

    @Option(help: "Only those made before the campaign with this number.")
    var before: Int64?

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let query = [("limit", String(limit)), ("before", before.map(String.init))]
        let answer = try await api.get("/api/v1/campaigns", query)
        let page: APIPage<CampaignAnswer> = try answer.decoded()
        show(answer) { page.items.isEmpty ? "none\n" : CampaignText.table(page.items) }
        page.hint()
    }
}

/// `kpush campaigns show`.
struct CampaignShowCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a campaign, when it starts next, and how far its latest occurrence is."
    )

    @Argument(help: "The campaign's number.")
    var campaign: Int64

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.get("/api/v1/campaigns/\(campaign)")
        let found: CampaignAnswer = try answer.decoded()
        show(answer) { CampaignText.whole(found) }
    }
}

/// `kpush campaigns watch`.
struct CampaignWatchCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow a campaign with a bar until every message has its final state.",
        discussion: """
            Follows the occurrence that is going on, or else waits for the next one planned. Receipts may take days; \
            --until-sent ends as soon as nothing waits any more. Ctrl-C ends the watching alone. With --json there is \
            a line whenever something changed.
            """
    )

    @Argument(help: "The campaign's number.")
    var campaign: Int64

    @Flag(help: "End when everything is in the suppliers' hands.")
    var untilSent = false

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let watch = CampaignWatch(api: api, campaign: campaign, untilSent: untilSent, json: server.json)
        try await watch.show(watch.current())
    }
}

extension CampaignWatch {
    /// Follows `run`, then shows what came of it.
    func show(_ run: CampaignRunAnswer) async throws {
        let last = try await follow(run)
        if !json { Terminal.out(CampaignText.run(last)) }
    }
}

/// `kpush campaigns start`.
struct CampaignStartCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start a campaign now, whatever its schedule says."
    )

    @Argument(help: "The campaign's number.")
    var campaign: Int64

    @Flag(help: "Then follow it.")
    var watch = false

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let before: CampaignAnswer = try await api.get("/api/v1/campaigns/\(campaign)").decoded()
        let answer = try await api.post("/api/v1/campaigns/\(campaign)/start")
        show(answer) { "Campaign \(campaign) starts.\n" }
        guard watch else { return }
        let watch = CampaignWatch(api: api, campaign: campaign, untilSent: false, json: server.json)
        try await watch.show(watch.next(after: before.latestRun?.id))
    }
}

/// `kpush campaigns pause`.
struct CampaignPauseCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stop a campaign's schedule and what is going on, for a while."
    )

    @Argument(help: "The campaign's number.")
    var campaign: Int64

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post("/api/v1/campaigns/\(campaign)/pause")
        show(answer) { "Campaign \(campaign) is paused.\n" }
    }
}

/// `kpush campaigns resume`.
struct CampaignResumeCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a campaign where it was paused."
    )

    @Argument(help: "The campaign's number.")
    var campaign: Int64

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post("/api/v1/campaigns/\(campaign)/resume")
        show(answer) { "Campaign \(campaign) goes on.\n" }
    }
}

/// `kpush campaigns cancel`.
struct CampaignCancelCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a campaign for good and take back all that still waits."
    )

    @Argument(help: "The campaign's number.")
    var campaign: Int64

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let answer = try await api.post("/api/v1/campaigns/\(campaign)/cancel")
        let cancelled: CancelAnswer = try answer.decoded()
        show(answer) {
            "Campaign \(campaign) is cancelled; \(cancelled.recalled.grouped) messages were taken back.\n"
        }
    }
}
