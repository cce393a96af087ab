import ArgumentParser
import CurlDriver
import Foundation
import Groundwork
import PushEngine
import Scheduler

/// `kpush campaigns create`.
struct CampaignCreateCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a campaign from a template, a crowd file and a time.",
        discussion: """
            kpush campaigns create --name Spring --template 1 --crowd crowd.csv \\
                --cron '0 0 9 ? * MON' --zone Asia/Shanghai

            The file is sent as it is read, whatever its size. Without --cron and --at the campaign starts when it is \
            told to. kpush crowd check says beforehand what a file would come to.
            """
    )

    @Option(help: "What people call it.")
    var name: String

    @Option(help: "The template's number.")
    var template: Int64

    @Option(help: "The crowd file: CSV in UTF-8 with a header row.", completion: .file())
    var crowd: String?

    @Option(help: "A crowd file that the server has already, by its digest.")
    var crowdDigest: String?

    @Option(help: "When it starts, again and again: a Quartz cron expression.")
    var cron: String?

    @Option(help: "The time zone of --cron, and of an --at without an offset.")
    var zone = "UTC"

    @Option(help: "When it starts, once: an instant such as 2030-01-16T09:00:00+08:00.")
    var at: String?

    @Option(help: "Who makes it, for the books. (default: your user name)")
    var `operator`: String?

    @Flag(help: "Then follow it until every message has its final state.")
    var watch = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (crowd == nil) != (crowdDigest == nil) else {
            throw ValidationError("Give --crowd or --crowd-digest.")
        }
        guard cron == nil || at == nil else { throw ValidationError("Give --cron or --at, not both.") }
        guard !watch || cron != nil || at != nil else {
            throw ValidationError("--watch needs --cron or --at: nothing would start.")
        }
    }

    func perform(_ api: APIClient) async throws {
        // What can be known to be wrong is said before a large file is on its way.
        try checkSchedule()
        let path = try crowd.map(Self.open)
        let chosen: TemplateAnswer = try await api.get("/api/v1/templates/\(template)").decoded()
        var digest = crowdDigest ?? ""
        if let path, let crowd {
            let name = URL(fileURLWithPath: crowd).lastPathComponent
            let upload = CrowdUpload(api: api, file: path, name: name, idType: chosen.idType)
            let taken = try await upload.perform()
            if !server.json { Terminal.out(CampaignText.crowd(taken)) }
            digest = taken.digest
        }
        let answer = try await api.post("/api/v1/campaigns", draft(digest))
        let made: CampaignAnswer = try answer.decoded()
        show(answer) { CampaignText.whole(made) }
        guard watch else { return }
        let watch = CampaignWatch(api: api, campaign: made.id, untilSent: false, json: server.json)
        try await watch.show(watch.next(after: nil))
    }

    private func checkSchedule() throws(CommandError) {
        let text: ScheduleText
        if let cron {
            text = .cron(cron, zone: zone)
        } else if let at {
            text = ScheduleText(type: ScheduleType.once.rawValue, conf: at, zone: zone)
        } else {
            return
        }
        do throws(ScheduleError) { _ = try Schedule(text) } catch {
            let option = error.field == "zone" ? "--zone" : cron == nil ? "--at" : "--cron"
            throw CommandError(.refused, "\(option): \(error.reason)")
        }
    }

    private static func open(_ path: String) throws(CommandError) -> FileBody {
        do { return try FileBody(path: path) } catch { throw .unreadable(path, error) }
    }

    private func draft(_ digest: String) -> WireObject {
        var draft: WireObject = [
            "name": .text(name), "template": .integer(template), "crowd": .text(digest),
        ]
        if let cron { draft.append("cron", .text(cron)) }
        if let at { draft.append("at", .text(at)) }
        if cron != nil || at != nil { draft.append("zone", .text(zone)) }
        let who = `operator` ?? NSUserName()
        if !who.isEmpty { draft.append("operator", .text(who)) }
        return draft
    }
}

/// Sends a crowd file, and shows how far it is to whoever sits at the terminal.
struct CrowdUpload {
    let api: APIClient
    let file: FileBody
    let name: String
    /// What its recipients are known by; nil leaves it to the name of their column.
    let idType: IDType?

    func perform() async throws -> CrowdAnswer {
        try await withThrowingTaskGroup(of: APIAnswer?.self) { group in
            group.addTask {
                let query = [("name", name), ("idType", idType.map { "\($0.rawValue)" })]
                return try await api.upload(file, to: "/api/v1/crowds", query)
            }
            group.addTask {
                var line = ProgressLine(total: file.size)
                defer { line.clear() }
                while !Task.isCancelled {
                    line.show(file.position)
                    // Cancelled when the answer is there.
                    try? await Task.sleep(for: .milliseconds(200))
                }
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw CancellationError() }
            return try answer.decoded()
        }
    }
}
