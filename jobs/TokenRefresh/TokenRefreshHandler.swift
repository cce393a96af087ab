import Executor
import Groundwork
import Logging
import PushEngine

/// `tokenRefresh`: sees to it that every account that needs an access token has one that stays valid a while.
struct TokenRefreshHandler: JobHandler {
    private let suppliers: SupplierDirectory
    private let tokens: TokenKeeper

    init(_ parts: JobParts) {
        suppliers = parts.suppliers
        tokens = parts.tokens
    }

    func run(_ context: JobContext) async throws -> String? {
        var refreshed = 0
        var failed: [String] = []
        for entry in try await suppliers.current().entries where entry.account.isEnabled {
            try Task.checkCancellation()
            let name: Logger.MetadataValue = "\(entry.account.name)"
            guard let source = entry.supplier.tokenSource else {
                context.log("signs each call and needs no token", metadata: [LogKey.account: name])
                continue
            }
            do {
                switch try await tokens.renew(for: entry.account, from: source) {
                case .stillValid(let time):
                    context.log("token is valid", metadata: [LogKey.account: name, "for": "\(time)"])
                case .refreshed(let time):
                    refreshed += 1
                    context.log("token refreshed", metadata: [LogKey.account: name, "for": "\(time)"])
                }
            } catch {
                failed.append(entry.account.name)
                context.log(
                    "token not refreshed",
                    metadata: [LogKey.account: name, LogKey.error: "\(error)"]
                )
            }
        }
        guard failed.isEmpty else {
            throw JobFault("\(refreshed) tokens refreshed; failed for \(failed.joined(separator: ", "))")
        }
        return "\(refreshed) tokens refreshed"
    }
}
