import Executor
import Groundwork
import Logging
import PushEngine

/// `mediaRefresh`: sees to it that suppliers do not forget the files that enabled templates refer to.
struct MediaRefreshHandler: JobHandler {
    private let media: MediaRenewal

    init(_ parts: JobParts) {
        media = parts.media
    }

    func run(_ context: JobContext) async throws -> String? {
        let round = try await media.run()
        let summary = "\(round.renewed) media files uploaded again"
        guard round.failed.isEmpty else {
            for failure in round.failed {
                context.log("not uploaded", metadata: [LogKey.error: "\(failure)"])
            }
            throw JobFault("\(summary); \(round.failed.count) failed")
        }
        return summary
    }
}
