import Executor
import Groundwork
import Logging
import PushEngine

/// `tokenRefresh`: sees to it that every account that needs an access token has one that stays valid a while.
struct TokenRefreshHandler: JobHandler {
    private let suppliers: SupplierDirectory

    init(_ parts: JobParts) {
        suppliers = parts.suppliers
    }

    func run(_ context: JobContext) async throws -> String? {
        var refreshed = 0
        var failed: [String] = []
        for entry in try await suppliers.current().entries where entry.account.isEnabled {
            try Task.checkCancellation()
            let name: Logger.MetadataValue = "\(entry.account.name)"
            do {
                switch try await entry.supplier.refreshToken() {
                case .notNeeded:
                    context.log("signs each call and needs no token", metadata: [LogKey.account: name])
                case .stillValid(let end):
                    context.log("token is valid", metadata: [LogKey.account: name, "until": "\(end)"])
                case .refreshed(let end):
                    refreshed += 1
                    context.log("token refreshed", metadata: [LogKey.account: name, "until": "\(end)"])
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
