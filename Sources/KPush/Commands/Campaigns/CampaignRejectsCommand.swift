import ArgumentParser
import PushEngine

/// `kpush campaigns rejects`.
struct CampaignRejectsCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejects",
        abstract: "Print the rows that were left out, as CSV with the reason of each.",
        discussion: "The file is safe to open in a spreadsheet. With --json: the server's pages, a line each."
    )

    @Argument(help: "The campaign's number.")
    var campaign: Int64

    @Option(help: "The occurrence. (default: the latest)")
    var run: Int64?

    @OptionGroup var server: ServerOptions

    func perform(_ api: APIClient) async throws {
        let path = "/api/v1/campaigns/\(campaign)/runs/\(try await occurrence(api))/rejects"
        var out: [UInt8] = []
        CrowdReport.appendStoredHeader(to: &out)
        var after: String?
        // Page by page: millions of rows are left out of a large crowd.
        repeat {
            let answer = try await api.get(path, [("after", after), ("limit", "500")])
            let page: APIPage<RowRejectAnswer> = try answer.decoded()
            for item in page.items { CrowdReport.append(item.reject, to: &out) }
            Terminal.out(server.json ? answer.text + "\n" : String(decoding: out, as: UTF8.self))
            out.removeAll(keepingCapacity: true)
            after = page.next?.text
        } while after != nil
    }

    private func occurrence(_ api: APIClient) async throws -> Int64 {
        if let run { return run }
        let found: CampaignAnswer = try await api.get("/api/v1/campaigns/\(campaign)").decoded()
        guard let latest = found.latestRun else {
            throw CommandError(.refused, "campaign \(campaign) has not started yet")
        }
        return latest.id
    }
}
