import Foundation
import Groundwork
import PushEngine

/// Where a group's robot takes messages: an address that is its own key.
struct RobotWebhook: Sendable {
    /// What tells the robot from others and may be seen.
    let name: String

    private let address: Secret

    /// Finds the address of an account's robot.
    ///
    /// A whole one, as the supplier's console shows it, is called as it stands; what is only the part behind the host
    /// belongs to the account's own address.
    init(_ account: SupplierAccount) {
        let webhook = account.secret("webhook").reveal().trimming()
        let isWhole = webhook.hasPrefix("https://") || webhook.hasPrefix("http://")
        let rest = webhook.hasPrefix("/") ? webhook.dropFirst() : webhook[...]
        let url = isWhole ? webhook : SupplierEndpoint(account.url).url + rest
        address = Secret(url)
        name = String(RequestSigning.sha256Hex(url.utf8).prefix(16))
    }

    /// What every account of a robot is asked for.
    static let field = AccountField.secret(
        "webhook",
        "the robot's whole address as its console shows it, or what follows the account's address"
    )

    /// The address of another door of the same robot, told apart by a part of the path.
    ///
    /// - Parameters:
    ///   - part: what stands in the address for the messages' door.
    ///   - other: what stands there for the other.
    ///   - parameter: what is added behind the address.
    /// - Returns: the address; nil when the robot's own has no such part.
    func sibling(of part: String, _ other: String, adding parameter: String) -> Secret? {
        let url = address.reveal()
        guard let place = url.range(of: part) else { return nil }
        return Secret(
            url.replacingCharacters(in: place, with: other) + (url.contains("?") ? "&" : "?") + parameter
        )
    }

    /// How many recipients one message mentions at most.
    private static let recipientLimit = 50

    /// One message is said to all.
    static let shapes = [CallShape(recipients: recipientLimit, sameContent: true)]

    /// Says a call's content, and takes the robot's word for all recipients.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - parameters: what follows the address beside what it has already.
    ///   - tools: what carries the call.
    ///   - read: the robot's word in an answer; nil when there is none.
    ///   - refusal: what a word that is no success means.
    ///   - body: writes the message.
    /// - Returns: the verdicts.
    func send(
        _ call: SupplierCall,
        adding parameters: [(name: String, value: String)] = [],
        over tools: SupplierTools,
        reading read: (HTTPResponse) -> CodedAnswer? = { CodedAnswer($0) },
        refusal: (CodedAnswer) -> Refusal,
        body: (RenderedContent) throws(UnfitContent) -> [UInt8]
    ) async -> SupplierReply {
        let count = call.recipients.count
        let message: [UInt8]
        do throws(UnfitContent) {
            message = try body(call.onlyContent(recipients: Self.recipientLimit))
        } catch {
            return SupplierReply(all: error.verdict, count: count)
        }
        let verdict = await post(message, adding: parameters, over: tools)
            .verdict { response in
                read(response).map { $0.verdict(accepted: call.requestKey, refusal: refusal) }
            }
        return SupplierReply(all: verdict, count: count)
    }

    /// Posts a message and sorts how it ended.
    private func post(
        _ body: [UInt8],
        adding parameters: [(name: String, value: String)],
        over tools: SupplierTools
    ) async -> SupplierExchange {
        var url = address.reveal()
        if !parameters.isEmpty { url += (url.contains("?") ? "&" : "?") + PercentEncoding.form(parameters) }
        return await SupplierExchange.make(.json(body, to: url, timeouts: tools.timeouts), over: tools.http)
    }
}

extension HTTPRequest {
    /// A post of a JSON object.
    static func json(_ body: WireObject, to url: String, timeouts: HTTPTimeouts) -> HTTPRequest {
        .json(WireValue.object(body).json, to: url, timeouts: timeouts)
    }

    /// A post of a JSON text.
    ///
    /// - Parameters:
    ///   - body: the text.
    ///   - url: where to.
    ///   - headers: fields beside the content's type.
    ///   - timeouts: the limits of the call.
    /// - Returns: the request.
    static func json(
        _ body: [UInt8],
        to url: String,
        headers: [(name: String, value: String)] = [],
        timeouts: HTTPTimeouts
    ) -> HTTPRequest {
        HTTPRequest(
            url: url,
            headers: [("Content-Type", "application/json; charset=utf-8")] + headers,
            body: body,
            timeouts: timeouts
        )
    }
}
