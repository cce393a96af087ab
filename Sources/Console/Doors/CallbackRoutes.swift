import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// Where suppliers post receipts: an address for each account, which is its own secret.
struct CallbackRoutes {
    let receipts: ReceiptDesk
    let address: ReceiptAddress

    /// The most bytes of one post; suppliers send at most a hundred receipts.
    private static let bodyLimit = 2 << 20

    func add(to router: some RouterMethods<BasicRequestContext>) {
        router.route(.post, "callbacks/:account/:code", receive)
    }

    /// Takes receipts; they are stored when the supplier hears that all is well, and are sent again otherwise.
    @Sendable private func receive(_ call: Call) async throws -> Answer {
        guard let number = Int64(call.segment("account")), number > 0,
            case let id = AccountID(rawValue: number), address.matches(call.request.uri.path, id),
            let kind = try await receipts.receive(call.bytes(upTo: Self.bodyLimit), for: id)
        else { throw Hummingbird.HTTPError(.notFound) }
        return Answer(kind.thanks)
    }
}

extension SupplierKind {
    /// What a supplier expects to hear, in order not to post again.
    fileprivate var thanks: WireObject {
        switch self {
        case .tencent: ["result": 0, "errmsg": "OK"]
        case .aliyun: ["code": 0, "msg": "接收成功"]
        }
    }
}
