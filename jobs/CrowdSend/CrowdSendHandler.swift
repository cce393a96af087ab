import Executor
import Foundation
import Groundwork
import Logging
import PushEngine

/// `crowdSend`: sends this worker's shards of a campaign's crowd, each from where its cursor stands.
struct CrowdSendHandler: JobHandler {
    private let campaigns: CampaignRunner

    init(_ parts: JobParts) {
        campaigns = parts.campaigns
    }

    func run(_ context: JobContext) async throws -> String? {
        let order: CampaignOrder
        do {
            order = try JSONDecoder().decode(CampaignOrder.self, from: Data(context.params.utf8))
        } catch {
            throw JobFault(
                "params must be {\"campaign\": ID}, with \"plannedAt\" to go on with an occurrence"
            )
        }
        let end = try await campaigns.read(
            order.campaign,
            plannedAt: order.plannedAt ?? context.plannedAt,
            worker: context.shardIndex,
            of: context.shardTotal
        ) { reading in
            context.report(RunProgress(done: reading.bytesRead, total: reading.byteCount))
        }
        switch end {
        case .read(let rows): return "\(rows) rows read"
        case .stopped(let state, let rows):
            return "stopped after \(rows) rows: the occurrence is \(state.rawValue)"
        }
    }
}
