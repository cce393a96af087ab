package import Executor
import Foundation

/// The jobs that ship with KPush: their handlers by name, and their definitions.
package enum BuiltInJobs {
    /// The handlers that the definitions name, over a push engine's parts.
    package static func handlers(_ parts: JobParts) -> HandlerCatalogue {
        HandlerCatalogue([
            "crowdSend": CrowdSendHandler(parts),
            "mediaRefresh": MediaRefreshHandler(parts),
            "nightRelease": NightReleaseHandler(parts),
            "receiptPull": ReceiptPullHandler(parts),
            "reconcile": ReconcileHandler(parts),
            "retention": RetentionHandler(parts),
            "tokenRefresh": TokenRefreshHandler(parts),
        ])
    }

    /// The YAML of the jobs that run by themselves.
    ///
    /// - Throws: what reading a file throws, when the program's resources are not beside it.
    package static func definitions() throws -> [String] {
        try ["media-refresh", "night-release", "receipt-pull", "reconcile", "retention", "token-refresh"]
            .map(definition)
    }

    /// The YAML that every campaign's job is made from.
    ///
    /// - Throws: what reading a file throws, when the program's resources are not beside it.
    package static func crowdSendDefinition() throws -> String {
        try definition("crowd-send")
    }

    private static func definition(_ name: String) throws -> String {
        guard let url = Bundle.module.url(forResource: name, withExtension: "yaml") else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: name + ".yaml"])
        }
        return try String(contentsOf: url, encoding: .utf8)
    }
}
